"""The run time of a unit: what its volunteer says, as far as the pool's own clock permits it."""

from __future__ import annotations

import pytest

from pool.submission import run_seconds_of
from pool.tokens import LeaseToken
from tests.storage.helpers import FixedClock

NOW = 1_417_511_349_000  # Milliseconds of the epoch.


def leased(seconds_ago: float) -> LeaseToken:
    started = NOW - round(seconds_ago * 1000)
    return LeaseToken("a" * 16, started, started + 300_000, "")


@pytest.mark.parametrize(
    ("told", "seconds_ago", "stored"),
    [
        (2.5, 7, 2.5),
        (0, 7, 0),
        (None, 7, 7),
        (999_999_999, 7, 7),
        (-1, 7, 0),
        (2.5, -60, 0),  # The clock was set back.
        (None, -60, 0),
        (2.5, 86_400, 2.5),  # It was set forth.
        (None, 86_400, 300),
        (2.5, 0, 0),
    ],
)
def test_a_run_time_is_at_most_the_time_since_the_lease(told: float | None, seconds_ago: float, stored: float) -> None:
    assert run_seconds_of(told, leased(seconds_ago), FixedClock(NOW * 1000)) == stored


@pytest.mark.parametrize("told", [None, 2.5])
def test_without_a_lease_there_is_none(told: float | None) -> None:
    assert run_seconds_of(told, None, FixedClock(NOW * 1000)) is None
