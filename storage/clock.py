"""The clock of a pool: whatever the pool and its store do by time (leases, tokens, counts, retries), they do by it.

Only a wait for another process (a sandbox child that must respond in time) is by the system's clock, and so are the
times that the file system gives to files.
"""

from __future__ import annotations

import functools
import threading
import time
from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Clock:
    """The system's clock."""

    def now_microseconds(self) -> int:
        """Microseconds of the Unix epoch."""
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        """Seconds since some moment; setting the system's clock does not change them."""
        return time.monotonic()

    def now_milliseconds(self) -> int:
        """Milliseconds of the Unix epoch."""
        return self.now_microseconds() // 1000

    def now_datetime(self) -> datetime:
        """In UTC, to the microsecond."""
        return _EPOCH + timedelta(microseconds=self.now_microseconds())

    def now_text(self) -> str:
        """The time in the format of documents: RFC 3339, UTC, milliseconds."""
        second, microsecond = divmod(self.now_microseconds(), 1_000_000)
        return f"{_text_of_second(second)}.{microsecond // 1000:03}Z"

    @staticmethod
    def text_of(moment: datetime) -> str:
        """A time in UTC in the format of documents."""
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @staticmethod
    def moment_of(text: str) -> datetime:
        """The time in a document. Raises ValueError."""
        return datetime.fromisoformat(text.replace("Z", "+00:00"))


@functools.lru_cache(maxsize=8)
def _text_of_second(second: int) -> str:
    # Cached, since each result has a time, and formatting one takes long.
    return (_EPOCH + timedelta(seconds=second)).isoformat().replace("+00:00", "")


class ManualClock(Clock):
    """A clock for tests: it begins at the system's time and stands still until `advance`, so that no test sleeps.

    Each reading is a microsecond later than the last one: ids made one after the other sort in this order. It begins
    at a whole millisecond: the first 999 readings are in that one.
    """

    def __init__(self) -> None:
        self._microseconds = super().now_microseconds() // 1000 * 1000
        self._set_back = 0
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        """Lets so much time pass; a negative number sets the clock back, which `monotonic` does not follow."""
        change = round(seconds * 1_000_000)
        with self._lock:
            self._microseconds += change
            self._set_back += max(0, -change)

    def now_microseconds(self) -> int:
        with self._lock:
            self._microseconds += 1
            return self._microseconds

    def monotonic(self) -> float:
        return (self._microseconds + self._set_back) / 1_000_000
