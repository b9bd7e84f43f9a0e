"""Scheduling: which job, and which of its variables, a volunteer gets next."""

from __future__ import annotations

import functools
import itertools
import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pool.errors import UnknownScheduler
from pool.job_groups import Group
from pool.job_index import JobIndex
from pool.keys import share_of
from pool.peers import Peer
from pool.random_set import RandomSet
from pool.reports import Reports
from pool.sandbox import Sandbox, ScriptError, Share
from pool.unserved import Unserved
from storage.base import Document, IsExcluded, Lease, Store, canonical
from storage.errors import Damaged, InvalidId, NotFound
from storage.ids import check_id

# A scheduler of a job is called for each variable of a batch.
SCHEDULER_SECONDS = 0.5
# Samples, so that the cost of a lease does not grow with the number of variables or jobs.
SAMPLE_OF_VARIABLES = 32
SAMPLE_OF_JOBS = 100
# Jobs drawn at a time, and how often: more than one draw is needed while most drawn jobs turn out to have no work.
DRAWN_JOBS, DRAWS = 64, 8
log = logging.getLogger("comp-pool.scheduling")


@dataclass(frozen=True)
class Capabilities:
    """Capabilities of a computer that its volunteer allows jobs to use. `memory_mb` is 0 if it was not sent."""

    can: frozenset[str] = frozenset()
    memory_mb: int = 0

    def meet(self, requirements: Mapping[str, Any]) -> bool:
        wanted = {name for name, requirement in requirements.items() if requirement is True}
        return wanted <= self.can and int(requirements.get("memory_mb", 0)) <= self.memory_mb


@dataclass(frozen=True, slots=True)
class Volunteer:
    """A volunteer: who it is, and the query parameters of its request."""

    peer: Peer = Peer()
    query: Mapping[str, Any] = field(default_factory=dict)


Choice = Callable[[Sequence[Group], Volunteer], "Document | None"]
IsPreferred = Callable[[Document], bool]


def limited(leases: Iterable[Lease], count: int, max_bytes: float) -> list[Lease]:
    """Takes up to `count` leases, until their documents have `max_bytes`."""
    taken: list[Lease] = []
    for lease in itertools.islice(leases, count):
        taken.append(lease)
        max_bytes -= lease.size
        if max_bytes <= 0:
            break
    return taken


