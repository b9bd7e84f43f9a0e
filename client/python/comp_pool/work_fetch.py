"""Fetches work for one worker: a job, the same one for a while, and a leased variable of it."""

from dataclasses import dataclass

from comp_pool.backoff import retry_after_delay
from comp_pool.leases import Lease, NoWork
from comp_pool.links import Document
from comp_pool.retry_policy import POLICY
from comp_pool.worker_context import IN_BACKOFF, WorkerContext


@dataclass
class Task:
    """A job and a leased variable."""

    job: Document
    lease: Lease

    @property
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

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._job: Document | None = None
        self._job_expires = 0.0

    def drop_job(self) -> None:
        """Choose a job anew at the next fetch."""
        self._job = None

    def next(self) -> Task | Wait:
        """Return a task, or when to try again; raise the errors of requests."""
        seconds, unmet = POLICY.max_delay, ""
        for _ in range(POLICY.max_scheduled):
            job = self._choose_job()
            if isinstance(job, NoWork):
                return Wait(retry_after_delay(job.retry_after), unmet or job.reason)
            if self._context.job_backoff.remaining(id_of(job)) == 0:
                unmet = self._unmet_requirements(job)
                lease = None if unmet else self._lease(job)
                if lease:
                    return Task(job, lease)
            self.drop_job()
            seconds = min(seconds, self._scheduler_delay(id_of(job)))
        return Wait(seconds, unmet or IN_BACKOFF)

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

    def _lease(self, job: Document) -> Lease | None:
        lease = self._context.client.lease(job)
        if isinstance(lease, NoWork):
            self._context.job_backoff.pause(id_of(job), retry_after_delay(lease.retry_after))
            return None
        self._context.claim_lease(lease)
        return lease

    def _scheduler_delay(self, job: str) -> float:
        """Return the seconds until the next request to the scheduler.

        Few for a job that has failed here: the pool may keep its variables for others, and may have another job.
        """
        job_backoff = self._context.job_backoff
        remaining = job_backoff.remaining(job)
        return min(remaining, POLICY.failing_job_delay) if job_backoff.failures(job) else remaining


def id_of(job: Document) -> str:
    """Return the id of a job."""
    return str(job.content.get("id") or job.content.get("name") or job.address)
