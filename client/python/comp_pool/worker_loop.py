"""The loop of one worker of a volunteer: choose a job, lease a variable, compute it, upload the result."""

import contextlib
import threading

from comp_pool.backoff import Backoff, exponential, jittered
from comp_pool.deadline import Deadline
from comp_pool.errors import REQUEST_ERRORS, BadCertificate, Excluded, JobError
from comp_pool.events import OUTCOMES, Event, Kind
from comp_pool.executor import Computed, Executor, Unit
from comp_pool.report import console_report, failure_report, post_report
from comp_pool.retry_policy import POLICY, event_kind, is_lost, is_temporary, refusal_kind, retry_after_of
from comp_pool.seeds import unit_seed
from comp_pool.upload import NOT_GIVEN_BACK, Uploaded, abandon, upload
from comp_pool.work_fetch import Task, Wait, WorkFetch
from comp_pool.worker_context import WorkerContext

MIN_UNIT_SECONDS = 1.0


class WorkerLoop:
    """One worker. `run` belongs into a thread of its own; `cancel` may be called from any thread."""

    def __init__(self, number: int, context: WorkerContext) -> None:
        options = context.options
        self._number = number
        self._context = context
        self._clock = context.clock
        self._client = context.client
        self._work_fetch = WorkFetch(context)
        self._executor = Executor(memory_bytes=options.memory_bytes, result_bytes=options.result_bytes)
        self._outages = Backoff()
        self._failure_delay = 0.0
        # The task whose end has not been reported.
        self._unended: Task | None = None
        self._lock = threading.Lock()
        # Whether the last attempt to extend the lease of the running unit failed.
        self._is_unextended = False
        self._started = self._idle_since = self._clock.monotonic()

    def run(self) -> None:
        """Compute units until the context is draining."""
        with self._executor:
            while self._context.reserve_unit():
                if not self._process_next():
                    self._context.release_unit()

    def cancel(self) -> None:
        """Cancel the running computation."""
        self._executor.cancel()

    def expire(self) -> None:
        """Report a unit that has not ended in the time of a shutdown: a request still waits for the pool."""
        task = self._unended
        if task is not None:
            self._emit("lost", self._elapsed, f"the pool did not respond in time{NOT_GIVEN_BACK}", task)

    def _process_next(self) -> bool:
        """Lease and process one unit; return False, after a wait, without one."""
        self._wait_after_failure()
        try:
            fetched = self._work_fetch.next()
        except REQUEST_ERRORS as ex:
            self._handle_outage(ex)
            return False
        self._outages.reset()
        if isinstance(fetched, Wait):
            self._emit("waiting", fetched.seconds, fetched.reason)
            self._wait(fetched.seconds)
            return False
        self._process(fetched)
        return True

    def _wait_after_failure(self) -> None:
        """Without this delay a broken job would make a busy loop."""
        delay, self._failure_delay = self._failure_delay, 0.0
        if delay:
            self._wait(delay)

    def _handle_outage(self, ex: Exception) -> None:
        self._context.outage = ex
        if self._is_final(ex):
            self._context.failure = ex
            self._context.draining.set()
            return
        # The job may be the cause: the next attempt chooses one anew.
        self._work_fetch.drop_job()
        delay = self._outages.next(retry_after_of(ex))
        if kind := event_kind(ex, self._outages.failures, delay):
            self._emit(kind, delay, str(ex))
        self._wait(delay)

    def _is_final(self, ex: Exception) -> bool:
        # Later a bad certificate may be that of a captive portal, or one that was renewed too late.
        return isinstance(ex, Excluded) or (isinstance(ex, BadCertificate) and not self._client.is_reached)

    def _wait(self, seconds: float) -> None:
        self._reset_before_wait(seconds)
        self._context.wait(seconds)

    def _reset_before_wait(self, seconds: float) -> None:
        if self._clock.monotonic() + seconds - self._idle_since > POLICY.executor_idle:
            self._executor.reset()

    def _process(self, task: Task) -> None:
        self._started = self._clock.monotonic()
        self._unended = task
        self._context.mark_started()
        try:
            self._compute(task)
        finally:
            self._context.mark_ended()

    def _compute(self, task: Task) -> None:
        # The shutdown may have begun during the request for the lease.
        if self._context.draining.is_set():
            self._return(task, "not started")
            return
        self._emit("leased", task=task)
        self._is_unextended = False
        try:
            computed = self._execute(task)
        except JobError as ex:
            self._handle_job_error(task, ex)
        else:
            self._upload(task, computed)

    def _execute(self, task: Task) -> Computed:
        source = str(task.job.content.get("execute_function", ""))
        # Computed here: the job learns neither id.
        seed = unit_seed(task.job_id, task.lease.name)
        unit = Unit(task.job_id, source, task.lease.data, task.lease.context, task.is_lossy, seed)
        try:
            return self._executor.compute(unit, self._deadline(task))
        finally:
            self._idle_since = self._clock.monotonic()

    def _deadline(self, task: Task) -> Deadline:
        seconds = max(MIN_UNIT_SECONDS, task.lease.remaining)
        return Deadline(min(seconds, self._context.options.unit_seconds), lambda: self._extend_lease(task))

    def _extend_lease(self, task: Task) -> float | None:
        """Extend the lease while the unit runs, so that nobody else computes it too; return the seconds granted."""
        left = self._started + self._context.options.unit_seconds - self._clock.monotonic()
        if left <= task.lease.remaining:
            return None
        try:
            task.lease = self._client.extend(task.lease)
        except REQUEST_ERRORS as ex:
            # Not the end of the unit: there is time for another attempt, and a pool may accept a late result.
            self._report_unextended(task, ex)
            return None
        self._is_unextended = False
        self._emit("extended", task.lease.seconds, f"the unit has run for {self._elapsed:.0f} s", task)
        return min(task.lease.seconds, left)

    def _report_unextended(self, task: Task, ex: Exception) -> None:
        """Report a failed extension, but not each attempt of an outage."""
        if not self._is_unextended:
            self._is_unextended = True
            self._emit("not-extended", message=f"the unit has {task.lease.remaining:.0f} s left: {ex}", task=task)

    def _handle_job_error(self, task: Task, ex: JobError) -> None:
        if ex.kind == "cancelled":
            self._return(task, ex.message)
            return
        remark = self._end_lease(task, ex, self._elapsed)
        self._emit("error", self._elapsed, f"{ex.kind}: {ex.message}{remark}", task, ex.console)
        self._record_failure(task)

    def _end_lease(self, task: Task, error: JobError, seconds: float) -> str:
        """End the lease of a unit that failed after some seconds; return a remark where that was not possible."""
        # An older pool takes no reports.
        if error.is_fault_of_job and task.lease.has("post_report"):
            return self._report_failure(task, error, seconds)
        return self._give_back(task)

    @property
    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._started

    def _report_failure(self, task: Task, error: JobError, seconds: float) -> str:
        report = failure_report(error, self._executor.engine, seconds)
        try:
            post_report(lambda: self._client.post_report(task.lease, report), self._wait_to_retry)
        except REQUEST_ERRORS as ex:
            if is_lost(ex):
                return ""
            if not is_temporary(ex):
                self._give_back(task)
            return f" (and could not be reported: {ex})"
        return ""

    def _return(self, task: Task, message: str) -> None:
        self._emit("returned", self._elapsed, message + self._give_back(task), task)

    def _give_back(self, task: Task) -> str:
        """End the lease, at a shutdown as soon as the pool can be reached; return a remark where that failed."""
        backoff = Backoff()
        while not self._is_given_back(task):
            if not (task.lease.has("lease") and self._context.wait_before_end(backoff.next())):
                # The lease expires by itself, only later.
                return NOT_GIVEN_BACK
        return ""

    def _is_given_back(self, task: Task) -> bool:
        try:
            self._client.give_back(task.lease)
        except REQUEST_ERRORS as ex:
            # A lost lease has ended already.
            return is_lost(ex)
        return True

    def _record_failure(self, task: Task) -> None:
        """Pause a job that keeps failing; before that, delay the next unit."""
        job_backoff = self._context.job_backoff
        pause = job_backoff.record_failure(task.job_id)
        # A broken job must not keep this worker from the others.
        self._work_fetch.drop_job()
        if pause:
            self._emit("backoff", pause, "failed several times in a row", task)
        else:
            failures = job_backoff.failures(task.job_id)
            self._failure_delay = jittered(exponential(POLICY.failure_delay, failures - 1, POLICY.max_delay))

    def _upload(self, task: Task, computed: Computed) -> None:
        def post() -> None:
            self._client.post_result(task.lease, computed.result, run_seconds=computed.seconds, text=True)

        def show(kind: Kind, seconds: float, reason: str) -> None:
            self._emit(kind, seconds, reason, task)

        uploaded = upload(post, self._wait_to_retry, show, self._clock)
        if uploaded is None:
            uploaded = abandon(post, lambda: self._is_given_back(task), self._context.wait_before_end)
        self._end_upload(task, computed, uploaded)

    def _end_upload(self, task: Task, computed: Computed, uploaded: Uploaded) -> None:
        if uploaded.outcome == "accepted":
            self._context.job_backoff.record_success(task.job_id)
        remark = self._end_unposted(task, computed, uploaded) if uploaded.keeps_lease else ""
        # A late result is nobody's fault: it counts neither as a success of the job nor as a failure.
        is_failure = uploaded.outcome in ("rejected", "refused")
        shown = computed.console if is_failure else ""
        self._emit(uploaded.outcome, computed.seconds, uploaded.reason + remark, task, shown)
        if uploaded.outcome not in ("lost", "refused", "returned"):
            self._report_console(task, computed)
        if is_failure:
            self._record_failure(task)

    def _end_unposted(self, task: Task, computed: Computed, uploaded: Uploaded) -> str:
        """End the lease of a result that the pool did not take; return a remark where that was not possible."""
        kind = uploaded.error and refusal_kind(uploaded.error)
        if not kind:
            return self._give_back(task)
        error = JobError(kind, f"the pool refused the result: {uploaded.reason}", console=computed.console)
        return self._end_lease(task, error, computed.seconds)

    def _report_console(self, task: Task, computed: Computed) -> None:
        if not (computed.console and task.lease.has("post_report")):
            return
        if self._context.claim_console_report(task.job_id):
            report = console_report(computed.console, self._executor.engine, computed.seconds)
            # Only the owner's debugging depends on it: one attempt is enough, and an outage shows at the next request.
            with contextlib.suppress(*REQUEST_ERRORS):
                self._client.post_report(task.lease, report)

    def _wait_to_retry(self, seconds: float) -> bool:
        """Keep the result and wait, also while draining; return False when cancelled."""
        self._reset_before_wait(seconds)
        return not self._clock.wait(self._context.cancelled, seconds)

    def _emit(
        self, kind: Kind, seconds: float = 0.0, message: str = "", task: Task | None = None, console: str = ""
    ) -> None:
        if kind in OUTCOMES and not self._claim_end():
            return
        job, variable = (task.job_id, task.lease.name) if task else ("", "")
        self._context.emit(Event(kind, self._number, job, variable, seconds, message, console))

    def _claim_end(self) -> bool:
        """Return whether the end of the unit is reported only now: at a shutdown another thread may do so."""
        with self._lock:
            task, self._unended = self._unended, None
        return task is not None
