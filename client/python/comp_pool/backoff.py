"""Delays between retries, in seconds.

All have jitter: volunteers that a pool turned away together must not return together.
"""

import random

from comp_pool.retry_policy import POLICY, is_retryable, retry_after_of


def exponential(first: float, failures: int, longest: float) -> float:
    """Return a delay that is twice as long after each failure after the first."""
    # 2.0 ** 1024 overflows, and a pool that is away for a night leads to as many failures.
    return min(first * 2.0 ** min(failures, 100), longest)


def jittered(seconds: float = POLICY.default_delay) -> float:
    """Return a delay around `seconds`, clamped."""
    return _clamped(seconds, POLICY.max_delay) * _random_between(1 - POLICY.jitter, 1 + POLICY.jitter)


def retry_after_delay(retry_after: float | None) -> float:
    """Return a delay that honours Retry-After (None: the default delay): never shorter, somewhat longer."""
    if retry_after is None:
        return jittered()
    return _clamped(retry_after, POLICY.max_retry_after) * _random_between(1, 1 + POLICY.jitter)


def call_delay(ex: Exception, attempt: int, first_delay: float) -> float | None:
    """Return the delay after an attempt of a call (counted from 1).

    None if the error is final, or its Retry-After too long for a caller to be blocked.
    """
    return attempt_delay(ex, attempt, first_delay) if is_retryable(ex) else None


def attempt_delay(ex: Exception, attempt: int, first_delay: float) -> float | None:
    """Return the delay of `call_delay` after any error."""
    retry_after = retry_after_of(ex)
    if (retry_after or 0.0) > POLICY.call_max_delay:
        return None
    # Full jitter: with so few attempts, clients that failed together must spread at once.
    delay = _random_between(0, exponential(first_delay, attempt - 1, POLICY.call_max_delay))
    if retry_after is None:
        return delay
    return min(max(delay, retry_after_delay(retry_after)), POLICY.call_max_delay)


def _clamped(seconds: float, longest: float) -> float:
    return min(max(seconds, POLICY.min_delay), longest)


def _random_between(least: float, greatest: float) -> float:
    return least + random.random() * (greatest - least)  # noqa: S311


class Backoff:
    """Exponential backoff: each delay is twice the one before it."""

    def __init__(self) -> None:
        self.failures = 0

    def next(self, retry_after: float | None = None) -> float:
        """Count a failure in a row; return the delay before the next attempt, in seconds, `retry_after` at least."""
        delay = jittered(exponential(POLICY.first_delay, self.failures, POLICY.max_delay))
        self.failures += 1
        return delay if retry_after is None else max(delay, retry_after_delay(retry_after))

    def reset(self) -> None:
        """Start again with the first delay, after a success."""
        self.failures = 0
