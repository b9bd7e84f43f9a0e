"""The operator's blocks: one document each in `blocks/`, which names its `target`."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from storage.base import BlockStore, Document
from storage.errors import Damaged
from storage.flat import files
from storage.flat.disk_errors import translated
from storage.flat.tree import Tree


class FlatBlocks(BlockStore):
    def __init__(self, tree: Tree) -> None:
        self._tree, self._directory = tree, f"{tree.root}/blocks"

    @translated
    def put(self, target: str, document: Document) -> None:
        files.make_directory(self._directory)
        self._tree.writer.replace(self._path(target), {"target": target, **document})

    @translated
    def remove(self, target: str) -> bool:
        return files.remove(self._path(target))

    @translated
    def all(self) -> list[tuple[str, Document]]:
        found = []
        for name in filter(files.is_document, files.names(self._directory)):
            with suppress(FileNotFoundError, Damaged):
                document = files.read(f"{self._directory}/{name}")
                found.append((str(document.get("target")), document))
        return sorted(found, key=lambda block: block[0])

    def _path(self, target: str) -> str:
        # A hash, since a network has characters that no file name should have.
        return f"{self._directory}/{hashlib.sha256(target.encode()).hexdigest()[:16]}.json"
