"""A followed log: a file of JSON lines that every process appends to and follows.

A process keeps the file open and reads on where it stopped. A compaction replaces the file: the others notice by its
inode, and read the new one from its start. Appending takes a shared lock, a compaction an exclusive one, so that no
event goes into a file that was replaced.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from storage.documents import Document
from storage.flat import files, process
from storage.flat.disk_errors import translated
from storage.flat.writer import Writer
from storage.profile_store import Summarise

# A compaction holds everybody up for as long as all records take, 0.4 s with those of 5,000 volunteers: it has to be
# rare. What a new process reads is bounded by this too, half a second.
MAX_BYTES = 16 << 20
CHUNK = 1 << 20


class FollowedLog:
    """With `from_end`, a process does not read what was logged before it began: a replaced log is read as a whole."""

    def __init__(self, writer: Writer, path: str, max_bytes: int = MAX_BYTES, from_end: bool = False) -> None:
        self._writer, self._path, self._max_bytes, self._from_end = writer, path, max_bytes, from_end
        self._compacted_above = max_bytes
        self._descriptor = -1
        self._process = 0
        self._inode = 0
        self._offset = 0
        self._is_new = True
        # Events of this process since the last reading, and their size in the file.
        self._own: list[Document] = []
        self._own_size = 0
        self._lock = threading.Lock()

    def append(self, events: Sequence[Document]) -> None:
        """Adds events for every process, this one included."""
        if events:
            content = b"".join(map(files.encode, events))
            with self._lock:
                self._lock_file(fcntl.LOCK_SH)
                try:
                    files.write_all(self._descriptor, content)
                finally:
                    self._unlock_file()
                self._own += events
                self._own_size += len(content)

    def read(self) -> tuple[bool, list[Document]]:
        """The events since the last call, of all processes, and whether they replace all earlier ones."""
        with self._lock:
            return self._read()

    def compact(self, summarise: Summarise) -> None:
        """Replaces the log by what `summarise` makes of the unread events, if it has grown large."""
        if self._offset < self._compacted_above:
            return
        with self._lock, self._locked_alone():
            # Otherwise another process was faster.
            if os.fstat(self._descriptor).st_size >= self._compacted_above:
                self._replace(summarise(*self._read()))

    def rewrite(self, summarise: Summarise) -> None:
        """The same however small it is, durably: what was deleted must not stay in the file."""
        with self._lock, self._locked_alone():
            self._replace(summarise(*self._read()), sync=True)

    def reset(self) -> None:
        """Empties the log: to every process, anything may have happened."""
        with self._lock, self._locked_alone():
            self._replace([])

    def _replace(self, events: Sequence[Document], sync: bool = False) -> None:
        temporary = f"{self._writer.workspace()}/{os.path.basename(self._path)}"
        with open(temporary, "wb") as stream:
            stream.write(b"".join(map(files.encode, events)))
            if sync:
                stream.flush()
                self._writer.sync_file(stream.fileno())
        os.replace(temporary, self._path)
        if sync:
            self._writer.sync_directories([self._path])

    def _read(self) -> tuple[bool, list[Document]]:
        # One call of the system where nothing is new: each lease and each result reads the log.
        size = self._present_size()
        own, own_size, self._own, self._own_size = self._own, self._own_size, [], 0
        # Nobody else has written since the last reading: there is no need to read one's own events.
        if size == self._offset + own_size and not self._is_new:
            self._offset = size
            return False, own
        content = bytearray()
        while len(content) < size - self._offset:
            chunk = os.pread(self._descriptor, CHUNK, self._offset + len(content))
            if not chunk:  # Cut short by another program.
                break
            content += chunk
        # A line that is being written is read by the next call.
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        is_new, self._is_new = self._is_new, False
        return is_new, [event for event in map(_parsed, whole.splitlines()) if event is not None]

    @contextmanager
    def _locked_alone(self) -> Iterator[None]:
        self._lock_file(fcntl.LOCK_EX)
        try:
            yield
        finally:
            self._unlock_file()

    def _lock_file(self, kind: int) -> None:
        """Locks the present file: it may be replaced between opening and locking."""
        if self._process != process.number():
            self._open()
        fcntl.flock(self._descriptor, kind)
        while self._size() is None:
            self._open()
            fcntl.flock(self._descriptor, kind)

    def _unlock_file(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _present_size(self) -> int:
        """The size of the present file, which is opened unless it is open."""
        size = self._size()
        if size is None:
            self._open()
            size = os.fstat(self._descriptor).st_size
        return size

    def _size(self) -> int | None:
        """The size of the open file; None if it was replaced, or cut short by another program, or none is open."""
        if self._process != process.number():
            return None
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            return None
        return status.st_size if status.st_ino == self._inode and status.st_size >= self._offset else None

    def _open(self) -> None:
        """Opens the present file: reading starts anew. Its lock, if there was one, ends with the descriptor."""
        is_replaced = self._process == process.number()
        if is_replaced:
            os.close(self._descriptor)
        self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o644)
        status = os.fstat(self._descriptor)
        self._process, self._inode = process.number(), status.st_ino
        self._offset = status.st_size if self._from_end and not is_replaced else 0
        self._is_new, self._own, self._own_size = True, [], 0
        if is_replaced:
            # A log that a compaction leaves large must not be compacted at every event.
            self._compacted_above = max(self._max_bytes, 2 * status.st_size)

    def close(self) -> None:
        if self._process == process.number():
            os.close(self._descriptor)
            self._process = 0


def _parsed(line: bytes | bytearray) -> Document | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


class LogStore:
    """The log as part of a store."""

    def __init__(self, writer: Writer, path: str, max_bytes: int) -> None:
        self._log = FollowedLog(writer, path, max_bytes)

    @translated
    def append(self, events: Sequence[Document]) -> None:
        self._log.append(events)

    @translated
    def read(self) -> tuple[bool, list[Document]]:
        return self._log.read()

    @translated
    def compact(self, summarise: Summarise) -> None:
        self._log.compact(summarise)

    def close(self) -> None:
        self._log.close()
