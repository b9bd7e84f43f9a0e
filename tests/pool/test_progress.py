"""Progress of a job: what its counts say, its rate, and the estimated time to completion."""

from __future__ import annotations

from typing import Any

import pytest

from pool.progress import errors_of, progress_of
from storage.base import Counts
from tests.storage.helpers import FixedClock

MINUTE = 29_000_000  # Of the epoch.


def shown(counts: Counts, seconds: float = 0, to_owner: bool = False) -> dict[str, Any]:
    """`seconds` after the beginning of MINUTE."""
    clock = FixedClock(int((MINUTE * 60 + seconds) * 1_000_000))
    return progress_of({"state": "open"}, counts, clock, to_owner)


def test_a_new_job_has_nothing_to_show() -> None:
    assert shown(Counts()) == {
        "state": "open",
        "variables": dict.fromkeys(("total", "open", "leased", "held", "done", "failed", "withdrawn"), 0),
        "results": {"accepted": 0, "rejected": 0, "failures": 0},
        "complete": False,
        "results_per_minute": 0,
        "mean_run_seconds": None,
        "median_run_seconds": None,
        "eta_seconds": None,
    }


def test_variables_and_results_are_counted() -> None:
    counts = Counts(posted=15, accepted=1, rejected=7, failed=2, withdrawn=3, leased=4, held=1, failures=6)
    counts.run_seconds, counts.timed_results, counts.recent_seconds = 9, 2, [8, 1, 2, 1]
    found = shown(counts)
    assert list(found["variables"].values()) == [15, 4, 4, 1, 1, 2, 3]
    assert found["results"] == {"accepted": 1, "rejected": 7, "failures": 6}
    assert (found["mean_run_seconds"], found["median_run_seconds"]) == (4.5, 1.5)


@pytest.mark.parametrize(
    ("counts", "complete"),
    [
        (Counts(), False),
        (Counts(posted=2, accepted=2), True),
        (Counts(posted=2, accepted=1, withdrawn=1), True),
        (Counts(posted=2, accepted=1), False),
        (Counts(posted=2, accepted=1, leased=1), False),
        (Counts(posted=2, accepted=1, failed=1), False),
    ],
)
def test_a_job_is_complete_when_nothing_is_left_to_do(counts: Counts, complete: bool) -> None:
    assert shown(counts)["complete"] is complete


@pytest.mark.parametrize(
    ("per_minute", "seconds", "rate"),
    [
        ({MINUTE: 3}, 30, 6),
        ({MINUTE: 3}, 0, 180),  # As over one second.
        ({MINUTE - 1: 6}, 30, 4),
        ({MINUTE - 5: 10, MINUTE: 1}, 30, 2),
        ({MINUTE - 6: 1000, MINUTE: 11}, 30, 2),  # Older than the window, which it begins nevertheless.
        ({MINUTE - 100: 1000}, 30, 0),
        ({MINUTE + 60: 1000}, 30, 0),  # Before the clock was set back by an hour.
        ({MINUTE: 3, MINUTE + 1: 1000}, 30, 6),
    ],
)
def test_the_rate_is_that_of_the_last_minutes(per_minute: dict[int, int], seconds: float, rate: float) -> None:
    assert shown(Counts(per_minute=per_minute), seconds)["results_per_minute"] == rate


@pytest.mark.parametrize(
    ("counts", "eta"),
    [
        (Counts(posted=10, accepted=2, leased=3, per_minute={MINUTE: 2}), 120),
        (Counts(posted=10, accepted=2, failed=4, withdrawn=3, per_minute={MINUTE: 2}), 15),
        (Counts(posted=2, accepted=2, per_minute={MINUTE: 2}), None),
        (Counts(posted=2, accepted=1), None),
    ],
)
def test_the_eta_is_the_time_for_open_and_leased_variables_at_this_rate(counts: Counts, eta: int | None) -> None:
    assert shown(counts, seconds=30)["eta_seconds"] == eta


def test_only_the_owner_sees_reports() -> None:
    counts = Counts(reports={"validate_result": {"errors": 1}})
    assert shown(counts, to_owner=True)["reports"] == {"validate_result": {"errors": 1}}
    assert "reports" not in shown(counts)


def group(message: str, count: int, last: str = "2014") -> dict[str, Any]:
    return {"message": message, "count": count, "last": last}


def test_the_owner_sees_the_most_frequent_errors() -> None:
    errors = {name: group(name, count) for name, count in (("a", 1), ("b", 3), ("c", 2), ("d", 9), ("e", 8), ("f", 7))}
    found = shown(Counts(errors=errors), to_owner=True)["errors"]
    assert [group["message"] for group in found] == ["d", "e", "f", "b", "c"]
    assert "errors" not in shown(Counts(errors=errors))


def test_errors_of_one_count_are_in_the_order_of_their_last_one() -> None:
    errors = {"a": group("a", 1, "2015"), "b": group("b", 1, "2014")}
    assert [group["message"] for group in errors_of(Counts(errors=errors))] == ["b", "a"]


def test_progress_of_a_paused_job_has_the_reason() -> None:
    paused = {"at": "2014-12-02T09:09:09.000Z", "reason": "20 variables failed"}
    job = {"state": "paused", "paused": paused}
    assert progress_of(job, Counts(), FixedClock(0), to_owner=False)["paused"] == paused
