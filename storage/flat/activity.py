"""The log of what volunteers do: `activity.ndjson`, appended and followed by every process."""

from __future__ import annotations

from storage.base import ActivityStore
from storage.flat.followed_log import MAX_BYTES
from storage.flat.log_store import LogStore
from storage.flat.tree import Tree


class FlatActivity(LogStore, ActivityStore):
    def __init__(self, tree: Tree, max_bytes: int = MAX_BYTES) -> None:
        super().__init__(tree.writer, f"{tree.root}/activity.ndjson", max_bytes)
