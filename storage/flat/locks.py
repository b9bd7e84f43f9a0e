"""Exclusive locks on files and directories (flock), which end with the process that holds them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def locked(path: str, wait: bool = True) -> Iterator[bool]:
    """Yields False if another process or thread holds the lock, unless `wait`. Raises FileNotFoundError."""
    # A descriptor of its own per call: flock locks of one descriptor do not exclude each other.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield acquire(descriptor, wait)
    finally:
        release(descriptor)


class Locks:
    """Locks that are taken one by one, and released together."""

    def __init__(self) -> None:
        self._descriptors: list[int] = []

    def __enter__(self) -> Locks:
        return self

    def acquire(self, path: str) -> None:
        """Waits for the lock. Raises FileNotFoundError."""
        self._descriptors.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        acquire(self._descriptors[-1])

    def __exit__(self, *_error: object) -> None:
        while self._descriptors:
            release(self._descriptors.pop())


@contextmanager
def locked_name(path: str) -> Iterator[bool]:
    """A lock on a name, by a file that exists while the lock is held. Yields False if another caller holds it.

    A kill leaves the file behind, which the next holder removes.
    """
    descriptor, is_held = _lock_current_file(path)
    try:
        yield is_held
    finally:
        if is_held:
            os.unlink(path)
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _lock_current_file(path: str) -> tuple[int, bool]:
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        is_held = acquire(descriptor, wait=False)
        # The last holder may have removed the file between our open and our lock: then another may lock a new one.
        if not is_held or _has_name(os.fstat(descriptor)):
            return descriptor, is_held
        os.close(descriptor)


def lock_present_file(path: str, flags: int) -> tuple[int, os.stat_result]:
    """Opens and locks the file that has this name once the lock is held; closing it ends the lock. With its status."""
    while True:
        descriptor = os.open(path, flags, 0o644)
        acquire(descriptor)
        status = os.fstat(descriptor)
        if _has_name(status):
            return descriptor, status
        os.close(descriptor)


def _has_name(status: os.stat_result) -> bool:
    """Whether a file has been neither removed nor replaced; one call less than comparing it with its path."""
    return status.st_nlink > 0


def release(descriptor: int) -> None:
    # A child process inherits the descriptor until its exec: closing ours alone would leave the lock held.
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def acquire(descriptor: int, wait: bool = True) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
