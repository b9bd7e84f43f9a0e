"""Flows that could not be moved as far as there was news: for want of time, of a free sandbox, or of room on disk."""

from __future__ import annotations

import time

from storage.base import Store
from storage.errors import StorageError

LOOKING_SECONDS = 1.0


class Backlog:
    """Kept on disk, for every process to see; where the disk refuses even that, in the memory of this one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unnoted: set[str] = set()
        self._look_at = 0.0

    def add(self, flow_id: str, soon: bool = False) -> None:
        """`soon` has this process look at the next request, and not when it is time."""
        if soon:
            self.look_soon()
        try:
            self._store.note_behind(flow_id)
        except StorageError:
            self._unnoted.add(flow_id)

    def look_soon(self) -> None:
        """Has the next look not wait for its time."""
        self._look_at = 0.0

    def flows(self) -> list[str]:
        """The flows that are behind, for whoever asks once a second; nothing for the others."""
        if time.monotonic() < self._look_at:
            return []
        self._look_at = time.monotonic() + LOOKING_SECONDS
        try:
            return sorted({*self._unnoted, *self._store.flows_behind()})
        except StorageError:
            return sorted(self._unnoted)

    def remove(self, flow_id: str) -> None:
        self._unnoted.discard(flow_id)
        self._store.note_caught_up(flow_id)
