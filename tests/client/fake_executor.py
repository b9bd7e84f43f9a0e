"""An executor of the loop's tests, which computes in this process: a child process takes longer than most of them."""

import json
from collections.abc import Callable, Sequence

from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import Computed, Unit

DOUBLE = "(variable, context) => { context.result = variable.a * 2; }"
BROKEN = "() => { throw new Error('no luck'); }"


class FakeExecutor:
    """Knows two functions. Each unit prints `console`; `on_compute` is called before it."""

    engine = "an engine 1.0"

    def __init__(self) -> None:
        self.resets = 0
        self.console = ""
        # The run time of each unit, and whether several may be computed together.
        self.seconds = 0.5
        self.computes_together = True
        self.together: list[int] = []
        self.error = JobError("threw", "Error: no luck", "Error: no luck\n    at execute_function.js:1:15")
        self.on_compute: Callable[[Unit], object] = lambda unit: None

    def __enter__(self) -> "FakeExecutor":
        return self

    def __exit__(self, *exception: object) -> None:
        self.reset()

    def compute(self, unit: Unit, deadline: Deadline) -> Computed:
        self.on_compute(unit)
        if unit.source == BROKEN:
            self.error.console = self.console
            raise self.error
        assert unit.source == DOUBLE
        return Computed(json.dumps(unit.variable["a"] * 2), self.seconds, self.console)

    def compute_together(self, units: Sequence[Unit], deadline: Deadline) -> list[Computed | JobError]:
        if not self.computes_together:
            return []
        self.together.append(len(units))
        return [self._outcome(unit, deadline) for unit in units]

    def _outcome(self, unit: Unit, deadline: Deadline) -> Computed | JobError:
        try:
            return self.compute(unit, deadline)
        except JobError as ex:
            return ex

    def reset(self) -> None:
        self.resets += 1

    def cancel(self) -> None:
        """Do nothing: no unit takes long."""
