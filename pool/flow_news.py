"""Word of what has happened to a flow's steps: the names under which it is left, and what they say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from pool.steps import StepId, step_of
from storage.base import Document, Store

EVERYTHING = "everything"
FLOWS_REMEMBERED = 32
_WORD = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")


class FlowNews:
    """Remembers of some flows which variables of the jobs' own are steps of theirs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._steps: dict[str, dict[tuple[str, str], list[str]]] = {}

    def of(self, flow_id: str, job_id: str, variable_id: str) -> list[str]:
        """The names under which word of a variable is left with a flow: none where it is no step of it."""
        step = step_of(variable_id)
        if step is not None and step.flow_id == flow_id:
            return [step.news]
        return self._first_steps(flow_id).get((job_id, variable_id), [])

    def _first_steps(self, flow_id: str) -> dict[tuple[str, str], list[str]]:
        steps = self._steps.get(flow_id)
        if steps is None:
            if len(self._steps) >= FLOWS_REMEMBERED:
                self._steps.clear()
            steps = self._steps[flow_id] = _first_steps(self._store.flow(flow_id))
        return steps


def _first_steps(flow: Document) -> dict[tuple[str, str], list[str]]:
    steps: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    leaf = len(flow["levels"]) - 1
    for place, entry in enumerate(flow["levels"][leaf]):
        if entry.get("is_own"):
            steps[entry["job"], entry["variable"]].append(StepId(flow["id"], leaf, place, 1).news)
    return steps


def hints(news: Sequence[str], level: int) -> dict[int, int] | None:
    """The places in a level that there is word of, each with the latest iteration; None for all of them."""
    if not all(map(_WORD.fullmatch, news)):
        return None  # Everything, or what another program has put there.
    latest: dict[int, int] = {}
    for number, place, iteration in (map(int, word.split(".")) for word in news):
        if number == level:
            latest[place] = max(iteration, latest.get(place, 0))
    return latest
