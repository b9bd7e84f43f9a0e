"""What a run shows on standard error: lines, and on a terminal a bar with the rate and the time left."""

import sys
from typing import Any, Protocol, TextIO

from comp_pool.display import printable


class Screen(Protocol):
    """Shows the state of a run."""

    def update(self, finished: int, read: int, is_complete: bool) -> None:
        """Show how many items are finished, of how many that have been read; `is_complete`: none follows."""

    def line(self, text: str) -> None:
        """Show a line."""

    def hint(self, text: str) -> None:
        """Show a line that nobody must know."""

    def close(self) -> None:
        """Remove what is not lasting."""


class Lines:
    """Lines alone; without hints where `is_quiet`."""

    def __init__(self, stream: TextIO | None = None, *, is_quiet: bool = False) -> None:
        self._stream, self._is_quiet = stream or sys.stderr, is_quiet

    def update(self, finished: int, read: int, is_complete: bool) -> None:
        """Nothing is redrawn."""

    def line(self, text: str) -> None:
        """Write a line."""
        self._stream.write(f"comp-pool: {printable(text)}\n")
        self._stream.flush()

    def hint(self, text: str) -> None:
        """Write a line, unless it is to be quiet."""
        if not self._is_quiet:
            self.line(text)

    def close(self) -> None:
        """Nothing is to be removed."""


class Bar:
    """A bar, redrawn in place, with lines above it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        # Slow to load, and needed on terminals alone.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(file=stream or sys.stderr)
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
        # On the same terminal rich writes results above the bar; what goes to a file or a pipe is not its business.
        is_shared = sys.stdout.isatty()
        self._progress: Any = Progress(
            *columns, console=console, transient=True, refresh_per_second=5, redirect_stdout=is_shared
        )
        self._task = self._progress.add_task("", total=None, rate="")
        self._progress.start()

    def update(self, finished: int, read: int, is_complete: bool) -> None:
        """Redraw the bar."""
        speed = self._progress.tasks[0].speed
        rate = "" if speed is None else f"{speed:.3g}/s"
        more = "" if is_complete else " (reading)"
        self._progress.update(self._task, completed=finished, total=read or None, rate=rate + more)

    def line(self, text: str) -> None:
        """Write a line above the bar."""
        # As Text: brackets are no markup.
        from rich.text import Text

        self._progress.console.print(Text(f"comp-pool: {printable(text)}"))

    def hint(self, text: str) -> None:
        """Write a line above the bar."""
        self.line(text)

    def close(self) -> None:
        """Remove the bar."""
        self._progress.stop()
