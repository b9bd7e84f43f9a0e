"""A failed variable blocks its entry: the flow says so and waits, until it is released or the wait is over."""

from __future__ import annotations

import pytest

from tests.conftest import MakePool, PoolApp, address
from tests.resources.flow_helpers import (
    WAIT_SECONDS,
    Document,
    fail_step,
    failure_of,
    get_flow,
    post_flow,
    post_result,
    states_of,
    step_of,
)

ALPHA, BETA = "/jobs/alpha", "/jobs/beta"
FUSSY = "(variable, result) => result === undefined || result.ok !== false"
A: Document = {"job": ALPHA}
B: Document = {"job": BETA}


@pytest.fixture
def pool(make_pool: MakePool) -> PoolApp:
    pool = make_pool()
    for name in ("Alpha", "Beta"):
        job = pool.post_job(name, validate_result=FUSSY, settings={"max_errors": 1})
        for variable in ("one", "two"):
            pool.post_variable(job, variable)
    return pool


@pytest.fixture
def flow(pool: PoolApp) -> str:
    """A flow of two entries, of which the second is blocked."""
    flow = post_flow(pool, [A], [A, B])
    post_result(pool, flow, "dependent.jobs[1]", {"ok": False}, status=422)
    return flow


def release(pool: PoolApp, flow: str) -> None:
    pool.patch_json(step_of(pool, flow, "dependent.jobs[1]"), {"state": "open"}, headers=pool.owner, status=200)


def test_a_blocked_flow_runs_on_and_says_what_it_waits_for(pool: PoolApp, flow: str) -> None:
    document = get_flow(pool, flow)
    variable = step_of(pool, flow, "dependent.jobs[1]")
    (blocked,) = document["blocked"]
    assert document["state"] == "running"
    assert states_of(pool, flow)["dependent.jobs[1]"] == "running"
    assert document["dependent"]["jobs"][1]["steps"][-1]["state"] == "failed"
    assert (blocked["path"], blocked["variable"]) == ("dependent.jobs[1]", variable)
    assert blocked["_links"] == {"get_variable": variable}
    assert "has failed after 1 error" in blocked["reason"]
    assert blocked["last_refusal"] == "it returned false"


def test_only_the_owner_sees_the_last_refusal(pool: PoolApp, flow: str) -> None:
    assert "last_refusal" not in pool.get(flow).json["blocked"][0]


def test_the_wait_is_counted_from_the_failure(pool: PoolApp, flow: str) -> None:
    first = get_flow(pool, flow)["blocked"][0]
    pool.clock.advance(3600)
    assert get_flow(pool, flow)["blocked"][0] == first
    assert first["until"][:10] > first["since"][:10]


def test_other_entries_go_on(pool: PoolApp, flow: str) -> None:
    post_result(pool, flow, "dependent.jobs[0]", {"x": 1})
    assert states_of(pool, flow)["dependent.jobs[0]"] == "done"


def test_a_flow_goes_on_when_the_variable_is_released_and_finished(pool: PoolApp, flow: str) -> None:
    release(pool, flow)
    assert "blocked" not in get_flow(pool, flow)
    post_result(pool, flow, "dependent.jobs[0]", {"x": 1})
    post_result(pool, flow, "dependent.jobs[1]", {"y": 2}, **address(2))
    post_result(pool, flow, "jobs[0]", {"z": 3})
    assert get_flow(pool, flow)["result"] == {"z": 3}


def test_a_released_variable_that_fails_again_is_waited_for_anew(pool: PoolApp, flow: str) -> None:
    pool.clock.advance(WAIT_SECONDS - 3600)
    release(pool, flow)
    post_result(pool, flow, "dependent.jobs[1]", {"ok": False}, status=422, **address(2))
    pool.clock.advance(7200)
    assert get_flow(pool, flow)["state"] == "running"


def test_the_end_of_the_wait_fails_the_flow_without_a_request_for_it(pool: PoolApp, flow: str) -> None:
    pool.get("/jobs/alpha/variables")
    pool.clock.advance(WAIT_SECONDS + 61)
    pool.get("/jobs/alpha/variables")
    assert (pool.data / flow.strip("/") / "outcome.json").exists()
    path, reason = failure_of(pool, flow)
    assert (path, "has failed after 1 error" in reason) == ("dependent.jobs[1]", True)
    assert get_flow(pool, flow)["failure"]["last_refusal"] == "it returned false"
    assert not list((pool.data / "flows-blocked").iterdir())


def test_before_the_end_of_the_wait_the_flow_has_not_failed(pool: PoolApp, flow: str) -> None:
    pool.clock.advance(WAIT_SECONDS - 61)
    pool.get("/jobs/alpha/variables")
    assert get_flow(pool, flow)["state"] == "running"


def test_a_clock_that_is_set_back_makes_the_wait_no_longer(pool: PoolApp, flow: str) -> None:
    pool.get("/jobs/alpha/variables")
    pool.clock.advance(-30 * 86_400)
    # The next look for flows that have waited too long finds out.
    pool.clock.advance(61)
    pool.get("/jobs/alpha/variables")
    pool.clock.advance(WAIT_SECONDS + 61)
    pool.get("/jobs/alpha/variables")
    assert (pool.data / flow.strip("/") / "outcome.json").exists()


def test_the_wait_is_a_setting(make_pool: MakePool, pool: PoolApp, flow: str) -> None:
    pool.clock.advance(2 * 86_400)
    assert failure_of(make_pool(wait_days=2), flow)[0] == "dependent.jobs[1]"


def test_a_stuck_variable_blocks_its_entry_too(pool: PoolApp) -> None:
    job = pool.post_job("Gamma", validate_result=FUSSY)
    flow = post_flow(pool, [{"job": job, "variable": pool.post_variable(job)}])
    post_result(pool, flow, "jobs[0]", {"ok": False}, status=422)
    assert "blocked" not in get_flow(pool, flow)
    pool.clock.advance(3601)
    (blocked,) = get_flow(pool, flow)["blocked"]
    assert "is stuck after 1 error" in blocked["reason"]
    post_result(pool, flow, "jobs[0]", {"x": 1}, **address(2))
    assert get_flow(pool, flow)["state"] == "done"


def test_a_blocked_flow_can_be_cancelled(pool: PoolApp, flow: str) -> None:
    pool.delete(flow, headers=pool.owner, status=204)
    document = get_flow(pool, flow)
    assert (document["state"], "blocked" in document) == ("cancelled", False)
    assert not list((pool.data / "flows-blocked").iterdir())


def test_a_withdrawn_variable_fails_a_blocked_flow(pool: PoolApp, flow: str) -> None:
    pool.delete(step_of(pool, flow, "dependent.jobs[1]"), headers=pool.owner, status=204)
    assert "withdrawn" in failure_of(pool, flow)[1]


def test_a_start_of_the_pool_fails_a_flow_whose_wait_is_over(pool: PoolApp, make_pool: MakePool, flow: str) -> None:
    pool.clock.advance(WAIT_SECONDS)
    make_pool()
    assert (pool.data / flow.strip("/") / "outcome.json").exists()


def test_a_flow_that_failed_has_no_member_blocked(pool: PoolApp) -> None:
    flow = post_flow(pool, [B])
    fail_step(pool, flow, "jobs[0]")
    assert "blocked" not in get_flow(pool, flow)
