"""Workspaces: `tmp/<process>/`, one per process, locked while the process lives, for documents not yet in place."""

from __future__ import annotations

import os
import secrets
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from storage.flat import files, locks, process


class Workspaces:
    def __init__(self, root: str) -> None:
        self._directory = f"{root}/tmp"
        self._current: tuple[int, str] = (0, "")
        # Two threads may each open one at first: both are valid, and both are closed.
        self._opened: dict[str, weakref.finalize[..., Any]] = {}

    def current(self) -> str:
        """This process's workspace; a forked child gets its own."""
        # Compared at each call: after a fork, parent and child must not share a workspace and its lock.
        owner, path = self._current
        return path if owner == process.number() else self._open()

    def _open(self) -> str:
        path = f"{self._directory}/{process.number()}-{secrets.token_hex(4)}"
        os.makedirs(self._directory, exist_ok=True)
        lock = _make_locked(path)
        self._opened[path] = weakref.finalize(self, _close, path, lock, process.number())
        self._current = (process.number(), path)
        return path

    def close(self) -> None:
        self._current = (0, "")
        while self._opened:
            self._opened.popitem()[1]()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A lock on all of them, so that one process recovers at a time."""
        os.makedirs(self._directory, exist_ok=True)
        with locks.locked(self._directory):
            yield

    def exists(self, name: str) -> bool:
        """Whether the process of the workspace of this name may still live."""
        return os.path.exists(f"{self._directory}/{name}")

    def of_dead_processes(self) -> Iterator[str]:
        """Workspaces whose process has died, each locked until the next is yielded."""
        for path in self._all():
            with _locked_if_dead(path) as is_dead:
                # The lock is held meanwhile, so that two recoveries do not complete the same transaction.
                if is_dead:
                    yield path

    def count_living(self) -> int:
        """How many other processes have this store open for writing."""
        living = 0
        for path in self._all():
            with _locked_if_dead(path) as is_dead:
                living += not is_dead and not self._is_own(path)
        return living

    def _all(self) -> list[str]:
        return [path for name in files.names(self._directory) if os.path.isdir(path := f"{self._directory}/{name}")]

    def _is_own(self, path: str) -> bool:
        return path in self._opened and os.path.basename(path).startswith(f"{process.number()}-")


def _make_locked(path: str) -> int:
    """Makes a directory and returns its lock. It is locked before it has its name, or it would pass for a dead one."""
    while True:
        unnamed = f"{os.path.dirname(path)}/.{secrets.token_hex(8)}"
        os.mkdir(unnamed)
        lock = -1
        try:
            lock = os.open(unnamed, os.O_RDONLY | os.O_CLOEXEC)
            locks.acquire(lock)
            os.rename(unnamed, path)
            return lock
        except FileNotFoundError:  # A concurrent recovery took it for a dead one.
            if lock >= 0:
                os.close(lock)


def _close(path: str, lock: int, owner: int) -> None:
    # A forked child inherits the finalizer and must not remove its parent's directory.
    if owner != process.number():
        return
    with suppress(OSError):  # Not empty: the files are for the next recovery.
        os.rmdir(path)
    os.close(lock)


@contextmanager
def _locked_if_dead(path: str) -> Iterator[bool]:
    """Yields whether the workspace's process is dead, and holds the workspace's lock meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield True
        return
    try:
        yield locks.acquire(descriptor, wait=False)
    finally:
        os.close(descriptor)