class VariableScheduler:
    """The job's own `variable_scheduler`; a random variable if there is none or it fails."""

    def __init__(self, store: Store, sandbox: Sandbox, reports: Reports) -> None:
        self._store, self._sandbox, self._reports = store, sandbox, reports

    def lease_many(
        self, job: Document, volunteer: Volunteer, count: int, max_bytes: float, is_excluded: IsExcluded
    ) -> list[Lease]:
        """Leases up to `count` variables, until they have `max_bytes`, or the job's scheduler has taken too long.

        `is_excluded` tells of a variable whether this volunteer must not get it.
        """
        if "variable_scheduler" not in job:
            seconds = job["settings"]["lease_seconds"]
            return self._store.leases.lease_many(job["id"], count, seconds, is_excluded, max_bytes)
        return limited(self._chosen(job, volunteer, is_excluded), count, max_bytes)

    def _chosen(self, job: Document, volunteer: Volunteer, is_excluded: IsExcluded) -> Iterator[Lease]:
        until = self._store.clock.monotonic() + SCHEDULER_SECONDS
        while (lease := self._lease_chosen(job, volunteer, is_excluded)) is not None:
            yield lease
            if self._store.clock.monotonic() > until:
                return

    def _lease_chosen(self, job: Document, volunteer: Volunteer, is_excluded: IsExcluded) -> Lease | None:
        seconds = job["settings"]["lease_seconds"]
        lease_any = functools.partial(self._store.leases.lease, job["id"], seconds, is_excluded)
        sample = list(self._described(job["id"], self._store.leases.sample(job["id"], SAMPLE_OF_VARIABLES)))
        # Without work, the scheduler is not called: it would be called at every poll.
        if not sample:
            return None
        try:
            chosen = self._choose(job, sample, volunteer)
        except (ScriptError, LookupError) as ex:
            self._report(job, ex)
            return lease_any()
        # `null` is a valid choice: no variable for this volunteer now.
        if chosen is None:
            return None
        # Another volunteer may have been faster: then any other variable.
        return self._store.leases.lease_variable(job["id"], chosen, seconds, is_excluded) or lease_any()

    def choose_from(self, job: Document, variable_ids: Sequence[str]) -> str:
        """The one that the job's scheduler chooses; the last one if it has no scheduler, or that chooses none."""
        last = variable_ids[-1]
        if "variable_scheduler" not in job:
            return last
        sample = list(self._described(job["id"], variable_ids[:SAMPLE_OF_VARIABLES]))
        try:
            chosen = self._choose(job, sample, Volunteer())
        except (ScriptError, LookupError) as ex:
            self._report(job, ex)
            return last
        return str(chosen) if chosen in variable_ids else last

    def _report(self, job: Document, ex: ScriptError | LookupError) -> None:
        console = ex.console if isinstance(ex, ScriptError) else ""
        self._reports.add(job["id"], "variable_scheduler", str(ex.args[0]), console)

    def _choose(self, job: Document, sample: Sequence[Document], volunteer: Volunteer) -> Any:
        context: dict[str, Any] = {"variables": sample, "volunteer": volunteer.peer.volunteer or None}
        context |= {"query": dict(volunteer.query), "job": {"id": job["id"], "name": job["name"]}}
        outcome = self._sandbox.call(job["variable_scheduler"], [context], share_of(job))
        if outcome.console:
            self._reports.add(job["id"], "variable_scheduler", None, outcome.console)
        if outcome.value is not None and not self._exists(job["id"], outcome.value):
            raise LookupError(f"returned {canonical(outcome.value)[:100]}, which is not the id of a variable")
        return outcome.value

    def _exists(self, job_id: str, variable_id: Any) -> bool:
        try:
            return isinstance(variable_id, str) and bool(self._store.variables.get(job_id, variable_id))
        except (NotFound, InvalidId):
            return False

    def _described(self, job_id: str, variable_ids: Iterable[str]) -> Iterator[Document]:
        for variable_id in variable_ids:
            try:
                data = self._store.variables.get(job_id, variable_id)["data"]
            except NotFound:
                continue
            yield {
                "id": variable_id,
                "data": data,
                "results": len(self._store.results.rejected_ids(job_id, variable_id)),
            }


