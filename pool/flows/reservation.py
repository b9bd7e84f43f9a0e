"""Reservations: an entry at the leaf that names no variable gets an open one of its job, and other flows skip it.

Volunteers lease reserved variables like all others. The reservation ends with the flow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator

from pool.errors import Invalid, InvalidFlow
from pool.flows.steps import path_of, step_of
from pool.scheduling import SAMPLE_OF_VARIABLES, VariableScheduler
from storage.base import Document, Store
from storage.flow_store import FlowStore, ReservedVariable

ALL_VARIABLES = 1 << 16
SCHEDULING_SECONDS = 2.0


class Reservation:
    """The reservations of one flow."""

    def __init__(self, store: Store, scheduler: VariableScheduler, flow: Document) -> None:
        self._store, self._scheduler, self._flow = store, scheduler, flow

    def reserve_variables(self) -> None:
        """Completes the leaf's entries that name no variable. Raises InvalidFlow if a job has too few open ones."""
        problems: list[Invalid] = []
        for job_id, indexes in self._entries_without_variable().items():
            problems += self._reserve_for_job(job_id, indexes)
        if problems:
            raise InvalidFlow(problems)

    def _entries_without_variable(self) -> dict[str, list[int]]:
        """The indexes of the leaf's entries that name no variable, by job."""
        indexes: defaultdict[str, list[int]] = defaultdict(list)
        for index, entry in enumerate(self._flow["levels"][-1]):
            if "variable" not in entry:
                indexes[entry["job"]].append(index)
        return indexes

    def _reserve_for_job(self, job_id: str, indexes: list[int]) -> list[Invalid]:
        leaf = self._flow["levels"][-1]
        reserved = self._reserve(self._store.jobs.get(job_id), self._named_variables(job_id), len(indexes))
        missing = list(indexes)
        for index, variable_id in zip(indexes, reserved, strict=False):
            leaf[index].update(variable=variable_id, is_own=True, taken=True)
            missing.remove(index)
        paths = (path_of(len(self._flow["levels"]) - 1, index) for index in missing)
        return [Invalid(f"{path}.variable", f"job {job_id!r} has no open variable left") for path in paths]

    def _named_variables(self, job_id: str) -> set[str]:
        entries = (entry for level in self._flow["levels"] for entry in level)
        return {entry["variable"] for entry in entries if entry["job"] == job_id and "variable" in entry}

    def _reserve(self, job: Document, exclude: Container[str], count: int) -> Iterator[str]:
        """Reserves open variables for the flow, in scheduling order, until none are left."""
        deadline = self._store.clock.monotonic() + SCHEDULING_SECONDS
        while candidates := self._candidates(job["id"], exclude, count):
            for variable_id in self._in_scheduling_order(job, candidates, deadline):
                if self._store.flows.add_reference(ReservedVariable(job["id"], variable_id), self._flow["id"]):
                    yield variable_id

    def _candidates(self, job_id: str, exclude: Container[str], count: int) -> list[str]:
        """A random sample of unreserved variables; all of them (or very many) where few are left."""
        # Twice the need, since other flows may reserve some of them at the same moment.
        for number in (max(2 * count, SAMPLE_OF_VARIABLES), ALL_VARIABLES):
            sample = self._store.leases.sample(job_id, number)
            usable = (variable_id for variable_id in sample if variable_id not in exclude and not step_of(variable_id))
            candidates = [variable_id for variable_id in usable if not self._is_reserved(job_id, variable_id)]
            if candidates:
                break
        return candidates

    def _is_reserved(self, job_id: str, variable_id: str) -> bool:
        return bool(self._store.flows.references(ReservedVariable(job_id, variable_id)))

    def _in_scheduling_order(self, job: Document, candidates: list[str], deadline: float) -> Iterator[str]:
        """As the job's scheduler chooses until the deadline, in random order after it."""
        while candidates:
            is_late = self._store.clock.monotonic() >= deadline
            chosen = candidates[-1] if is_late else self._scheduler.choose_from(job, candidates)
            candidates.remove(chosen)
            yield chosen


def unreserve_all(flows: FlowStore, flow: Document) -> None:
    """Removes the reservations of a flow."""
    for entry in flow["levels"][-1]:
        if entry.get("taken"):
            flows.remove_reference(ReservedVariable(entry["job"], entry["variable"]), flow["id"])
