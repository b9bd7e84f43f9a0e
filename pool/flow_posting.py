"""Posting flows: checked whole, stored once, and begun."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

from pool.errors import Conflict, Invalid, InvalidFlow
from pool.flow_checks import FlowCheck, FlowLimits, Locate, posted_form, segments_of
from pool.flows import Flows
from pool.keys import Caller, Keys
from pool.sandbox import Sandbox
from pool.scheduling import VariableScheduler
from pool.steps import path_of, untake
from storage import ids
from storage.base import Document, Store, canonical


class FlowPosting:
    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        keys: Keys,
        scheduler: VariableScheduler,
        limits: FlowLimits,
        flows: Flows,
    ) -> None:
        self._store, self._sandbox, self._keys = store, sandbox, keys
        self._scheduler, self._limits, self._flows = scheduler, limits, flows

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
            if claimed is not None and self._flows.is_known(claimed):
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
            self._flows.begin(flow)
        except BaseException:
            untake(self._store, flow)
            raise
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


def _to_take(flow: Document) -> dict[str, list[int]]:
    """The places of the entries that are to take a variable, by job."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, entry in enumerate(flow["levels"][-1]):
        if "variable" not in entry:
            places[entry["job"]].append(place)
    return places


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
