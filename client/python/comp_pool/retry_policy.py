"""Which failures are temporary, and how a request is retried."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from comp_pool.backoff import MAX_DELAY
from comp_pool.errors import PoolError, Unreachable

# 502 and 504 come from a proxy in front of a pool that is down, 507 from a full disk.
TEMPORARY = (429, 502, 503, 504, 507)
# A 500 may be temporary, or caused by this very request: the number of retries is limited.
MAX_SERVER_ERRORS = 5


@dataclass(frozen=True)
class Retries:
    """Limits of the retries of one request: attempts, and the delay after the first one (seconds, doubled each time).

    `sleep` waits between attempts. Replace it where waiting must be interruptible.
    """

    attempts: int = 5
    first_delay: float = 0.5
    sleep: Callable[[float], object] = time.sleep

    def delay(self, attempt: int, retry_after: float | None) -> float:
        """Return the seconds to wait after an attempt, counted from 0; not less than `retry_after`, up to 60."""
        longest = min(self.first_delay * 2.0**attempt, MAX_DELAY)
        jitter = random.uniform(0.5, 1.0) * longest  # noqa: S311
        return jitter if retry_after is None else min(retry_after, MAX_DELAY) + jitter / 2


def is_temporary(ex: Exception, server_errors: int = 0) -> bool:
    """Return whether a retry may succeed; `server_errors` counts the 500s so far."""
    if isinstance(ex, PoolError):
        return ex.status in TEMPORARY or (ex.status == 500 and server_errors < MAX_SERVER_ERRORS)
    return isinstance(ex, Unreachable)


def retry_after_of(ex: Exception) -> float | None:
    """Return the seconds of the pool's Retry-After, None without it."""
    return ex.retry_after if isinstance(ex, PoolError) else None
