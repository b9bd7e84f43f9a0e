"""The engine: advances a flow whenever one of its steps has finished.

A flow is a chain of levels; the innermost runs first. Every step is a variable of its job, so that volunteers compute
it like any other. The engine's state is in documents that are written once: the start of a level (with the skipped
entries), finished entries, the merged result of a level, the outcome of the flow. After a crash any process continues
from them. The lock of a flow makes one process at a time advance it; others leave signals in its inbox, and the holder
continues until the inbox is empty.

A request does by itself what calls no function on the server; the rest is done in the background, so that a slow
condition holds up no request: neither of a volunteer nor of another flow.
"""

from __future__ import annotations

import functools
import itertools
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from pool.flows.background import Background
from pool.flows.blocked import overdue_flows
from pool.flows.check import FlowLimits
from pool.flows.entry import EntryFailed
from pool.flows.level import BudgetExceeded, CallNeeded, FlowLevel, OpenStep
from pool.flows.reservation import unreserve_all
from pool.flows.retries import PendingFlows
from pool.flows.signals import ALL, StepSignals, touched_entries
from pool.keys import share_of
from pool.posters import Posters
from pool.sandbox import Sandbox, SandboxBusy
from pool.validation import Validation
from storage.base import Document, Store
from storage.errors import AlreadyFinished, Damaged, NotFound, StorageError
from storage.flow_store import FLOW, BlockedFlows, RunningFlows, UsedJob

# A request that posts a result also advances its flows, for at most this long; the rest is left to the background.
BUDGET_SECONDS = 1.0
# A flow's turn in the background: another owner's flow waits no longer than that, and for one condition.
TURN_SECONDS = 0.25
# How often a process looks for flows that have waited too long for a failed variable.
OVERDUE_SECONDS = 60.0
# The turn of the background in which it does so.
OVERDUE = "@overdue"
OUTCOME = "outcome"
log = logging.getLogger("comp-pool.flows")


