"""The loop of one worker of a volunteer: choose a job, lease variables, compute them, upload the results."""

from collections import deque

from comp_pool.backoff import Backoff, exponential, jittered
from comp_pool.batch_size import BatchSizes, largest_batch
from comp_pool.deadline import Deadline
from comp_pool.errors import REQUEST_ERRORS, BadCertificate, Excluded, JobError
from comp_pool.events import Kind
from comp_pool.executor import Computed, Executor, Unit
from comp_pool.retry_policy import POLICY, event_kind, retry_after_of
from comp_pool.seeds import unit_seed
from comp_pool.unit_end import UnitEnd
from comp_pool.upload import NOT_GIVEN_BACK, abandon, upload
from comp_pool.uploader import Uploader
from comp_pool.work_fetch import FetchAhead, Task, Wait, WorkFetch
from comp_pool.worker_context import WorkerContext

MIN_UNIT_SECONDS = 1.0
# Between two looks whether the shutdown has begun, while results can't be posted.
ROOM_POLL_SECONDS = 0.5

# Units that take less than this are computed several at a time: a message to the process of a job takes as long as some
# units do.
SHORT_UNIT_SECONDS = 0.01
# As many as take so long; of a unit among them that takes longer than the second figure, all are computed again alone.
TOGETHER_SECONDS = 0.05
TOGETHER_LIMIT = 10.0


