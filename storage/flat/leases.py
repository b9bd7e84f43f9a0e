"""Leases: a marker is renamed from `open/<shard>/` (or an expired deadline) to `leased/<deadline>/`.

The rename has one winner among any number of processes, so that a lease needs no lock. Deadlines are rounded up to a
32nd of the lease: few directories hold all leases, and expired ones are found by name alone. A lease is identified by
its first deadline, or, where a former lease of the variable has that one or a later one, by the next number after it,
which the marker then keeps: clocks may be set back, but identities of a variable only grow. Each process caches some
candidates per job; the cache may be stale: then the rename fails.
"""

from __future__ import annotations

import math
import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import suppress

from storage import ids
from storage.base import Document, IsExcluded, Lease, LeaseStore, LeaseTerm
from storage.errors import Damaged, LeaseLost
from storage.flat import files, queue
from storage.flat.disk_errors import translated_for_job
from storage.flat.paths import JobPaths
from storage.flat.read_ahead import ReadAhead, signature_of
from storage.flat.tree import Tree

CACHED_CANDIDATES = 64
# Others may lease the cached candidates first: after so many refills, there is no work for this caller.
MAX_REFILLS = 16
DEADLINES_PER_LEASE = 32


def deadline_after(now: int, seconds: float) -> int:
    """The next common deadline at least `seconds` after `now`; both in milliseconds of the epoch."""
    # One deadline for all leases of one step: a directory for each step, not for each lease.
    step = max(1, int(seconds * 1000 / DEADLINES_PER_LEASE))
    return math.ceil((now + seconds * 1000) / step) * step


class FlatLeases(LeaseStore):
    def __init__(self, tree: Tree) -> None:
        self._tree, self._clock = tree, tree.clock
        self._candidates: defaultdict[str, deque[str]] = defaultdict(deque)
        self._read_ahead = ReadAhead()

    @translated_for_job
    def lease_many(
        self,
        job_id: str,
        count: int,
        seconds: float,
        is_excluded: IsExcluded | None = None,
        max_bytes: float = math.inf,
    ) -> list[Lease]:
        paths = self._tree.job(job_id)
        leases: list[Lease] = []
        excluded: set[str] = set()
        excludes = _exclusion(is_excluded, paths, count)
        deadline = self._deadline_after(seconds)
        try:
            for marker in self._next_candidates(paths, excluded):
                if excludes(marker):
                    excluded.add(marker)
                elif (lease := self._acquire(paths, marker, deadline)) is not None:
                    leases.append(lease)
                    max_bytes -= lease.size
                    if len(leases) == count or max_bytes <= 0:
                        break
            return leases
        finally:
            # Back into the cache: another volunteer may lease them.
            self._candidates[job_id].extend(excluded)
            if leases:
                self._tree.changes.on_change(paths)

    @translated_for_job
    def lease_variable(
        self, job_id: str, variable_id: str, seconds: float, is_excluded: IsExcluded | None = None
    ) -> Lease | None:
        paths = self._tree.job(job_id)
        deadline = queue.deadline_of(paths, ids.check_variable_id(variable_id))
        is_leased = deadline is not None and deadline > self._clock.now_milliseconds()
        if is_leased or _exclusion(is_excluded, paths)(variable_id):
            return None
        marker = paths.open(variable_id) if deadline is None else paths.leased(variable_id, deadline)
        lease = self._acquire(paths, marker, self._deadline_after(seconds))
        if lease is not None:
            self._tree.changes.on_change(paths)
        return lease

    @translated_for_job
    def sample(self, job_id: str, count: int) -> list[str]:
        markers = queue.sample(self._tree.job(job_id), count, self._clock.now_milliseconds())
        return [os.path.basename(marker) for marker in markers]

    @translated_for_job
    def extend(self, job_id: str, variable_id: str, identity: int, seconds: float) -> LeaseTerm:
        deadline, paths = self._deadline_after(seconds), self._tree.job(job_id)
        _require_lease(variable_id, lambda: _extend(paths, variable_id, identity, deadline))
        return LeaseTerm(deadline, max(identity, deadline))

    @translated_for_job
    def give_back(self, job_id: str, variable_id: str, identity: int) -> None:
        paths = self._tree.job(job_id)
        _require_lease(variable_id, lambda: queue.end_lease(paths, variable_id, identity))
        self._tree.changes.on_change(paths)

    @translated_for_job
    def is_current(self, job_id: str, variable_id: str, identity: int) -> bool:
        return queue.marker_of_lease(self._tree.job(job_id), variable_id, identity) is not None

    @translated_for_job
    def shorten(self, job_id: str, seconds: float) -> None:
        now = self._clock.now_milliseconds()
        # As much later as rounding makes a deadline: else every lease of the present step would be moved.
        latest = deadline_after(now, seconds * (1 + 1 / DEADLINES_PER_LEASE))
        queue.shorten_leases(self._tree.job(job_id), latest, deadline_after(now, seconds))

    @translated_for_job
    def has_work(self, job_id: str) -> bool:
        paths = self._tree.job(job_id)
        deadline = _next_deadline(paths)
        if deadline is not None and deadline <= self._clock.now_milliseconds():
            return True
        # An empty shard not yet removed makes this True once too often, which the contract permits.
        with suppress(FileNotFoundError), os.scandir(paths.open_shards) as shards:
            return any(ids.is_id(shard.name) for shard in shards)
        return False

    @translated_for_job
    def next_deadline(self, job_id: str) -> int | None:
        return _next_deadline(self._tree.job(job_id))

    def _next_candidates(self, paths: JobPaths, excluded: set[str]) -> Iterator[str]:
        """Markers in random order, each once; none that the caller has put among the excluded ones."""
        cache = self._candidates[paths.job_id]
        for _ in range(MAX_REFILLS):
            with suppress(IndexError):
                while True:
                    yield cache.popleft()
            # Drawn at random, so that processes with separate caches seldom try the same markers.
            sampled = queue.sample(paths, CACHED_CANDIDATES, self._clock.now_milliseconds())
            # A short queue: all of it was sampled before.
            fresh = [marker for marker in sampled if marker not in excluded]
            if not fresh:
                return
            self._read_ahead.read(paths, fresh)
            cache.extend(fresh)

    def _deadline_after(self, seconds: float) -> int:
        return deadline_after(self._clock.now_milliseconds(), seconds)

    def _acquire(self, paths: JobPaths, marker: str, deadline: int) -> Lease | None:
        variable_id = marker.rpartition("/")[2]
        try:
            leased = paths.leased(variable_id, deadline)
            status = os.stat(marker)
            identity = max(deadline, queue.identity_of(marker, status) + 1)
            if not files.move(marker, leased):
                return None
            # After the move, which has one winner: a former lease was given back a moment ago, or a clock was ahead.
            if identity > deadline:
                queue.keep_identity(leased, identity)
            content = self._read_ahead.take(marker, signature_of(status))
            found = _unfinished_document(paths, variable_id, leased, content)
        except FileNotFoundError:
            return None  # Another caller was first, or the job was deleted meanwhile.
        if found is None:
            self._tree.changes.on_change(paths)
            return None
        return Lease(variable_id, found[0], LeaseTerm(deadline, identity), found[1])


