"""A volunteer: several workers that compute for one pool, and their shutdown."""

import queue
import threading
import time

from comp_pool.client import Client
from comp_pool.errors import Unreachable
from comp_pool.events import Event, Listener, Totals
from comp_pool.options import Options
from comp_pool.worker_context import WorkerContext
from comp_pool.worker_loop import WorkerLoop

# Between the cancellation of all units and the end: time to give leases back.
CANCEL_SECONDS = 5.0


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
            try:
                message = self._messages.get(timeout=self._seconds_left())
            except queue.Empty:
                # The deadline of a shutdown has the effect of another interrupt.
                message = "interrupt"
            if message == "ended":
                running -= 1
            elif self._context.cancelled.is_set():
                return
            else:
                self._shut_down()

    def _seconds_left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

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
        self._context.draining.set()
        self._context.cancelled.set()
        for loop in self._loops:
            loop.cancel()
