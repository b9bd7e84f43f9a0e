"""How a volunteer's events are shown: as a live table on a terminal, as plain lines anywhere else."""

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

from comp_pool.events import ENDINGS, Event, Totals

LONGEST_LINE = 300
LASTING = ("waiting", "offline", "aside", "stopping")
STYLES = {
    "stopping": "bold",
    "error": "red",
    "rejected": "yellow",
    "refused": "yellow",
    "lost": "red",
    "aside": "yellow",
}


def printable(text: str) -> str:
    """Return a text of strangers without what could command a terminal, and not too long."""
    shown = "".join(character if character.isprintable() else " " for character in text[: LONGEST_LINE + 1])
    return shown if len(shown) <= LONGEST_LINE else shown[: LONGEST_LINE - 1] + "…"


def line(event: Event) -> str:
    """Return an event as one line."""
    where = f"{event.job}/{event.variable}" if event.variable else event.job
    if event.kind in ("accepted", "late"):
        return printable(f"{event.kind} {where} in {event.seconds:.2f} s")
    if event.kind in LASTING:
        parts = [event.kind, *([where] if where else []), f"for {event.seconds:.0f} s: {event.message}"]
        return printable(" ".join(parts))
    return printable(f"{event.kind} {where}: {event.message}")


def summary(totals: Totals, seconds: float) -> str:
    """Return the sums of a run, and its rate, as one line."""
    units = sum(totals.counts.values())
    rate = units * 60 / seconds if seconds > 0 else 0.0
    return f"{totals.summary()}; {units} units in {seconds:.1f} s ({rate:.1f} a minute)"


class PlainLog:
    """One line for each unit that ends, and one where a state begins that lasts."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._states: dict[int, str] = {}
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        with self._lock:
            repeated = self._states.get(event.worker) == event.kind
            self._states[event.worker] = event.kind
            if event.kind in ENDINGS or event.kind == "aside" or (event.kind != "leased" and not repeated):
                self.say(line(event))

    def say(self, text: str) -> None:
        """Write a line at once."""
        self._stream.write(text + "\n")
        self._stream.flush()


@dataclass
class Row:
    """What a worker is doing."""

    doing: str = "looking for a job"
    job: str = ""
    variable: str = ""
    since: float = field(default_factory=time.monotonic)


class LiveTable:
    """A table of the workers and the sums, redrawn in place; lines for what went wrong pass above it."""

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
        doing = "computing" if event.kind == "leased" else event.kind
        if event.worker in self._rows:
            self._rows[event.worker] = Row(doing, event.job, event.variable)
        if event.kind in STYLES:
            self._live.console.print(Text(line(event), style=STYLES[event.kind]))

    def _render(self) -> RenderableType:
        table = Table(box=None, pad_edge=False)
        for name in ("worker", "", "job", "variable", "for"):
            table.add_column(name, style="dim" if name == "worker" else "")
        for number, row in self._rows.items():
            elapsed = f"{time.monotonic() - row.since:.0f} s"
            cells = (str(number), row.doing, row.job, row.variable, elapsed)
            table.add_row(*(Text(printable(cell)) for cell in cells))
        return Group(table, Text(summary(self._totals(), time.monotonic() - self._started), style="bold"))


def on_terminal(stream: TextIO = sys.stdout) -> bool:
    """Tell whether a person watches."""
    return stream.isatty()
