"""Strikes at the n-th call by which a store changes the disk: with SIGKILL in a forked child, or with an error."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

CHANGING = ("open", "write", "link", "rename", "replace", "unlink", "mkdir", "rmdir", "ftruncate")
FILLING = ("open", "write", "link", "mkdir", "fsync")

Strike = Callable[..., None]


class Countdown:
    """Calls `strike` before the n-th call of any of these functions of `os` (and before later ones, if `lasting`)."""

    def __init__(self, number: int, strike: Strike, lasting: bool = False) -> None:
        self.calls, self.struck = 0, False
        self._number, self._strike, self._lasting = number, strike, lasting

    @contextmanager
    def over(self, names: tuple[str, ...]) -> Iterator[Countdown]:
        functions = {name: self._counted(getattr(os, name)) for name in names}
        with patch.multiple(os, **functions):
            yield self

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self._number or (self._lasting and self.struck):
                self.struck = True
                self._strike(function, *args)
            return function(*args, **kwargs)

        return counted


def die(_function: Any, *_args: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_mid_write(function: Any, descriptor: int, content: bytes) -> None:
    function(descriptor, bytes(content)[: len(content) // 2])
    die(function)


def no_room(function: Any, *args: Any) -> None:
    """To open what is there takes no room."""
    if function.__name__ == "open" and not args[1] & os.O_CREAT:
        return
    raise OSError(errno.ENOSPC, "No space left on device")


def survives(act: Callable[[], object], number: int, strike: Strike, names: tuple[str, ...]) -> bool:
    """Runs `act` in a forked child that is struck at its n-th call; False where that killed it."""
    child = os.fork()
    if child == 0:
        try:
            with Countdown(number, strike).over(names):
                act()
                for thread in threading.enumerate():
                    if thread.name == "empty-trash":
                        thread.join()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return False
    assert os.waitstatus_to_exitcode(status) == 0, "the operation itself failed"
    return True
