"""The counts of all jobs together, in the memory of a process: counted anew where something has changed."""

from __future__ import annotations

import itertools
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pool.progress import MINUTES, per_minute
from storage.base import Counts, Store
from storage.errors import StorageError

# The sums of all jobs: fields of `Counts`.
SUMMED = (
    "open",
    "leased",
    "held",
    "accepted",
    "failed",
    "withdrawn",
    "rejected",
    "failures",
    "run_seconds",
    "timed_results",
)
Figures = Mapping[str, float]
# Accepted results by minute of the epoch, of the last minutes alone: there may be a million jobs.
Minutes = tuple[tuple[int, int], ...]
MINUTES_KNOWN = MINUTES + 1
# Of so many jobs that have changed last, the most active ones are listed.
CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class KnownCounts:
    """A job's counts as they were; `recent` are the results of the last hour, `minutes` those of its last minutes."""

    sums: tuple[float, ...]
    median_run_seconds: float
    recent: int
    minutes: Minutes


class JobCounts:
    """Not safe for several threads at once: its owner holds a lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, KnownCounts] = {}
        self._sums = [0.0] * len(SUMMED)
        # Of all jobs, by minute.
        self._minutes: Counter[int] = Counter()
        # In the order of their changes: those that changed first are counted first.
        self._changed: OrderedDict[str, None] = OrderedDict()
        self._recent: OrderedDict[str, None] = OrderedDict()
        # Leases expire, which changes nothing on the disk.
        self._leasing: set[str] = set()

    def add(self, job_id: str) -> None:
        """A job not counted yet."""
        self._changed.setdefault(job_id)

    def on_change(self, job_id: str) -> None:
        self._changed.setdefault(job_id)
        self._recent[job_id] = None
        self._recent.move_to_end(job_id)
        if len(self._recent) > 2 * CANDIDATES:
            self._recent.popitem(last=False)

    def remove(self, job_id: str) -> None:
        self._set(job_id, None)
        self._leasing.discard(job_id)
        for jobs in (self._changed, self._recent):
            jobs.pop(job_id, None)

    def run_seconds(self, job_id: str) -> float:
        """The median, as it was when the job was counted; 0 before that, and without a measurement."""
        known = self._known.get(job_id)
        return known.median_run_seconds if known else 0.0

    @property
    def uncounted(self) -> int:
        """How many jobs were never counted."""
        return sum(job_id not in self._known for job_id in self._changed)

    def refresh(self, limit: int) -> Iterator[str]:
        """Counts up to `limit` changed jobs; yields their ids."""
        for job_id in list(itertools.islice(self._changed, limit)):
            self.count(job_id)
            yield job_id

    def recheck_leases(self) -> None:
        """Has the jobs with leases counted again: some may have expired."""
        for job_id in self._leasing:
            self._changed.setdefault(job_id)

    def count(self, job_id: str) -> None:
        self._changed.pop(job_id, None)
        try:
            # First: what happens after it makes the job a changed one again.
            self._store.changes.watch(job_id)
            counts = self._store.counts.get(job_id)
        except StorageError:  # Deleted meanwhile, or damaged: `comp-pool check` reports it.
            self._set(job_id, None)
            return
        self._set(job_id, self._known_of(counts))
        (self._leasing.add if counts.leased else self._leasing.discard)(job_id)

    def _set(self, job_id: str, known: KnownCounts | None) -> None:
        before = self._known.pop(job_id, None)
        if before is not None:
            self._sums = [total - number for total, number in zip(self._sums, before.sums, strict=True)]
            self._minutes.subtract(dict(before.minutes))
        if known is not None:
            self._known[job_id] = known
            self._sums = [total + number for total, number in zip(self._sums, known.sums, strict=True)]
            self._minutes.update(dict(known.minutes))
        if len(self._minutes) > 2 * MINUTES_KNOWN:
            latest = sorted(self._minutes)[-MINUTES_KNOWN:]
            self._minutes = Counter({minute: self._minutes[minute] for minute in latest})

    def _known_of(self, counts: Counts) -> KnownCounts:
        sums = tuple(float(getattr(counts, name)) for name in SUMMED)
        first = self._store.clock.now_milliseconds() // 60_000 - MINUTES
        minutes = tuple((minute, number) for minute, number in counts.per_minute.items() if minute >= first)
        return KnownCounts(sums, counts.median_run_seconds or 0.0, sum(counts.per_minute.values()), minutes)

    def sums(self) -> Figures:
        return dict(zip(SUMMED, self._sums, strict=True))

    def per_minute(self) -> float:
        """The accepted results of all jobs, over the last minutes. At first no more than the pool has."""
        return per_minute(+self._minutes, self._store.clock, least=1.0)

    def of(self, job_id: str) -> Figures | None:
        """The counts of a job as it was counted last, which is now if it changed since; None for a damaged one."""
        if job_id in self._changed:
            self.count(job_id)
        known = self._known.get(job_id)
        return dict(zip(SUMMED, known.sums, strict=True)) if known else None

    def most_active(self, count: int) -> list[str]:
        """Of the jobs that changed last, those with the most results of the last hour, by id."""
        latest = itertools.islice(reversed(self._recent), CANDIDATES)
        others = (job_id for job_id in self._known if job_id not in self._recent)
        candidates = itertools.islice(itertools.chain(latest, others), max(CANDIDATES, count))
        ranked = sorted(candidates, key=lambda job_id: (-self._recent_results(job_id), job_id))
        return sorted(ranked[:count])

    def _recent_results(self, job_id: str) -> int:
        known = self._known.get(job_id)
        return known.recent if known else 0
