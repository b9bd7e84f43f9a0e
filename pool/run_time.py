"""The run time of a unit: what its volunteer says, as far as the pool's own clock permits it."""

from __future__ import annotations

from pool.tokens import LeaseToken
from storage.clock import Clock


def run_seconds_of(told: float | None, lease: LeaseToken | None, clock: Clock) -> float | None:
    """The lesser of what was told and the time from lease to result; None without a lease."""
    if lease is None:
        return None
    elapsed = max(0.0, (clock.now_milliseconds() - lease.started) / 1000)
    return elapsed if told is None else max(0.0, min(told, elapsed))