class Engine:
    def __init__(
        self, store: Store, sandbox: Sandbox, validation: Validation, limits: FlowLimits, posters: Posters
    ) -> None:
        self._store, self._sandbox = store, sandbox
        self._validation, self._limits, self._posters = validation, limits, posters
        self._pending = PendingFlows(store.flows, store.clock)
        self._signals = StepSignals(store.flows)
        self._background = Background(self._take_turn)
        self._next_look = 0.0

    def start(self, flow: Document) -> None:
        """Stores a flow, durably, and opens its first steps."""
        self._store.flows.create(flow["id"], flow)
        self.advance(flow["id"])

    def outcome(self, flow_id: str) -> Document | None:
        """How a flow ended: `state`, `at`, and of a failed one `path` and `reason`; None while it runs."""
        return self._store.flows.read(flow_id, OUTCOME)

    def cancel(self, flow: Document) -> Document:
        """Ends a flow unless it has ended; returns its outcome."""
        # The outcome decides, without the lock. Whoever holds it finds the flow ended, and cleans up.
        outcome = self._write_outcome(flow, {"state": "cancelled"})
        self.advance(flow["id"])
        return outcome

    def on_finished(self, job_id: str, *variable_ids: str) -> None:
        deadline = self._store.clock.monotonic() + BUDGET_SECONDS
        touched = []
        for flow_id, variable_id in itertools.product(self._flows_using(job_id), variable_ids):
            with suppress(StorageError):  # Its documents are damaged or gone: `comp-pool check` reports them.
                signals = self._signals.of(flow_id, job_id, variable_id)
                if signals:
                    self._advance_before(deadline, flow_id, signals)
                    touched.append(flow_id)
        self._background.wait(touched)

    def _flows_using(self, job_id: str) -> list[str]:
        try:
            return self._store.flows.references(UsedJob(job_id))
        except StorageError as ex:
            log.warning("flows of job %s wait: %s", job_id, ex)
            return []

    def on_job_deleted(self, flow_ids: Sequence[str]) -> None:
        deadline = self._store.clock.monotonic() + BUDGET_SECONDS
        for flow_id in flow_ids:
            with suppress(StorageError):
                self._advance_before(deadline, flow_id, [ALL])
        self._background.wait(flow_ids)

    def advance_pending(self) -> bool:
        # Behind other flows there is nothing to wait for within the patience of a request.
        was_idle = self._background.is_idle()
        flow_ids = self._pending.drain()
        for flow_id in flow_ids:
            self._hand_over(flow_id, [ALL])
        if self._store.clock.monotonic() >= self._next_look:
            self._next_look = self._store.clock.monotonic() + OVERDUE_SECONDS
            self._background.add(OVERDUE, OVERDUE)
            flow_ids = [*flow_ids, OVERDUE]
        if was_idle:
            self._background.wait(flow_ids)
        return bool(flow_ids)

    def resume(self, seconds: float) -> list[str]:
        deadline = self._store.clock.monotonic() + seconds
        changed = []
        flow_ids = self._store.flows.references(RunningFlows())
        for number, flow_id in enumerate(flow_ids):
            if self._store.clock.monotonic() >= deadline:
                left = flow_ids[number:]
                threading.Thread(target=self._hand_over_all, args=(left,), daemon=True, name="resume").start()
                break
            with suppress(StorageError):  # Its documents are damaged: `comp-pool check` reports them.
                if self._advance_before(deadline, flow_id, [ALL]):
                    changed.append(flow_id)
        self._background.wait(changed)
        return changed

    def finish(self) -> None:
        self._background.finish()

    def close(self) -> None:
        self._background.close()

    def _advance_before(self, deadline: float, flow_id: str, signals: Sequence[str]) -> int:
        """Advances a flow, unless it is too late: then the background does."""
        if self._store.clock.monotonic() < deadline:
            return self._advance_without_calls(flow_id, signals)
        self._hand_over(flow_id, signals)
        return 0

    def _hand_over_all(self, flow_ids: Sequence[str]) -> None:
        for flow_id in flow_ids:
            with suppress(StorageError):  # Its documents are damaged: `comp-pool check` reports them.
                self._hand_over(flow_id, [ALL])

    def _hand_over(self, flow_id: str, signals: Sequence[str]) -> None:
        with self._retried_after_errors(flow_id):
            self._store.flows.signal(flow_id, signals)
            self._background.add(flow_id, self._owner_of(flow_id))

    def _owner_of(self, flow_id: str) -> str:
        return share_of(self._store.flows.get(flow_id)).name

    def advance(self, flow_id: str) -> None:
        """Advances a flow, all of its entries considered. Raises nothing."""
        self._advance_without_calls(flow_id, [ALL])
        self._background.wait([flow_id])

    def _advance_without_calls(self, flow_id: str, signals: Sequence[str]) -> int:
        """Returns the number of changes. What calls functions on the server is left to the background."""
        with self._retried_after_errors(flow_id):
            try:
                return self._process_inbox(flow_id, signals)
            except (BudgetExceeded, CallNeeded):
                self._background.add(flow_id, self._owner_of(flow_id))
                return 1
        return 0

    def _take_turn(self, flow_id: str) -> bool:
        """The background's part; returns whether work is left."""
        if flow_id == OVERDUE:
            self._fail_overdue_flows()
            return False
        with self._retried_after_errors(flow_id):
            try:
                self._process_inbox(flow_id, [], TURN_SECONDS)
            except BudgetExceeded:
                return True
        return False

    def _fail_overdue_flows(self) -> None:
        with suppress(StorageError):
            for flow_id in overdue_flows(self._store, self._limits.wait_days):
                self._advance_without_calls(flow_id, [ALL])

    @contextmanager
    def _retried_after_errors(self, flow_id: str) -> Iterator[None]:
        """After an error the flow becomes pending: the caller's own work is done."""
        try:
            yield
            return
        except (StorageError, SandboxBusy) as ex:
            log.warning("flow %s waits: %s", flow_id, ex or "the sandbox is busy")
        except Exception:
            log.exception("flow %s waits", flow_id)
        if self._can_be_retried(flow_id):
            self._pending.add([flow_id])

    def _can_be_retried(self, flow_id: str) -> bool:
        """False if the flow was removed by hand, or is damaged, which `comp-pool check` reports."""
        try:
            return self._store.flows.read(flow_id, FLOW) is not None
        except StorageError as ex:
            return not isinstance(ex, Damaged)

    def _process_inbox(self, flow_id: str, signals: Sequence[str], seconds: float | None = None) -> int:
        """Returns the number of changes. Without `seconds` it calls no function on the server.

        Raises BudgetExceeded, CallNeeded: what is left to do is in the inbox.
        """
        flows, changes = self._store.flows, 0
        flows.signal(flow_id, signals)
        # Checked again after each unlock: the sender of a signal that came under the lock could not process it itself.
        while flows.has_signals(flow_id):
            with flows.lock(flow_id) as is_held:
                if not is_held:
                    break
                changes += self._process_signals(flow_id, seconds)
        return changes

    def _process_signals(self, flow_id: str, seconds: float | None) -> int:
        signals = self._store.flows.drain_signals(flow_id)
        try:
            return self._advance_levels(self._store.flows.get(flow_id), signals, seconds)
        except CallNeeded as ex:
            self._store.flows.signal(flow_id, ex.signals)
            raise
        except BaseException:
            # The drained signals are lost otherwise; `ALL` includes them.
            self._store.flows.signal(flow_id, [ALL])
            raise

    def _advance_levels(self, flow: Document, signals: Sequence[str], seconds: float | None) -> int:
        outcome = self.outcome(flow["id"])
        if outcome is not None:
            self._clean_up(flow, outcome)
            return 1
        if ALL in signals:
            self._add_references(flow)
        levels = self._unmerged_levels(flow, seconds)
        try:
            is_done = _advance_in_order(levels, signals)
        except EntryFailed as ex:
            facts = {"path": ex.path, "reason": ex.reason, "for_owner": ex.for_owner}
            self._end(flow, {"state": "failed", **facts})
            return 1
        if is_done:
            self._end(flow, {"state": "done"})
        return is_done + sum(level.changes for level in levels)

    def _add_references(self, flow: Document) -> None:
        # With every `ALL`, since a crash may have come between the flow and its references.
        for job_id in flow["jobs"]:
            with suppress(NotFound):  # The job was deleted, which fails the flow.
                self._store.flows.add_reference(UsedJob(job_id), flow["id"])

    def _unmerged_levels(self, flow: Document, seconds: float | None = None) -> list[FlowLevel]:
        """The levels without a merged result, from the one that runs to the root's."""
        flow_id, deadline = flow["id"], None if seconds is None else self._store.clock.monotonic() + seconds
        numbers = reversed(range(len(flow["levels"])))
        unmerged = itertools.dropwhile(
            lambda number: "merged" in self._store.flows.names(flow_id, str(number)), numbers
        )
        parts = self._store, self._sandbox, self._validation, self._limits
        add_steps = functools.partial(self._posters.add_steps, flow)
        return [FlowLevel(*parts, flow, number, deadline, add_steps) for number in unmerged]

    def _end(self, flow: Document, facts: Document) -> None:
        self._clean_up(flow, self._write_outcome(flow, facts))

    def _write_outcome(self, flow: Document, facts: Document) -> Document:
        return self._store.flows.write_once(flow["id"], OUTCOME, {"at": self._store.clock.now_text(), **facts})

    def _clean_up(self, flow: Document, outcome: Document) -> None:
        """Withdraws the steps of an ended flow and removes all references to it. May be repeated after a crash."""
        for level in self._unmerged_levels(flow)[:1]:
            for step in level.open_steps():
                if not step.is_job_variable or (outcome["state"] == "cancelled" and not self._is_shared(flow, step)):
                    self._withdraw(flow, step)
        for job_id in flow["jobs"]:
            self._store.flows.remove_reference(UsedJob(job_id), flow["id"])
        unreserve_all(self._store.flows, flow)
        self._store.flows.remove_reference(BlockedFlows(), flow["id"])
        # Last, since a flow without this reference is not cleaned up again.
        self._store.flows.remove_reference(RunningFlows(), flow["id"])

    def _is_shared(self, flow: Document, step: OpenStep) -> bool:
        """Whether another flow waits for the same variable."""
        others = (flow_id for flow_id in self._flows_using(step.job_id) if flow_id != flow["id"])
        return any(self._waits_for(other, step) for other in others)

    def _waits_for(self, flow_id: str, step: OpenStep) -> bool:
        try:
            is_step = bool(self._signals.of(flow_id, step.job_id, step.variable_id))
            return is_step and self.outcome(flow_id) is None
        except StorageError:  # A damaged flow, which `comp-pool check` reports.
            return False

    def _withdraw(self, flow: Document, step: OpenStep) -> None:
        withdrawn = self._store.clock.now_text()
        document = {"job": step.job_id, "variable": step.variable_id, "withdrawn": withdrawn, "flow": flow["id"]}
        with suppress(AlreadyFinished, NotFound):
            self._store.results.withdraw(step.job_id, step.variable_id, document)


def _advance_in_order(levels: Sequence[FlowLevel], signals: Sequence[str]) -> bool:
    """Advances each level until one is not merged; returns whether all are."""
    if ALL in signals:
        for level in levels:
            level.require_jobs()
    for level in levels:
        if not level.advance(touched_entries(signals, level.number)):
            return False
        signals = [ALL]
    return True
