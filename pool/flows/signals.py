"""Signals of a flow: the names left in its inbox when a step has finished, and the entries they touch."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from pool.flows.steps import StepId, step_of, uses_job_variable
from storage.base import Document
from storage.flow_store import FlowStore

# The signal to process every entry.
ALL = "everything"
CACHED_FLOWS = 32
_STEP = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")
FirstSteps = dict[tuple[str, str], list[str]]


class StepSignals:
    """Caches, for some flows, the variables of jobs that are first steps: their ids do not name the flow."""

    def __init__(self, flows: FlowStore) -> None:
        self._flows = flows
        self._cache: dict[str, FirstSteps] = {}

    def of(self, flow_id: str, job_id: str, variable_id: str) -> list[str]:
        """The signals for a finished variable: none if it is no step of the flow. Raises NotFound."""
        # The id of a step that was made for a flow contains the flow's id.
        step = step_of(variable_id)
        if step is not None and step.flow_id == flow_id:
            return [step.signal]
        return self._first_steps(flow_id).get((job_id, variable_id), [])

    def _first_steps(self, flow_id: str) -> FirstSteps:
        steps = self._cache.get(flow_id)
        if steps is None:
            if len(self._cache) >= CACHED_FLOWS:
                self._cache.clear()
            steps = self._cache[flow_id] = _first_steps(self._flows.get(flow_id))
        return steps


def _first_steps(flow: Document) -> FirstSteps:
    steps: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    leaf = len(flow["levels"]) - 1
    for index, entry in enumerate(flow["levels"][leaf]):
        if uses_job_variable(entry):
            steps[entry["job"], entry["variable"]].append(StepId(flow["id"], leaf, index, 1).signal)
    return steps


def touched_entries(signals: Sequence[str], level: int) -> dict[int, int] | None:
    """The indexes of the touched entries of a level, each with its latest iteration; None for all entries."""
    if not all(map(_STEP.fullmatch, signals)):
        return None  # `ALL`, or a name put there by another program.
    latest: dict[int, int] = {}
    for number, index, iteration in (map(int, signal.split(".")) for signal in signals):
        if number == level:
            latest[index] = max(iteration, latest.get(index, 0))
    return latest
