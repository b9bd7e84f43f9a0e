"""Display names: `profiles.ndjson`, appended and followed by every process."""

from __future__ import annotations

from collections.abc import Sequence

from storage.documents import Document
from storage.flat.disk_errors import translated
from storage.flat.followed_log import FollowedLog
from storage.flat.tree import Tree
from storage.profile_store import ProfileStore, Summarise

MAX_BYTES = 1 << 20


class FlatProfiles(ProfileStore):
    def __init__(self, tree: Tree) -> None:
        self._log = FollowedLog(tree.writer, f"{tree.root}/profiles.ndjson", MAX_BYTES)

    @translated
    def append(self, events: Sequence[Document]) -> None:
        self._log.append(events)

    @translated
    def read(self) -> tuple[bool, list[Document]]:
        return self._log.read()

    @translated
    def compact(self, summarise: Summarise) -> None:
        self._log.compact(summarise)

    @translated
    def rewrite(self, summarise: Summarise) -> None:
        self._log.rewrite(summarise)

    def close(self) -> None:
        self._log.close()
