"""The index of all jobs, in the memory of each process: what a request that concerns all jobs looks at.

It is derived: changes are learnt from the store's log of changes, before each use, and whatever the index names is
looked at again in the store before it is served. A process that starts loads some jobs with each request, and so it
does after a log that may have lost a change. One job per request, in turn, is looked at without a reason: so what
somebody changes by hand is found too.

A job is *ready* while it may have work, and *idle* from when it was found without until it changes, or a lease in it
expires.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import random
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pool.job_counts import Figures, JobCounts
from pool.job_groups import Group, JobGroups, Meets, Requirements, draw_by_run_time
from pool.random_set import RandomSet, draw
from storage.base import Document, Store
from storage.errors import NotFound, StorageError
from storage.flow_store import UsedJob

# Jobs loaded, counted, and counted again, per request: some ten milliseconds, and some two.
LOADED, COUNTED, RECOUNTED = 500, 300, 20
# The directory of jobs is listed again after so long, for what people put there.
LISTING_SECONDS = 60.0
# Two readings of the clock by two threads may be in any order.
SET_BACK = 1000


@dataclass(frozen=True, slots=True)
class Facts:
    """What the index knows of a job."""

    state: str
    owner: str | None
    requirements: Requirements
    created: str
    is_anonymous: bool

    @classmethod
    def of(cls, job: Document) -> Facts:
        """Raises KeyError, TypeError, AttributeError."""
        float(job["settings"]["lease_seconds"])
        owner = job["metadata"].get("owner")
        is_anonymous = job.get("key", "") is None
        return cls(
            str(job["state"]),
            owner if isinstance(owner, str) else None,
            dict(job["requirements"]),
            str(job["created"]),
            is_anonymous,
        )


DAMAGED = Facts("damaged", None, {}, "", is_anonymous=False)


class JobIndex:
    """Safe for many threads."""

    def __init__(self, store: Store) -> None:
        self._store, self._clock = store, store.clock
        self._lock = threading.RLock()
        self._ids: list[str] = []
        self._facts: dict[str, Facts] = {}
        self._states: Counter[str] = Counter()
        self._groups = JobGroups()
        self.counts = JobCounts(store)
        # Not loaded yet, or to be loaded again.
        self._unknown: OrderedDict[str, None] = OrderedDict()
        # When the next lease of an idle job expires.
        self._wakes: list[tuple[int, str]] = []
        self._wakes_at: dict[str, int] = {}
        self._latest, self._next_listing, self._turn = 0, float("-inf"), 0

    def ids_after(self, cursor: str | None, limit: int) -> list[str]:
        """Up to `limit` ids, sorted, behind this one."""
        with self._lock:
            self._update()
            first = 0 if cursor is None else bisect.bisect_right(self._ids, cursor)
            return self._ids[first : first + limit]

    def matching(self, meets: Meets, owners: Iterable[str]) -> Sequence[Group]:
        """The open jobs of these owners, or of all, whose requirements are met, in groups."""
        with self._lock:
            self._update()
            return self._groups.matching(meets, owners)

    def draw(self, sets: Sequence[RandomSet], count: int) -> list[str]:
        """A random choice from sets of jobs."""
        with self._lock:
            return draw(sets, count)

    def count_some(self) -> None:
        """Has medians of run times current, of some jobs at a time."""
        with self._lock:
            for job_id in self.counts.refresh(COUNTED if self.counts.uncounted else RECOUNTED):
                self._place(job_id)

    def draw_by_run_time(self, groups: Sequence[Group], after: float, count: int) -> tuple[float, list[str]]:
        with self._lock:
            return draw_by_run_time(groups, after, count)

    def has_work(self, job: Document) -> bool:
        """Whether a job has work. One without is idle from now on."""
        job_id = job["id"]
        if self._store.leases.has_work(job_id):
            return True
        # Nothing else is learnt of changes meanwhile: one after the look would be taken for one before it.
        with self._lock:
            try:
                return self._look_again(job_id, job["settings"]["lease_seconds"])
            except NotFound:
                self._forget(job_id)
                return False

    def _look_again(self, job_id: str, lease_seconds: float) -> bool:
        self._store.changes.watch(job_id)
        if self._store.leases.has_work(job_id):
            return True
        # A job without work is seldom chosen: nobody else would find its leases too long.
        self._store.leases.shorten(job_id, lease_seconds)
        self._set_idle(job_id)
        return False

    def _set_idle(self, job_id: str) -> None:
        is_awaited = bool(self._store.flows.references(UsedJob(job_id)))
        for group in self._groups_of(job_id):
            group.set_idle(job_id, is_awaited)
        deadline = self._store.leases.next_deadline(job_id)
        if deadline is not None and deadline < self._wakes_at.get(job_id, deadline + 1):
            self._wakes_at[job_id] = deadline
            heapq.heappush(self._wakes, (deadline, job_id))

    def refresh(self, job_id: str) -> None:
        """Has a job looked at anew, which was not as the index says."""
        with self._lock:
            self._load(job_id)

    def anonymous_jobs(self) -> list[tuple[str, str]]:
        """The ids of jobs that were posted without a key, and when, as far as they are loaded."""
        with self._lock:
            self._update()
            return [(job_id, facts.created) for job_id, facts in self._facts.items() if facts.is_anonymous]

    def in_state(self, state: str, limit: int) -> list[str]:
        """Up to `limit` jobs of a state, as far as they are loaded."""
        with self._lock:
            self._update()
            if not self._states[state]:
                return []
            found = (job_id for job_id, facts in self._facts.items() if facts.state == state)
            return list(itertools.islice(found, limit))

    def figures(self, job_ids: Iterable[str]) -> dict[str, Figures]:
        """The counts of these jobs, without those that are damaged or gone."""
        with self._lock:
            self._update()
            return {job_id: counts for job_id in job_ids if (counts := self.counts.of(job_id))}

    def summary(self, listed: int) -> Summary:
        """The sums of all jobs, and the counts of the most active ones."""
        with self._lock:
            self._update()
            self.counts.recheck_leases()
            for job_id in self.counts.refresh(LOADED):
                self._place(job_id)
            is_small = len(self._ids) <= listed
            chosen = list(self._ids) if is_small else self.counts.most_active(listed)
            found = {job_id: counts for job_id in chosen if (counts := self.counts.of(job_id))}
            states = {job_id: self._facts[job_id].state for job_id in found if job_id in self._facts}
            rate = self.counts.per_minute()
            return Summary(Counter(self._states), self.counts.sums(), self.counts.uncounted, found, states, rate)

    # What follows is called under the lock.

    def _update(self) -> None:
        may_have_changed, changed = self._store.changes.read()
        if may_have_changed or self._clock.monotonic() >= self._next_listing:
            self._list(may_have_changed)
        for job_id in dict.fromkeys(changed):
            self._load(job_id)
            if job_id in self._facts:
                self.counts.on_change(job_id)
        self._wake()
        for job_id in self._first_unknown():
            self._load(job_id)
            self._look_for_work(job_id)
        self._take_turn()

    def _first_unknown(self) -> list[str]:
        return [self._unknown.popitem(last=False)[0] for _ in range(min(LOADED, len(self._unknown)))]

    def _list(self, is_all: bool) -> None:
        """Lists the jobs; `is_all`: those that are known are loaded again too."""
        self._next_listing = self._clock.monotonic() + LISTING_SECONDS
        known, found = set(self._ids), self._store.jobs.ids()
        for job_id in known.difference(found):
            self._forget(job_id)
        self._ids = found
        waiting = [job_id for job_id in found if is_all or job_id not in known]
        # At random, so that what is loaded first is a fair sample.
        random.shuffle(waiting)
        for job_id in waiting:
            self._unknown[job_id] = None
            self.counts.add(job_id)

    def _load(self, job_id: str) -> None:
        """Reads a job anew; an open one is ready."""
        try:
            facts = Facts.of(self._store.jobs.get(job_id))
        except NotFound:
            self._forget(job_id)
            return
        # `comp-pool check` reports the first; the others are documents that somebody wrote.
        except (StorageError, KeyError, TypeError, AttributeError):
            facts = DAMAGED
        if facts != self._facts.get(job_id):
            self._remove_facts(job_id)
            self._facts[job_id] = facts
            self._states[facts.state] += 1
            self._add_id(job_id)
        for group in self._groups_of(job_id):
            group.set_ready(job_id, self.counts.run_seconds(job_id))

    def _add_id(self, job_id: str) -> None:
        place = bisect.bisect_left(self._ids, job_id)
        if self._ids[place : place + 1] != [job_id]:
            self._ids.insert(place, job_id)
            self.counts.add(job_id)

    def _place(self, job_id: str) -> None:
        """Sorts a job that is ready by its run time, which has changed."""
        for group in self._groups_of(job_id):
            if job_id in group.ready:
                group.by_run_time.add(job_id, self.counts.run_seconds(job_id))

    def _groups_of(self, job_id: str) -> Sequence[Group]:
        facts = self._facts.get(job_id)
        return self._groups.of(facts.owner, facts.requirements) if facts and facts.state == "open" else ()

    def _remove_facts(self, job_id: str) -> None:
        for group in self._groups_of(job_id):
            group.discard(job_id)
        facts = self._facts.pop(job_id, None)
        if facts is not None:
            self._groups.drop_empty(facts.owner, facts.requirements)
            self._states -= Counter((facts.state,))

    def _forget(self, job_id: str) -> None:
        self._remove_facts(job_id)
        self.counts.remove(job_id)
        self._unknown.pop(job_id, None)
        place = bisect.bisect_left(self._ids, job_id)
        if self._ids[place : place + 1] == [job_id]:
            del self._ids[place]

    def _wake(self) -> None:
        """Jobs in which a lease has expired may have work; after the clock was set back, leases are shortened."""
        now = self._clock.now_milliseconds()
        if now < self._latest - SET_BACK:
            self._list(is_all=True)
            self._latest = now
        self._latest = max(now, self._latest)
        while self._wakes and self._wakes[0][0] <= now:
            deadline, job_id = heapq.heappop(self._wakes)
            if self._wakes_at.get(job_id) == deadline:
                del self._wakes_at[job_id]
            self._set_ready(job_id)

    def _set_ready(self, job_id: str) -> None:
        for group in self._groups_of(job_id):
            group.set_ready(job_id, self.counts.run_seconds(job_id))

    def _take_turn(self) -> None:
        if self._ids:
            self._turn = (self._turn + 1) % len(self._ids)
            job_id = self._ids[self._turn]
            self._load(job_id)
            self._look_for_work(job_id)

    def _look_for_work(self, job_id: str) -> None:
        """An open job without work is idle from now on."""
        with suppress(StorageError):  # Deleted meanwhile: the next request learns it.
            if self._groups_of(job_id):
                self.has_work(self._store.jobs.get(job_id))


@dataclass(frozen=True)
class Summary:
    """`states`: number of jobs by state; `sums`: fields of `Counts`; `uncounted` jobs are not in the sums yet.

    `listed` are the counts of the most active jobs, by id, and `listed_states` their states; `per_minute` are the
    results of all jobs.
    """

    states: Counter[str]
    sums: Figures
    uncounted: int
    listed: dict[str, Figures]
    listed_states: dict[str, str]
    per_minute: float