def _exclusion(is_excluded: IsExcluded | None, paths: JobPaths, count: int = 1) -> Callable[[str], bool]:
    """Tells of markers, or ids, whether the caller passes over their variables, of which it wants so many."""
    if is_excluded is None:
        return lambda _marker: False
    error_ids = queue.errors_reader(paths, count)

    def excludes(marker: str) -> bool:
        variable_id = marker.rpartition("/")[2]
        return is_excluded(variable_id, error_ids(variable_id))

    return excludes


def _extend(paths: JobPaths, variable_id: str, identity: int, deadline: int) -> bool:
    marker = queue.marker_of_lease(paths, variable_id, identity)
    target = paths.leased(variable_id, deadline)
    return marker is not None and queue.move_lease(paths, variable_id, marker, target, identity)


def _next_deadline(paths: JobPaths) -> int | None:
    found = (due for due in queue.deadlines(paths) if not queue.is_empty(f"{paths.deadlines}/{due}"))
    return next(found, None)


def _unfinished_document(
    paths: JobPaths, variable_id: str, marker: str, content: bytes | None
) -> tuple[Document, int] | None:
    """The variable's document, read unless its content is known, and its size.

    None, and no marker any more, if the documents contradict the marker.
    """
    # Checked after the rename: whoever finished the variable may have missed a marker that was being moved.
    if files.exists(paths.outcome(variable_id)):
        files.remove(marker)
        return None
    path = paths.variable(variable_id)
    try:
        content = content or files.content(path)
        return files.decode(content, path), len(content)
    except FileNotFoundError:
        files.remove(marker)
        return None
    except Damaged:
        return None  # It stays leased, so that it is not tried again at once; `check` reports it.


def _require_lease(variable_id: str, move: Callable[[], bool]) -> None:
    ids.check_variable_id(variable_id)
    try:
        is_moved = move()
    except FileNotFoundError as ex:
        raise LeaseLost(variable_id) from ex
    if not is_moved:
        raise LeaseLost(variable_id)
