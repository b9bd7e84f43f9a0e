"""One level of a flow: its entries run in parallel, each repeats while its condition is true, their results merge.

The names of its documents are older than the terms of the code: ``settled/<index>`` is a finished entry, and
``asked/<index>`` the `if` conditions evaluated so far.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from pool.errors import QuotaReached
from pool.flows.blocked import BlockedSteps
from pool.flows.check import FlowLimits
from pool.flows.entry import Entry
from pool.flows.signals import ALL
from pool.flows.steps import StepId
from pool.keys import share_of
from pool.sandbox import Sandbox
from pool.validation import Validation
from storage.base import Document, Store, canonical
from storage.errors import AlreadyExists, NotFound

AddSteps = Callable[[str, Mapping[str, Document]], Sequence[str]]


class BudgetExceeded(Exception):
    """The time budget of one call is used up, with work left."""


class CallNeeded(Exception):
    """The work that is left calls functions on the server; `signals` are those of this work."""

    def __init__(self, signals: Sequence[str]) -> None:
        super().__init__(signals)
        self.signals = signals


class OpenStep(NamedTuple):
    """An unfinished step. `is_job_variable`: the variable is the job's own, and was not made for the flow."""

    job_id: str
    variable_id: str
    is_job_variable: bool


class FlowLevel:
    """`deadline` is a time of the monotonic clock; without one, no function is called.

    `changes` counts the documents written and the steps opened, which `add_steps` stores.
    """

    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        validation: Validation,
        limits: FlowLimits,
        flow: Document,
        number: int,
        deadline: float | None,
        add_steps: AddSteps | None = None,
    ) -> None:
        self._store, self._sandbox = store, sandbox
        self._validation, self._limits = validation, limits
        self._flow_id, self.number = flow["id"], number
        self._share = replace(share_of(flow), is_background=True)
        self._entries: list[Document] = flow["levels"][number]
        self._is_leaf = number + 1 == len(flow["levels"])
        self._deadline = deadline
        self._add_steps = add_steps or store.variables.add
        self._has_evaluated = False
        self._uncalled: list[str] = []
        self._looked_at: dict[str, bool] = {}
        self._blocked = BlockedSteps(store, self._flow_id, limits.wait_days)
        self._new_steps: dict[int, Document] = {}
        self.changes = 0

    def _entry(self, index: int) -> Entry:
        first = StepId(self._flow_id, self.number, index, 1)
        parts = self._store, self._sandbox, self._validation
        # Read lazily: a level that is still waiting must not cache its input.
        return Entry(*parts, self._entries[index], first, lambda: self._incoming, self._share)

    @cached_property
    def _incoming(self) -> Document:
        """The merged result of the level below."""
        if self._is_leaf:
            return {}
        merged = self._store.flows.read(self._flow_id, f"{self.number + 1}/merged")
        return dict(merged["result"]) if merged else {}

    def advance(self, touched: Mapping[int, int] | None) -> bool:
        """Does all that can be done now; returns whether the level is merged.

        `touched` maps the indexes of entries to look at to an iteration known to exist; None: all entries.
        Raises EntryFailed, SandboxBusy, BudgetExceeded, CallNeeded.
        """
        started = self._read("started")
        # A level that has just started has no touched entries: all of them need a first step.
        if started is None:
            started, touched = self._start(), None
        unfinished = self._unfinished(started)
        if self._advance_entries(unfinished, touched) < len(unfinished):
            return False
        # Written once: whichever process merges, the next level starts from the same object.
        self._write_once("merged", {"result": self._merged(started)})
        return True

    def _start(self) -> Document:
        """Evaluates every `if`, then writes at once which entries are skipped.

        When the budget is exceeded, the skipped entries so far are written as ``asked/<index>``, to continue there.
        """
        first = max(map(int, self._store.flows.names(self._flow_id, f"{self.number}/asked")), default=0)
        skipped = list((self._read(f"asked/{first}") or {"skipped": []})["skipped"])
        # At least one condition per call, however late it is: else a slow one would never be evaluated.
        for index in range(first, len(self._entries)):
            if index > first and self._is_late():
                self._write_once(f"asked/{index}", {"skipped": skipped})
                raise BudgetExceeded
            entry = self._entry(index)
            if self._deadline is None and entry.needs_call_to_start():
                raise CallNeeded([ALL])
            self._has_evaluated |= "if" in self._entries[index]
            if not entry.is_wanted():
                skipped.append(index)
        return self._write_once("started", {"skipped": skipped})

    def _is_late(self) -> bool:
        return self._deadline is not None and self._store.clock.monotonic() > self._deadline

    def _unfinished(self, started: Document) -> list[int]:
        finished = map(int, self._store.flows.names(self._flow_id, f"{self.number}/settled"))
        done = {*finished, *started["skipped"]}
        return [index for index in range(len(self._entries)) if index not in done]

    def _advance_entries(self, unfinished: Sequence[int], touched: Mapping[int, int] | None) -> int:
        """Returns how many of them have finished."""
        finished = 0
        for index in unfinished:
            if touched is None or index in touched:
                finished += self._advance_entry(self._entry(index), touched[index] if touched else 1)
            # Only conditions are slow: without one, the whole level is cheap.
            if self._has_evaluated and self._is_late() and index != unfinished[-1]:
                self._open_new_steps()
                raise BudgetExceeded
        self._open_new_steps()
        self._record_blocked(is_complete=touched is None)
        if self._uncalled:
            raise CallNeeded(self._uncalled)
        return finished

    def _advance_entry(self, entry: Entry, known_iteration: int) -> bool:
        """Opens the next step of an entry, or finishes it, if its last step has finished."""
        # A deleted job fails the flow even if the entry could finish.
        entry.job()
        # A signal may be older than the last step, so it is a lower bound only.
        iteration = entry.last_iteration(known_iteration - 1)
        if iteration == 0:
            self._new_steps[entry.index] = entry.step(1, self._incoming)
            return False
        outcome = entry.outcome(iteration)
        self._looked_at[entry.signal(iteration)] = outcome is None and entry.is_blocked(iteration)
        if outcome is None:
            return False
        if self._deadline is None and entry.needs_call_to_end():
            self._uncalled.append(entry.signal(iteration))
            return False
        self._has_evaluated |= entry.needs_call_to_end()
        context = entry.next_context(iteration, outcome["result"], self._limits.iterations)
        if context is not None:
            self._new_steps[entry.index] = entry.step(iteration + 1, context)
            return False
        self._finish(entry, iteration, outcome)
        return True

    def _record_blocked(self, is_complete: bool) -> None:
        """Raises EntryFailed for a step that has been blocked for too long."""
        steps = self._blocked.record(self._looked_at, is_complete)
        for signal in self._blocked.overdue(steps):
            _, index, iteration = map(int, signal.split("."))
            raise self._entry(index).step_failure(iteration)

    def _finish(self, entry: Entry, iteration: int, outcome: Document) -> None:
        facts = {"iterations": iteration, "variable": outcome["variable"], "result": outcome["id"]}
        facts |= {"finished": outcome["created"], "run_seconds": outcome.get("run_seconds")}
        self._write_once(f"settled/{entry.index}", facts)

    def _open_new_steps(self) -> None:
        """Stores the new steps of each job together, with one sync."""
        by_job: defaultdict[str, list[int]] = defaultdict(list)
        for index, document in self._new_steps.items():
            by_job[document["job"]].append(index)
        for job_id, indexes in by_job.items():
            documents = {self._new_steps[index]["id"]: self._new_steps[index] for index in indexes}
            try:
                self.changes += len(self._add_steps(job_id, documents))
            except (AlreadyExists, NotFound, QuotaReached) as ex:
                raise self._entry(indexes[0]).failure(str(ex)) from ex
        self._new_steps.clear()

    def _merged(self, started: Document) -> Document:
        """The merged result: fields of objects in listed order, later ones win; any other value under its job's id."""
        merged: Document = {}
        sizes: dict[str, int] = {}
        total = 0
        for index in range(len(self._entries)):
            if index in started["skipped"]:
                continue
            entry = self._entry(index)
            result = self._result(entry)
            for name, value in (result if isinstance(result, dict) else {entry.job_id: result}).items():
                # Counted by entry, so that the error names the one that exceeds the limit.
                size = _json_bytes(name) + _json_bytes(value)
                total += size - sizes.get(name, 0)
                merged[name], sizes[name] = value, size
            if total > self._limits.merged_bytes:
                raise entry.failure(f"the merged result is larger than {self._limits.merged_bytes} bytes (the limit)")
        return merged

    def _result(self, entry: Entry) -> Any:
        entry.job()
        finished = self._read(f"settled/{entry.index}") or {}
        return entry.outcome(finished["iterations"])["result"]  # type: ignore[index]

    def require_jobs(self) -> None:
        """Raises EntryFailed if the job of an entry was deleted."""
        for index in range(len(self._entries)):
            self._entry(index).job()

    def open_steps(self) -> Iterator[OpenStep]:
        """The unfinished steps."""
        started = self._read("started") or {"skipped": []}
        for entry in map(self._entry, self._unfinished(started)):
            iteration = entry.last_iteration(0)
            if iteration:
                yield OpenStep(entry.job_id, entry.variable_id(iteration), entry.is_job_variable(iteration))

    def _read(self, name: str) -> Document | None:
        return self._store.flows.read(self._flow_id, f"{self.number}/{name}")

    def _write_once(self, name: str, facts: Document) -> Document:
        self.changes += 1
        document = {"at": self._store.clock.now_text(), **facts}
        return self._store.flows.write_once(self._flow_id, f"{self.number}/{name}", document)


def _json_bytes(value: Any) -> int:
    return len(canonical(value).encode("utf-8", "surrogatepass")) + 1
