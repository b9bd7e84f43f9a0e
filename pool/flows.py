"""Flows: trees of jobs, moved on by whatever happens to their steps.

A flow is a chain of levels, and the innermost one runs first. Every step of it is a variable of its job, so that
volunteers compute it as any other. All that the engine knows, it reads from documents: which level has begun (and
with which entries skipped), which entries are settled, what came of a level, how the flow ended. Each of these is kept
once; what a dead process left undone follows from them, and is done by the next that looks. One process at a time has
the turn to move a flow; others leave word of what they know (`news`), and whoever has it looks until none is left.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from pool.errors import Conflict
from pool.flow_backlog import Backlog
from pool.flow_checks import FlowLimits
from pool.flow_levels import Failed, FlowLevel, OpenStep, OutOfTime
from pool.flow_news import EVERYTHING, FlowNews, hints
from pool.flow_view import FlowView
from pool.keys import Caller, Keys
from pool.sandbox import Sandbox, SandboxBusy
from pool.steps import untake
from pool.variable_check import VariableCheck
from storage import ids
from storage.base import Document, Page, Store
from storage.errors import AlreadyFinished, Damaged, InvalidCursor, InvalidId, NotFound, StorageError

TURN_SECONDS, RESUMING_SECONDS = 1.0, 10.0
OUTCOME = "outcome"
log = logging.getLogger("comp-pool.flows")


class Flows:
    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        keys: Keys,
        variable_check: VariableCheck,
        limits: FlowLimits,
    ) -> None:
        self._store, self._sandbox, self._keys = store, sandbox, keys
        self._variable_check, self._limits = variable_check, limits
        self._backlog = Backlog(store)
        self._news = FlowNews(store)

    def begin(self, flow: Document) -> None:
        """Stores a flow, durably, and has its first steps opened."""
        self._store.create_flow(flow["id"], flow)
        self._advance_quietly(flow["id"], [EVERYTHING])

    def is_known(self, flow_id: str) -> bool:
        try:
            return bool(self._store.flow(flow_id))
        except (InvalidId, NotFound):
            return False

    def _watch(self, flow: Document) -> None:
        for job_id in flow["jobs"]:
            with suppress(NotFound):  # It has been deleted, which fails the flow.
                self._store.watch(job_id, flow["id"])

    def get(self, flow_id: str) -> Document:
        """The flow as it was posted, moved on as far as it can be. Raises NotFound."""
        flow = self._store.flow(flow_id)
        if self._store.is_running(flow_id):
            self._advance_quietly(flow_id, [EVERYTHING])
        return flow

    def page(self, cursor: str | None, limit: int, caller: Caller) -> Page:
        """Summaries of flows, the newest first; the cursor is the last id of the page before."""
        if cursor is not None and not ids.is_id(cursor):
            raise InvalidCursor(cursor)
        found = self._store.flow_ids(cursor, limit + 1)
        return Page(list(self._summaries(found[:limit], caller)), found[limit - 1] if len(found) > limit else None)

    def _summaries(self, flow_ids: Sequence[str], caller: Caller) -> Iterator[Document]:
        for flow_id in flow_ids:
            with suppress(Damaged):
                yield self.view(self._store.flow(flow_id), caller).summary()

    def cancel(self, flow_id: str, caller: Caller) -> None:
        """Ends a flow, and withdraws the steps that it waits for; a second time changes nothing.

        Raises Conflict where it has ended otherwise.
        """
        flow = self._store.flow(flow_id)
        self._keys.require_owner(caller, flow, "flow")
        outcome = self._keep_outcome(flow, {"state": "cancelled"})
        if outcome["state"] != "cancelled":
            raise Conflict(f"flow {flow_id!r} has ended: it is {outcome['state']}")
        with self._store.turn(flow_id, wait=True):
            self._stop(flow, outcome)

    def on_settled(self, job_id: str, variable_id: str) -> None:
        """A variable has its result, was withdrawn, or is parked as failed. Never fails: what was done stands."""
        end = time.monotonic() + TURN_SECONDS
        for flow_id in self._watchers(job_id):
            with suppress(StorageError):  # Its documents are damaged, or gone: `comp-pool check` names them.
                news = self._news.of(flow_id, job_id, variable_id)
                if news:
                    self._advance_before(end, flow_id, news)

    def _watchers(self, job_id: str) -> list[str]:
        try:
            return self._store.watchers(job_id)
        except StorageError as ex:
            log.warning("flows of job %s wait: %s", job_id, ex)
            return []

    def _advance_before(self, end: float, flow_id: str, news: Sequence[str]) -> int:
        """Leaves it for later, where others have taken the time that there is."""
        if time.monotonic() < end:
            return self._advance_quietly(flow_id, news)
        self._backlog.add(flow_id, soon=True)
        return 0

    def on_deleted(self, flow_ids: Sequence[str]) -> None:
        """A job has been deleted that these flows use."""
        end = time.monotonic() + TURN_SECONDS
        for flow_id in flow_ids:
            with suppress(StorageError):
                self._advance_before(end, flow_id, [EVERYTHING])

    def catch_up(self) -> bool:
        """Goes on with flows that are behind, whoever left them so; False where there is none, or it is too soon."""
        behind = self._backlog.flows()
        end = time.monotonic() + TURN_SECONDS
        for number, flow_id in enumerate(behind):
            if number and time.monotonic() >= end:
                self._backlog.look_soon()
                break
            with suppress(StorageError):
                self._backlog.remove(flow_id)
            self._advance_quietly(flow_id, [EVERYTHING])
        return bool(behind)

    def resume(self, seconds: float = RESUMING_SECONDS) -> list[str]:
        """Moves on every flow that stands still since its process died; returns those that moved.

        What is left after so many seconds is for `catch_up`.
        """
        end = time.monotonic() + seconds
        moved = []
        for flow_id in self._store.running_flows():
            with suppress(StorageError):  # Its documents are damaged: `comp-pool check` names them.
                if self._advance_before(end, flow_id, [EVERYTHING]):
                    moved.append(flow_id)
        return moved

    def _advance_quietly(self, flow_id: str, news: Sequence[str]) -> int:
        """Never fails: whoever brings news has done what it came for. What can't be done now is for `catch_up`."""
        try:
            return self._advance(flow_id, news)
        except OutOfTime:
            self._backlog.add(flow_id, soon=True)
            return 1
        except (StorageError, SandboxBusy) as ex:
            log.warning("flow %s waits: %s", flow_id, ex or "the sandbox is busy")
        except Exception:
            log.exception("flow %s waits", flow_id)
        if self._store.is_running(flow_id):  # Unless it was removed by hand.
            self._backlog.add(flow_id)
        return 0

    def _advance(self, flow_id: str, news: Sequence[str]) -> int:
        """Does what there is to do for a flow, unless another process is at it, which then looks again."""
        changes = 0
        self._store.tell(flow_id, news)
        while self._store.has_news(flow_id):
            with self._store.turn(flow_id) as is_ours:
                if not is_ours:
                    break
                changes += self._take_turn(flow_id)
        return changes

    def _take_turn(self, flow_id: str) -> int:
        news = self._store.take_news(flow_id)
        try:
            return self._move(self._store.flow(flow_id), news)
        except BaseException:
            self._store.tell(flow_id, [EVERYTHING])
            raise

    def _move(self, flow: Document, news: Sequence[str]) -> int:
        """Returns how much has changed."""
        outcome = self.outcome(flow["id"])
        if outcome is not None:
            self._stop(flow, outcome)
            return 1
        if EVERYTHING in news:
            self._watch(flow)
        levels = self._levels_left(flow)
        try:
            is_done = self._move_levels(levels, news)
        except Failed as ex:
            facts = {"path": ex.path, "reason": ex.reason, "for_owner": ex.for_owner}
            self._end(flow, {"state": "failed", **facts})
            return 1
        if is_done:
            self._end(flow, {"state": "done"})
        return is_done + sum(level.changes for level in levels)

    def _move_levels(self, levels: Sequence[FlowLevel], news: Sequence[str]) -> bool:
        if EVERYTHING in news:
            for level in levels:
                level.require_jobs()
        for level in levels:
            if not level.move(hints(news, level.number)):
                return False
            news = [EVERYTHING]
        return True

    def _levels_left(self, flow: Document) -> list[FlowLevel]:
        """From the one at work to the root's."""
        numbers = reversed(range(len(flow["levels"])))
        left = itertools.dropwhile(lambda number: "merged" in self._store.kept_in(flow["id"], str(number)), numbers)
        parts = self._store, self._sandbox, self._variable_check, self._limits
        until = time.monotonic() + TURN_SECONDS
        return [FlowLevel(*parts, flow, number, until) for number in left]

    def outcome(self, flow_id: str) -> Document | None:
        """How a flow has ended: `state`, `at`, and of one that failed `path` and `reason`."""
        return self._store.kept(flow_id, OUTCOME)

    def view(self, flow: Document, caller: Caller) -> FlowView:
        return FlowView(self._store, flow, self.outcome(flow["id"]), self._keys.owns(caller, flow))

    def _end(self, flow: Document, facts: Document) -> None:
        self._stop(flow, self._keep_outcome(flow, facts))

    def _keep_outcome(self, flow: Document, facts: Document) -> Document:
        return self._store.keep(flow["id"], OUTCOME, {"at": ids.now_text(), **facts})

    def _stop(self, flow: Document, outcome: Document) -> None:
        """Tidies up after a flow that has ended; what is done of that already is not done twice."""
        for level in self._levels_left(flow)[:1]:
            for step in level.open_steps():
                if not step.is_own or (outcome["state"] == "cancelled" and not self._is_shared(flow, step)):
                    self._withdraw(flow, step)
        for job_id in flow["jobs"]:
            self._store.unwatch(job_id, flow["id"])
        untake(self._store, flow)
        self._store.stop_flow(flow["id"])

    def _is_shared(self, flow: Document, step: OpenStep) -> bool:
        """Whether another flow waits for the very variable."""
        others = (flow_id for flow_id in self._store.watchers(step.job_id) if flow_id != flow["id"])
        return any(self._waits(other, step) for other in others)

    def _waits(self, flow_id: str, step: OpenStep) -> bool:
        try:
            is_step = bool(self._news.of(flow_id, step.job_id, step.variable_id))
            return is_step and self.outcome(flow_id) is None
        except StorageError:  # Nobody can tell what it waits for: `comp-pool check` names it.
            return False

    def _withdraw(self, flow: Document, step: OpenStep) -> None:
        document = {"job": step.job_id, "variable": step.variable_id, "withdrawn": ids.now_text(), "flow": flow["id"]}
        with suppress(AlreadyFinished, NotFound):
            self._store.withdraw(step.job_id, step.variable_id, document)
