"""Credit: the accepted units and the run time of each volunteer, by job and day (UTC).

A part of the state that the activity log adds up to (`activity`): it costs a result a few more bytes of a line that is
written anyway.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from storage.base import Document

DAY = 24 * 3600 * 1000
# Days of which each has sums of its own; all earlier ones are one: EARLIER.
DAYS_KEPT = 7
EARLIER = 0
# Sums that a compaction keeps by job, and beyond these by volunteer alone: whoever computes under a new id each time
# must not fill the memory.
SUMS_KEPT = 50_000
# Stands for all jobs whose sums are not kept apart.
ANY_JOB = ""
# Stands for all volunteers who give no id.
NOBODY = "@"


@dataclass(slots=True)
class Credit:
    units: int = 0
    run_seconds: float = 0.0

    def add(self, other: Credit) -> None:
        self.units += other.units
        self.run_seconds += other.run_seconds


# By volunteer and day.
Sums = defaultdict[tuple[str, int], Credit]
# With its job, volunteer and day.
Sum = tuple[str, str, int, Credit]


class Ledger:
    def __init__(self) -> None:
        self._jobs: defaultdict[str, Sums] = defaultdict(lambda: defaultdict(Credit))

    def add(self, volunteer: str, job_uid: str, at: int, run_seconds: float | None) -> None:
        """One accepted unit. `at` is in milliseconds of the epoch."""
        # The name of those who give no id is their address: nobody could claim their units.
        known = NOBODY if volunteer.startswith(NOBODY) else volunteer
        self._jobs[job_uid][known, at // DAY].add(Credit(1, run_seconds or 0.0))

    def restore(self, event: Document) -> None:
        """Adds a sum of a compacted log."""
        credit = Credit(int(event["units"]), float(event["run_seconds"]))
        self._jobs[event["job"]][event["volunteer"], int(event["day"])].add(credit)

    def forget(self, volunteer: str) -> None:
        for sums in self._jobs.values():
            for key in [key for key in sums if key[0] == volunteer]:
                del sums[key]

    def move(self, volunteer: str, into: str) -> None:
        """Two volunteers are one from now on."""
        for sums in self._jobs.values():
            for key in [key for key in sums if key[0] == volunteer]:
                sums[into, key[1]].add(sums.pop(key))

    def of_volunteers(self, first_day: int = EARLIER, job_uid: str | None = None) -> dict[str, Credit]:
        """The sums since a day, of one job or of all."""
        found: defaultdict[str, Credit] = defaultdict(Credit)
        chosen = self._jobs if job_uid is None else [job_uid] if job_uid in self._jobs else []
        for sums in map(self._jobs.__getitem__, chosen):
            for (volunteer, day), credit in sums.items():
                if day >= first_day:
                    found[volunteer].add(credit)
        return dict(found)

    def forget_days(self, now: int) -> Iterator[None]:
        """Makes one sum of the earlier days, of one job in each step. Of very many sums a compaction's stay."""
        yield from self._merge_days(now)
        # Seldom: it takes long, and a compaction leaves two thirds of that at most.
        if self._count() > 3 * SUMS_KEPT:
            kept = list(self.summary(now))
            self._jobs.clear()
            for event in kept:
                self.restore(event)

    def _merge_days(self, now: int) -> Iterator[None]:
        first_day = now // DAY - DAYS_KEPT + 1
        for sums in list(self._jobs.values()):
            for volunteer, day in [key for key in sums if EARLIER < key[1] < first_day]:
                sums[volunteer, EARLIER].add(sums.pop((volunteer, day)))
            yield

    def _count(self) -> int:
        return sum(map(len, self._jobs.values()))

    def summary(self, now: int) -> Iterator[Document]:
        """Events that add up to this state; of too many sums the largest by job, and the rest without their jobs."""
        for _ in self._merge_days(now):
            pass
        found = ((job_uid, *key, credit) for job_uid, sums in self._jobs.items() for key, credit in sums.items())
        # To rank them takes long.
        for item in found if self._count() <= SUMS_KEPT else _largest(found):
            yield _line(*item)


def _largest(found: Iterable[Sum]) -> Iterator[Sum]:
    ranked = sorted(found, key=lambda item: -item[3].units)
    yield from ranked[:SUMS_KEPT]
    rest: Sums = defaultdict(Credit)
    for _, volunteer, day, credit in ranked[SUMS_KEPT:]:
        rest[volunteer, day].add(credit)
    for (volunteer, day), credit in heapq.nlargest(SUMS_KEPT, rest.items(), key=lambda item: item[1].units):
        yield ANY_JOB, volunteer, day, credit


def _line(job_uid: str, volunteer: str, day: int, credit: Credit) -> Document:
    figures = {"units": credit.units, "run_seconds": round(credit.run_seconds, 3)}
    return {"event": "credit", "job": job_uid, "volunteer": volunteer, "day": day, **figures}
