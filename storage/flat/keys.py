"""Keys of owners, by the digest of the key; and the pool's own secrets, readable by its user alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from storage import ids
from storage.base import Document
from storage.errors import AlreadyExists, NotFound
from storage.flat import files
from storage.flat.tally import FlatTallies


class FlatKeys(FlatTallies):
    def __init__(self, root: str | os.PathLike[str], fsync: bool = True) -> None:
        super().__init__(root, fsync)
        os.makedirs(f"{self._root}/keys", mode=0o700, exist_ok=True)
        os.makedirs(f"{self._root}/secrets", mode=0o700, exist_ok=True)

    def _key_path(self, key_id: str) -> str:
        return f"{self._root}/keys/{ids.check_id(key_id, 'key')}.json"

    def add_key(self, key_id: str, document: Document) -> None:
        path = self._key_path(key_id)
        temporary = self._files.temporary(document)
        try:
            if not files.link(temporary, path):
                raise AlreadyExists("key", key_id)
        finally:
            files.remove(temporary)
        self._sync_or_undo(path)

    def key(self, key_id: str) -> Document | None:
        try:
            return files.read(self._key_path(key_id))
        except FileNotFoundError:
            return None

    def keys(self) -> Iterator[tuple[str, Document]]:
        for name in filter(files.is_document, files.names(f"{self._root}/keys")):
            key_id = name.removesuffix(".json")
            document = self.key(key_id)
            if document is not None:  # It may be revoked at this moment.
                yield key_id, document

    def remove_key(self, key_id: str) -> None:
        if not files.remove(self._key_path(key_id)):
            raise NotFound("key", key_id)
        self._files.sync_directories([self._key_path(key_id)])

    def secret(self, name: str, make: Callable[[], str]) -> tuple[str, bool]:
        path = f"{self._root}/secrets/{ids.check_id(name, 'secret')}"
        made = not os.path.exists(path) and self._keep_secret(path, make())
        with open(path, encoding="ascii") as stream:
            return stream.read().strip(), made

    def _keep_secret(self, path: str, secret: str) -> bool:
        temporary = f"{self._files.workspace()}/{os.path.basename(path)}-{ids.timed_id()}"
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            files.write_all(descriptor, f"{secret}\n".encode())
            self._files.sync_file(descriptor)
            made = files.link(temporary, path)
        finally:
            os.close(descriptor)
            files.remove(temporary)
        if made:
            self._sync_or_undo(path)
        return made
