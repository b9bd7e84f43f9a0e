"""Histograms of run times."""

from __future__ import annotations

import itertools

import pytest

from pool.run_times import MAX_INTERVALS, histogram


def test_without_results_there_is_none() -> None:
    assert histogram([]) is None


def test_median_and_percentile_are_of_the_results() -> None:
    found = histogram([float(one) for one in range(1, 101)])
    assert found is not None
    assert (found["count"], found["median"], found["p95"]) == (100, 50.5, 95)


@pytest.mark.parametrize(
    "seconds",
    [[1.0], [0.0, 0.0], [1.0, 1.1], [0.0, 1e9], [0.001, 0.002, 5, 3600], [1.0, 10.0, 100.0, 1000.0], [2.0] * 101],
)
def test_every_result_is_in_one_interval(seconds: list[float]) -> None:
    found = histogram(seconds)
    assert found is not None
    intervals = found["intervals"]
    assert sum(one["results"] for one in intervals) == len(seconds)
    assert len(intervals) <= MAX_INTERVALS
    assert all(before["to"] == after["from"] for before, after in itertools.pairwise(intervals))
    assert all(one["from"] < one["to"] for one in intervals)
    assert intervals[0]["results"] and intervals[-1]["results"]
    assert intervals[0]["from"] <= max(min(seconds), 0.001) * 1.01
    assert intervals[-1]["to"] * 1.01 >= max(seconds)
