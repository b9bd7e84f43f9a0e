"""When to try again: growing pauses, and jobs that are left alone for a while."""

import random
import threading
import time

LONGEST_PAUSE = 60.0
USUAL_PAUSE = 5.0
SHORTEST_PAUSE = 0.1

ERRORS_IN_A_ROW = 3
FIRST_LEAVE = 30.0
LONGEST_LEAVE = 3600.0


def jittered(seconds: float | None) -> float:
    """Return about so many seconds, within bounds: volunteers that were sent away together come back apart."""
    wanted = USUAL_PAUSE if seconds is None else seconds
    within = min(max(wanted, SHORTEST_PAUSE), LONGEST_PAUSE)
    return within * random.uniform(0.8, 1.2)  # noqa: S311


class Backoff:
    """Pauses that double from one to the next."""

    def __init__(self, first: float = 0.5) -> None:
        self._first = first
        self._failures = 0

    def next(self, at_least: float | None = None) -> float:
        """Return the next pause in seconds, no shorter than what was asked for."""
        pause = min(self._first * 2.0**self._failures, LONGEST_PAUSE)
        self._failures += 1
        return jittered(max(pause, at_least or 0.0))

    def reset(self) -> None:
        """Begin anew after a success."""
        self._failures = 0


class Aside:
    """Jobs that are left alone until a time: because they have nothing to offer, or because they keep failing."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._lock = threading.Lock()

    def remaining(self, job: str) -> float:
        """Return for how many seconds a job is still to be left alone."""
        return max(0.0, self._until.get(job, 0.0) - time.monotonic())

    def put(self, job: str, seconds: float) -> None:
        """Leave a job alone for so many seconds from now."""
        with self._lock:
            self._until[job] = time.monotonic() + seconds

    def blame(self, job: str) -> float:
        """Note a failure of a job; return for how many seconds it is left alone for that, mostly 0."""
        with self._lock:
            self._failures[job] = failures = self._failures.get(job, 0) + 1
        if failures < ERRORS_IN_A_ROW:
            return 0.0
        seconds = min(FIRST_LEAVE * 2.0 ** (failures - ERRORS_IN_A_ROW), LONGEST_LEAVE)
        self.put(job, seconds)
        return seconds

    def failures(self, job: str) -> int:
        """Return how often in a row a job has failed."""
        return self._failures.get(job, 0)

    def forgive(self, job: str) -> None:
        """Forget the failures of a job that has succeeded."""
        with self._lock:
            self._failures.pop(job, None)
