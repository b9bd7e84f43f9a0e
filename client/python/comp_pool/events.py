"""What happens to a volunteer, as told to whoever displays it, and the sums of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "leased",
    "accepted",
    "late",
    "rejected",
    "refused",
    "error",
    "returned",
    "lost",
    "aside",
    "waiting",
    "offline",
    "stopping",
]

# How a leased variable may end. Each of them ends one unit.
ENDINGS = ("accepted", "late", "rejected", "refused", "error", "returned", "lost")


@dataclass(frozen=True)
class Event:
    """One thing that happened to a worker (0: to all); `seconds` is how long a function ran, or a wait is."""

    kind: Kind
    worker: int
    job: str = ""
    variable: str = ""
    seconds: float = 0.0
    message: str = ""


Listener = Callable[[Event], None]


@dataclass
class Totals:
    """How many units ended in which way."""

    counts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, event: Event) -> None:
        """Count an event that ends a unit."""
        if event.kind in ENDINGS:
            with self._lock:
                self.counts[event.kind] = self.counts.get(event.kind, 0) + 1

    def __getitem__(self, kind: str) -> int:
        return self.counts.get(kind, 0)

    def summary(self) -> str:
        """Return the sums in one line: those that are always of interest, and the others where there are any."""
        always = [f"{self[kind]} {kind}" for kind in ("accepted", "rejected", "late")]
        others = [f"{self[kind]} {kind}" for kind in ("refused", "returned", "lost") if self[kind]]
        errors = "1 error" if self["error"] == 1 else f"{self['error']} errors"
        return ", ".join([*always, errors, *others])
