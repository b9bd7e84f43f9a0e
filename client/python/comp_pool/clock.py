"""The time of a client: leases, delays, pauses. Tests replace it, so that no test waits.

The network and the processes that compute have the system's time: their timeouts can't be replaced.
"""

import threading
import time


class Clock:
    """The system's clock."""

    def monotonic(self) -> float:
        """Return seconds since some time in the past."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait between two attempts of a call."""
        time.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until an event is set, some seconds at most; return whether it is set."""
        return event.wait(seconds)


SYSTEM_CLOCK = Clock()
