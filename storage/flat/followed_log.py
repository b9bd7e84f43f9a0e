"""A followed log: a file of JSON lines that every process appends to and follows.

A process keeps the file open and reads on where it stopped. A compaction replaces the file (`log_compaction`): the
others notice by its inode. Its head tells them where to read on in the new one, so that nobody reads all of it again.
Appending takes a shared lock, replacing an exclusive one, so that no event goes into a file that was replaced.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Sequence

from storage.documents import Document
from storage.flat import files, locks, process
from storage.flat.log_compaction import Compaction
from storage.flat.log_lines import parsed, read_head, whole_lines
from storage.flat.writer import Writer
from storage.profile_store import Condense

# A compaction of so much takes 0.7 s of processor time, and a new process half a second to read it.
MAX_BYTES = 16 << 20


class FollowedLog:
    """With `from_end`, a process does not read what was logged before it began: an emptied log is read as a whole."""

    def __init__(self, writer: Writer, path: str, max_bytes: int = MAX_BYTES, from_end: bool = False) -> None:
        self._writer, self._path, self._max_bytes, self._from_end = writer, path, max_bytes, from_end
        self._compacted_above = max_bytes
        self._descriptor = -1
        self._process = 0
        self._inode = 0
        self._offset = 0
        # What the next reading returns.
        self._is_new = True
        self._unread: list[Document] = []
        # Events of this process since the file was read, and their size in the file.
        self._own: list[Document] = []
        self._own_size = 0
        self._lock = threading.Lock()

    def append(self, events: Sequence[Document]) -> None:
        """Adds events for every process, this one included."""
        if events:
            content = b"".join(map(files.encode, events))
            with self._lock:
                self._lock_file()
                try:
                    files.write_all(self._descriptor, content)
                finally:
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)
                self._own += events
                self._own_size += len(content)

    def read(self) -> tuple[bool, list[Document]]:
        """The events since the last call, of all processes, and whether they replace all earlier ones."""
        with self._lock:
            self._read_on()
            is_new, unread = self._is_new, self._unread
            self._is_new, self._unread = False, []
            return is_new, unread

    def is_large(self) -> bool:
        return self._offset >= self._compacted_above

    def compact(self, condense: Condense, tick: Callable[[], object] = lambda: None) -> None:
        """Replaces the events by those that `condense` makes of them, if they have grown large.

        Nobody waits meanwhile. `tick` is called often.
        """
        with self._lock:
            if not self.is_large():
                return
            inode = self._inode
            # Not with the next event: a compaction takes a while, and may fail, or another process is at it.
            self._compacted_above = self._offset + self._max_bytes // 4
        with locks.locked_name(f"{self._path}.lock") as is_held:
            if is_held:
                compaction = self._compaction(tick)
                # Otherwise another process was faster.
                if compaction.inode == inode:
                    compaction.run(condense)

    def rewrite(self, condense: Condense) -> None:
        """The same however small the log is, durably: what was deleted must not stay in the file."""
        # Whatever another compaction was faster with may have been read before this call.
        while not self._compaction().run(condense, is_durable=True):
            pass

    def reset(self) -> None:
        """Empties the log: to every process, anything may have happened."""
        self._compaction().empty()

    def _compaction(self, tick: Callable[[], object] = lambda: None) -> Compaction:
        """One of all that is in the log by now."""
        with self._lock:
            self._read_on()
            return Compaction(self._writer, self._path, self._inode, self._offset, tick)

    def _read_on(self) -> None:
        # One call of the system where nothing is new: each lease and each result reads the log.
        size = self._present_size()
        own, own_size, self._own, self._own_size = self._own, self._own_size, [], 0
        # Nobody else has written since the last reading: there is no need to read one's own events.
        if size == self._offset + own_size:
            self._offset = size
            self._unread += own
        else:
            self._read_until(size)

    def _read_until(self, size: int) -> None:
        """A line that is being written is read by the next call."""
        lines = list(whole_lines(self._descriptor, self._offset, size))
        self._offset += sum(map(len, lines)) + len(lines)
        self._unread += parsed(lines)

    def _lock_file(self) -> None:
        """Locks the present file: it may be replaced between opening and locking."""
        if self._process != process.number():
            self._open()
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        while self._size() is None:
            self._open()
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

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
        """Opens the present file, and reads on in it if it continues the one that was open; else reading starts anew.

        The lock on the former file, if there was one, ends with its descriptor.
        """
        is_first = self._process != process.number()
        if not is_first:
            # Nobody writes any more into a file that was replaced.
            self._read_until(os.fstat(self._descriptor).st_size)
        former = (self._inode, self._offset)
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o644)
        # After that, which may fail: a number that was closed may be another file's by the next attempt.
        if not is_first:
            os.close(self._descriptor)
        self._descriptor = descriptor
        status, head = os.fstat(descriptor), read_head(descriptor)
        if status.st_size == 0:
            files.give_to_owner(descriptor, os.path.dirname(self._path))
        self._process, self._inode = process.number(), status.st_ino
        self._own, self._own_size = [], 0
        # A log that a compaction leaves large must not be compacted at every event.
        self._compacted_above = max(self._max_bytes, 2 * head.size)
        offset = None if is_first else head.offset_after(*former)
        if offset is None:
            offset = status.st_size if self._from_end and is_first else head.start
            self._is_new, self._unread = True, []
        self._offset = offset

    def close(self) -> None:
        if self._process == process.number():
            os.close(self._descriptor)
            self._process = 0
