"""Displays of a volunteer's events: a live table on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from comp_pool.events import OUTCOMES, Event, Totals

MAX_LINE = 300
# In a second.
MAX_ACCEPTED_LINES = 10
# Their seconds are still to come.
TIMED = ("extended", "waiting", "limit", "offline", "backoff", "stopping")
# The states of a worker, where they are not the kind of its last event.
STATES = {"leased": "computing", "limit": "waiting"}
STYLES = {
    "stopping": "bold",
    "error": "red",
    "rejected": "yellow",
    "refused": "yellow",
    "lost": "red",
    "not-extended": "yellow",
    "backoff": "yellow",
    "limit": "yellow",
}


def printable(text: str) -> str:
    """Return a text without control characters, cut at MAX_LINE."""
    # Names and messages come from strangers: an escape sequence in them could control the terminal.
    shown = "".join(character if character.isprintable() else " " for character in text[: MAX_LINE + 1])
    return shown if len(shown) <= MAX_LINE else shown[: MAX_LINE - 1] + "…"


def format_event(event: Event) -> str:
    """Return an event as one line, or as two where a unit that was of no use has printed something."""
    line = printable(_describe(event))
    first = next((text for text in map(str.strip, event.console.splitlines()) if text), "")
    return f"{line}\n  {printable('console: ' + first)}" if first else line


def _describe(event: Event) -> str:
    unit = f"{event.job}/{event.variable}" if event.variable else event.job
    if event.kind in ("accepted", "late"):
        return f"{event.kind} {unit} in {event.seconds:.2f} s"
    if event.kind in TIMED:
        kind = STATES.get(event.kind, event.kind)
        return " ".join([kind, *([unit] if unit else []), f"for {event.seconds:.0f} s: {event.message}"])
    return f"{event.kind} {unit}: {event.message}"


def format_totals(totals: Totals, seconds: float) -> str:
    """Return the totals of a run of some seconds, and the rate, as one line."""
    units = sum(totals.counts.values())
    rate = units * 60 / seconds if seconds > 0 else 0.0
    return f"{totals.summary()}; {units} units in {seconds:.1f} s ({rate:.1f} a minute)"


class PlainLog:
    """Writes a line for each unit that ends or needs a longer lease, and for the start of each wait.

    Of the units that are accepted in one second only the first ones have a line each, the others one together.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._last_kinds: dict[int, str] = {}
        self._second = clock()
        self._lines = 0
        self._unshown: dict[str, int] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> "PlainLog":
        return self

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._begin_second()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        with self._lock:
            repeated = self._last_kinds.get(event.worker) == event.kind
            self._last_kinds[event.worker] = event.kind
            if self._clock() - self._second >= 1:
                self._begin_second()
            # A pool that is away for a night makes one line, not one for each attempt.
            is_shown = event.kind in OUTCOMES or event.kind in ("backoff", "extended", "not-extended")
            if event.kind == "accepted" and self._lines == MAX_ACCEPTED_LINES:
                self._unshown[event.job] = self._unshown.get(event.job, 0) + 1
            elif is_shown or (event.kind != "leased" and not repeated):
                self._lines += event.kind == "accepted"
                self._write_line(format_event(event))

    def _begin_second(self) -> None:
        for job, count in self._unshown.items():
            self._write_line(printable(f"accepted {count} more of {job}"))
        self._unshown.clear()
        self._second, self._lines = self._clock(), 0

    def _write_line(self, text: str) -> None:
        self._stream.write(text + "\n")
        # A log file is read while the volunteer works.
        self._stream.flush()


@dataclass
class Row:
    """The state of one worker in the table."""

    state: str = "looking for a job"
    job: str = ""
    variable: str = ""
    since: float = field(default_factory=time.monotonic)


class LiveTable:
    """A table of workers and totals, redrawn in place, with errors as lines above it."""

    def __init__(self, totals: Callable[[], Totals], workers: int, console: Console | None = None) -> None:
        self._totals = totals
        self._rows = {number: Row() for number in range(1, workers + 1)}
        self._started = time.monotonic()
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=4, transient=True)

    def __enter__(self) -> "LiveTable":
        self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        # The row of a unit whose lease is to be extended shows how long it has run.
        if event.worker in self._rows and event.kind not in ("extended", "not-extended"):
            self._rows[event.worker] = Row(STATES.get(event.kind, event.kind), event.job, event.variable)
        if event.kind in STYLES:
            # As Text, not as a string: rich would interpret a message's brackets as markup.
            self._live.console.print(Text(format_event(event), style=STYLES[event.kind]))

    def _render(self) -> RenderableType:
        table = Table(box=None, pad_edge=False)
        for name in ("worker", "", "job", "variable", "for"):
            table.add_column(name, style="dim" if name == "worker" else "")
        for number, row in self._rows.items():
            elapsed = f"{time.monotonic() - row.since:.0f} s"
            cells = (str(number), row.state, row.job, row.variable, elapsed)
            table.add_row(*(Text(printable(cell)) for cell in cells))
        return Group(table, Text(format_totals(self._totals(), time.monotonic() - self._started), style="bold"))


def is_terminal(stream: TextIO = sys.stdout) -> bool:
    """Return whether a stream is a terminal."""
    return stream.isatty()
