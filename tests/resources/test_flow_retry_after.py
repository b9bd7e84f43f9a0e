"""Retry-After of jobs for which a flow may soon have a step."""

from __future__ import annotations

import pytest

from tests.conftest import PoolApp

FLOW = {"jobs": [{"job": "/jobs/second"}], "dependent": {"jobs": [{"job": "/jobs/first"}]}}


@pytest.fixture
def flow(pool: PoolApp) -> PoolApp:
    """A pool with a flow whose one open step is leased."""
    for name in ("first", "second"):
        pool.post_job(name)
    pool.post_variable("/jobs/first")
    pool.post_json("/flows", FLOW, headers=pool.owner, status=201)
    pool.lease("/jobs/first")
    return pool


@pytest.mark.parametrize("name", ["first", "second"])
def test_jobs_of_a_running_flow_are_polled_soon(flow: PoolApp, name: str) -> None:
    assert flow.get(f"/jobs/{name}/variables", status=204).headers["Retry-After"] == "1"


def test_jobs_of_a_running_flow_are_polled_after_the_median_run_time(flow: PoolApp) -> None:
    flow.post_variable("/jobs/second", "long")
    link = flow.lease("/jobs/second")["post_result"]
    flow.clock.advance(7)
    flow.post_json(link, 1, status=201)
    assert flow.get("/jobs/second/variables", status=204).headers["Retry-After"] == "7"


def test_other_jobs_are_polled_at_the_usual_interval(flow: PoolApp) -> None:
    flow.post_job("third")
    assert flow.get("/jobs/third/variables", status=204).headers["Retry-After"] == "15"


def test_jobs_of_an_ended_flow_are_polled_at_the_usual_interval(flow: PoolApp) -> None:
    path = flow.get("/flows").json["_embedded"]["items"][0]["_links"]["self"]
    flow.delete(path, headers=flow.owner, status=204)
    assert flow.get("/jobs/second/variables", status=204).headers["Retry-After"] == "15"


def test_if_no_job_has_work_a_job_of_a_flow_is_preferred(flow: PoolApp) -> None:
    for number in range(20):
        flow.post_job(f"idle {number}")
    assert {flow.get("/jobs/scheduler").json["name"] for _ in range(10)} <= {"first", "second"}
