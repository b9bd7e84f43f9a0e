"""Reading and writing documents so that what was acknowledged survives a power cut.

A document is first written under `tmp/<process>/`, then linked to its place, and the temporary name goes only when
everything that follows from the document (marker, journal) is done: a temporary that outlives its process says
what was under way. Each process holds a lock on its own directory there, so that its death is seen.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import secrets
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from storage.errors import Damaged


def encode(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def read(path: str) -> dict[str, Any]:
    """Raises FileNotFoundError; Damaged where the file is no JSON object."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _decoded(_read_all(descriptor), path)
    finally:
        os.close(descriptor)


def _read_all(descriptor: int) -> bytes:
    content = os.read(descriptor, 65536)
    if len(content) < 65536:
        return content
    rest = [content]
    while chunk := os.read(descriptor, 1 << 20):
        rest.append(chunk)
    return b"".join(rest)


def _decoded(content: bytes, path: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as ex:
        raise Damaged(path) from ex
    if not isinstance(document, dict):
        raise Damaged(path)
    return document


def write_all(descriptor: int, content: bytes) -> None:
    remaining = memoryview(content)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]


def link(source: str, target: str) -> bool:
    """Gives a document its place, making the shard; False where the place is taken already."""
    try:
        _with_parent(target, lambda: os.link(source, target))
    except FileExistsError:
        return False
    return True


def touch(path: str) -> None:
    """Makes an empty marker; one that exists is left as it is."""
    flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
    _with_parent(path, lambda: os.close(os.open(path, flags, 0o644)))


def move(source: str, target: str) -> bool:
    """Renames, making the target's directory; False where the source is gone."""
    try:
        os.rename(source, target)
    except FileNotFoundError:
        if os.path.isdir(os.path.dirname(target)):
            return False
        make_directory(os.path.dirname(target))
        return move(source, target)
    return True


def remove(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def same(path: str, other: str) -> bool:
    """Whether both names are there, and of one file."""
    try:
        return os.path.samefile(path, other)
    except FileNotFoundError:
        return False


def make_directory(path: str) -> None:
    """Makes one level only: a job that was deleted meanwhile does not come back."""
    with suppress(FileExistsError):
        os.mkdir(path)


def _with_parent(path: str, act: Callable[[], None]) -> None:
    """Acts, after making the path's directory where it lacks."""
    try:
        act()
    except FileNotFoundError:
        make_directory(os.path.dirname(path))
        # A shard is removed when it is empty, so that it may have vanished again; a deleted job fails above.
        _with_parent(path, act)


class Files:
    """The writing end: one per store. `fsync` off is for tests."""

    def __init__(self, root: str, fsync: bool) -> None:
        self.root, self._fsync = root, fsync
        self._process: tuple[int, str] = (0, "")
        self._known_directories: set[tuple[str, int]] = set()
        self._release: weakref.finalize[..., Any] | None = None

    def workspace(self) -> str:
        """This process's own directory under tmp/, locked for as long as it lives; made anew after a fork."""
        process, path = self._process
        if process != os.getpid():
            path = self._open_workspace()
        return path

    def _open_workspace(self) -> str:
        path = f"{self.root}/tmp/{os.getpid()}-{secrets.token_hex(4)}"
        os.makedirs(f"{self.root}/tmp", exist_ok=True)
        # Locked before it has its name, lest another process takes it for a dead one's.
        unnamed = f"{self.root}/tmp/.{secrets.token_hex(8)}"
        os.mkdir(unnamed)
        lock = os.open(unnamed, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(unnamed, path)
        self._process = (os.getpid(), path)
        self._release = weakref.finalize(self, _leave, path, lock, os.getpid())
        return path

    def close(self) -> None:
        if self._release is not None:
            self._release()
        self._process, self._release = (0, ""), None

    def temporary(self, document: dict[str, Any], sync: bool = True) -> str:
        """Writes a document under a temporary name, on the disk for good where `sync`; returns its path."""
        path = f"{self.workspace()}/{secrets.token_hex(8)}.json"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
        try:
            write_all(descriptor, encode(document))
            if sync and self._fsync:
                os.fsync(descriptor)
        except BaseException:
            os.unlink(path)
            raise
        finally:
            os.close(descriptor)
        return path

    def replace(self, path: str, document: dict[str, Any], sync: bool = True) -> None:
        os.replace(self.temporary(document, sync), path)
        if sync:
            self.sync_directories([path])

    def append(self, path: str, lines: Iterable[dict[str, Any]]) -> None:
        """Adds whole lines to a journal in one write, which the kernel keeps apart from other processes' writes."""
        content = b"".join(encode(line) for line in lines)
        descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o644)
        try:
            write_all(descriptor, content)
        finally:
            os.close(descriptor)

    def sync_directories(self, paths: Iterable[str]) -> None:
        """Makes the names of these files durable, and those of their directories, which may be new."""
        if not self._fsync:
            return
        for directory in {os.path.dirname(path) for path in paths}:
            _sync(directory)
            identity = (directory, os.stat(directory).st_ino)
            if identity not in self._known_directories:
                _sync(os.path.dirname(directory))
                self._known_directories.add(identity)

    def sync_everything(self) -> None:
        """Makes all that was written durable in one sweep of the file system: cheaper than many single syncs."""
        if self._fsync:
            _sync_file_system(self.root)


def _leave(path: str, lock: int, process: int) -> None:
    # A forked child inherits the finalizer, and must not take its parent's directory away.
    if process != os.getpid():
        return
    with suppress(OSError):  # What is left there is for the next process to recover.
        os.rmdir(path)
    os.close(lock)


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
