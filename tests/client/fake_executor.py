"""An executor of the loop's tests, which computes in this process: a child process takes longer than most of them."""

import json
from collections.abc import Callable

from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import Computed, Unit

DOUBLE = "(variable, context) => { context.result = variable.a * 2; }"
BROKEN = "() => { throw new Error('no luck'); }"


class FakeExecutor:
    """Knows two functions. `on_compute` is called before each unit."""

    def __init__(self) -> None:
        self.resets = 0
        self.on_compute: Callable[[Unit], object] = lambda unit: None

    def __enter__(self) -> "FakeExecutor":
        return self

    def __exit__(self, *exception: object) -> None:
        self.reset()

    def compute(self, unit: Unit, deadline: Deadline) -> Computed:
        self.on_compute(unit)
        if unit.source == BROKEN:
            raise JobError("threw", "Error: no luck")
        assert unit.source == DOUBLE
        return Computed(json.dumps(unit.variable["a"] * 2), 0.5)

    def reset(self) -> None:
        self.resets += 1

    def cancel(self) -> None:
        """Do nothing: no unit takes long."""
