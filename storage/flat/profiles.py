"""Display names: `profiles.ndjson`, appended and followed by every process."""

from __future__ import annotations

from storage.flat.disk_errors import translated
from storage.flat.log_store import LogStore
from storage.flat.tree import Tree
from storage.profile_store import Condense, ProfileStore

MAX_BYTES = 1 << 20


class FlatProfiles(LogStore, ProfileStore):
    def __init__(self, tree: Tree) -> None:
        super().__init__(tree.writer, f"{tree.root}/profiles.ndjson", MAX_BYTES)

    @translated
    def rewrite(self, condense: Condense) -> None:
        self._log.rewrite(condense)
