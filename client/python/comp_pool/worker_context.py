"""The state that the workers of one volunteer share: shutdown, units left, paused jobs, idle time."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from comp_pool.capabilities import Capabilities, detect_capabilities
from comp_pool.client import Client
from comp_pool.errors import ForeignResponse, PoolError
from comp_pool.events import Event, Listener, Totals
from comp_pool.job_backoff import JobBackoff
from comp_pool.leases import Lease, NoWork
from comp_pool.links import Document
from comp_pool.options import Options
from comp_pool.retry_policy import POLICY, is_gone

# How many leases are remembered, to recognise one that a cache repeats.
REMEMBERED_LEASES = 10_000
# In characters: longer links would fill the memory, and no pool has them.
MAX_REMEMBERED = 1000

# Between the cancellation of all units and the end: time to give leases back.
CANCEL_SECONDS = 5.0

IN_BACKOFF = "every job is in backoff: no open variables, or repeated failures"


class WorkerContext:
    """Shared state of workers. Thread-safe.

    `draining` is set when no new unit may start, `cancelled` when the running units and uploads must end.
    """

    def __init__(self, client: Client, options: Options, listener: Listener) -> None:
        self.client = client
        self.clock = client.clock
        self.options = options
        self.job_backoff = JobBackoff(self.clock)
        self.totals = Totals()
        self.draining = threading.Event()
        self.cancelled = threading.Event()
        self._end = 0.0
        # The last error for which no work could be fetched, and one that ends the volunteer.
        self.outage: Exception | None = None
        self.failure: Exception | None = None
        self._listener = listener
        self._lock = threading.Lock()
        self._units_left = options.units
        self._active = 0
        self._idle_since = self.clock.monotonic()
        self._named_job: Document | None = None
        # When what its units print was last reported, by job.
        self._console_reports: dict[str, float] = {}
        # The last leases, by their links, oldest first.
        self._leases: OrderedDict[str, None] = OrderedDict()
        self._capabilities = options.capabilities
        self._capabilities_lock = threading.Lock()

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities of this computer, detected at the first use."""
        # Under a lock of its own: a detection takes a process, and must not run once for each worker.
        with self._capabilities_lock:
            if self._capabilities is None:
                self._capabilities = detect_capabilities(self.options.memory_bytes)
            return self._capabilities

    def cancel(self) -> None:
        """End the running units and uploads."""
        self._end = self.clock.monotonic() + CANCEL_SECONDS
        self.draining.set()
        self.cancelled.set()

    def wait_to_retry(self, seconds: float) -> bool:
        """Wait, also while draining; return False when cancelled."""
        return not self.clock.wait(self.cancelled, seconds)

    def wait_before_end(self, seconds: float) -> bool:
        """Wait after the cancellation; return False, at once, before it or where so much time is not left."""
        if not self.cancelled.is_set() or self.clock.monotonic() + seconds >= self._end:
            return False
        self.clock.sleep(seconds)
        return True

    def emit(self, event: Event) -> None:
        """Count an event and pass it to the listener."""
        self.totals.add(event)
        self._listener(event)

    @property
    def has_units(self) -> bool:
        """Whether a unit may start: not while draining, nor where none is left."""
        return not self.draining.is_set() and self._units_left != 0

    def reserve_units(self, count: int) -> int:
        """Reserve some of the units that are left; return how many, 0 when draining.

        Before the lease, not after it: two workers must not both lease the last unit.
        """
        with self._lock:
            if self.draining.is_set():
                return 0
            if self._units_left is None:
                return count
            reserved = min(count, self._units_left)
            self._units_left -= reserved
            return reserved

    def release_units(self, count: int) -> None:
        """Cancel the reservations of units that are not computed."""
        with self._lock:
            if self._units_left is not None:
                self._units_left += count

    def claim_leases(self, leases: Sequence[Lease]) -> None:
        """Record leases; raise ForeignResponse where one was served before: each lease has a token of its own."""
        found = (lease.link("lease") if lease.has("lease") else "" for lease in leases)
        links = [link for link in found if 0 < len(link) <= MAX_REMEMBERED]
        with self._lock:
            if len(set(links)) < len(links) or not self._leases.keys().isdisjoint(links):
                raise ForeignResponse(200, "a lease that was served before")
            self._leases |= dict.fromkeys(links)
            while len(self._leases) > REMEMBERED_LEASES:
                self._leases.popitem(last=False)

    def claim_console_report(self, job_id: str) -> bool:
        """Return whether what a unit of this job has printed is to be reported: seldom, since most print the same."""
        now = self.clock.monotonic()
        with self._lock:
            last = self._console_reports.get(job_id)
            if last is not None and now - last < POLICY.report_interval:
                return False
            self._console_reports[job_id] = now
            return True

    def mark_started(self) -> None:
        """Record that a worker has leased a unit."""
        with self._lock:
            self._active += 1

    def mark_ended(self) -> None:
        """Record that a unit has ended."""
        with self._lock:
            self._active -= 1
            self._idle_since = self.clock.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait, until draining at most; start draining at the end of the idle time."""
        limit = self.options.idle_exit
        left = seconds if limit is None else min(seconds, max(0.0, self._idle_left(limit)))
        self.clock.wait(self.draining, left)
        if limit is not None and self._idle_left(limit) <= 0:
            self.draining.set()

    def _idle_left(self, limit: float) -> float:
        with self._lock:
            # One active worker keeps all of them: its result may lead to new variables.
            return limit if self._active > 0 else self._idle_since + limit - self.clock.monotonic()

    def choose_job(self) -> Document | NoWork:
        """Return the named job of the options, or the one that the scheduler selects."""
        options = self.options
        if options.job is not None:
            return self._choose_named(options.job)
        capabilities = self.capabilities
        job = self.client.scheduled_job(
            owners=options.owners,
            scheduler=options.scheduler,
            can=capabilities.can,
            memory_mb=capabilities.memory_mb,
        )
        return job if isinstance(job, NoWork) else _checked(job)

    def _choose_named(self, job_id: str) -> Document | NoWork:
        remaining = self.job_backoff.remaining(job_id)
        if remaining > 0:
            return NoWork(remaining, IN_BACKOFF)
        try:
            # Read again each time, since the job may have changed; by its own link, which saves the root's request.
            known = self._named_job
            self._named_job = _checked(self.client.job(job_id) if known is None else self.client.reload(known))
        except PoolError as ex:
            if not is_gone(ex):
                raise
            self.job_backoff.pause(job_id, POLICY.unavailable_job_pause)
            return NoWork(POLICY.unavailable_job_pause, str(ex))
        return self._named_job


def _checked(job: Document) -> Document:
    """Return a job; raise ForeignResponse where the document is another service's."""
    if not job.has("get_variables"):
        raise ForeignResponse(200, "no job")
    return job
