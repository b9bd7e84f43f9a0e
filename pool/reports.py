"""Reports for the owner of a job: errors of its functions and their console output, limited in rate."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from storage.base import Store

PER_MINUTE = 60


@dataclass
class _Minute:
    began: float = 0.0
    recorded: int = 0
    suppressed_errors: int = 0


class Reports:
    """Each process records a limited number per minute and function: anyone can make a validator fail at will."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._minutes: dict[tuple[str, str], _Minute] = {}
        self._lock = threading.Lock()

    def add(self, job_id: str, function: str, message: str | None, console: str) -> None:
        """Records an error with its message or, with None, only console output."""
        errors = self._errors_to_record(job_id, function, is_error=message is not None)
        if errors is not None:
            self._store.counts.report(job_id, function, message, console, errors)

    def _errors_to_record(self, job_id: str, function: str, is_error: bool) -> int | None:
        """The number of errors of the next report, suppressed ones included; None above the limit."""
        with self._lock:
            minute = self._minutes.setdefault((job_id, function), _Minute())
            # The monotonic clock: setting the system clock must not suppress reports.
            if self._store.clock.monotonic() - minute.began > 60:
                minute.began, minute.recorded = self._store.clock.monotonic(), 0
            if minute.recorded >= PER_MINUTE:
                minute.suppressed_errors += is_error
                return None
            minute.recorded += 1
            errors, minute.suppressed_errors = minute.suppressed_errors + is_error, 0
            return errors
