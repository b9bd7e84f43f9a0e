"""Writes documents and journal lines, which survive a power cut once they are acknowledged.

A document is written to this process's workspace, then linked to its name. The temporary name is removed last, once
the follow-ups (marker, journal) are done: a temporary that outlives its process is the record of an
unfinished transaction, and recovery completes it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from storage import ids
from storage.flat import files, locks
from storage.flat.workspace import Workspaces


class Writer:
    """One per store. Without `fsync` nothing is synced (for tests)."""

    def __init__(self, root: str, fsync: bool) -> None:
        self._root, self._fsync = root, fsync
        # The inode and the size of the journal that this process has appended to last: its last line is whole.
        self._appended = (0, 0)
        self._synced_directories: set[tuple[str, int]] = set()
        self.workspaces = Workspaces(root)

    def workspace(self) -> str:
        return self.workspaces.current()

    def temporary(self, document: dict[str, Any], sync: bool = True) -> str:
        """Writes a document under a temporary name, synced or not, and returns its path."""
        return self.temporary_of(files.encode(document), sync)

    def temporary_of(self, content: bytes, sync: bool) -> str:
        """The same with a document's content, as `files.encode` makes it."""
        path = f"{self.workspace()}/{ids.random_digits(16)}.json"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
        try:
            files.write_all(descriptor, content)
            if sync:
                self.sync_file(descriptor)
        except BaseException:
            os.unlink(path)
            raise
        finally:
            os.close(descriptor)
        return path

    def replace(self, path: str, document: dict[str, Any], sync: bool = True) -> None:
        # A reader sees the old document or the new one, never a part.
        temporary = self.temporary(document, sync)
        try:
            os.replace(temporary, path)
        except BaseException:
            files.remove(temporary)
            raise
        if sync:
            self.sync_directories([path])

    def create(self, path: str, document: dict[str, Any]) -> bool:
        """Stores a document under its name, durably; False if the name is taken."""
        temporary = self.temporary(document)
        try:
            is_new = files.link(temporary, path)
            if is_new:
                self.sync_or_undo(path)
        finally:
            files.remove(temporary)
        return is_new

    def write_once(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """Stores a document, durably, unless the name is taken. Returns the stored one."""
        return document if self.create(path, document) else files.read(path)

    def append(self, path: str, lines: Iterable[dict[str, Any]]) -> None:
        """Appends lines to a journal, all or none; one caller at a time."""
        content = b"".join(map(files.encode, lines))
        descriptor, status = _locked_journal(path)
        try:
            self._append_whole(descriptor, status, content)
        finally:
            os.close(descriptor)

    @contextmanager
    def locked_journal(self, path: str) -> Iterator[int]:
        """A lock on a journal, which is made if it is missing; a check may replace it meanwhile."""
        descriptor, _ = _locked_journal(path)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _append_whole(self, descriptor: int, status: os.stat_result, content: bytes) -> None:
        end = status.st_size
        # A line cut short by a kill is terminated, so that readers skip it and not the next one.
        is_own = self._appended == (status.st_ino, end)
        is_torn = end > 0 and not is_own and os.pread(descriptor, 1, end - 1) != b"\n"
        whole = b"\n" + content if is_torn else content
        try:
            files.write_all(descriptor, whole)
        except BaseException:
            os.ftruncate(descriptor, end)
            raise
        self._appended = status.st_ino, end + len(whole)

    def sync_file(self, descriptor: int) -> None:
        if self._fsync:
            os.fsync(descriptor)

    def sync_data(self, descriptor: int) -> None:
        """Syncs the content of a file that has kept its size."""
        if self._fsync:
            _fdatasync(descriptor)

    def preallocate(self, path: str, descriptor: int, size: int) -> None:
        """Fills a new file with zeros, durably, so that syncs of what is written into it need no metadata."""
        if self._fsync:
            files.write_all(descriptor, bytes(size))
            os.fsync(descriptor)
            self.sync_directories([path])

    def sync_directories(self, paths: Iterable[str]) -> None:
        """Syncs the directories of these files, and once the parents of those, which may be new."""
        if not self._fsync:
            return
        for directory in {os.path.dirname(path) for path in paths}:
            _sync(directory)
            identity = (directory, os.stat(directory).st_ino)
            # The inode too: a shard is removed when empty and made again under its name.
            if identity not in self._synced_directories:
                _sync(os.path.dirname(directory))
                self._synced_directories.add(identity)

    def sync_or_undo(self, path: str) -> None:
        """Syncs a new name; removes it if that fails, since it might not survive a power cut."""
        try:
            self.sync_directories([path])
        except OSError:
            files.remove(path)
            raise

    def sync_everything(self) -> None:
        """Syncs the whole file system: cheaper than many single syncs."""
        if self._fsync:
            _sync_file_system(self._root)


def _locked_journal(path: str) -> tuple[int, os.stat_result]:
    return locks.lock_present_file(path, os.O_CREAT | os.O_APPEND | os.O_RDWR | os.O_CLOEXEC)


def _fdatasync(descriptor: int) -> None:
    # Darwin has none.
    sync = getattr(os, "fdatasync", os.fsync)
    sync(descriptor)


def _sync(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file_system(path: str) -> None:
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        return os.sync()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)
