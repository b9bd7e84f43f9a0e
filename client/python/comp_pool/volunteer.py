"""A volunteer: several workers that compute for one pool, and their shutdown."""

import contextlib
import math
import queue
import threading
import time

from comp_pool.client import Client
from comp_pool.errors import Unreachable
from comp_pool.events import Event, Listener, Totals
from comp_pool.options import Options
from comp_pool.worker_context import CANCEL_SECONDS, WorkerContext
from comp_pool.worker_loop import WorkerLoop

# Python runs a signal's handler in the main thread, but a wait that begins at the same moment, or a signal that another
# thread receives, leaves the main thread in its wait: so it looks up now and then.
SIGNAL_POLL_SECONDS = 0.5


def _ignore(event: Event) -> None:
    pass


class Volunteer:
    """Computes for a pool until it is interrupted, or a limit of its options is reached."""

    def __init__(self, client: Client, options: Options | None = None, listener: Listener = _ignore) -> None:
        self._client = client
        self._options = options or Options()
        self._context = WorkerContext(client, self._options, listener)
        self._loops = [WorkerLoop(number, self._context) for number in range(1, self._options.workers + 1)]
        # A SimpleQueue is reentrant, so that a signal handler may put messages. An Event or a Queue would deadlock
        # where the signal interrupts a thread that holds its lock.
        self._messages: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._deadline: float | None = None

    @property
    def totals(self) -> Totals:
        """The number of units by outcome, so far."""
        return self._context.totals

    def interrupt(self) -> None:
        """Shut down after the running units, or after the grace time; a second call cancels them at once.

        May be called from any thread, and from a signal handler.
        """
        self._messages.put("interrupt")

    def run(self) -> Totals:
        """Run the workers until all of them have ended; return the totals.

        Raises Excluded where the pool does not serve this client, BadCertificate or another Unreachable where no worker
        has reached the pool until the end of the idle time.
        """
        for loop in self._loops:
            threading.Thread(target=self._run_worker, args=(loop,), daemon=True).start()
        try:
            self._wait_for_workers()
        except BaseException:
            self._cancel()
            raise
        for loop in self._loops:
            loop.expire()
        failure = self._context.failure or self._never_reached()
        if failure is not None:
            raise failure
        return self.totals

    def _never_reached(self) -> Unreachable | None:
        is_interrupted = self._deadline is not None
        if is_interrupted or self._client.is_reached:
            return None
        return Unreachable(f"the pool was never reached: {self._context.outage}")

    def _run_worker(self, loop: WorkerLoop) -> None:
        try:
            loop.run()
        finally:
            self._messages.put("ended")

    def _wait_for_workers(self) -> None:
        running = len(self._loops)
        while running:
            message = self._next_message()
            if message == "ended":
                running -= 1
            elif self._context.cancelled.is_set():
                return
            else:
                self._shut_down()

    def _next_message(self) -> str:
        while (left := self._seconds_left()) > 0:
            with contextlib.suppress(queue.Empty):
                return self._messages.get(timeout=min(left, SIGNAL_POLL_SECONDS))
        # The deadline of a shutdown has the effect of another interrupt.
        return "interrupt"

    def _seconds_left(self) -> float:
        return math.inf if self._deadline is None else self._deadline - time.monotonic()

    def _shut_down(self) -> None:
        # `draining` alone may also be due to the idle time: that is no first interrupt.
        if self._context.draining.is_set() and self._deadline is not None:
            self._cancel()
            self._deadline = time.monotonic() + CANCEL_SECONDS
        else:
            self._context.draining.set()
            self._deadline = time.monotonic() + self._options.grace
            message = "finishing the units in progress"
            self._context.emit(Event("stopping", 0, seconds=self._options.grace, message=message))

    def _cancel(self) -> None:
        self._context.cancel()
        for loop in self._loops:
            loop.cancel()
