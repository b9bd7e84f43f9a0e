"""A share of the time for work in the background, so that requests and their disk go first."""

from __future__ import annotations

import threading
import time

# Work is done in turns of so many seconds, with pauses in between.
TURN_SECONDS = 0.05


class Stopped(Exception):
    """The process is ending: what is left is done by the next one."""


class Throttle:
    """`tick` after each small piece of work. By the system's clock: the disk does not follow a clock of tests."""

    def __init__(self, stop: threading.Event, share: float, turn_seconds: float = TURN_SECONDS) -> None:
        self._stop, self._pause, self._turn_seconds = stop, 1 / share - 1, turn_seconds
        self._began = time.monotonic()

    def tick(self) -> None:
        """Pauses if it is time for that. Raises Stopped."""
        worked = time.monotonic() - self._began
        if worked >= self._turn_seconds:
            self._stop.wait(worked * self._pause)
            self._began = time.monotonic()
        if self._stop.is_set():
            raise Stopped
