"""This computer as a volunteer of a run's job, in the process of the command."""

import threading
from collections.abc import Callable
from dataclasses import replace

from comp_pool.client import Client
from comp_pool.clock import Clock
from comp_pool.errors import Excluded, Unreachable
from comp_pool.leases import Lease, NoWork
from comp_pool.links import Document
from comp_pool.options import Options
from comp_pool.retry_policy import Retries
from comp_pool.volunteer import Volunteer

# The poster knows that variables come at any moment: it waits no longer than this for them.
MAX_WAIT = 0.5
END_SECONDS = 10.0


class ShortWaits(Clock):
    """The system's clock; a worker without work looks again soon."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until an event is set, for a short time at most."""
        return super().wait(event, min(seconds, MAX_WAIT))


class ShortPauses(Client):
    """A client whose worker pauses a job without open variables for a short time, whatever the pool's Retry-After."""

    def lease(self, job: Document) -> Lease | NoWork:
        """Lease a variable, as `Client` does."""
        lease = super().lease(job)
        return replace(lease, retry_after=MAX_WAIT) if isinstance(lease, NoWork) else lease

    def lease_many(self, job: Document, count: int) -> list[Lease] | NoWork:
        """Lease variables, as `Client` does."""
        leases = super().lease_many(job, count)
        return replace(leases, retry_after=MAX_WAIT) if isinstance(leases, NoWork) else leases


class Lender:
    """Computes the units of one job from `start` to `close`. `show` is called with a line if the pool refuses it."""

    def __init__(self, url: str, volunteer: str, job_id: str, workers: int, show: Callable[[str], object]) -> None:
        self._client = ShortPauses(url, volunteer=volunteer, retries=Retries(attempts=1), clock=ShortWaits())
        self._volunteer = Volunteer(self._client, Options(workers=workers, job=job_id))
        self._show = show
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to compute."""
        self._thread.start()

    def _run(self) -> None:
        try:
            self._volunteer.run()
        except (Excluded, Unreachable) as ex:
            self._show(f"this computer does not help any more: {ex}")

    def close(self) -> None:
        """Give back what is not computed."""
        if self._thread.is_alive():
            # Twice: at once, without the time to finish.
            self._volunteer.interrupt()
            self._volunteer.interrupt()
            self._thread.join(END_SECONDS)
        self._client.close()
