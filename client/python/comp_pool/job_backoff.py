"""Jobs that are paused for a while: because they have no open variables, or because their units keep failing."""

import threading

from comp_pool.backoff import exponential
from comp_pool.clock import Clock
from comp_pool.retry_policy import POLICY


class JobBackoff:
    """Pauses and consecutive failures, by the job's id. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paused_to: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._lock = threading.Lock()

    def remaining(self, job: str) -> float:
        """Return the seconds that a job remains paused."""
        end = self._paused_to.get(job)
        return 0.0 if end is None else max(0.0, end - self._clock.monotonic())

    def pause(self, job: str, seconds: float) -> None:
        """Pause a job; never shorten a pause."""
        end = self._clock.monotonic() + seconds
        with self._lock:
            self._paused_to[job] = max(self._paused_to.get(job, end), end)

    def record_failure(self, job: str) -> float:
        """Count a failure, and pause the job after several in a row; return the pause in seconds, mostly 0."""
        with self._lock:
            self._failures[job] = failures = self._failures.get(job, 0) + 1
        if failures < POLICY.max_job_failures:
            return 0.0
        seconds = exponential(POLICY.first_job_pause, failures - POLICY.max_job_failures, POLICY.max_job_pause)
        self.pause(job, seconds)
        return seconds

    def record_success(self, job: str) -> None:
        """Reset the failures of a job."""
        with self._lock:
            self._failures.pop(job, None)

    def failures(self, job: str) -> int:
        """Return the number of failures in a row."""
        return self._failures.get(job, 0)
