"""Reports for the owner of a job: errors of its functions and their console output, limited in rate."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from storage.base import Store

PER_MINUTE = 60
# Characters of what a unit printed; a validator prints as many at most.
MAX_CONSOLE = 4096


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
        self._consoles: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def add_console(self, job_id: str, prefix: str, console: str) -> None:
        """Records what a unit printed, once a minute of each address: owners see the latest alone."""
        if self._is_first_in_minute(job_id, prefix):
            self.add(job_id, "execute_function", None, console[:MAX_CONSOLE])

    def _is_first_in_minute(self, job_id: str, prefix: str) -> bool:
        now = self._store.clock.monotonic()
        with self._lock:
            while self._consoles and now - next(iter(self._consoles.values())) > 60:
                self._consoles.popitem(last=False)
            is_first = (job_id, prefix) not in self._consoles
            self._consoles.setdefault((job_id, prefix), now)
            return is_first

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
