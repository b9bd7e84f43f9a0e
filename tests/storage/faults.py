"""Fault injection at the n-th call by which a store changes the disk: SIGKILL in a forked child, or an error."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

MUTATING = ("open", "write", "pwrite", "link", "rename", "replace", "unlink", "mkdir", "rmdir", "ftruncate", "utime")
ALLOCATING = ("open", "write", "pwrite", "link", "mkdir", "fsync", "fdatasync")
WRITING = ("write", "pwrite", "link", "fsync", "fdatasync")

Fault = Callable[..., None]


class FaultInjector:
    """Calls `fault` before the n-th call of the patched functions of `os` (and, with `repeat`, before later ones)."""

    def __init__(self, nth: int, fault: Fault, repeat: bool = False) -> None:
        self.calls, self.injected = 0, False
        self._nth, self._fault, self._repeat = nth, fault, repeat
        # A thread of the operation changes nothing while another one is at a fault.
        self._lock = threading.RLock()

    @contextmanager
    def patched(self, names: tuple[str, ...]) -> Iterator[FaultInjector]:
        functions = {name: self._counted(getattr(os, name)) for name in names}
        with patch.multiple(os, **functions):
            yield self

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self.calls += 1
                if self.calls == self._nth or (self._repeat and self.injected):
                    self.injected = True
                    self._fault(function, *args)
                return function(*args, **kwargs)

        return counted


def kill_process(_function: Any, *_args: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def disk_full(function: Any, *args: Any) -> None:
    """Opening an existing file takes no space."""
    if function.__name__ == "open" and not args[1] & os.O_CREAT:
        return
    raise OSError(errno.ENOSPC, "No space left on device")


def disk_error(_function: Any, *_args: Any) -> None:
    raise OSError(errno.EIO, "Input/output error")


def no_descriptor(_function: Any, *_args: Any) -> None:
    raise OSError(errno.EMFILE, "Too many open files")


def survives(operation: Callable[[], object], nth: int, fault: Fault, names: tuple[str, ...]) -> bool:
    """Runs `operation` in a forked child, with the fault at its n-th call; False if the fault killed the child."""
    child = os.fork()
    if child == 0:
        try:
            with FaultInjector(nth, fault).patched(names):
                operation()
                wait_for_trash()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return False
    assert os.waitstatus_to_exitcode(status) == 0, "the operation itself failed"
    return True


def wait_for_trash() -> None:
    """Waits for the threads that remove the files of deleted jobs."""
    for thread in threading.enumerate():
        if thread.name == "housekeeping":
            thread.join()
