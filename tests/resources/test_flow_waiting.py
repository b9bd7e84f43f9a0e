"""How long volunteers are asked to wait where a flow may soon have something for them."""

from __future__ import annotations

import pytest

from tests.conftest import PoolApp

NOTHING = {"jobs": [{"job": "/jobs/second"}], "dependent": {"jobs": [{"job": "/jobs/first"}]}}


@pytest.fixture
def flow(pool: PoolApp) -> PoolApp:
    """A pool with a flow whose one open step is leased."""
    for name in ("first", "second"):
        pool.post_job(name)
    pool.post_variable("/jobs/first")
    pool.post_json("/flows", NOTHING, headers=pool.owner, status=201)
    pool.lease("/jobs/first")
    return pool


@pytest.mark.parametrize("name", ["first", "second"])
def test_jobs_of_a_running_flow_are_asked_again_soon(flow: PoolApp, name: str) -> None:
    assert flow.get(f"/jobs/{name}/variables", status=204).headers["Retry-After"] == "1"


def test_as_soon_as_a_unit_takes(flow: PoolApp) -> None:
    variable = flow.post_variable("/jobs/second", "long")
    flow.post_json(f"{variable}/results", 1, headers={"Run-Seconds": "7"}, status=201)
    assert flow.get("/jobs/second/variables", status=204).headers["Retry-After"] == "7"


def test_jobs_of_no_flow_are_not(flow: PoolApp) -> None:
    flow.post_job("third")
    assert flow.get("/jobs/third/variables", status=204).headers["Retry-After"] == "15"


def test_nor_are_those_of_a_flow_that_has_ended(flow: PoolApp) -> None:
    path = flow.get("/flows").json["_embedded"]["items"][0]["_links"]["self"]
    flow.delete(path, headers=flow.owner, status=204)
    assert flow.get("/jobs/second/variables", status=204).headers["Retry-After"] == "15"


def test_where_no_job_has_work_one_of_a_flow_is_served(flow: PoolApp) -> None:
    for number in range(20):
        flow.post_job(f"idle {number}")
    assert {flow.get("/jobs/scheduler").json["name"] for _ in range(10)} <= {"first", "second"}
