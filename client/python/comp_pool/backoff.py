"""Delays before the next attempt, in seconds.

All have jitter: volunteers that a pool turned away together must not return together.
"""

import random

MIN_DELAY = 0.1
DEFAULT_DELAY = 5.0
MAX_DELAY = 60.0


def jittered(seconds: float | None) -> float:
    """Return a delay within 20 % of `seconds` (None: the default), clamped."""
    delay = DEFAULT_DELAY if seconds is None else seconds
    clamped = min(max(delay, MIN_DELAY), MAX_DELAY)
    return clamped * random.uniform(0.8, 1.2)  # noqa: S311


class Backoff:
    """Exponential backoff: each delay is twice the one before it."""

    def __init__(self, first: float = 0.5) -> None:
        self._first = first
        self._failures = 0

    def next(self, retry_after: float | None = None) -> float:
        """Count a failure; return the delay before the next attempt, in seconds, from about `retry_after` up."""
        delay = min(self._first * 2.0**self._failures, MAX_DELAY)
        self._failures += 1
        return jittered(max(delay, retry_after or 0.0))

    def reset(self) -> None:
        """Start again with the first delay, after a success."""
        self._failures = 0
