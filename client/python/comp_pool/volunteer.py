"""A volunteer: several workers that compute for one pool, and how they are stopped."""

import queue
import threading
import time

from comp_pool.client import Client
from comp_pool.crew import Crew, Options
from comp_pool.events import Event, Listener, Totals
from comp_pool.shift import Shift

# For giving leases back when all is to end at once.
LAST_SECONDS = 5.0


def _silent(event: Event) -> None:
    """Tell nobody."""


class Volunteer:
    """Computes for a pool until it is interrupted, or as long as its options say."""

    def __init__(self, client: Client, options: Options | None = None, listener: Listener = _silent) -> None:
        self._options = options or Options()
        self._crew = Crew(client, self._options, listener)
        self._shifts = [Shift(number, self._crew) for number in range(1, self._options.workers + 1)]
        # Its `put` may be called in a signal handler, which that of an Event or a Queue may not.
        self._inbox: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._end: float | None = None

    @property
    def totals(self) -> Totals:
        """How many units ended in which way, so far."""
        return self._crew.totals

    def interrupt(self) -> None:
        """Stop after what is being computed, if that takes no longer than the grace time; at once when repeated.

        Safe in a signal handler and from any thread.
        """
        self._inbox.put("interrupt")

    def run(self) -> Totals:
        """Work; return the sums when all is over."""
        for shift in self._shifts:
            threading.Thread(target=self._run, args=(shift,), daemon=True).start()
        try:
            self._wait()
        except BaseException:
            self._abort()
            raise
        return self.totals

    def _run(self, shift: Shift) -> None:
        try:
            shift.run()
        finally:
            self._inbox.put("ended")

    def _wait(self) -> None:
        running = len(self._shifts)
        while running:
            try:
                message = self._inbox.get(timeout=self._patience())
            except queue.Empty:
                message = "interrupt"
            if message == "ended":
                running -= 1
            elif self._crew.aborted.is_set():
                return
            else:
                self._interrupted()

    def _patience(self) -> float | None:
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def _interrupted(self) -> None:
        if self._crew.stopping.is_set() and self._end is not None:
            self._abort()
            self._end = time.monotonic() + LAST_SECONDS
        else:
            self._crew.stopping.set()
            self._end = time.monotonic() + self._options.grace
            self._crew.emit(Event("stopping", 0, seconds=self._options.grace, message="the units at hand may end"))

    def _abort(self) -> None:
        self._crew.stopping.set()
        self._crew.aborted.set()
        for shift in self._shifts:
            shift.cancel()
