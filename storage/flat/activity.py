"""The log of what volunteers do: `activity.ndjson`, appended and followed by every process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from storage.base import ActivityStore, Document
from storage.flat.disk_errors import translated
from storage.flat.followed_log import MAX_BYTES, FollowedLog
from storage.flat.tree import Tree


class FlatActivity(ActivityStore):
    def __init__(self, tree: Tree, max_bytes: int = MAX_BYTES) -> None:
        self._log = FollowedLog(tree.writer, f"{tree.root}/activity.ndjson", max_bytes)

    @translated
    def append(self, events: Sequence[Document]) -> None:
        self._log.append(events)

    @translated
    def read(self) -> tuple[bool, list[Document]]:
        return self._log.read()

    @translated
    def compact(self, summarise: Callable[[bool, list[Document]], list[Document]]) -> None:
        self._log.compact(summarise)

    def close(self) -> None:
        self._log.close()
