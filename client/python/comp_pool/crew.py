"""What the workers of one volunteer share: when to stop, how many units are left, which jobs to leave alone."""

import threading
import time
from dataclasses import dataclass

from comp_pool.abilities import Abilities, find_abilities
from comp_pool.client import Client
from comp_pool.events import Event, Listener, Totals
from comp_pool.leases import Nothing
from comp_pool.links import Document
from comp_pool.pauses import Aside
from comp_pool.worker import MEBIBYTE


@dataclass(frozen=True)
class Options:
    """How a volunteer works.

    `job`, or jobs by `scheduler` of these `owners`; at most `units` units; ends after `idle_exit` seconds with
    nothing to do. An interrupted unit may go on for `grace` seconds; each ends after `unit_seconds`, however
    often its lease has been extended. `abilities` are found out where they are not given.
    """

    workers: int = 1
    owners: tuple[str, ...] = ()
    job: str | None = None
    scheduler: str | None = None
    units: int | None = None
    idle_exit: float | None = None
    memory_bytes: int = 512 * MEBIBYTE
    result_bytes: int = MEBIBYTE
    grace: float = 10.0
    unit_seconds: float = 3600.0
    abilities: Abilities | None = None


class Crew:
    """The state that workers share; all methods may be called from any thread."""

    def __init__(self, client: Client, options: Options, listener: Listener) -> None:
        self.client = client
        self.options = options
        self.aside = Aside()
        self.totals = Totals()
        self.stopping = threading.Event()
        self.aborted = threading.Event()
        self._listener = listener
        self._lock = threading.Lock()
        self._units_left = options.units
        self._computing = 0
        self._idle_since = time.monotonic()
        self._chosen: Document | None = None
        self._abilities = options.abilities
        self._finding = threading.Lock()

    @property
    def abilities(self) -> Abilities:
        """What can be computed here; the first to ask waits while that is found out."""
        with self._finding:
            if self._abilities is None:
                self._abilities = find_abilities(self.options.memory_bytes)
            return self._abilities

    def emit(self, event: Event) -> None:
        """Count an event and pass it on."""
        self.totals.add(event)
        self._listener(event)

    def take(self) -> bool:
        """Reserve a unit; False where no more is wanted."""
        with self._lock:
            if self.stopping.is_set() or self._units_left == 0:
                return False
            if self._units_left is not None:
                self._units_left -= 1
            return True

    def untake(self) -> None:
        """Return a reservation, since there was nothing to lease."""
        with self._lock:
            if self._units_left is not None:
                self._units_left += 1

    def begin(self) -> None:
        """Note that a unit is being worked on."""
        with self._lock:
            self._computing += 1

    def end(self) -> None:
        """Note that a unit has ended."""
        with self._lock:
            self._computing -= 1
            self._idle_since = time.monotonic()

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond a stop, nor beyond the time that the crew may be idle: then it stops."""
        limit = self.options.idle_exit
        self.stopping.wait(seconds if limit is None else min(seconds, max(0.0, self._idle_left(limit))))
        if limit is not None and self._idle_left(limit) <= 0:
            self.stopping.set()

    def _idle_left(self, limit: float) -> float:
        with self._lock:
            busy = self._computing > 0
            return limit if busy else self._idle_since + limit - time.monotonic()

    def choose(self) -> Document | Nothing:
        """Return the job to work for next: the one that was named, or what the scheduler says."""
        options = self.options
        if options.job is None:
            abilities = self.abilities
            return self.client.schedule(
                owners=options.owners, scheduler=options.scheduler, can=abilities.can, memory_mb=abilities.memory_mb
            )
        known = self._chosen
        self._chosen = self.client.job(options.job) if known is None else self.client.reload(known)
        return self._chosen
