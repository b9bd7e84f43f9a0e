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
        # A child process inherits the descriptor until its exec: closing ours alone would leave the lock held.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def acquire(descriptor: int, wait: bool = True) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
