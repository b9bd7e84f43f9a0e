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
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from storage import ids
from storage.errors import Damaged


def encode(document: dict[str, Any]) -> bytes:
    try:
        return _line(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # Half a surrogate pair, which JSON can carry and UTF-8 can't.
        return _line(document, ensure_ascii=True).encode()


def _line(document: dict[str, Any], ensure_ascii: bool) -> str:
    return json.dumps(document, ensure_ascii=ensure_ascii, separators=(",", ":")) + "\n"


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
    except (ValueError, RecursionError) as ex:
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
        os.link(source, target)
    except FileExistsError:
        return False
    except FileNotFoundError:
        if not make_directory(os.path.dirname(target)) and not os.path.exists(source):
            raise
        return link(source, target)
    return True


def touch(path: str, anew: bool = False) -> bool:
    """Makes an empty marker, and its shard; one that exists is left as it is, and is False where `anew` is asked."""
    flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | (os.O_EXCL if anew else 0)
    while True:
        try:
            os.close(os.open(path, flags, 0o644))
            return True
        except FileExistsError:
            return False
        except FileNotFoundError:
            # A shard is removed when it is empty, so that it may vanish again; a deleted job fails here.
            make_directory(os.path.dirname(path))


def move(source: str, target: str) -> bool:
    """Renames, making the target's directory; False where the source is gone."""
    while True:
        try:
            os.rename(source, target)
            return True
        except FileNotFoundError:
            if not os.path.lexists(source):
                return False
            make_directory(os.path.dirname(target))


def remove(path: str) -> bool:
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def same(path: str, other: str) -> bool:
    """Whether both names are there, and of one file."""
    try:
        return os.path.samefile(path, other)
    except FileNotFoundError:
        return False


def names(directory: str) -> list[str]:
    """What is in a directory, sorted; nothing where there is none."""
    try:
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []


def is_document(name: str) -> bool:
    """Whether a file's name is that of a document: an editor's backup and a `.DS_Store` are none."""
    return name.endswith(".json") and ids.is_id(name.removesuffix(".json"))


def make_directory(path: str) -> bool:
    """Makes one level only: a job that was deleted meanwhile does not come back. False where it is there already."""
    try:
        os.mkdir(path)
    except FileExistsError:
        return False
    return True


class Files:
    """The writing end: one per store. `fsync` off is for tests."""

    def __init__(self, root: str, fsync: bool) -> None:
        self.root, self._fsync = root, fsync
        self._process: tuple[int, str] = (0, "")
        self._known_directories: set[tuple[str, int]] = set()
        # Two threads may each open a workspace at first; either is good, and both are let go.
        self._workspaces: dict[str, weakref.finalize[..., Any]] = {}

    def workspace(self) -> str:
        """This process's own directory under tmp/, locked for as long as it lives; made anew after a fork."""
        process, path = self._process
        if process != os.getpid():
            path = self._open_workspace()
        return path

    def is_own(self, workspace: str) -> bool:
        return workspace in self._workspaces and os.path.basename(workspace).startswith(f"{os.getpid()}-")

    def _open_workspace(self) -> str:
        path = f"{self.root}/tmp/{os.getpid()}-{secrets.token_hex(4)}"
        os.makedirs(f"{self.root}/tmp", exist_ok=True)
        lock = _locked_directory(path)
        self._workspaces[path] = weakref.finalize(self, _leave, path, lock, os.getpid())
        self._process = (os.getpid(), path)
        return path

    def close(self) -> None:
        self._process = (0, "")
        while self._workspaces:
            self._workspaces.popitem()[1]()

    def temporary(self, document: dict[str, Any], sync: bool = True) -> str:
        """Writes a document under a temporary name, on the disk for good where `sync`; returns its path."""
        path = f"{self.workspace()}/{secrets.token_hex(8)}.json"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
        try:
            write_all(descriptor, encode(document))
            if sync:
                self.sync_file(descriptor)
        except BaseException:
            os.unlink(path)
            raise
        finally:
            os.close(descriptor)
        return path

    def replace(self, path: str, document: dict[str, Any], sync: bool = True) -> None:
        temporary = self.temporary(document, sync)
        try:
            os.replace(temporary, path)
        except BaseException:
            remove(temporary)
            raise
        if sync:
            self.sync_directories([path])

    def append(self, path: str, lines: Iterable[dict[str, Any]]) -> None:
        """Adds whole lines to a journal, or none; one caller at a time."""
        content = b"".join(map(encode, lines))
        descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _append_whole(descriptor, content)
        finally:
            os.close(descriptor)

    def sync_file(self, descriptor: int) -> None:
        if self._fsync:
            os.fsync(descriptor)

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


def _append_whole(descriptor: int, content: bytes) -> None:
    end = os.lseek(descriptor, 0, os.SEEK_END)
    # What a process killed in mid-write has left becomes a line of its own, which readers pass over.
    is_torn = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
    try:
        write_all(descriptor, b"\n" + content if is_torn else content)
    except BaseException:
        os.ftruncate(descriptor, end)
        raise


def _locked_directory(path: str) -> int:
    """Makes a directory and returns its lock: locked before it has its name, lest it is taken for a dead process's."""
    while True:
        unnamed = f"{os.path.dirname(path)}/.{secrets.token_hex(8)}"
        os.mkdir(unnamed)
        lock = -1
        try:
            lock = os.open(unnamed, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.rename(unnamed, path)
            return lock
        except FileNotFoundError:  # A recovery has just cleared it away.
            if lock >= 0:
                os.close(lock)


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
