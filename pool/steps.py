"""The steps of a flow: the variables that are made for it, which tell by their ids what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from storage.base import Document, Store
from storage.errors import NotFound

_STEP = re.compile(r"(\d{20}-[0-9a-f]{6})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})")


@dataclass(frozen=True)
class StepId:
    """`level` 0 is the root's; `entry` is the place in its array, from 0; `iteration` counts from 1."""

    flow_id: str
    level: int
    entry: int
    iteration: int

    def __str__(self) -> str:
        return f"{self.flow_id}.{self.level}.{self.entry}.{self.iteration}"

    @property
    def news(self) -> str:
        """The name under which word of the step is left with its flow."""
        return f"{self.level}.{self.entry}.{self.iteration}"


def step_of(variable_id: str) -> StepId | None:
    """What a variable's id says, if it is one of a step."""
    parts = _STEP.fullmatch(variable_id)
    return StepId(parts[1], *map(int, parts.groups()[1:])) if parts else None


def path_of(level: int, entry: int) -> str:
    """An entry's place in the tree, such as ``dependent.jobs[2]``."""
    return f"{'dependent.' * level}jobs[{entry}]"


def variable_of_step(entry: Document, step: StepId) -> str:
    """The id of a step's variable: its own, or that of the job's variable, which may be an entry's first step."""
    is_own = step.iteration == 1 and entry.get("is_own")
    return str(entry["variable"] if is_own else step)


def untake(store: Store, flow: Document) -> None:
    """Lets go of the variables that a flow has taken."""
    for entry in flow["levels"][-1]:
        if entry.get("taken"):
            store.untake(entry["job"], entry["variable"], flow["id"])


def last_iteration(store: Store, entry: Document, first: StepId, known: int = 0) -> int:
    """The last step of an entry that there is, looked for from a `known` one on; 0 where there is none.

    In strides that double, then halve: all before it are there, too.
    """

    def exists(iteration: int) -> bool:
        try:
            store.state(entry["job"], variable_of_step(entry, replace(first, iteration=iteration)))
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
