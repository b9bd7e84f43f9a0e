"""The loop of one worker of a volunteer: choose a job, lease a variable, compute it, upload the result."""

import time

from comp_pool.backoff import Backoff, jittered
from comp_pool.deadline import Deadline
from comp_pool.errors import REQUEST_ERRORS, JobError
from comp_pool.events import Event, Kind
from comp_pool.executor import Computed, Executor, Unit
from comp_pool.leases import Lease, NoWork
from comp_pool.links import Document
from comp_pool.retry_policy import is_temporary, retry_after_of
from comp_pool.upload import upload
from comp_pool.worker_context import WorkerContext

# A scheduler may choose at random: another request may return a job that is not in backoff.
MAX_SCHEDULER_REQUESTS = 3
# In seconds; doubled with each failure of a job in a row.
FAILURE_DELAY = 0.25
MIN_UNIT_SECONDS = 1.0

# A child without work is kept, for the context in it, but not for long: it occupies memory, and its job may go on
# computing there.
MAX_IDLE_SECONDS = 30.0
# The same while a result waits for its upload.
MAX_RETRY_SECONDS = 10.0

NO_LEASE = Lease("", {})


class WorkerLoop:
    """One worker. `run` belongs into a thread of its own; `cancel` may be called from any thread."""

    def __init__(self, number: int, context: WorkerContext) -> None:
        options = context.options
        self._number = number
        self._context = context
        self._client = context.client
        self._executor = Executor(memory_bytes=options.memory_bytes, result_bytes=options.result_bytes)
        self._outages = Backoff()
        self._failure_delay = 0.0
        self._job: Document | None = None
        self._lease = NO_LEASE
        self._started = self._idle_since = time.monotonic()

    def run(self) -> None:
        """Compute units until the context is draining."""
        with self._executor:
            while self._context.reserve_unit():
                if not self._process_next():
                    self._context.release_unit()

    def cancel(self) -> None:
        """Cancel the running computation."""
        self._executor.cancel()

    def _process_next(self) -> bool:
        """Lease and process one unit; return False, usually after a wait, without one."""
        self._wait_after_failure()
        try:
            # The job is kept while it has variables: its code and context need not be loaded again.
            job = self._job = self._job or self._find_job()
            lease = self._client.lease(job) if job else None
        except REQUEST_ERRORS as ex:
            self._handle_outage(ex)
            return False
        self._outages.reset()
        if job is None or lease is None:
            return False
        if isinstance(lease, NoWork):
            self._context.job_backoff.pause(_id_of(job), jittered(lease.retry_after))
            self._job = None
            return False
        self._process(job, lease)
        return True

    def _wait_after_failure(self) -> None:
        delay, self._failure_delay = self._failure_delay, 0.0
        if delay:
            self._context.wait(delay)

    def _find_job(self) -> Document | None:
        pause: float | None = None
        for _ in range(MAX_SCHEDULER_REQUESTS):
            job = self._context.choose_job()
            if isinstance(job, NoWork):
                self._wait_for_work(job.retry_after, "the pool has no job")
                return None
            unmet = self._context.capabilities.unmet_requirements(job)
            if unmet:
                self._wait_for_work(None, f"{_id_of(job)} requires {'; '.join(unmet)}")
                return None
            pause = self._context.job_backoff.remaining(_id_of(job))
            if pause == 0:
                return job
        self._wait_for_work(pause, "every job is in backoff: no open variables, or repeated failures")
        return None

    def _wait_for_work(self, seconds: float | None, reason: str) -> None:
        delay = jittered(seconds)
        self._emit("waiting", delay, reason)
        if time.monotonic() - self._idle_since > MAX_IDLE_SECONDS:
            self._executor.reset()
        self._context.wait(delay)

    def _handle_outage(self, ex: Exception) -> None:
        # The job may be the cause: the next attempt chooses one anew.
        self._job = None
        delay = self._outages.next(retry_after_of(ex))
        self._emit("offline" if is_temporary(ex) else "waiting", delay, str(ex))
        self._context.wait(delay)

    def _process(self, job: Document, lease: Lease) -> None:
        self._lease = lease
        self._started = time.monotonic()
        self._context.mark_started()
        try:
            self._compute(job)
        finally:
            self._context.mark_ended()
            self._lease = NO_LEASE
            self._idle_since = time.monotonic()

    def _compute(self, job: Document) -> None:
        # The shutdown may have begun during the request for the lease.
        if self._context.draining.is_set():
            self._give_back("returned", "not started")
            return
        self._emit("leased")
        unit = Unit(_id_of(job), str(job.content.get("execute_function", "")), self._lease.data, self._lease.context)
        try:
            computed = self._executor.compute(unit, self._deadline())
        except JobError as ex:
            self._handle_job_error(ex)
        else:
            self._upload(computed)

    def _deadline(self) -> Deadline:
        seconds = max(MIN_UNIT_SECONDS, self._lease.remaining)
        return Deadline(min(seconds, self._context.options.unit_seconds), self._extend_lease)

    def _extend_lease(self) -> float | None:
        """Extend the lease while the unit runs, so that nobody else computes it too; return the seconds granted."""
        left = self._started + self._context.options.unit_seconds - time.monotonic()
        if left <= self._lease.remaining:
            return None
        try:
            self._lease = self._client.extend(self._lease)
        except REQUEST_ERRORS:
            # Not the end of the unit: there is time for another attempt, and a pool may accept a late result.
            return None
        return min(self._lease.seconds, left)

    def _handle_job_error(self, ex: JobError) -> None:
        if ex.kind == "cancelled":
            self._give_back("returned", ex.message)
            return
        self._give_back("error", f"{ex.kind}: {ex.message}")
        self._record_failure()

    def _give_back(self, kind: Kind, message: str) -> None:
        try:
            self._client.give_back(self._lease)
        except REQUEST_ERRORS:
            # The lease expires by itself, only later.
            message += " (and could not be given back)"
        self._emit(kind, time.monotonic() - self._started, message)

    def _record_failure(self) -> None:
        """Pause a job that keeps failing; before that, delay the next unit, so that it causes no busy loop."""
        job = self._job_id
        pause = self._context.job_backoff.record_failure(job)
        if pause:
            self._emit("backoff", pause, "failed several times in a row")
            self._job = None
        else:
            self._failure_delay = jittered(FAILURE_DELAY * 2 ** self._context.job_backoff.failures(job))

    def _upload(self, computed: Computed) -> None:
        uploaded = upload(lambda: self._post(computed), self._wait_to_retry)
        if uploaded.outcome == "accepted":
            self._context.job_backoff.record_success(self._job_id)
        self._emit(uploaded.outcome, computed.seconds, uploaded.reason)
        # A late result is nobody's fault: it counts neither as a success of the job nor as a failure.
        if uploaded.outcome in ("rejected", "refused"):
            self._record_failure()

    def _post(self, computed: Computed) -> None:
        self._client.post_result(self._lease, computed.result, run_seconds=computed.seconds, text=True)

    def _wait_to_retry(self, seconds: float, ex: Exception) -> bool:
        """Keep the result and wait, also while draining; return False when cancelled."""
        self._emit("offline", seconds, f"the result is kept: {ex}")
        if seconds > MAX_RETRY_SECONDS:
            self._executor.reset()
        return not self._context.cancelled.wait(seconds)

    @property
    def _job_id(self) -> str:
        return _id_of(self._job) if self._job else ""

    def _emit(self, kind: Kind, seconds: float = 0.0, message: str = "") -> None:
        variable = "" if self._lease is NO_LEASE else self._lease.name
        self._context.emit(Event(kind, self._number, self._job_id, variable, seconds, message))


def _id_of(job: Document) -> str:
    return str(job.content.get("id") or job.content.get("name") or job.address)
