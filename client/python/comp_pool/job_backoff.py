"""Jobs that are paused for a while: because they have no open variables, or because their units keep failing."""

import threading
import time

MAX_FAILURES = 3
FIRST_PAUSE = 30.0
MAX_PAUSE = 3600.0


class JobBackoff:
    """Pauses and consecutive failures, by the job's id. Thread-safe."""

    def __init__(self) -> None:
        self._paused_to: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._lock = threading.Lock()

    def remaining(self, job: str) -> float:
        """Return the seconds that a job remains paused."""
        return max(0.0, self._paused_to.get(job, 0.0) - time.monotonic())

    def pause(self, job: str, seconds: float) -> None:
        """Pause a job from now on."""
        with self._lock:
            self._paused_to[job] = time.monotonic() + seconds

    def record_failure(self, job: str) -> float:
        """Count a failure, and pause the job after several in a row; return the pause in seconds, mostly 0."""
        with self._lock:
            self._failures[job] = failures = self._failures.get(job, 0) + 1
        # A few failures may be due to single variables; a broken job fails with all of them.
        if failures < MAX_FAILURES:
            return 0.0
        seconds = min(FIRST_PAUSE * 2.0 ** (failures - MAX_FAILURES), MAX_PAUSE)
        self.pause(job, seconds)
        return seconds

    def failures(self, job: str) -> int:
        """Return the number of failures in a row."""
        return self._failures.get(job, 0)

    def record_success(self, job: str) -> None:
        """Reset the failures of a job."""
        with self._lock:
            self._failures.pop(job, None)
