"""Join codes: one document each in `codes/`, which only the pool's user can read."""

from __future__ import annotations

from contextlib import suppress

from storage import ids
from storage.documents import Document
from storage.errors import Damaged
from storage.flat import files
from storage.flat.disk_errors import translated
from storage.flat.tree import Tree
from storage.join_code_store import JoinCodeStore


class FlatJoinCodes(JoinCodeStore):
    def __init__(self, tree: Tree) -> None:
        self._tree, self._directory = tree, f"{tree.root}/codes"

    @translated
    def put(self, name: str, document: Document) -> None:
        self._tree.writer.replace(self._path(name), document, sync=False)

    @translated
    def take(self, name: str) -> Document | None:
        path = self._path(name)
        with suppress(FileNotFoundError, Damaged):
            document = files.read(path)
            # Of several who read it, one removes it.
            return document if files.remove(path) else None
        return None

    @translated
    def all(self) -> list[tuple[str, Document]]:
        found = []
        for name in filter(files.is_document, files.names(self._directory)):
            with suppress(FileNotFoundError, Damaged):
                found.append((name.removesuffix(".json"), files.read(f"{self._directory}/{name}")))
        return found

    def _path(self, name: str) -> str:
        return f"{self._directory}/{ids.check_id(name, 'code')}.json"
