"""Flows: trees of jobs. `Flows` is the interface of the package to the rest of the pool.

`posting` checks (`check`) and stores a flow and reserves its variables (`reservation`). The `engine` advances it, level
by level (`level`), on signals (`signals`), with its conditions in the `background`; flows with work left are retried
(`retries`). `view` shows a flow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from pool.errors import Conflict
from pool.flows.check import FlowLimits, Locate
from pool.flows.engine import Engine
from pool.flows.posting import Posting
from pool.flows.view import FlowView
from pool.keys import Caller, Keys
from pool.posters import Posters
from pool.sandbox import Sandbox
from pool.scheduling import VariableScheduler
from pool.validation import Validation
from storage import ids
from storage.base import Document, Page, Store
from storage.errors import Damaged, InvalidCursor

__all__ = ["FlowLimits", "FlowView", "Flows", "Locate"]


class Flows:
    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        keys: Keys,
        validation: Validation,
        scheduler: VariableScheduler,
        limits: FlowLimits,
        posters: Posters,
    ) -> None:
        self._store, self._keys, self._limits = store, keys, limits
        self._engine = Engine(store, sandbox, validation, limits, posters)
        self._posting = Posting(store, sandbox, keys, scheduler, limits, self._engine, posters)

    def post(self, posted: Any, caller: Caller, locate: Locate, key: str | None = None) -> Document:
        """Stores and starts a flow, and returns its document; the same idempotency `key` stores one flow.

        `locate` turns a URI into the segments of its path. Raises InvalidFlow, UnknownKey, Conflict if the key was used
        for another flow, InProgress while another request with the key is processed, SandboxBusy.
        """
        return self._posting.post(posted, caller, locate, key)

    def run_again(self, flow_id: str, caller: Caller, key: str | None = None) -> Document:
        """Posts the tree of a flow anew, for its owner. Raises as `post` does, and NotFound."""
        return self._posting.run_again(flow_id, caller, key)

    def get(self, flow_id: str) -> Document:
        """The flow's document; the flow is advanced first, as far as possible. Raises NotFound."""
        flow = self._store.flows.get(flow_id)
        if self._engine.outcome(flow_id) is None:
            self._engine.advance(flow_id)
        return flow

    def page(self, cursor: str | None, limit: int, caller: Caller) -> Page:
        """Summaries of flows, the newest first; the cursor is the last id of the previous page."""
        if cursor is not None and not ids.is_id(cursor):
            raise InvalidCursor(cursor)
        found = self._store.flows.ids(cursor, limit + 1)
        return Page(list(self._summaries(found[:limit], caller)), found[limit - 1] if len(found) > limit else None)

    def _summaries(self, flow_ids: Sequence[str], caller: Caller) -> Iterator[Document]:
        for flow_id in flow_ids:
            with suppress(Damaged):
                yield self.view(self._store.flows.get(flow_id), caller).summary()

    def view(self, flow: Document, caller: Caller) -> FlowView:
        return FlowView(
            self._store, flow, self._engine.outcome(flow["id"]), self._keys.owns(caller, flow), self._limits.wait_days
        )

    def cancel(self, flow_id: str, caller: Caller) -> None:
        """Ends a flow and withdraws the steps it waits for; cancelling twice changes nothing.

        While another process advances the flow, that one withdraws the steps, as soon as it is done.

        Raises NotFound, and Conflict if the flow has ended otherwise.
        """
        flow = self._store.flows.get(flow_id)
        self._keys.require_owner(caller, flow, "flow")
        outcome = self._engine.cancel(flow)
        if outcome["state"] != "cancelled":
            raise Conflict(f"flow {flow_id!r} has ended: it is {outcome['state']}")

    def on_finished(self, job_id: str, *variable_ids: str) -> None:
        """Call after variables got their results, were withdrawn, failed or were released.

        Raises nothing: that change is stored.
        """
        self._engine.on_finished(job_id, *variable_ids)

    def on_job_deleted(self, flow_ids: Sequence[str]) -> None:
        """Call after a job was deleted that these flows use."""
        self._engine.on_job_deleted(flow_ids)

    def advance_pending(self) -> bool:
        """Advances the pending flows of all processes in the background.

        False if there are none, or the last try was within a second.
        """
        return self._engine.advance_pending()

    def resume(self, seconds: float = 0.5) -> list[str]:
        """Advances every running flow after a start; returns those that changed.

        The background advances those left after so many seconds, and those that call functions on the server.
        """
        return self._engine.resume(seconds)

    def finish(self) -> None:
        """Waits until the background has nothing left to do."""
        self._engine.finish()

    def close(self) -> None:
        """Stops the background."""
        self._engine.close()
