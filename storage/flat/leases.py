"""Leases: a marker renamed from `open/<shard>/` (or a deadline that has passed) to `leased/<deadline>/`.

Deadlines are rounded up to a 32nd of the lease, so that few directories hold all leases and those that have run
out are found by name alone. A variable never gets the same deadline twice, so that it tells its leases apart. A
handful of candidates is kept per job and process; it may be stale, and the rename finds out.
"""

from __future__ import annotations

import math
import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from storage import ids
from storage.base import Document, Lease
from storage.errors import Damaged, LeaseLost, NotFound
from storage.flat import files, queue
from storage.flat.paths import JobPaths
from storage.flat.variables import FlatVariables

HANDFUL = 64
HANDFULS = 16
DEADLINES_PER_LEASE = 32


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
        due = queue.lease_of(paths, variable_id)
        if due is None:
            return self._claim(paths, paths.open(variable_id), seconds)
        if due > ids.now_milliseconds():
            return None
        return self._claim(paths, paths.leased(variable_id, due), seconds)

    def sample(self, job_id: str, count: int) -> list[str]:
        return [os.path.basename(marker) for marker in _scan(self._paths(job_id), count)]

    def extend(self, job_id: str, variable_id: str, deadline: int, seconds: float) -> int:
        later = max(deadline, deadline_after(seconds))
        paths = self._paths(job_id)
        source, target = paths.leased(variable_id, deadline), paths.leased(variable_id, later)
        self._require_lease(variable_id, lambda: queue.requeue(paths, variable_id, source, target))
        return later

    def give_back(self, job_id: str, variable_id: str, deadline: int) -> None:
        paths = self._paths(job_id)
        self._require_lease(variable_id, lambda: queue.end_lease(paths, variable_id, deadline))

    def _require_lease(self, variable_id: str, move: Callable[[], bool]) -> None:
        ids.check_variable_id(variable_id)
        try:
            moved = move()
        except FileNotFoundError as ex:
            raise LeaseLost(variable_id) from ex
        if not moved:
            raise LeaseLost(variable_id)

    def has_work(self, job_id: str) -> bool:
        paths = self._paths(job_id)
        due = self.next_deadline(job_id)
        if due is not None and due <= ids.now_milliseconds():
            return True
        # An empty shard that no lease has come upon yet makes this True once too often: it is said to be probable.
        with suppress(FileNotFoundError), os.scandir(paths.open_shards) as shards:
            return any(ids.is_id(shard.name) for shard in shards)
        return False

    def next_deadline(self, job_id: str) -> int | None:
        paths = self._paths(job_id)
        due = (due for due in queue.deadlines(paths) if not queue.is_empty(f"{paths.deadlines}/{due}"))
        return next(due, None)

    def _candidates(self, job_id: str, paths: JobPaths) -> Iterator[str]:
        """Those at hand, then fresh ones: often enough that only a rush of others leaves the caller without."""
        handful = self._handfuls[job_id]
        for _ in range(HANDFULS):
            with suppress(IndexError):
                while True:
                    yield handful.popleft()
            fresh = _scan(paths, HANDFUL)
            if not fresh:
                return
            _read_ahead(paths, fresh)
            handful.extend(fresh)

    def _claim(self, paths: JobPaths, marker: str, seconds: float) -> Lease | None:
        variable_id = os.path.basename(marker)
        try:
            deadline = max(deadline_after(seconds), queue.former_deadline(marker) + 1)
            leased = paths.leased(variable_id, deadline)
            if not files.move(marker, leased):
                return None
            document = self._servable(paths, variable_id, leased)
        except FileNotFoundError:
            return None  # Somebody else was first, or the job was deleted meanwhile.
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
    try:
        return queue.scan(paths, count)
    except FileNotFoundError as ex:
        raise NotFound("job", paths.job_id) from ex


def _read_ahead(paths: JobPaths, markers: Iterable[str]) -> None:
    """Has the kernel fetch the documents of a handful together: else each lease of a large job waits for the disk."""
    advise = getattr(os, "posix_fadvise", None)
    if advise is None:
        return
    for marker in markers:
        with suppress(OSError):
            descriptor = os.open(paths.variable(os.path.basename(marker)), os.O_RDONLY | os.O_CLOEXEC)
            try:
                advise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
            finally:
                os.close(descriptor)
