"""Posting flows: a flow is checked as a whole, its variables are reserved, and it is stored once and started."""

from __future__ import annotations

import hashlib
from typing import Any

from pool.errors import Conflict, InProgress
from pool.flows.check import FlowLimits, Locate, TreeCheck, posted_form, segments_of
from pool.flows.engine import Engine
from pool.flows.reservation import Reservation, unreserve_all
from pool.keys import Caller, Keys
from pool.posters import Posters
from pool.sandbox import Sandbox
from pool.scheduling import VariableScheduler
from storage import ids
from storage.base import Document, Store, canonical
from storage.flow_store import FLOW, IdempotencyKey

# The field of a stored flow with the fingerprint of the posted one.
FINGERPRINT = "posted_as"


class Posting:
    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        keys: Keys,
        scheduler: VariableScheduler,
        limits: FlowLimits,
        engine: Engine,
        posters: Posters,
    ) -> None:
        self._store, self._sandbox, self._keys = store, sandbox, keys
        self._scheduler, self._limits, self._engine = scheduler, limits, engine
        self._posters = posters

    def post(self, posted: Any, caller: Caller, locate: Locate, key: str | None = None) -> Document:
        self._keys.require_poster(caller)
        if key is None:
            return self._start(self._checked(posted, caller, locate))
        idempotency_key = idempotency_key_of(caller, key)
        # Two requests with one key must not both store a flow. The second does not wait: it would hold a thread.
        with self._store.flows.lock(idempotency_key) as is_held:
            if not is_held:
                raise InProgress("Idempotency-Key: another request with it is in progress; retry to get its flow")
            known = next(iter(self._store.flows.references(idempotency_key)), None)
            if known is not None and self._store.flows.read(known, FLOW) is not None:
                return self._posted_before(known, posted)
            # After a crash the key may refer to a flow that was not stored: then the flow gets that id.
            return self._start(self._checked(posted, caller, locate, known), idempotency_key)

    def run_again(self, flow_id: str, caller: Caller, key: str | None = None) -> Document:
        flow = self._store.flows.get(flow_id)
        self._keys.require_owner(caller, flow, "flow")
        posted = posted_form(flow["levels"])
        return self.post(posted | ({"name": flow["name"]} if flow["name"] else {}), caller, segments_of, key)

    def _checked(self, posted: Any, caller: Caller, locate: Locate, flow_id: str | None = None) -> Document:
        """The flow's document, under the given id or a new one."""
        check = TreeCheck(self._store, self._sandbox, self._keys, self._limits, caller, locate)
        name, levels = check.checked(posted)
        return {
            "id": flow_id or ids.timed_id(self._store.clock),
            "name": name,
            "created": self._store.clock.now_text(),
            "owner": caller.owner,
            "key": caller.key_id,
            **caller.facts,
            FINGERPRINT: _digest(canonical(posted)),
            "jobs": sorted({entry["job"] for level in levels for entry in level}),
            "levels": levels,
        }

    def _posted_before(self, flow_id: str, posted: Any) -> Document:
        flow = self._store.flows.get(flow_id)
        if flow[FINGERPRINT] != _digest(canonical(posted)):
            raise Conflict("Idempotency-Key: has been used for another flow")
        return flow

    def _start(self, flow: Document, key: IdempotencyKey | None = None) -> Document:
        try:
            # Reserved before the flow is stored: a stored flow has all of its variables.
            self._posters.add_flow(flow)
            Reservation(self._store, self._scheduler, flow).reserve_variables()
            # Before the flow: after a crash in between, the repeated request stores the flow under this id.
            if key is not None:
                self._store.flows.add_reference(key, flow["id"])
            self._engine.start(flow)
        except BaseException:
            unreserve_all(self._store.flows, flow)
            raise
        return flow


def idempotency_key_of(caller: Caller, key: str) -> IdempotencyKey:
    return IdempotencyKey(_digest(f"{caller.key_id or caller.share.name}/{key}"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
