"""Leases: a marker renamed from `open/<shard>/` (or a deadline that has passed) to `leased/<deadline>/`.

Deadlines are rounded up to a 32nd of the lease, so that few directories hold all leases and those that have run
out are found by name alone. A handful of candidates is kept per job and process; it may be stale, and the rename
finds out.
"""

from __future__ import annotations

import itertools
import math
import os
import random
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import suppress

from storage import ids
from storage.base import Document, Lease
from storage.errors import Damaged, LeaseLost, NotFound
from storage.flat import files
from storage.flat.paths import JobPaths
from storage.flat.variables import FlatVariables

HANDFUL = 64
LOOKED_AT = 256
DEADLINES_PER_LEASE = 32
ABANDONED_SECONDS = 3600


def deadline_after(seconds: float) -> int:
    """The next common deadline at least `seconds` away, in milliseconds of the epoch."""
    step = max(1, int(seconds * 1000 / DEADLINES_PER_LEASE))
    return math.ceil((ids.now_milliseconds() + seconds * 1000) / step) * step


class FlatLeases(FlatVariables):
    def __init__(self, root: str | os.PathLike[str], fsync: bool = True) -> None:
        super().__init__(root, fsync)
        self._handfuls: defaultdict[str, deque[str]] = defaultdict(deque)

    def lease(self, job_id: str, seconds: float) -> Lease | None:
        paths = self._paths(job_id)
        for marker in self._candidates(job_id, paths):
            lease = self._claim(paths, marker, seconds)
            if lease is not None:
                return lease
        return None

    def lease_variable(self, job_id: str, variable_id: str, seconds: float) -> Lease | None:
        paths = self._paths(job_id)
        ids.check_variable_id(variable_id)
        markers = [paths.open(variable_id)]
        markers += [
            paths.leased(variable_id, deadline) for deadline in _deadlines(paths) if deadline <= ids.now_milliseconds()
        ]
        leases = (self._claim(paths, marker, seconds) for marker in markers)
        return next((lease for lease in leases if lease is not None), None)

    def sample(self, job_id: str, count: int) -> list[str]:
        return [os.path.basename(marker) for marker in _scan(self._paths(job_id), count)]

    def extend(self, job_id: str, variable_id: str, deadline: int, seconds: float) -> int:
        paths = self._paths(job_id)
        later = deadline_after(seconds)
        if later > deadline:
            self._move(paths, variable_id, deadline, paths.leased(variable_id, later))
        return max(later, deadline)

    def give_back(self, job_id: str, variable_id: str, deadline: int) -> None:
        paths = self._paths(job_id)
        self._move(paths, variable_id, deadline, paths.open(variable_id))

    def _move(self, paths: JobPaths, variable_id: str, deadline: int, target: str) -> None:
        ids.check_variable_id(variable_id)
        try:
            moved = files.move(paths.leased(variable_id, deadline), target)
        except FileNotFoundError as ex:
            raise LeaseLost(variable_id) from ex
        if not moved:
            raise LeaseLost(variable_id)

    def has_work(self, job_id: str) -> bool:
        paths = self._paths(job_id)
        moment = ids.now_milliseconds()
        with suppress(FileNotFoundError), os.scandir(paths.open_shards) as shards:
            return any(shards) or any(due <= moment for due in _deadlines(paths))
        return False

    def next_deadline(self, job_id: str) -> int | None:
        return min(_deadlines(self._paths(job_id)), default=None)

    def _candidates(self, job_id: str, paths: JobPaths) -> Iterator[str]:
        handful = self._handfuls[job_id]
        for _ in range(2):
            with suppress(IndexError):
                while True:
                    yield handful.popleft()
            handful.extend(_scan(paths, HANDFUL))
        with suppress(IndexError):
            while True:
                yield handful.popleft()

    def _claim(self, paths: JobPaths, marker: str, seconds: float) -> Lease | None:
        deadline = deadline_after(seconds)
        variable_id = os.path.basename(marker)
        leased = paths.leased(variable_id, deadline)
        try:
            if not files.move(marker, leased):
                return None
            document = self._servable(paths, variable_id, leased)
        except FileNotFoundError:
            return None  # The job was deleted meanwhile.
        return Lease(variable_id, document, deadline) if document else None

    def _servable(self, paths: JobPaths, variable_id: str, leased: str) -> Document | None:
        """The variable's document, unless the marker lies: then it is dropped, as documents are the truth."""
        if os.path.exists(paths.outcome(variable_id)):
            files.remove(leased)
            return None
        try:
            return files.read(paths.variable(variable_id))
        except FileNotFoundError:
            files.remove(leased)
            return None
        except Damaged:
            return None  # Left as leased, it is met again only when this lease has passed; `check` names it.


def _scan(paths: JobPaths, count: int) -> list[str]:
    """Up to `count` markers in random order: of leases that have run out, and of a few shards drawn at random."""
    found = list(itertools.islice(_expired(paths), count))
    try:
        shards = os.listdir(paths.open_shards)
    except FileNotFoundError as ex:
        raise NotFound("job", os.path.basename(paths.root)) from ex
    random.shuffle(shards)
    for shard in shards:
        if len(found) >= count:
            break
        found += _some_of(f"{paths.open_shards}/{shard}", count)
    random.shuffle(found)
    return found[:count]


def _expired(paths: JobPaths) -> Iterator[str]:
    for deadline in sorted(_deadlines(paths)):
        if deadline > ids.now_milliseconds():
            return
        yield from _some_of(f"{paths.deadlines}/{deadline}", HANDFUL)


def _some_of(directory: str, count: int) -> list[str]:
    """A random choice from the first entries of a directory, which is removed where it has none."""
    try:
        with os.scandir(directory) as entries:
            markers = [entry.path for entry in itertools.islice(entries, LOOKED_AT)]
    except FileNotFoundError:
        return []
    if not markers:
        with suppress(OSError):  # Filled again, or removed by another, in between.
            os.rmdir(directory)
    return random.sample(markers, min(count, len(markers)))


def _deadlines(paths: JobPaths) -> list[int]:
    try:
        return [int(name) for name in os.listdir(paths.deadlines) if name.isdigit()]
    except FileNotFoundError:
        return []
