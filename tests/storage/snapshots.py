"""Snapshots of a directory as a process that is killed at that moment leaves it, and a recording of all of them.

A snapshot has what outlives a process: directories, names, contents and times of files, and which names are links to
one file, since recovery finds by these how far a transaction came. It has no locks, so that whoever opens a restored
copy finds all of its processes dead.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from storage.clock import Clock, ManualClock
from tests import audit_threads
from tests.storage.faults import MUTATING, FaultInjector, kill_process, survives, wait_for_trash

_TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass(frozen=True)
class File:
    """A file with all its names in the tree. Its time is part of the state: a marker keeps a deadline in it."""

    names: tuple[str, ...]
    content: bytes
    mode: int
    mtime: int


@dataclass(frozen=True)
class Snapshot:
    """Names are relative to the root. Equal snapshots are equal states on disk."""

    directories: tuple[tuple[str, int], ...]
    files: tuple[File, ...]

    def has(self, pattern: str) -> bool:
        """Whether a name matches a pattern of the shell; `*` includes slashes."""
        return any(fnmatch(name, pattern) for file in self.files for name in file.names)

    def without_times(self) -> Snapshot:
        """Without the times of files and those in documents: two recoveries happen one after the other."""
        files = (replace(file, mtime=0, content=_TIME.sub(b"", file.content)) for file in self.files)
        return replace(self, files=tuple(files))

    def restore(self, root: Path) -> Path:
        """Makes the directory `root` anew with the state of this snapshot. No file of another tree is linked."""
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        for name, mode in self.directories:
            os.mkdir(root / name, mode)
        for file in self.files:
            first, *others = (f"{root}/{name}" for name in file.names)
            _write(first, file)
            for other in others:
                os.link(first, other)
        return root


def _write(path: str, file: File) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, file.mode)
    try:
        os.write(descriptor, file.content)
        os.utime(descriptor, ns=(file.mtime, file.mtime))
    finally:
        os.close(descriptor)


def take_snapshot(root: Path) -> Snapshot:
    directories: list[tuple[str, int]] = []
    links: defaultdict[int, list[str]] = defaultdict(list)
    statuses: dict[int, os.stat_result] = {}
    for name, status in _tree(str(root)):
        if stat.S_ISDIR(status.st_mode):
            directories.append((name, stat.S_IMODE(status.st_mode)))
        else:
            links[status.st_ino].append(name)
            statuses[status.st_ino] = status
    files = [_file(root, names, statuses[inode]) for inode, names in links.items()]
    return Snapshot(tuple(directories), tuple(files))


def _tree(root: str, below: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """All names below the root, sorted, each directory before its content."""
    with os.scandir(f"{root}/{below}") as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        name = f"{below}{entry.name}"
        yield name, entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            yield from _tree(root, f"{name}/")


def _file(root: Path, names: list[str], status: os.stat_result) -> File:
    content = (root / names[0]).read_bytes() if status.st_size else b""
    return File(tuple(names), content, stat.S_IMODE(status.st_mode), status.st_mtime_ns)


@dataclass(frozen=True)
class Recording:
    """The states in which a kill during an operation can leave the disk: those before each call that changes it, and in
    the middle of each write.

    `killed` are the distinct ones, in order; `done` is the state after the operation.
    """

    killed: list[Snapshot]
    done: Snapshot
    calls: int


def record(root: Path, operation: Callable[[], object]) -> Recording:
    found: dict[Snapshot, None] = {}

    def keep(*_call: object) -> None:
        found[take_snapshot(root)] = None

    injector = FaultInjector(1, keep, repeat=True)
    halved = {"write": _in_halves(os.write, keep), "pwrite": _in_halves_at(os.pwrite, keep)}
    with patch.multiple(os, **halved), injector.patched(MUTATING):
        operation()
        wait_for_trash()
    return Recording(list(found), take_snapshot(root), injector.calls)


def _in_halves(write: Callable[[int, bytes], int], keep: Callable[[], None]) -> Callable[[int, bytes], int]:
    def write_in_halves(descriptor: int, content: bytes) -> int:
        written = write(descriptor, content[: len(content) // 2])
        keep()
        return written + write(descriptor, content[written:])

    return write_in_halves


def _in_halves_at(
    write: Callable[[int, bytes, int], int], keep: Callable[[], None]
) -> Callable[[int, bytes, int], int]:
    def write_in_halves(descriptor: int, content: bytes, offset: int) -> int:
        written = write(descriptor, content[: len(content) // 2], offset)
        keep()
        return written + write(descriptor, content[written:], offset + written)

    return write_in_halves


def assert_a_kill_leaves_a_snapshot(
    root: Path, operation: Callable[[], object], recover: Callable[[Path], object]
) -> None:
    """Kills a real process halfway through an operation: what it leaves equals a snapshot, before and after recovery.

    The snapshot is taken by the living process, right before it is killed.
    """
    # An auditor's lock comes and goes.
    audit_threads.end_in([root])
    before = take_snapshot(root)
    calls = record(root, operation).calls
    before.restore(root)
    left = _killed_at(root, operation, calls // 2 + 1)
    assert take_snapshot(root) == left
    copy = left.restore(root.with_name("copy"))
    assert take_snapshot(copy) == left
    for directory in (root, copy):
        recover(directory)
    assert take_snapshot(root).without_times() == take_snapshot(copy).without_times()


def _killed_at(root: Path, operation: Callable[[], object], nth: int) -> Snapshot:
    """Kills a forked process before its n-th call; returns the snapshot that it took at that moment."""
    output = root.with_name("left")

    def leave_and_kill(*call: Any) -> None:
        output.write_bytes(pickle.dumps(take_snapshot(root)))
        kill_process(*call)

    assert not survives(operation, nth, leave_and_kill, MUTATING)
    return cast(Snapshot, pickle.loads(output.read_bytes()))


def same_time(clock: Clock) -> ManualClock:
    """A clock of its own that begins at the present time of another."""
    begun = ManualClock()
    begun.advance((clock.now_microseconds() - begun.now_microseconds()) / 1_000_000)
    return begun