class JobScheduler:
    """Schedulers by name: the three built-in ones, and files `<id>.js`, the earlier directory first.

    Each chooses from the index of jobs, and its cost does not grow with their number.
    """

    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        default: str,
        directories: Sequence[Path],
        unserved: Unserved,
        index: JobIndex,
    ) -> None:
        self._store, self._sandbox, self._default = store, sandbox, default
        self._directories, self._unserved, self._index = directories, unserved, index
        self._built_in: dict[str, Choice] = {
            "random": self._random,
            "short-first": self._short_first,
            "owners": self._owners,
        }

    def names(self) -> list[str]:
        files = {path.stem for directory in self._directories for path in directory.glob("*.js")}
        return sorted({*self._built_in, *files})

    def choose(self, name: str | None, volunteer: Volunteer, capabilities: Capabilities) -> Document | None:
        """The job to compute; None if no open job meets the volunteer's capabilities. Raises UnknownScheduler."""
        name = name or self._default
        # Before any scheduler: none may serve a job that the volunteer cannot compute.
        groups = self._index.matching(capabilities.meet, volunteer.query.get("owner") or ())
        if name in self._built_in:
            return self._built_in[name](groups, volunteer)
        return self._by_file(self._source(name), name, groups, volunteer)

    def _source(self, name: str) -> str:
        try:
            check_id(name, "scheduler")
        except InvalidId as ex:
            raise UnknownScheduler(name) from ex
        # The operator's own directory comes first and may replace a bundled scheduler.
        for directory in self._directories:
            path = directory / f"{name}.js"
            if path.is_file():
                return path.read_text(encoding="utf-8")
        raise UnknownScheduler(name)

    def _random(self, groups: Sequence[Group], volunteer: Volunteer) -> Document | None:
        """A job with work for the volunteer, else one that a flow may soon add work to, one with other work, or any."""
        ready = [group.ready for group in groups]
        return (
            self._draw(ready, functools.partial(self._has_work_for, volunteer))
            or self._draw([group.awaited for group in groups])
            or self._draw(ready, self._index.has_work)
            or self._draw([group.open for group in groups])
        )

    def _draw(self, sets: Sequence[RandomSet], is_preferred: IsPreferred = lambda _: True) -> Document | None:
        for _ in range(DRAWS):
            before = sum(map(len, sets))
            drawn = self._index.draw(sets, DRAWN_JOBS)
            chosen = self._first_open(drawn, is_preferred)
            # Jobs that turned out to have no work are not drawn again; the others would be in vain.
            if chosen is not None or sum(map(len, sets)) == before:
                return chosen
        return None

    def _first_open(self, job_ids: Iterable[str], is_preferred: IsPreferred) -> Document | None:
        """The first that is preferred, and is open in fact: the index may not know yet."""
        for job_id in job_ids:
            job = self._open_job(job_id)
            if job is not None and is_preferred(job):
                return job
        return None

    def _open_job(self, job_id: str) -> Document | None:
        with suppress(NotFound, Damaged):
            job = self._store.jobs.get(job_id)
            if job["state"] == "open":
                return job
        self._index.refresh(job_id)
        return None

    def _owners(self, groups: Sequence[Group], volunteer: Volunteer) -> Document | None:
        return self._random(groups, volunteer) if volunteer.query.get("owner") else None

    def _short_first(self, groups: Sequence[Group], volunteer: Volunteer) -> Document | None:
        """The job with the shortest median run time; one without a measurement comes first, and so gets one."""
        self._index.count_some()
        has_work, seconds = functools.partial(self._has_work_for, volunteer), -math.inf
        for _ in range(DRAWS):
            before = sum(len(group.ready) for group in groups)
            following, drawn = self._index.draw_by_run_time(groups, seconds, DRAWN_JOBS)
            chosen = self._first_open(drawn, has_work)
            if chosen is not None or not drawn:
                break
            # Those without work are gone; unless there were any, longer ones follow.
            if sum(len(group.ready) for group in groups) == before:
                seconds = following
        return chosen or self._random(groups, volunteer)

    def _has_work_for(self, volunteer: Volunteer, job: Document) -> bool:
        return (job["uid"], volunteer.peer) not in self._unserved and self._index.has_work(job)

    def _by_file(self, source: str, name: str, groups: Sequence[Group], volunteer: Volunteer) -> Document | None:
        # A random sample, so that a scheduler that always chooses the first job is fair too.
        drawn = self._index.draw([group.open for group in groups], SAMPLE_OF_JOBS)
        sample = [job for job in map(self._open_job, drawn) if job is not None]
        context = {
            "jobs": [self._described(volunteer, job) for job in sample],
            "volunteer": volunteer.peer.volunteer or None,
            "query": dict(volunteer.query),
        }
        try:
            chosen = self._sandbox.call(source, [context], Share(f"scheduler {name}")).value
        except ScriptError as ex:
            log.warning("scheduler %s: %s; a random job is served instead. %s", name, ex.message, ex.console)
            return self._random(groups, volunteer)
        found = next((job for job in sample if job["id"] == chosen), None)
        if found is None and chosen is not None:
            log.warning("scheduler %s: %r is not the id of a job; a random job is served instead", name, chosen)
            return self._random(groups, volunteer)
        return found

    def _described(self, volunteer: Volunteer, job: Document) -> Document:
        counts = self._store.counts.get(job["id"])
        return {
            "id": job["id"],
            "name": job["name"],
            "created": job["created"],
            "metadata": job["metadata"],
            "requirements": job["requirements"],
            "has_work": self._has_work_for(volunteer, job),
            "open": counts.open,
            "leased": counts.leased,
            "done": counts.accepted,
            "mean_run_seconds": counts.mean_run_seconds,
            "median_run_seconds": counts.median_run_seconds,
        }
