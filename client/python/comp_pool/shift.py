"""The work of one worker of a volunteer: job, lease, computation, result, and so on until it is told to stop."""

import time

from comp_pool.child import Deadline
from comp_pool.crew import Crew
from comp_pool.errors import JobError, MissingLink, PoolError, Unreachable
from comp_pool.events import Event, Kind
from comp_pool.leases import Lease, Nothing
from comp_pool.links import Document
from comp_pool.pauses import Backoff, jittered
from comp_pool.worker import Computed, Unit, Worker

Failure = (Unreachable, PoolError, MissingLink)

# How the pool's refusal of a result is to be understood.
REFUSALS: dict[int, Kind] = {409: "late", 422: "rejected"}
# With these the result is kept and posted again; 502 and 504 come from a proxy whose pool is away.
TEMPORARY = (429, 502, 503, 504, 507)
# An error inside the pool may pass, or may be about this very result.
ATTEMPTS_AT_ERRORS = 5
SCHEDULER_ATTEMPTS = 3

# A child that has nothing to do is kept for the context in it, but not for long: a job might go on computing in it.
KEEP_SECONDS = 30.0
LONG_WAIT = 10.0

NO_LEASE = Lease("", {})


class Shift:
    """One worker's loop. `run` in a thread of its own; `cancel` from any other."""

    def __init__(self, number: int, crew: Crew) -> None:
        options = crew.options
        self._number = number
        self._crew = crew
        self._client = crew.client
        self._worker = Worker(memory_bytes=options.memory_bytes, result_bytes=options.result_bytes)
        self._outages = Backoff()
        self._penalty = 0.0
        self._job: Document | None = None
        self._lease = NO_LEASE
        self._started = self._idle_since = time.monotonic()

    def run(self) -> None:
        """Work until the crew stops."""
        with self._worker:
            while self._crew.take():
                if not self._turn():
                    self._crew.untake()

    def cancel(self) -> None:
        """End what is being computed at once."""
        self._worker.cancel()

    def _turn(self) -> bool:
        """Work on one unit; False, after a pause, where there was none to be had."""
        self._serve_penalty()
        try:
            job = self._job = self._job or self._find_job()
            lease = self._client.lease(job) if job else None
        except Failure as ex:
            self._outage(ex)
            return False
        self._outages.reset()
        if job is None or lease is None:
            return False
        if isinstance(lease, Nothing):
            self._crew.aside.put(_id(job), jittered(lease.retry_after))
            self._job = None
            return False
        self._serve(job, lease)
        return True

    def _serve_penalty(self) -> None:
        """Wait after a failure, so that a broken job makes no busy loop."""
        penalty, self._penalty = self._penalty, 0.0
        if penalty:
            self._crew.pause(penalty)

    def _find_job(self) -> Document | None:
        wait: float | None = None
        for _ in range(SCHEDULER_ATTEMPTS):
            job = self._crew.choose()
            if isinstance(job, Nothing):
                self._rest(job.retry_after, "the pool has no job to offer")
                return None
            missing = self._crew.abilities.missing(job)
            if missing:
                self._rest(None, f"{_id(job)} requires {'; '.join(missing)}")
                return None
            wait = self._crew.aside.remaining(_id(job))
            if wait == 0:
                return job
        self._rest(wait, "no job has anything to compute at present")
        return None

    def _rest(self, seconds: float | None, reason: str) -> None:
        wait = jittered(seconds)
        self._emit("waiting", wait, reason)
        if time.monotonic() - self._idle_since > KEEP_SECONDS:
            self._worker.rest()
        self._crew.pause(wait)

    def _outage(self, ex: Exception) -> None:
        self._job = None
        wait = self._outages.next(getattr(ex, "retry_after", None))
        self._emit("offline" if _may_pass(ex, 0) else "waiting", wait, str(ex))
        self._crew.pause(wait)

    def _serve(self, job: Document, lease: Lease) -> None:
        self._lease = lease
        self._started = time.monotonic()
        self._crew.begin()
        try:
            self._compute(job)
        finally:
            self._crew.end()
            self._lease = NO_LEASE
            self._idle_since = time.monotonic()

    def _compute(self, job: Document) -> None:
        if self._crew.stopping.is_set():
            self._give_back("returned", "it had not been begun")
            return
        self._emit("leased")
        unit = Unit(_id(job), str(job.content.get("execute_function", "")), self._lease.data, self._lease.context)
        try:
            computed = self._worker.compute(unit, self._deadline())
        except JobError as ex:
            self._failed(ex)
        else:
            self._deliver(computed)

    def _deadline(self) -> Deadline:
        seconds = max(1.0, self._lease.remaining)
        return Deadline(min(seconds, self._crew.options.unit_seconds), self._renew)

    def _renew(self) -> float | None:
        left = self._started + self._crew.options.unit_seconds - time.monotonic()
        if left <= self._lease.remaining:
            return None
        try:
            self._lease = self._client.extend(self._lease)
        except Failure:
            # A result that comes late is welcome too; until the deadline there may be another chance.
            return None
        return min(self._lease.seconds, left)

    def _failed(self, ex: JobError) -> None:
        if ex.kind == "cancelled":
            self._give_back("returned", ex.message)
            return
        self._give_back("error", f"{ex.kind}: {ex.message}")
        self._blame()

    def _give_back(self, kind: Kind, message: str) -> None:
        try:
            self._client.give_back(self._lease)
        except Failure:
            # The lease ends by itself; it only takes longer.
            message += " (and could not be given back)"
        self._emit(kind, time.monotonic() - self._started, message)

    def _blame(self) -> None:
        job = self._job_id
        aside = self._crew.aside.blame(job)
        if aside:
            self._emit("aside", aside, "it failed several times in a row")
            self._job = None
        else:
            self._penalty = jittered(0.25 * 2 ** self._crew.aside.failures(job))

    def _deliver(self, computed: Computed) -> None:
        pauses = Backoff()
        errors = 0
        while True:
            try:
                self._client.post_result(self._lease, computed.result, run_seconds=computed.seconds, text=True)
            except Failure as ex:
                errors += isinstance(ex, PoolError) and ex.status == 500
                if not _may_pass(ex, errors):
                    self._refused(ex, computed)
                    return
                if not self._wait_to_deliver(ex, pauses):
                    self._emit("lost", computed.seconds, f"the result could not be posted: {ex}")
                    return
            else:
                self._crew.aside.forgive(self._job_id)
                self._emit("accepted", computed.seconds)
                return

    def _wait_to_deliver(self, ex: Exception, pauses: Backoff) -> bool:
        wait = pauses.next(getattr(ex, "retry_after", None))
        self._emit("offline", wait, f"the result is kept: {ex}")
        if wait > LONG_WAIT:
            self._worker.rest()
        return not self._crew.aborted.wait(wait)

    def _refused(self, ex: Exception, computed: Computed) -> None:
        kind = REFUSALS.get(ex.status, "refused") if isinstance(ex, PoolError) else "refused"
        reason = (ex.detail or ex.title) if isinstance(ex, PoolError) else str(ex)
        self._emit(kind, computed.seconds, reason)
        if kind != "late":
            self._blame()

    @property
    def _job_id(self) -> str:
        return _id(self._job) if self._job else ""

    def _emit(self, kind: Kind, seconds: float = 0.0, message: str = "") -> None:
        variable = "" if self._lease is NO_LEASE else self._lease.name
        self._crew.emit(Event(kind, self._number, self._job_id, variable, seconds, message))


def _id(job: Document) -> str:
    return str(job.content.get("id") or job.content.get("name") or job.address)


def _may_pass(ex: Exception, errors: int) -> bool:
    if isinstance(ex, PoolError):
        return ex.status in TEMPORARY or (ex.status == 500 and errors < ATTEMPTS_AT_ERRORS)
    return isinstance(ex, Unreachable)
