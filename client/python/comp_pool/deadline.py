"""The time limit of a computation, which can be extended while it runs."""

import time
from collections.abc import Callable


class Deadline:
    """A time limit of some seconds from now.

    `renew` is called after half of them, and returns the seconds granted from then on, or None to leave the deadline.
    """

    def __init__(self, seconds: float, renew: Callable[[], float | None] | None = None) -> None:
        self._renew = renew
        self._began = time.monotonic()
        self._set(seconds)

    def _set(self, seconds: float) -> None:
        now = time.monotonic()
        self._at = now + seconds
        # Half-way, so that a renewal that fails can be repeated in time.
        self._renew_at = now + seconds / 2

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    @property
    def remaining(self) -> float:
        """Seconds left, negative past the deadline."""
        return self._at - time.monotonic()

    @property
    def next_check(self) -> float:
        """Seconds until the deadline has to be renewed, or has passed."""
        return max(0.0, (self._at if self._renew is None else self._renew_at) - time.monotonic())

    @property
    def watchdog_seconds(self) -> float:
        """The timeout of the child's own watchdog, in seconds.

        A second longer than the deadline: the parent ends the child in time, and the watchdog is for the case that the
        parent is gone or stopped.
        """
        return max(self.remaining, 0.0) + 1.0

    def try_renew(self) -> bool:
        """Renew the deadline where that is due; return whether it was extended."""
        if self._renew is None or time.monotonic() < self._renew_at:
            return False
        seconds = self._renew()
        self._renew_at = time.monotonic() + max(self.remaining / 2, 1.0)
        if seconds is None:
            return False
        self._set(seconds)
        return True
