"""The progress of a check, as `comp-pool check` writes it: a line a second, on a terminal each over the last one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from storage.base import CheckProgress

SECONDS = 1.0


class ProgressLine:
    """Called with each progress, it writes the first at once, then one a second, and the last."""

    def __init__(self, stream: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._monotonic = stream, monotonic
        self._began: float | None = None
        self._last = 0.0

    def __call__(self, progress: CheckProgress) -> None:
        now = self._monotonic()
        is_due = self._began is None or now - self._last >= SECONDS or progress.fraction >= 1
        if self._began is None:
            self._began = now
        if is_due:
            self._last = now
            self._write(text_of(progress, now - self._began), is_last=progress.fraction >= 1)

    def _write(self, text: str, is_last: bool) -> None:
        before = "\r\033[K" if self._stream.isatty() else ""
        # A finding that is printed next begins a line of its own only after the last one: they go to another stream.
        after = "" if before and not is_last else "\n"
        self._stream.write(f"{before}{text}{after}")
        self._stream.flush()


def text_of(progress: CheckProgress, seconds: float) -> str:
    """How far a check is that has taken so many seconds."""
    jobs = f"checked {progress.jobs_done:,} of {progress.jobs:,} jobs"
    if not progress.documents or not seconds or not progress.fraction:
        return jobs
    rate = f"{progress.documents:,} documents, {progress.documents / seconds:,.0f} a second"
    left = seconds * (1 - progress.fraction) / progress.fraction
    return f"{jobs}: {rate}, {progress.fraction:.0%}, about {left:,.0f} s left"
