"""The usage of posters: `posters/<prefix>/<subject>.json` without a key, `quotas/<key>/…` with one that has a quota.

The sum of each kind is in its `total.json`.

All changes are made under a lock on the directory. The sum is changed before the document, so that after a crash it is
too large rather than too small; every start of the pool counts anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict

from storage import ids
from storage.errors import Damaged
from storage.flat import files
from storage.flat.disk_errors import translated
from storage.flat.locks import locked
from storage.flat.tree import Tree
from storage.poster_store import PosterStore, Usage


class FlatPosters(PosterStore):
    def __init__(self, tree: Tree, name: str) -> None:
        self._tree, self._root = tree, f"{tree.root}/{name}"
        self._total = f"{self._root}/total.json"

    @translated
    def add(self, poster: str, subject: str, usage: Usage, check: Callable[[Usage, Usage], None] | None = None) -> None:
        with locked(self._root):
            total = self._read(self._total) + usage
            if check is not None:
                check(self.of(poster) + usage, total)
            self._add(self._path(poster, subject), usage, total)

    def _add(self, path: str, usage: Usage, total: Usage) -> None:
        files.make_directory(os.path.dirname(path))
        self._tree.writer.replace(self._total, asdict(total), sync=False)
        self._tree.writer.replace(path, asdict(self._read(path) + usage))

    @translated
    def remove(self, subject: str) -> None:
        with locked(self._root):
            for poster in self._posters():
                self._forget(self._path(poster, subject))

    def _forget(self, path: str) -> None:
        usage = self._read(path)
        if files.remove(path):
            self._tree.writer.replace(self._total, asdict(self._read(self._total) + -usage), sync=False)
            with suppress(OSError):  # Not empty.
                os.rmdir(os.path.dirname(path))

    @translated
    def of(self, poster: str) -> Usage:
        directory = f"{self._root}/{ids.check_id(poster, 'poster')}"
        documents = filter(files.is_document, files.names(directory))
        return sum((self._read(f"{directory}/{name}") for name in documents), Usage())

    @translated
    def total(self) -> Usage:
        return self._read(self._total)

    @translated
    def recount(self, exists: Callable[[str], bool]) -> None:
        with locked(self._root):
            for poster, name in list(self._documents()):
                if not exists(name.removesuffix(".json")):
                    files.remove(f"{self._root}/{poster}/{name}")
            total = sum((self._read(f"{self._root}/{poster}/{name}") for poster, name in self._documents()), Usage())
            if total != self._read(self._total):
                self._tree.writer.replace(self._total, asdict(total), sync=False)

    def _posters(self) -> list[str]:
        return [name for name in files.names(self._root) if not files.is_document(name) and ids.is_id(name)]

    def _documents(self) -> Iterator[tuple[str, str]]:
        for poster in self._posters():
            for name in filter(files.is_document, files.names(f"{self._root}/{poster}")):
                yield poster, name

    def _path(self, poster: str, subject: str) -> str:
        return f"{self._root}/{ids.check_id(poster, 'poster')}/{ids.check_id(subject, 'subject')}.json"

    def _read(self, path: str) -> Usage:
        # A damaged document counts nothing: it must not keep anybody from posting or deleting.
        with suppress(FileNotFoundError, Damaged, TypeError):
            return Usage(**files.read(path))
        return Usage()
