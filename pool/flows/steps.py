"""The steps of a flow: variables made for it, whose ids name the flow, level, entry and iteration."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from storage.base import Document, Store
from storage.errors import NotFound

# A timed id and three numbers: a form that nobody may choose for a variable.
_STEP = re.compile(r"(\d{20}-[0-9a-f]{6})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})")


@dataclass(frozen=True)
class StepId:
    """`level` 0 is the root's; `index` is the entry's in its array, from 0; `iteration` counts from 1."""

    flow_id: str
    level: int
    index: int
    iteration: int

    def __str__(self) -> str:
        return f"{self.flow_id}.{self.signal}"

    def at(self, iteration: int) -> StepId:
        """The step of the same entry in another iteration."""
        return replace(self, iteration=iteration)

    @property
    def signal(self) -> str:
        """The signal that the step has finished."""
        return f"{self.level}.{self.index}.{self.iteration}"


def step_of(variable_id: str) -> StepId | None:
    """The step with this variable id; None for ids of another form."""
    parts = _STEP.fullmatch(variable_id)
    return StepId(parts[1], *map(int, parts.groups()[1:])) if parts else None


def path_of(level: int, index: int) -> str:
    """The path of an entry in the posted tree, such as ``dependent.jobs[2]``."""
    return f"{'dependent.' * level}jobs[{index}]"


def index_of(path: str) -> tuple[int, int]:
    """The level and index of an entry with this path."""
    *dependent, last = path.split(".")
    return len(dependent), int(last[len("jobs[") : -1])


def uses_job_variable(entry: Document) -> bool:
    """Whether the first step of an entry is a variable of the job, named or reserved, and no copy of one."""
    return bool(entry.get("is_own"))


def variable_of_step(entry: Document, step: StepId) -> str:
    """The variable id of a step: its own, or for a first step perhaps that of the job's variable."""
    return str(entry["variable"] if step.iteration == 1 and uses_job_variable(entry) else step)


def last_iteration(store: Store, entry: Document, first: StepId, known: int = 0) -> int:
    """The iteration of an entry's last existing step, at least `known`; 0 if there is none.

    An exponential search, then a binary one, since steps exist without gaps.
    """

    def exists(iteration: int) -> bool:
        try:
            store.variables.state(entry["job"], variable_of_step(entry, first.at(iteration)))
        except NotFound:
            return False
        return True

    last, stride = known, 1
    while exists(last + stride):
        last += stride
        stride *= 2
    while stride > 1:
        stride //= 2
        if exists(last + stride):
            last += stride
    return last
