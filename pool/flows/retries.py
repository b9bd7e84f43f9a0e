"""Pending flows: flows with work left (busy sandbox, full disk), to be retried."""

from __future__ import annotations

from collections.abc import Iterable

from storage.clock import Clock
from storage.errors import StorageError
from storage.flow_store import PENDING, FlowStore

INTERVAL_SECONDS = 1.0


class PendingFlows:
    """Stored as signals in the pool's inbox, for every process; in this one's memory if the disk is full."""

    def __init__(self, flows: FlowStore, clock: Clock) -> None:
        self._flows, self._clock = flows, clock
        self._in_memory: set[str] = set()
        self._next_drain = 0.0

    def add(self, flow_ids: Iterable[str]) -> None:
        for flow_id in flow_ids:
            try:
                self._flows.signal(PENDING, [flow_id])
            except StorageError:
                self._in_memory.add(flow_id)

    def drain(self) -> list[str]:
        """The pending flows, which are then no longer pending; none within the interval after the last drain."""
        if self._clock.monotonic() < self._next_drain:
            return []
        self._next_drain = self._clock.monotonic() + INTERVAL_SECONDS
        # Taken out at once: whatever cannot be advanced is added again.
        in_memory, self._in_memory = self._in_memory, set()
        try:
            return sorted({*in_memory, *self._flows.drain_signals(PENDING)})
        except StorageError:
            return sorted(in_memory)
