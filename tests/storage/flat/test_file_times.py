"""Times of files that are no times of this host: copied from one whose clock was ahead, or set by another program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.errors import LeaseLost
from storage.flat import FlatStore
from tests.storage.helpers import JOB

DAY = 86_400


def set_time(marker: Path, seconds: float) -> None:
    """Sets the times of a file to so many seconds from now."""
    time = marker.stat().st_mtime + seconds
    os.utime(marker, (time, time))


@pytest.mark.parametrize("seconds", [-10 * 365 * DAY, -DAY, DAY, 10 * 365 * DAY])
def test_a_lease_is_as_long_as_requested_whatever_the_time_of_the_marker(
    store: FlatStore, job_directory: Path, seconds: float
) -> None:
    (marker,) = job_directory.glob("queue/open/*/a")
    set_time(marker, seconds)
    for _ in range(3):
        lease = store.leases.lease_variable(JOB, "a", 60)
        assert lease is not None
        assert 60_000 <= lease.deadline - store.clock.now_milliseconds() + 1000 <= 60 * 1040 + 1000
        store.leases.give_back(JOB, "a", lease.identity)
        with pytest.raises(LeaseLost):
            store.leases.give_back(JOB, "a", lease.identity)


def test_no_former_lease_ends_the_next_one_under_a_time_in_the_future(store: FlatStore, job_directory: Path) -> None:
    (marker,) = job_directory.glob("queue/open/*/a")
    set_time(marker, DAY)
    former = store.leases.lease_variable(JOB, "a", 60)
    assert former is not None
    store.leases.give_back(JOB, "a", former.identity)
    assert store.leases.lease_variable(JOB, "a", 60) is not None
    with pytest.raises(LeaseLost):
        store.leases.give_back(JOB, "a", former.identity)
    assert store.variables.state(JOB, "a") == "leased"
