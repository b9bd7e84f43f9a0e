"""What the functions of a job had to say, noted for its owner: every word of a few, and the number of a flood."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from storage.base import Store

PER_MINUTE = 60


@dataclass
class _Minute:
    began: float = 0.0
    noted: int = 0
    unnoted: int = 0


class Reports:
    """Each process notes so many reports a minute of each function: anyone can make a validator fail at will."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._minutes: dict[tuple[str, str], _Minute] = {}
        self._lock = threading.Lock()

    def note(self, job_id: str, function: str, message: str | None, console: str) -> None:
        """Notes a failure with its message, or (None) only what was written to the console."""
        errors = self._errors_to_note(job_id, function, is_error=message is not None)
        if errors is not None:
            self._store.report(job_id, function, message, console, errors)

    def _errors_to_note(self, job_id: str, function: str, is_error: bool) -> int | None:
        """How many errors the next note stands for; None where the minute is full."""
        with self._lock:
            minute = self._minutes.setdefault((job_id, function), _Minute())
            if time.monotonic() - minute.began > 60:
                minute.began, minute.noted = time.monotonic(), 0
            if minute.noted >= PER_MINUTE:
                minute.unnoted += is_error
                return None
            minute.noted += 1
            errors, minute.unnoted = minute.unnoted + is_error, 0
            return errors
