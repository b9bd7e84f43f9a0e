"""Keys of owners, by the digest of the key; and the pool's own secrets, readable by its user alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from storage import ids
from storage.base import Document, KeyStore
from storage.errors import AlreadyExists, NotFound
from storage.flat import files
from storage.flat.disk_errors import translated, translated_errors
from storage.flat.tree import Tree


class FlatKeys(KeyStore):
    def __init__(self, tree: Tree) -> None:
        self._tree, self._writer = tree, tree.writer

    def _path(self, key_id: str) -> str:
        return f"{self._tree.root}/keys/{ids.check_id(key_id, 'key')}.json"

    @translated
    def add(self, key_id: str, document: Document) -> None:
        if not self._writer.create(self._path(key_id), document):
            raise AlreadyExists("key", key_id)

    @translated
    def get(self, key_id: str) -> Document | None:
        try:
            return files.read(self._path(key_id))
        except FileNotFoundError:
            return None

    def all(self) -> Iterator[tuple[str, Document]]:
        with translated_errors():
            names = files.names(f"{self._tree.root}/keys")
        for name in filter(files.is_document, names):
            key_id = name.removesuffix(".json")
            document = self.get(key_id)
            if document is not None:  # It may have been revoked meanwhile.
                yield key_id, document

    @translated
    def remove(self, key_id: str) -> None:
        if not files.remove(self._path(key_id)):
            raise NotFound("key", key_id)
        self._writer.sync_directories([self._path(key_id)])

    @translated
    def secret(self, name: str, make: Callable[[], str]) -> tuple[str, bool]:
        path = f"{self._tree.root}/secrets/{ids.check_id(name, 'secret')}"
        # Linked like a document: of two processes that make it at once, one succeeds, and both read that one.
        is_new = not os.path.exists(path) and self._create_secret(path, make())
        with open(path, encoding="ascii") as stream:
            return stream.read().strip(), is_new

    def _create_secret(self, path: str, secret: str) -> bool:
        temporary = f"{self._writer.workspace()}/{os.path.basename(path)}-{ids.timed_id(self._tree.clock)}"
        # Created with its final mode: a chmod afterwards would leave a moment in which others can read it.
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            files.write_all(descriptor, f"{secret}\n".encode())
            self._writer.sync_file(descriptor)
            is_new = files.link(temporary, path)
        finally:
            os.close(descriptor)
            files.remove(temporary)
        if is_new:
            self._writer.sync_or_undo(path)
        return is_new
