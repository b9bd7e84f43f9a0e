"""Events of a volunteer, for its display, and their counts."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

Outcome = Literal["accepted", "late", "rejected", "refused", "error", "returned", "lost"]
Kind = Literal[Outcome, "leased", "extended", "not-extended", "backoff", "waiting", "limit", "offline", "stopping"]

# Each of them ends one unit.
OUTCOMES: tuple[str, ...] = get_args(Outcome)


class Event(NamedTuple):
    """One event of a worker (0: of all).

    `seconds` is the run time of a unit, or the length of a wait or of an extended lease; `console` is what a unit
    printed that was of no use.
    """

    kind: Kind
    worker: int
    job: str = ""
    variable: str = ""
    seconds: float = 0.0
    message: str = ""
    console: str = ""


Listener = Callable[[Event], None]


@dataclass
class Totals:
    """The number of units by outcome. Thread-safe."""

    counts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, event: Event) -> None:
        """Count an event that ends a unit; ignore others."""
        if event.kind in OUTCOMES:
            with self._lock:
                self.counts[event.kind] = self.counts.get(event.kind, 0) + 1

    def __getitem__(self, kind: str) -> int:
        return self.counts.get(kind, 0)

    def summary(self) -> str:
        """Return the counts in one line; unusual outcomes only where there are any."""
        always = [f"{self[kind]} {kind}" for kind in ("accepted", "rejected", "late")]
        others = [f"{self[kind]} {kind}" for kind in ("refused", "returned", "lost") if self[kind]]
        errors = "1 error" if self["error"] == 1 else f"{self['error']} errors"
        return ", ".join([*always, errors, *others])
