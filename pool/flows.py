"""Flows: trees of jobs, moved on by whatever happens to their steps.

A flow is a chain of levels, and the innermost one runs first. Every step of it is a variable of its job, so that
volunteers compute it as any other. All that the engine knows, it reads from documents: which level has begun (and
with which entries skipped), which entries are settled, what came of a level, how the flow ended. Each of these is kept
once; what a dead process left undone follows from them, and is done by the next that looks. One process at a time has
the turn to move a flow; others leave word of what they know (`news`), and whoever has it looks until none is left.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pool.errors import Conflict, Invalid, InvalidFlow
from pool.flow_checks import FlowCheck, FlowLimits, Locate, posted_form, segments_of
from pool.flow_levels import Failed, FlowLevel, OpenStep, OutOfTime
from pool.flow_news import EVERYTHING, FlowNews, hints
from pool.flow_view import FlowView
from pool.keys import Caller, Keys
from pool.sandbox import Sandbox, SandboxBusy
from pool.scheduling import VariableScheduler
from pool.steps import path_of
from pool.variable_check import VariableCheck
from storage import ids
from storage.base import Document, Page, Store, canonical
from storage.errors import AlreadyFinished, InvalidCursor, InvalidId, NotFound, StorageError

TURN_SECONDS, RETRY_SECONDS, RESUMING_SECONDS = 2.0, 1.0, 10.0
OUTCOME = "outcome"
log = logging.getLogger("comp-pool.flows")


class Flows:
    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        keys: Keys,
        scheduler: VariableScheduler,
        variable_check: VariableCheck,
        limits: FlowLimits,
    ) -> None:
        self._store, self._sandbox, self._keys = store, sandbox, keys
        self._scheduler, self._variable_check, self._limits = scheduler, variable_check, limits
        self._behind: dict[str, float] = {}
        self._news = FlowNews(store)

    def post(self, posted: Any, caller: Caller, locate: Locate, key: str | None = None) -> Document:
        """Stores a flow, begins it, and returns its document; with the same `key` (of idempotency) it is stored once.

        Raises InvalidFlow, UnknownKey, Conflict where the key came with another flow, SandboxBusy.
        """
        self._keys.require_poster(caller)
        posted_as = _digest(canonical(posted))
        if key is None:
            return self._begin(self._checked(posted, caller, locate, posted_as))
        claim = _digest(f"{caller.key_id}/{key}")
        with self._store.claiming(claim):
            claimed = self._store.claimed_flow(claim)
            if claimed is not None and self.is_known(claimed):
                return self._posted_before(claimed, posted_as)
            return self._begin(self._checked(posted, caller, locate, posted_as, claimed), claim)

    def _checked(
        self, posted: Any, caller: Caller, locate: Locate, posted_as: str, flow_id: str | None = None
    ) -> Document:
        """The flow's document, under a new id unless there is one for it."""
        check = FlowCheck(self._store, self._sandbox, self._keys, self._limits, caller, locate)
        name, levels = check.checked(posted)
        return {
            "id": flow_id or ids.timed_id(),
            "name": name,
            "created": ids.now_text(),
            "owner": caller.owner,
            "key": caller.key_id,
            "posted_as": posted_as,
            "jobs": sorted({entry["job"] for level in levels for entry in level}),
            "levels": levels,
        }

    def run_again(self, flow_id: str, caller: Caller, key: str | None = None) -> Document:
        """Posts the tree of a flow anew, for its owner. Raises as `post` does."""
        flow = self._store.flow(flow_id)
        self._keys.require_owner(caller, flow, "flow")
        posted = posted_form(flow["levels"])
        return self.post(posted | ({"name": flow["name"]} if flow["name"] else {}), caller, segments_of, key)

    def is_known(self, flow_id: str) -> bool:
        try:
            return bool(self._store.flow(flow_id))
        except (InvalidId, NotFound):
            return False

    def _posted_before(self, flow_id: str, posted_as: str) -> Document:
        flow = self._store.flow(flow_id)
        if flow["posted_as"] != posted_as:
            raise Conflict("Idempotency-Key: has been used for another flow")
        return flow

    def _begin(self, flow: Document, claim: str | None = None) -> Document:
        try:
            self._take_variables(flow)
            if claim is not None:
                self._store.claim_flow(claim, flow["id"])
            self._store.create_flow(flow["id"], flow)
        except BaseException:
            self._untake(flow)
            raise
        self._watch(flow)
        self._advance_quietly(flow["id"], [EVERYTHING])
        return flow

    def _take_variables(self, flow: Document) -> None:
        """Entries at the leaf that name no variable take the next of their jobs."""
        named = {
            (entry["job"], entry["variable"]) for level in flow["levels"] for entry in level if "variable" in entry
        }
        problems = []
        for job_id, places in _to_take(flow).items():
            but = {variable_id for of_job, variable_id in named if of_job == job_id}
            taking = self._scheduler.take(self._store.job(job_id), flow["id"], but, len(places))
            left = list(places)
            for place, variable_id in zip(places, taking, strict=False):
                flow["levels"][-1][place].update(variable=variable_id, is_own=True, taken=True)
                left.remove(place)
            reason = f"job {job_id!r} has no open variable left to take"
            paths = (path_of(len(flow["levels"]) - 1, place) for place in left)
            problems += [Invalid(f"{path}.variable", reason) for path in paths]
        if problems:
            raise InvalidFlow(problems)

    def _untake(self, flow: Document) -> None:
        for entry in flow["levels"][-1]:
            if entry.get("taken"):
                self._store.untake(entry["job"], entry["variable"], flow["id"])

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

    def page(self, cursor: str | None, limit: int) -> Page:
        """Flows, the newest first; the cursor is the last id of the page before."""
        if cursor is not None and not ids.is_id(cursor):
            raise InvalidCursor(cursor)
        found = self._store.flow_ids(cursor, limit + 1)
        items = [self._store.flow(flow_id) for flow_id in found[:limit]]
        return Page(items, found[limit - 1] if len(found) > limit else None)

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
        try:
            for flow_id in self._store.watchers(job_id):
                news = self._news.of(flow_id, job_id, variable_id)
                if news:
                    self._advance_quietly(flow_id, news)
        except StorageError as ex:
            log.warning("flows of job %s wait: %s", job_id, ex)

    def on_deleted(self, flow_ids: Sequence[str]) -> None:
        """A job has been deleted that these flows use."""
        for flow_id in flow_ids:
            self._advance_quietly(flow_id, [EVERYTHING])

    def catch_up(self) -> bool:
        """Goes on with a flow that this process could not move as far as there was news; False where there is none."""
        if not self._behind:
            return False
        due = [flow_id for flow_id, moment in list(self._behind.items()) if moment <= time.monotonic()]
        if not due or self._behind.pop(due[0], None) is None:
            return False
        self._advance_quietly(due[0], [])
        return True

    def resume(self, seconds: float = RESUMING_SECONDS) -> list[str]:
        """Moves on every flow that stands still since its process died; returns those that moved.

        What is left after so many seconds is for `catch_up`.
        """
        end = time.monotonic() + seconds
        moved = []
        for flow_id in self._store.running_flows():
            with suppress(StorageError):  # Its documents are damaged: `comp-pool check` names them.
                self._watch(self._store.flow(flow_id))
                self._store.tell(flow_id, [EVERYTHING])
            if time.monotonic() > end:
                self._behind[flow_id] = end
            elif self._advance_quietly(flow_id, []):
                moved.append(flow_id)
        return moved

    def _advance_quietly(self, flow_id: str, news: Sequence[str]) -> int:
        """Never fails: whoever brings news has done what it came for. What can't be done now is for `catch_up`."""
        try:
            return self._advance(flow_id, news)
        except OutOfTime:
            self._behind[flow_id] = time.monotonic()
            return 1
        except (StorageError, SandboxBusy) as ex:
            log.warning("flow %s waits: %s", flow_id, ex or "the sandbox is busy")
        except Exception:
            log.exception("flow %s waits", flow_id)
        self._behind[flow_id] = time.monotonic() + RETRY_SECONDS
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
        levels = self._levels_left(flow)
        try:
            is_done = self._move_levels(levels, news)
        except Failed as ex:
            self._end(flow, {"state": "failed", "path": ex.path, "reason": ex.reason, "console": ex.console})
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
        self._untake(flow)
        self._store.stop_flow(flow["id"])

    def _is_shared(self, flow: Document, step: OpenStep) -> bool:
        """Whether another flow waits for the very variable."""
        others = (flow_id for flow_id in self._store.watchers(step.job_id) if flow_id != flow["id"])
        return any(self._news.of(other, step.job_id, step.variable_id) for other in others)

    def _withdraw(self, flow: Document, step: OpenStep) -> None:
        document = {"job": step.job_id, "variable": step.variable_id, "withdrawn": ids.now_text(), "flow": flow["id"]}
        with suppress(AlreadyFinished, NotFound):
            self._store.withdraw(step.job_id, step.variable_id, document)


def _to_take(flow: Document) -> dict[str, list[int]]:
    """The places of the entries that are to take a variable, by job."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, entry in enumerate(flow["levels"][-1]):
        if "variable" not in entry:
            places[entry["job"]].append(place)
    return places


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