class WorkerLoop:
    """One worker. `run` belongs into a thread of its own; `cancel` may be called from any thread."""

    def __init__(self, number: int, context: WorkerContext) -> None:
        options = context.options
        self._context = context
        self._clock = context.clock
        self._client = context.client
        largest = largest_batch(options.workers)
        self._sizes = BatchSizes(context.clock, largest)
        self._work_fetch = WorkFetch(context, self._sizes)
        self._executor = Executor(memory_bytes=options.memory_bytes, result_bytes=options.result_bytes)
        self._unit_end = UnitEnd(number, context, self._executor, self._record_failure)
        self._uploader = Uploader(context, self._unit_end, largest)
        # Leased, and not started; and the batch that is leased meanwhile.
        self._queue: deque[Task] = deque()
        self._ahead: FetchAhead | None = None
        # How many of them are computed one by one, after units together were not.
        self._alone = 0
        self._outages = Backoff()
        self._failure_delay = 0.0
        # Whether the last attempt to extend the lease of the running unit failed.
        self._is_unextended = False
        self._running: Task | None = None
        self._started = self._idle_since = self._clock.monotonic()

    def run(self) -> None:
        """Compute units until the context is draining."""
        with self._executor:
            try:
                while self._has_work:
                    self._process_next()
            finally:
                self._uploader.flush()
                self._return_waiting("not started")
                self._uploader.close()

    @property
    def _has_work(self) -> bool:
        """Whether a unit may start: a leased one, or one that is to be leased."""
        is_leased = bool(self._queue or self._ahead)
        return self._context.has_units or (is_leased and not self._context.draining.is_set())

    def cancel(self) -> None:
        """Cancel the running computation."""
        self._executor.cancel()

    def expire(self) -> None:
        """Report units that have not ended in the time of a shutdown: a request still waits for the pool."""
        for task in self._unit_end.unended:
            seconds = self._elapsed if task is self._running else 0.0
            self._unit_end.show("lost", seconds, f"the pool did not respond in time{NOT_GIVEN_BACK}", task)

    def _process_next(self) -> None:
        """Compute a unit, or several short ones, or wait."""
        self._wait_after_failure()
        if self._queue or self._fetch():
            self._return_stale()
            self._wait_for_room()
            if self._queue and not self._context.draining.is_set():
                self._fetch_ahead()
                self._compute_some()

    def _fetch(self) -> bool:
        """Fill the queue; return False, after a wait, without work."""
        self._fill(self._take_ahead())
        if self._queue:
            return True
        # What the results lead to counts: new variables, and a higher limit on leases.
        while not self._uploader.wait_until_posted(POLICY.executor_idle):
            self._executor.reset()
        if self._failure_delay:
            return False
        try:
            fetched = self._work_fetch.next()
        except REQUEST_ERRORS as ex:
            self._handle_outage(ex)
            return False
        self._outages.reset()
        if isinstance(fetched, Wait):
            self._show("waiting", fetched.seconds, fetched.reason)
            self._wait(fetched.seconds)
            return False
        self._fill(fetched)
        return bool(fetched)

    def _fill(self, tasks: list[Task]) -> None:
        self._unit_end.begin(tasks)
        self._queue.extend(tasks)

    def _take_ahead(self) -> list[Task]:
        ahead, self._ahead = self._ahead, None
        return ahead.tasks() if ahead else []

    def _fetch_ahead(self) -> None:
        """Lease the next batch in the background, near the end of this one."""
        task = self._queue[0]
        few = self._sizes.of(task.job_id).units_within(POLICY.fetch_ahead)
        if task.is_batched and self._ahead is None and len(self._queue) <= few:
            self._ahead = self._work_fetch.start_ahead(task.job)

    def _return_stale(self) -> None:
        """Give back what waits where its job keeps failing, or its leases have ended meanwhile."""
        task = self._queue[0]
        if task.is_batched and self._is_failing(task):
            self._return_waiting("its job failed several times in a row")
        elif task.is_batched and task.lease.remaining <= 0:
            self._return_waiting("its lease ended before it was started")

    def _is_failing(self, task: Task) -> bool:
        job_backoff = self._context.job_backoff
        return job_backoff.failures(task.job_id) >= POLICY.max_job_failures and job_backoff.remaining(task.job_id) > 0

    def _return_waiting(self, message: str) -> None:
        """Give back the units that have not been started, and let others be computed in their place."""
        self._fill(self._take_ahead())
        tasks, self._queue = list(self._queue), deque()
        self._context.release_units(len(tasks))
        self._unit_end.return_units(tasks, message)

    def _wait_for_room(self) -> None:
        """Wait while the results of an outage are as many as are kept."""
        while not self._context.draining.is_set() and not self._uploader.wait_for_room(ROOM_POLL_SECONDS):
            self._reset_before_wait(ROOM_POLL_SECONDS)

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
            self._show(kind, delay, str(ex))
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

    def _compute_some(self) -> None:
        tasks = self._short_tasks()
        if len(tasks) > 1:
            self._compute_together(tasks)
        else:
            task = self._queue.popleft()
            if self._alone:
                self._alone -= 1
            else:
                self._show("leased", task=task)
            self._compute(task)

    def _short_tasks(self) -> list[Task]:
        """Return the next units, if they can be expected to be short."""
        size = self._sizes.of(self._queue[0].job_id)
        if self._alone or size.mean is None or size.mean > SHORT_UNIT_SECONDS:
            return []
        count = min(len(self._queue), size.units_within(TOGETHER_SECONDS))
        return [self._queue[index] for index in range(count)]

    def _compute_together(self, tasks: list[Task]) -> None:
        self._started = self._clock.monotonic()
        for task in tasks:
            self._show("leased", task=task)
        try:
            limit = min(TOGETHER_LIMIT, self._context.options.unit_seconds)
            outcomes = self._executor.compute_together([_unit(task) for task in tasks], Deadline(limit))
        finally:
            self._idle_since = self._clock.monotonic()
        if not outcomes:
            # Which of them it was shows only alone.
            self._alone = len(tasks)
        for task, outcome in zip(tasks, outcomes, strict=False):
            self._queue.popleft()
            if isinstance(outcome, JobError):
                self._unit_end.fail(task, outcome, self._elapsed)
            else:
                self._handle_computed(task, outcome)

    def _compute(self, task: Task) -> None:
        self._started = self._clock.monotonic()
        self._running = task
        self._is_unextended = False
        try:
            computed = self._execute(task)
        except JobError as ex:
            self._unit_end.fail(task, ex, self._elapsed)
        else:
            self._handle_computed(task, computed)

    def _handle_computed(self, task: Task, computed: Computed) -> None:
        self._sizes.of(task.job_id).record_run(computed.seconds)
        if not task.is_batched:
            self._upload(task, computed)
            return
        self._uploader.add(task, computed)
        if not self._queue:
            self._uploader.flush()

    def _execute(self, task: Task) -> Computed:
        try:
            return self._executor.compute(_unit(task), self._deadline(task))
        finally:
            self._idle_since = self._clock.monotonic()

    def _deadline(self, task: Task) -> Deadline:
        seconds = max(MIN_UNIT_SECONDS, task.lease.remaining)
        return Deadline(min(seconds, self._context.options.unit_seconds), lambda: self._extend_lease(task))

    def _extend_lease(self, task: Task) -> float | None:
        """Extend the lease while the unit runs, so that nobody else computes it too; return the seconds granted."""
        # They would wait too long, as the results that the unit leads to do not.
        if self._queue or self._ahead:
            self._return_waiting("a unit before it takes long")
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
        self._show("extended", task.lease.seconds, f"the unit has run for {self._elapsed:.0f} s", task)
        return min(task.lease.seconds, left)

    def _report_unextended(self, task: Task, ex: Exception) -> None:
        """Report a failed extension, but not each attempt of an outage."""
        if not self._is_unextended:
            self._is_unextended = True
            self._show("not-extended", message=f"the unit has {task.lease.remaining:.0f} s left: {ex}", task=task)

    @property
    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._started

    def _record_failure(self, task: Task) -> None:
        """Pause a job that keeps failing; before that, delay the next unit."""
        job_backoff = self._context.job_backoff
        # The others of its batch were begun before the pause.
        if task.is_batched and self._is_failing(task):
            return
        pause = job_backoff.record_failure(task.job_id)
        # A broken job must not keep this worker from the others.
        self._work_fetch.drop_job()
        if pause:
            self._show("backoff", pause, "failed several times in a row", task)
        else:
            failures = job_backoff.failures(task.job_id)
            self._failure_delay = jittered(exponential(POLICY.failure_delay, failures - 1, POLICY.max_delay))

    def _upload(self, task: Task, computed: Computed) -> None:
        def post() -> None:
            self._client.post_result(task.lease, computed.result, run_seconds=computed.seconds, text=True)

        def show(kind: Kind, seconds: float, reason: str) -> None:
            self._show(kind, seconds, reason, task)

        uploaded = upload(post, self._wait_to_retry, show, self._clock)
        if uploaded is None:
            uploaded = abandon(post, lambda: self._unit_end.is_given_back(task), self._context.wait_before_end)
        self._unit_end.end_upload(task, computed, uploaded)

    def _wait_to_retry(self, seconds: float) -> bool:
        """Keep the result and wait, also while draining; return False when cancelled."""
        self._reset_before_wait(seconds)
        return self._context.wait_to_retry(seconds)

    def _show(self, kind: Kind, seconds: float = 0.0, message: str = "", task: Task | None = None) -> None:
        self._unit_end.show(kind, seconds, message, task)


def _unit(task: Task) -> Unit:
    source = str(task.job.content.get("execute_function", ""))
    # Computed here: the job learns neither id.
    seed = unit_seed(task.job_id, task.lease.name)
    return Unit(task.job_id, source, task.lease.data, task.lease.context, task.is_lossy, seed)
