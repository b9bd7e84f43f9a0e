"""How many units of a job a worker leases at once: a few seconds of work, by the run time of its units so far."""

from collections.abc import Callable, Sequence

from comp_pool.backoff import exponential
from comp_pool.clock import Clock
from comp_pool.leases import Lease
from comp_pool.links import Document
from comp_pool.response import parse_number
from comp_pool.retry_policy import POLICY

# Of the job's last units; halved then, so that the mean follows a job whose units become longer.
MEASURED_UNITS = 256


def largest_batch(workers: int) -> int:
    """Return the most units in one batch of each worker of a volunteer.

    A worker has up to four batches: one is leased, one computed, one waits to be posted, one is posted. Four of
    `max_batch` are as many leases as a pool grants to one volunteer.
    """
    return max(1, POLICY.max_batch // workers)


class BatchSize:
    """The size of one worker's batches of one job."""

    def __init__(self, clock: Clock, visit_began: float, largest: int) -> None:
        self._clock, self._visit_began, self._largest = clock, visit_began, largest
        self._units, self._seconds = 0, 0.0
        self._last, self._lease_seconds, self._bytes = 1, 0.0, 0.0

    @property
    def mean(self) -> float | None:
        """The mean run time of the job's last units, in seconds; None before the first one."""
        return self._seconds / self._units if self._units else None

    @property
    def next(self) -> int:
        """The number of units to lease."""
        if self.mean is None:
            return 1
        small = int(POLICY.max_variable_bytes / max(self._bytes, 1.0))
        return max(1, min(2 * self._last, small, self.units_within(self._batch_seconds)))

    @property
    def _batch_seconds(self) -> float:
        growth = (self._clock.monotonic() - self._visit_began) // POLICY.batch_growth
        seconds = exponential(POLICY.batch_seconds, int(growth), POLICY.max_batch_seconds)
        return min(seconds, self._lease_seconds * POLICY.batch_lease_share)

    def units_within(self, seconds: float) -> int:
        """Return how many units take that long; no more than are leased at once."""
        if self.mean is None:
            return 0
        return int(min(self._largest, seconds / max(self.mean, 1e-9)))

    def record_run(self, seconds: float) -> None:
        """Record the run time of a unit."""
        if self._units == MEASURED_UNITS:
            self._units, self._seconds = self._units // 2, self._seconds / 2
        self._units += 1
        self._seconds += seconds

    def record_batch(self, leases: Sequence[Lease]) -> None:
        """Record units that were leased together."""
        self._last, self._lease_seconds = len(leases), leases[0].seconds
        self._bytes = (parse_number(leases[0].headers, "Content-Length") or 0.0) / len(leases)


def has_batches(job: Document) -> bool:
    """Return whether a job's pool leases and takes several units at once."""
    return job.has("lease_variables") and job.has("post_results")


class BatchSizes:
    """The sizes of one worker's batches, by job. `largest` is the limit of each."""

    def __init__(self, clock: Clock, largest: int) -> None:
        began = clock.monotonic()
        self._new: Callable[[], BatchSize] = lambda: BatchSize(clock, began, largest)
        self._sizes: dict[str, BatchSize] = {}

    def of(self, job: str) -> BatchSize:
        """Return the size of a job, by its id."""
        if job not in self._sizes:
            self._sizes[job] = self._new()
        return self._sizes[job]
