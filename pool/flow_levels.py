"""One level of a flow: its entries begin together, each repeats while it is told to, and their results are merged."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from pool.errors import Invalid
from pool.fields import kind
from pool.flow_checks import FlowLimits
from pool.sandbox import Sandbox, ScriptError
from pool.steps import StepId, last_iteration, path_of, variable_of_step
from pool.variable_check import VariableCheck
from storage import ids
from storage.base import Document, Store, canonical
from storage.errors import AlreadyExists, NotFound


class Failed(Exception):
    """An entry failed, and the flow with it. `for_owner` is what the owner alone is told besides."""

    def __init__(self, path: str, reason: str, **for_owner: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason, self.for_owner = path, reason, for_owner


class OutOfTime(Exception):
    """There is more to do, and it has gone on for long enough."""


class OpenStep(NamedTuple):
    """`is_own` says that the variable is the job's own, and was not made for the flow."""

    job_id: str
    variable_id: str
    is_own: bool


class FlowLevel:
    """`until` is when (by the monotonic clock) to stop; `changes` counts what was begun, opened and settled."""

    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        variable_check: VariableCheck,
        limits: FlowLimits,
        flow: Document,
        number: int,
        until: float,
    ) -> None:
        self._store, self._sandbox = store, sandbox
        self._variable_check, self._limits = variable_check, limits
        self._flow_id, self.number = flow["id"], number
        self._entries: list[Document] = flow["levels"][number]
        self._is_leaf = number + 1 == len(flow["levels"])
        self._until = until
        self._has_asked = False
        self._opening: dict[int, Document] = {}
        self.changes = 0

    @cached_property
    def _incoming(self) -> Document:
        """What the level below has come to."""
        if self._is_leaf:
            return {}
        merged = self._store.kept(self._flow_id, f"{self.number + 1}/merged")
        return dict(merged["result"]) if merged else {}

    def move(self, hints: Mapping[int, int] | None) -> bool:
        """Does all that can be done now; returns whether the level is merged. Raises Failed, SandboxBusy, OutOfTime.

        `hints` are the places of the entries to look at, each with an iteration that it has come to; None: all of them.
        """
        started = self._kept("started")
        if started is None:
            started, hints = self._start(), None
        unsettled = self._unsettled(started)
        if self._look_at(unsettled, hints) < len(unsettled):
            return False
        self._keep("merged", {"result": self._merged(started)})
        return True

    def _start(self) -> Document:
        """Asks every `if`, and then has it written down at once which entries are skipped.

        Out of time, it keeps the answers that it has under ``asked/`` and the place to go on from.
        """
        first = max(map(int, self._store.kept_in(self._flow_id, f"{self.number}/asked")), default=0)
        skipped = list((self._kept(f"asked/{first}") or {"skipped": []})["skipped"])
        for place in range(first, len(self._entries)):
            if place > first and self._is_late():
                self._keep(f"asked/{place}", {"skipped": skipped})
                raise OutOfTime
            if not self._is_wanted(place):
                skipped.append(place)
        return self._keep("started", {"skipped": skipped})

    def _is_late(self) -> bool:
        return time.monotonic() > self._until

    def _look_at(self, unsettled: Sequence[int], hints: Mapping[int, int] | None) -> int:
        """Returns how many are settled."""
        settled = 0
        for place in unsettled:
            if hints is None or place in hints:
                settled += self._look(place, hints[place] if hints else 1)
            if self._has_asked and self._is_late() and place != unsettled[-1]:
                self._open_steps()
                raise OutOfTime
        self._open_steps()
        return settled

    def _is_wanted(self, place: int) -> bool:
        job, entry = self._job(place), self._entries[place]
        self._require_variable(place)
        if "if" in entry and not self._ask(place, "if", self._incoming):
            return False
        if "variable" not in entry:
            try:
                self._variable_check.require(job, self._incoming)
            except Invalid as ex:
                raise Failed(self._path(place), str(ex), console=ex.console) from ex
        return True

    def _require_variable(self, place: int) -> None:
        """Raises Failed where the owner has withdrawn a variable whose data would be copied."""
        entry = self._entries[place]
        if "variable" in entry and not entry["is_own"]:
            outcome = self._store.outcome(entry["job"], entry["variable"]) or {}
            if "withdrawn" in outcome and "flow" not in outcome:
                raise Failed(self._path(place), f"variable {entry['variable']!r} was withdrawn")

    def _unsettled(self, started: Document) -> list[int]:
        settled = map(int, self._store.kept_in(self._flow_id, f"{self.number}/settled"))
        over = {*settled, *started["skipped"]}
        return [place for place in range(len(self._entries)) if place not in over]

    def _look(self, place: int, known: int) -> bool:
        """Has the entry settled, or its next step opened, where its last step has come to something."""
        self._job(place)
        iteration = self._last_iteration(place, known)
        if iteration == 0:
            self._open(place, 1, self._incoming)
            return False
        outcome = self._outcome(place, iteration)
        if outcome is None:
            return False
        if self._is_to_repeat(place, iteration, outcome["result"]):
            return False
        self._settle(place, iteration, outcome)
        return True

    def _is_to_repeat(self, place: int, iteration: int, result: Any) -> bool:
        if "while" not in self._entries[place]:
            return False
        context = {**self._incoming, "result": result, "iteration": iteration}
        if not self._ask(place, "while", context):
            return False
        if iteration >= self._limits.iterations:
            reason = f"while: still true after {iteration} executions, the most that there may be"
            raise Failed(self._path(place), reason)
        self._open(place, iteration + 1, context)
        return True

    def _settle(self, place: int, iteration: int, outcome: Document) -> None:
        facts = {"iterations": iteration, "variable": outcome["variable"], "result": outcome["id"]}
        facts |= {"finished": outcome["created"], "run_seconds": outcome.get("run_seconds")}
        self._keep(f"settled/{place}", facts)

    def _merged(self, started: Document) -> Document:
        """The results in listed order: of objects each field, later ones win; any other goes under its job's id."""
        merged: Document = {}
        sizes: dict[str, int] = {}
        total = 0
        for place, entry in enumerate(self._entries):
            if place in started["skipped"]:
                continue
            result = self._result(place)
            for name, value in (result if isinstance(result, dict) else {entry["job"]: result}).items():
                size = _size(name) + _size(value)
                total += size - sizes.get(name, 0)
                merged[name], sizes[name] = value, size
            if total > self._limits.merged_bytes:
                reason = f"the merged result is larger than {self._limits.merged_bytes} bytes with this one's"
                raise Failed(self._path(place), reason)
        return merged

    def _result(self, place: int) -> Any:
        self._job(place)
        settled = self._kept(f"settled/{place}") or {}
        return self._outcome(place, settled["iterations"])["result"]  # type: ignore[index]

    def _outcome(self, place: int, iteration: int) -> Document | None:
        """The accepted result of a step; None while there is none. Raises Failed."""
        job_id, variable_id = self._entries[place]["job"], self._variable_id(place, iteration)
        try:
            outcome = self._store.outcome(job_id, variable_id)
            if outcome is None and self._store.state(job_id, variable_id) == "failed":
                raise self._failure_of(place, job_id, variable_id)
        except NotFound as ex:
            raise Failed(self._path(place), str(ex)) from ex
        if outcome is not None and "withdrawn" in outcome:
            raise Failed(self._path(place), f"variable {variable_id!r} was withdrawn")
        return outcome

    def _failure_of(self, place: int, job_id: str, variable_id: str) -> Failed:
        refused = self._store.rejected_ids(job_id, variable_id)
        last = self._store.rejected(job_id, variable_id, refused[-1:])
        count = f"{len(refused)} refused result{'' if len(refused) == 1 else 's'}"
        facts = {"last_refusal": last[0]["rejected"]} if last else {}
        reason = f"variable {variable_id!r} of job {job_id!r} has failed after {count}"
        return Failed(self._path(place), reason, **facts)

    def require_jobs(self) -> None:
        """Raises Failed where a job of an entry is gone."""
        for place in range(len(self._entries)):
            self._job(place)

    def _job(self, place: int) -> Document:
        entry = self._entries[place]
        try:
            job = self._store.job(entry["job"])
        except NotFound as ex:
            raise Failed(self._path(place), f"job {entry['job']!r} has been deleted") from ex
        if job["uid"] != entry["uid"]:
            raise Failed(self._path(place), f"job {entry['job']!r} has been deleted, and another has its name")
        return job

    def _data(self, place: int) -> Document:
        entry = self._entries[place]
        if "variable" not in entry:
            return self._incoming
        try:
            return dict(self._store.variable(entry["job"], entry["variable"])["data"])
        except NotFound as ex:
            raise Failed(self._path(place), str(ex)) from ex

    def _ask(self, place: int, condition: str, context: Document) -> bool:
        """What a condition says: true or false, and nothing that is merely like one of them."""
        self._has_asked = True
        source, arguments = self._entries[place][condition], [self._data(place), context]
        try:
            outcome = self._sandbox.call(source, arguments, f"flow {self._flow_id}")
        except ScriptError as ex:
            raise Failed(self._path(place), f"{condition}: {ex.message}", console=ex.console) from ex
        if not isinstance(outcome.value, bool):
            given = "nothing (is a `return` missing?)" if outcome.value is None else kind(outcome.value)
            reason = f"{condition}: must return true or false, not {given}"
            raise Failed(self._path(place), reason, console=outcome.console)
        return outcome.value

    def _last_iteration(self, place: int, known: int) -> int:
        return last_iteration(self._store, self._entries[place], self._step(place, 1), known - 1)

    def _step(self, place: int, iteration: int) -> StepId:
        return StepId(self._flow_id, self.number, place, iteration)

    def _variable_id(self, place: int, iteration: int) -> str:
        return variable_of_step(self._entries[place], self._step(place, iteration))

    def _open(self, place: int, iteration: int, context: Document) -> None:
        variable_id = self._variable_id(place, iteration)
        document = {"job": self._entries[place]["job"], "id": variable_id, "created": ids.now_text()}
        document |= {"flow": self._flow_id, "context": context, "data": self._data(place)}
        self._opening[place] = document

    def _open_steps(self) -> None:
        """Those of a job together, which are made durable together."""
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, document in self._opening.items():
            places[document["job"]].append(place)
        for job_id, of_job in places.items():
            self._add(job_id, of_job)
        self._opening.clear()

    def _add(self, job_id: str, places: list[int]) -> None:
        documents = {self._opening[place]["id"]: self._opening[place] for place in places}
        try:
            self.changes += len(self._store.add_variables(job_id, documents))
        except (AlreadyExists, NotFound) as ex:
            raise Failed(self._path(places[0]), str(ex)) from ex

    def open_steps(self) -> Iterator[OpenStep]:
        """The steps that are waited for."""
        started = self._kept("started") or {"skipped": []}
        for place in self._unsettled(started):
            iteration = self._last_iteration(place, 1)
            if iteration:
                entry, variable_id = self._entries[place], self._variable_id(place, iteration)
                yield OpenStep(entry["job"], variable_id, variable_id == entry.get("variable"))

    def _path(self, place: int) -> str:
        return path_of(self.number, place)

    def _kept(self, name: str) -> Document | None:
        return self._store.kept(self._flow_id, f"{self.number}/{name}")

    def _keep(self, name: str, facts: Document) -> Document:
        self.changes += 1
        return self._store.keep(self._flow_id, f"{self.number}/{name}", {"at": ids.now_text(), **facts})


def _size(value: Any) -> int:
    return len(canonical(value).encode("utf-8", "surrogatepass")) + 1
