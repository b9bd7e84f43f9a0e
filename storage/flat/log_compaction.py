"""The compaction of a followed log, beside those who append to it and follow it.

A new file gets what the events up to an offset are condensed to, and then what was appended meanwhile. All of that is
done without a lock, except for the last few events and the rename: only for these does anybody wait. A process that is
killed before the rename leaves a temporary file, which the next recovery removes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from storage import ids
from storage.documents import Document
from storage.flat import files, locks
from storage.flat.log_lines import CHUNK, HEAD_BYTES, Head, parsed, read_head, whole_lines
from storage.flat.writer import Writer
from storage.profile_store import Condense

Event = TypeVar("Event", Document, Document | None)


class Compaction:
    """Of the file with this inode, up to this offset, where a line ends."""

    def __init__(self, writer: Writer, path: str, inode: int, offset: int, tick: Callable[[], object]) -> None:
        self._writer, self._path, self.inode, self._offset, self._tick = writer, path, inode, offset, tick

    def run(self, condense: Condense, is_durable: bool = False) -> bool:
        """False if another one was faster."""
        temporary, target = self._temporary()
        source = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if os.fstat(source).st_ino != self.inode:
                return False
            files.give_to_owner(target, self._path)
            self._write_condensed(target, condense(self._events(source)))
            copied = _copy(source, target, self._offset)
            # Beforehand: else the rename would wait for the disk, and everybody for the rename.
            self._writer.sync_file(target)
            return self._replace(temporary, target, copied, is_durable)
        finally:
            os.close(source)
            os.close(target)
            files.remove(temporary)

    def empty(self) -> None:
        """Leaves no event, and no head: nobody reads on."""
        temporary, target = self._temporary()
        files.give_to_owner(target, os.path.dirname(self._path))
        os.close(target)
        descriptor, _ = self._lock_present()
        try:
            os.replace(temporary, self._path)
        finally:
            locks.release(descriptor)

    def _temporary(self) -> tuple[str, int]:
        path = f"{self._writer.workspace()}/{ids.random_digits(16)}.ndjson"
        return path, os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o644)

    def _lock_present(self) -> tuple[int, os.stat_result]:
        while True:
            descriptor, status = locks.lock_present_file(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC)
            # By its name too: where the pool was copied by hard links, a file that was replaced has another one left.
            if os.stat(self._path).st_ino == status.st_ino:
                return descriptor, status
            locks.release(descriptor)

    def _events(self, source: int) -> Iterator[Document]:
        return self._paced(parsed(whole_lines(source, read_head(source).start, self._offset)))

    def _paced(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            self._tick()
            yield event

    def _write_condensed(self, target: int, events: Iterable[Document | None]) -> None:
        files.write_all(target, bytes(HEAD_BYTES))
        size = HEAD_BYTES
        for chunk in _chunks(files.encode(event) for event in self._paced(events) if event is not None):
            files.write_all(target, chunk)
            size += len(chunk)
        files.write_all_at(target, Head(self.inode, self._offset, size).line(), 0)

    def _replace(self, temporary: str, target: int, copied: int, is_durable: bool) -> bool:
        present, status = self._lock_present()
        try:
            if status.st_ino != self.inode:
                return False
            _copy(present, target, copied)
            if is_durable:
                self._writer.sync_file(target)
            os.replace(temporary, self._path)
        finally:
            locks.release(present)
        if is_durable:
            self._writer.sync_directories([self._path])
        return True


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces."""
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _copy(source: int, target: int, start: int) -> int:
    """Appends a file from an offset to its present end, which is returned."""
    while chunk := os.pread(source, CHUNK, start):
        files.write_all(target, chunk)
        start += len(chunk)
    return start
