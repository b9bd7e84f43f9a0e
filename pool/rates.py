"""Request rates: a token bucket for each address prefix, in each process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from pool.errors import LimitReached
from storage.clock import Clock

# Requests at once: a class that opens the pool's pages in one minute.
BURST = 2000
# What an accepted result returns: a lease, the result, and a share of what a volunteer requests besides.
REQUESTS_PER_RESULT = 4
PREFIXES_KEPT = 10_000
TOO_MANY = "too many requests from this address: each accepted result permits more"


@dataclass
class _Bucket:
    tokens: float
    at: float


class Rates:
    """`per_second` requests of one prefix are served for good, and `burst` at once; work done is free."""

    def __init__(self, clock: Clock, per_second: float, burst: int = BURST, refusal: str = TOO_MANY) -> None:
        self.burst = burst
        self._clock, self._per_second, self._refusal = clock, per_second, refusal
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, prefix: str) -> None:
        """Counts a request. Raises LimitReached."""
        with self._lock:
            bucket = self._refilled(prefix)
            if bucket.tokens < 1:
                wait = (1 - bucket.tokens) / self._per_second
                raise LimitReached(self._refusal, wait)
            bucket.tokens -= 1

    def credit(self, prefix: str) -> None:
        """Counts an accepted result."""
        with self._lock:
            bucket = self._refilled(prefix)
            bucket.tokens = min(self.burst, bucket.tokens + REQUESTS_PER_RESULT)

    def _refilled(self, prefix: str) -> _Bucket:
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(prefix, _Bucket(self.burst, now))
        refilled = bucket.tokens + (now - bucket.at) * self._per_second
        bucket.tokens, bucket.at = min(self.burst, refilled), now
        self._buckets.move_to_end(prefix)
        # The one unused for the longest time is full again, or nearly.
        if len(self._buckets) > PREFIXES_KEPT:
            self._buckets.popitem(last=False)
        return bucket
