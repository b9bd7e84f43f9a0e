"""The number of this process, which every operation on a store compares: `os.getpid` asks the kernel each time."""

from __future__ import annotations

import os

_number = os.getpid()


def number() -> int:
    """As `os.getpid` does, after a fork too."""
    return _number


def _renew() -> None:
    global _number
    _number = os.getpid()


os.register_at_fork(after_in_child=_renew)
