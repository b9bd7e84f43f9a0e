"""Open jobs in groups: of one owner, or of all, with the same requirements. What a scheduler chooses from."""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pool.random_set import RandomSet, draw
from storage.base import canonical

Requirements = Mapping[str, Any]
Meets = Callable[[Requirements], bool]


class ByRunTime:
    """Jobs sorted by median run time. To insert into a sorted list of 10,000 takes a few microseconds."""

    def __init__(self) -> None:
        self._sorted: list[tuple[float, str]] = []
        self._seconds: dict[str, float] = {}

    def add(self, job_id: str, seconds: float) -> None:
        self.discard(job_id)
        self._seconds[job_id] = seconds
        bisect.insort(self._sorted, (seconds, job_id))

    def discard(self, job_id: str) -> None:
        seconds = self._seconds.pop(job_id, None)
        if seconds is not None:
            del self._sorted[bisect.bisect_left(self._sorted, (seconds, job_id))]

    def next_after(self, seconds: float) -> float:
        """The shortest run time longer than this; infinite if there is none."""
        # "￿" sorts behind every id.
        place = bisect.bisect_left(self._sorted, (seconds, "￿"))
        return self._sorted[place][0] if place < len(self._sorted) else math.inf

    def draw(self, seconds: float, count: int) -> list[str]:
        """A random choice of the jobs with this run time."""
        first = bisect.bisect_left(self._sorted, (seconds, ""))
        end = bisect.bisect_left(self._sorted, (seconds, "￿"))
        places = random.sample(range(first, end), min(count, end - first))
        return [self._sorted[place][1] for place in places]


@dataclass
class Group:
    """`ready` may have work; `awaited` have none now, and a running flow may add some."""

    requirements: Requirements
    open: RandomSet = field(default_factory=RandomSet)
    ready: RandomSet = field(default_factory=RandomSet)
    awaited: RandomSet = field(default_factory=RandomSet)
    by_run_time: ByRunTime = field(default_factory=ByRunTime)

    def discard(self, job_id: str) -> None:
        for jobs in (self.open, self.ready, self.awaited, self.by_run_time):
            jobs.discard(job_id)

    def set_ready(self, job_id: str, seconds: float) -> None:
        self.open.add(job_id)
        self.ready.add(job_id)
        self.awaited.discard(job_id)
        self.by_run_time.add(job_id, seconds)

    def set_idle(self, job_id: str, is_awaited: bool) -> None:
        self.ready.discard(job_id)
        self.by_run_time.discard(job_id)
        (self.awaited.add if is_awaited else self.awaited.discard)(job_id)


class JobGroups:
    """Each open job is in two groups: one of its owner's, and one of all jobs'."""

    def __init__(self) -> None:
        self._groups: dict[str | None, dict[str, Group]] = {None: {}}

    def of(self, owner: str | None, requirements: Requirements) -> list[Group]:
        """The groups of a job, made if they are missing."""
        key = canonical(requirements)
        owners = (None,) if owner is None else (None, owner)
        return [self._groups.setdefault(name, {}).setdefault(key, Group(requirements)) for name in owners]

    def drop_empty(self, owner: str | None, requirements: Requirements) -> None:
        """Call after jobs were discarded: owners and requirements may be made up endlessly."""
        key = canonical(requirements)
        for name in {None, owner}:
            groups = self._groups.get(name, {})
            if key in groups and not groups[key].open:
                del groups[key]
            if name is not None and not groups:
                self._groups.pop(name, None)

    def matching(self, meets: Meets, owners: Iterable[str]) -> Sequence[Group]:
        """The groups of these owners, or of all jobs, whose requirements are met."""
        names: Iterable[str | None] = list(dict.fromkeys(owners)) or [None]
        return [group for name in names for group in self._groups.get(name, {}).values() if meets(group.requirements)]


def draw_by_run_time(groups: Sequence[Group], after: float, count: int) -> tuple[float, list[str]]:
    """The shortest run time longer than `after` of any job that is ready, and some of the jobs that have it."""
    seconds = min((group.by_run_time.next_after(after) for group in groups), default=math.inf)
    if seconds == math.inf:
        return seconds, []
    return seconds, draw([group.by_run_time.draw(seconds, count) for group in groups], count)
