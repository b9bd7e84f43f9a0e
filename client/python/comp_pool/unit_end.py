"""How the units of one worker end: each is shown once, and its lease is given back where it goes on."""

import contextlib
import threading
from collections.abc import Callable, Iterable

from comp_pool.backoff import Backoff
from comp_pool.errors import REQUEST_ERRORS, JobError
from comp_pool.events import OUTCOMES, Event, Kind
from comp_pool.executor import Computed, Executor
from comp_pool.parallel import call_each
from comp_pool.report import console_report, failure_report, post_report
from comp_pool.retry_policy import is_lost, is_temporary, refusal_kind
from comp_pool.upload import NOT_GIVEN_BACK, Uploaded
from comp_pool.work_fetch import Task
from comp_pool.worker_context import WorkerContext


class UnitEnd:
    """Ends units. Thread-safe: results are posted in the background.

    `record_failure` is called with each unit that counts as a failure of its job.
    """

    def __init__(
        self, number: int, context: WorkerContext, executor: Executor, record_failure: Callable[[Task], object]
    ) -> None:
        self._number = number
        self._context = context
        self._client = context.client
        self._executor = executor
        self._record_failure = record_failure
        # The tasks whose end has not been shown, by identity.
        self._unended: dict[int, Task] = {}
        self._lock = threading.Lock()

    @property
    def unended(self) -> list[Task]:
        """The units whose end has not been shown."""
        with self._lock:
            return list(self._unended.values())

    def begin(self, tasks: Iterable[Task]) -> None:
        """Record units that were leased."""
        with self._lock:
            for task in tasks:
                self._unended[id(task)] = task
                self._context.mark_started()

    def show(
        self, kind: Kind, seconds: float = 0.0, message: str = "", task: Task | None = None, console: str = ""
    ) -> None:
        """Emit an event; of those that end a unit, the first alone."""
        if kind in OUTCOMES and not self._claim(task):
            return
        job, variable = (task.job_id, task.lease.name) if task else ("", "")
        self._context.emit(Event(kind, self._number, job, variable, seconds, message, console))

    def _claim(self, task: Task | None) -> bool:
        """Return whether the end of a unit is shown only now: at a shutdown another thread may do so."""
        with self._lock:
            is_first = self._unended.pop(id(task), None) is not None
        if is_first:
            self._context.mark_ended()
        return is_first

    def fail(self, task: Task, ex: JobError, seconds: float) -> None:
        """End a unit whose computation failed after some seconds."""
        if ex.kind == "cancelled":
            self.return_unit(task, ex.message, seconds)
            return
        remark = self._end_lease(task, ex, seconds)
        self.show("error", seconds, f"{ex.kind}: {ex.message}{remark}", task, ex.console)
        self._record_failure(task)

    def end_upload(self, task: Task, computed: Computed, uploaded: Uploaded) -> None:
        """End a unit with a result that was posted, or could not be."""
        if uploaded.outcome == "accepted":
            self._context.job_backoff.record_success(task.job_id)
        remark = self._end_unposted(task, computed, uploaded) if uploaded.keeps_lease else ""
        # A late result is nobody's fault: it counts neither as a success of the job nor as a failure.
        is_failure = uploaded.outcome in ("rejected", "refused")
        shown = computed.console if is_failure else ""
        self.show(uploaded.outcome, computed.seconds, uploaded.reason + remark, task, shown)
        if uploaded.outcome not in ("lost", "refused", "returned"):
            self._report_console(task, computed)
        if is_failure:
            self._record_failure(task)

    def return_units(self, tasks: Iterable[Task], message: str) -> None:
        """Give back units that were not started."""
        call_each(lambda task: self.return_unit(task, message), tasks)

    def return_unit(self, task: Task, message: str, seconds: float = 0.0) -> None:
        """Give back a unit."""
        self.show("returned", seconds, message + self._give_back(task), task)

    def is_given_back(self, task: Task) -> bool:
        """Give the lease back, at one attempt; return whether it has ended."""
        try:
            self._client.give_back(task.lease)
        except REQUEST_ERRORS as ex:
            # A lost lease has ended already.
            return is_lost(ex)
        return True

    def _give_back(self, task: Task) -> str:
        """End the lease, at a shutdown as soon as the pool can be reached; return a remark where that failed."""
        backoff = Backoff()
        while not self.is_given_back(task):
            if not (task.lease.has("lease") and self._context.wait_before_end(backoff.next())):
                # The lease expires by itself, only later.
                return NOT_GIVEN_BACK
        return ""

    def _end_lease(self, task: Task, error: JobError, seconds: float) -> str:
        """End the lease of a unit that failed after some seconds; return a remark where that was not possible."""
        # An older pool takes no reports.
        if error.is_fault_of_job and task.lease.has("post_report"):
            return self._report_failure(task, error, seconds)
        return self._give_back(task)

    def _report_failure(self, task: Task, error: JobError, seconds: float) -> str:
        report = failure_report(error, self._executor.engine, seconds)
        try:
            post_report(lambda: self._client.post_report(task.lease, report), self._context.wait_to_retry)
        except REQUEST_ERRORS as ex:
            if is_lost(ex):
                return ""
            if not is_temporary(ex):
                self._give_back(task)
            return f" (and could not be reported: {ex})"
        return ""

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
