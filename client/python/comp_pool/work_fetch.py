"""Fetches work for one worker: a job, the same one for a while, and one or several leased variables of it."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from comp_pool.backoff import retry_after_delay
from comp_pool.batch_size import BatchSizes, has_batches
from comp_pool.errors import REQUEST_ERRORS, LimitReached
from comp_pool.leases import Lease, NoWork
from comp_pool.links import Document
from comp_pool.retry_policy import POLICY
from comp_pool.worker_context import IN_BACKOFF, WorkerContext


@dataclass
class Task:
    """A job and a leased variable. `is_batched`: others were leased with it, and its result is posted with theirs."""

    job: Document
    lease: Lease
    is_batched: bool = False

    @cached_property
    def job_id(self) -> str:
        """The job's id."""
        return id_of(self.job)

    @property
    def is_lossy(self) -> bool:
        """Whether the result may lose what JSON can't represent: the job's setting `lossy`."""
        settings = self.job.content.get("settings")
        return isinstance(settings, dict) and settings.get("lossy") is True


@dataclass(frozen=True)
class Wait:
    """Seconds until the next attempt, and why there is no task."""

    seconds: float
    reason: str


class WorkFetch:
    """Chooses jobs and leases variables."""

    def __init__(self, context: WorkerContext, sizes: BatchSizes) -> None:
        self._context = context
        self._sizes = sizes
        self._job: Document | None = None
        self._job_expires = 0.0
        # Until then no batch is leased ahead, since the pool has refused one.
        self._ahead_paused_to = 0.0

    def drop_job(self) -> None:
        """Choose a job anew at the next fetch."""
        self._job = None

    def next(self) -> list[Task] | Wait:
        """Return tasks of one job, or when to try again; raise the errors of requests.

        Returns no tasks where no unit is left meanwhile.
        """
        seconds, unmet = POLICY.max_delay, ""
        for _ in range(POLICY.max_scheduled):
            job = self._choose_job()
            if isinstance(job, NoWork):
                return Wait(retry_after_delay(job.retry_after), unmet or job.reason)
            if self._context.job_backoff.remaining(id_of(job)) == 0:
                unmet = self._unmet_requirements(job)
                tasks = None if unmet else self._lease_or_pause(job)
                if tasks is not None:
                    return tasks
            self.drop_job()
            seconds = min(seconds, self._scheduler_delay(id_of(job)))
        return Wait(seconds, unmet or IN_BACKOFF)

    def start_ahead(self, job: Document) -> "FetchAhead | None":
        """Start to lease the next batch of a job; None where another job is due, or single units are."""
        now = self._context.clock.monotonic()
        is_kept = self._job is job and self._ahead_paused_to <= now < self._job_expires
        count = self._sizes.of(id_of(job)).next
        if not is_kept or count == 1 or self._context.job_backoff.remaining(id_of(job)) > 0:
            return None
        reserved = self._context.reserve_units(count)
        return FetchAhead(lambda: self._lease(job, reserved), self._pause_ahead) if reserved else None

    def _pause_ahead(self, ex: LimitReached) -> None:
        self._ahead_paused_to = self._context.clock.monotonic() + retry_after_delay(ex.retry_after)

    def _choose_job(self) -> Document | NoWork:
        now = self._context.clock.monotonic()
        if self._job is not None and now < self._job_expires:
            return self._job
        job = self._context.choose_job()
        if not isinstance(job, NoWork):
            self._job, self._job_expires = job, now + POLICY.job_affinity
        return job

    def _unmet_requirements(self, job: Document) -> str:
        """Return what this computer lacks for a job, and pause the job; an empty text if it lacks nothing."""
        unmet = self._context.capabilities.unmet_requirements(job)
        if not unmet:
            return ""
        self._context.job_backoff.pause(id_of(job), POLICY.unavailable_job_pause)
        return f"{id_of(job)} requires {'; '.join(unmet)}"

    def _lease_or_pause(self, job: Document) -> list[Task] | None:
        count = self._sizes.of(id_of(job)).next if has_batches(job) else 1
        reserved = self._context.reserve_units(count)
        leased = self._lease(job, reserved) if reserved else []
        if isinstance(leased, NoWork):
            self._context.job_backoff.pause(id_of(job), retry_after_delay(leased.retry_after))
            return None
        return leased

    def _lease(self, job: Document, reserved: int) -> list[Task] | NoWork:
        """Lease as many units as are reserved; release the reservations of those that are not leased."""
        tasks: list[Task] = []
        try:
            leases = self._request_leases(job, reserved)
            if isinstance(leases, NoWork):
                return leases
            self._context.claim_leases(leases)
            self._sizes.of(id_of(job)).record_batch(leases)
            tasks = [Task(job, lease, is_batched=reserved > 1) for lease in leases]
            return tasks
        finally:
            self._context.release_units(reserved - len(tasks))

    def _request_leases(self, job: Document, count: int) -> list[Lease] | NoWork:
        client = self._context.client
        if count > 1:
            return client.lease_many(job, count)
        lease = client.lease(job)
        return lease if isinstance(lease, NoWork) else [lease]

    def _scheduler_delay(self, job: str) -> float:
        """Return the seconds until the next request to the scheduler.

        Few for a job that has failed here: the pool may keep its variables for others, and may have another job.
        """
        job_backoff = self._context.job_backoff
        remaining = job_backoff.remaining(job)
        return min(remaining, POLICY.failing_job_delay) if job_backoff.failures(job) else remaining


class FetchAhead:
    """A batch that is leased in a thread of its own; `on_limit` is called where a limit of the pool forbids that."""

    def __init__(self, lease: Callable[[], list[Task] | NoWork], on_limit: Callable[[LimitReached], object]) -> None:
        self._on_limit = on_limit
        self._tasks: list[Task] = []
        self._thread = threading.Thread(target=self._run, args=(lease,), daemon=True)
        self._thread.start()

    def _run(self, lease: Callable[[], list[Task] | NoWork]) -> None:
        # The next request for work, which follows, meets what else is wrong, and deals with it.
        with contextlib.suppress(*REQUEST_ERRORS):
            try:
                leased = lease()
            except LimitReached as ex:
                self._on_limit(ex)
            else:
                self._tasks = [] if isinstance(leased, NoWork) else leased

    def tasks(self) -> list[Task]:
        """Return the batch once it is there; an empty one where the pool has none, or the request failed."""
        self._thread.join()
        return self._tasks


def id_of(job: Document) -> str:
    """Return the id of a job."""
    return str(job.content.get("id") or job.content.get("name") or job.address)
