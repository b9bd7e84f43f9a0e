"""The processor time of browsers, by the operating system's account."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def stats() -> dict[int, tuple[str, list[str]]]:
    """Of each process, its command's name, and the fields of /proc/<process>/stat after it."""
    while True:
        # A process that ends meanwhile would be missing, and so would its time in its parent, which was read before.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return dict(map(_stat, Path("/proc").glob("[0-9]*")))


def _stat(process: Path) -> tuple[int, tuple[str, list[str]]]:
    head, _, fields = (process / "stat").read_text().rpartition(")")
    return int(process.name), (head.partition("(")[2], fields.split())


def seconds_used(command: str = "") -> float:
    """The processor time of the processes that this one has started, by a part of their names; of ended ones too."""
    processes = stats()
    family = [os.getpid()]
    for parent in family:
        family += [process for process, (_, fields) in processes.items() if int(fields[1]) == parent]
    # User and system time, of a process and of its children that have ended.
    return sum(
        sum(map(int, processes[process][1][11:15])) / TICKS_PER_SECOND
        for process in family[1:]
        if command in processes[process][0]
    )
