"""`/jobs/{job}/progress` with its reports, and the job's own scheduler of variables."""

from __future__ import annotations

from typing import Any

import pytest

from storage.clock import ManualClock
from tests.conftest import PoolApp, address
from tests.resources.helpers import VOLUNTEER, other_key, problem

JOB = "/jobs/example-job"


def progress(pool: PoolApp) -> dict[str, Any]:
    return dict(pool.get(f"{JOB}/progress", status=200).json)


def report(pool: PoolApp, function: str) -> dict[str, Any]:
    return dict(pool.get(f"{JOB}/progress", headers=pool.owner).json["reports"][function])


def compute(pool: PoolApp, seconds: float = 1) -> None:
    link = pool.lease(JOB)["post_result"]
    pool.clock.advance(seconds)
    pool.post_json(link, 2, status=201)


@pytest.fixture
def three(pool: PoolApp) -> PoolApp:
    """A job of three variables."""
    pool.post_job()
    for name in "abc":
        pool.post_variable(JOB, name)
    return pool


def test_a_job_without_variables_is_not_complete(pool: PoolApp) -> None:
    pool.post_job()
    begun = progress(pool)
    assert begun["variables"] == dict.fromkeys(("total", "open", "leased", "held", "done", "failed", "withdrawn"), 0)
    assert (begun["complete"], begun["eta_seconds"], begun["mean_run_seconds"]) == (False, None, None)


def test_variables_are_counted_by_state(three: PoolApp) -> None:
    compute(three)
    three.lease(JOB)
    counted = progress(three)["variables"]
    assert counted == {"total": 3, "open": 1, "leased": 1, "held": 0, "done": 1, "failed": 0, "withdrawn": 0}


def test_an_expired_lease_counts_as_open(three: PoolApp, clock: ManualClock) -> None:
    three.lease(JOB)
    clock.advance(400)
    counted = progress(three)["variables"]
    assert (counted["open"], counted["leased"]) == (3, 0)


def test_a_lease_given_back_counts_as_open(three: PoolApp) -> None:
    three.delete(three.lease(JOB)["lease"])
    assert progress(three)["variables"]["open"] == 3


def test_results_are_counted_by_verdict(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job(validate_result="(v, result) => result !== 1"))
    for number, (result, status) in enumerate(((1, 422), (1, 422), (2, 201))):
        pool.post_json(f"{variable}/results", result, extra_environ=address(number), status=status)
    assert progress(pool)["results"] == {"accepted": 1, "rejected": 2, "failures": 0}


def test_a_job_whose_variables_are_all_done_is_complete(three: PoolApp) -> None:
    for _ in range(3):
        assert not progress(three)["complete"]
        compute(three)
    done = progress(three)
    assert (done["complete"], done["eta_seconds"]) == (True, None)


def test_a_job_with_withdrawn_variables_is_complete(three: PoolApp) -> None:
    three.delete(f"{JOB}/variables/a", headers=three.owner)
    compute(three)
    compute(three)
    assert progress(three)["complete"]


def test_a_job_with_failed_variables_is_not_complete(pool: PoolApp) -> None:
    check = {"validate_variable": "() => true", "validate_result": "() => false"}
    variable = pool.post_variable(pool.post_job(**check, settings={"max_errors": 1}))
    pool.post_json(f"{variable}/results", 1, status=422)
    assert not progress(pool)["complete"]


def test_mean_and_median_run_time_are_those_of_timed_results(three: PoolApp) -> None:
    three.post_variable(JOB, "d")
    for seconds in (1, 2, 6):
        compute(three, seconds)
    three.post_json(three.lease(JOB)["self"] + "/results", 2, status=201)
    assert (progress(three)["mean_run_seconds"], progress(three)["median_run_seconds"]) == (3, 2)


def test_the_eta_follows_from_the_rate(three: PoolApp) -> None:
    compute(three)
    now = progress(three)
    assert now["results_per_minute"] > 0
    assert 0 < now["eta_seconds"] <= 2 * 60 * 5


def test_progress_has_the_jobs_state(three: PoolApp) -> None:
    three.patch_json(JOB, {"state": "paused"}, headers=three.owner)
    assert progress(three)["state"] == "paused"


def test_progress_links_to_its_job(three: PoolApp) -> None:
    assert progress(three)["_links"] == {"self": f"{JOB}/progress", "get_job": JOB}


def test_progress_of_an_unknown_job_is_404(pool: PoolApp) -> None:
    problem(pool.get("/jobs/nobody/progress", status=404), 404, "nobody")


# Reports


def test_only_the_owner_sees_reports(pool: PoolApp) -> None:
    pool.post_job()
    assert pool.get(f"{JOB}/progress", headers=pool.owner).json["reports"] == {}
    for headers in ({}, other_key(pool)):
        assert "reports" not in pool.get(f"{JOB}/progress", headers=headers).json


def test_a_throwing_validator_is_reported(pool: PoolApp) -> None:
    source = "(v, result) => { console.log('saw', result); throw new Error(`bad ${result}`) }"
    variable = pool.post_variable(pool.post_job(validate_variable="() => true", validate_result=source))
    for result in (1, 2):
        pool.post_json(f"{variable}/results", result, extra_environ=address(result), status=422)
    reported = report(pool, "validate_result")
    assert (reported["errors"], reported["console"]) == (2, "saw 2\n")
    assert reported["message"].startswith("Error: bad 2")


def test_a_rejected_result_is_not_reported(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job(validate_variable="() => true", validate_result="() => false"))
    pool.post_json(f"{variable}/results", 1, status=422)
    assert pool.get(f"{JOB}/progress", headers=pool.owner).json["reports"] == {}


def test_the_console_of_a_validator_is_reported(pool: PoolApp) -> None:
    source = "(v, result) => { console.log('judging', result); return true }"
    variable = pool.post_variable(pool.post_job(validate_result=source))
    pool.post_json(f"{variable}/results", 7, status=201)
    reported = report(pool, "validate_result")
    assert (reported["errors"], reported["message"], reported["console"]) == (0, None, "judging 7\n")


def test_a_throwing_validator_of_variables_is_reported(pool: PoolApp) -> None:
    pool.post_job(validate_variable="() => { throw new Error('broken') }")
    pool.post_json(f"{JOB}/variables", {"x": 1}, headers=pool.owner, status=422)
    assert report(pool, "validate_variable")["message"].startswith("Error: broken")


# The job's own scheduler of variables


def schedule(pool: PoolApp, source: str, variables: str = "abc") -> None:
    pool.post_job(variable_scheduler=source)
    for name in variables:
        pool.post_variable(JOB, name, name=name)


def test_the_scheduler_chooses(pool: PoolApp) -> None:
    schedule(pool, "(context) => context.variables.map((one) => one.id).sort().pop()")
    assert [pool.lease(JOB)["self"][-1] for _ in range(3)] == ["c", "b", "a"]


def test_the_scheduler_can_choose_none(pool: PoolApp) -> None:
    schedule(pool, "() => null")
    assert int(pool.get(f"{JOB}/variables", status=204).headers["Retry-After"]) > 0
    assert pool.get(f"{JOB}/progress", headers=pool.owner).json["reports"] == {}


def test_the_request_in_the_context_of_the_scheduler(pool: PoolApp) -> None:
    schedule(pool, "(context) => context.volunteer.length === 16 && context.query.tag[1] === 'y' ? 'a' : null", "a")
    pool.get(f"{JOB}/variables?tag=x&tag=y", headers=VOLUNTEER, status=200)


def test_every_failure_of_the_scheduler_is_reported_and_every_variable_leased(pool: PoolApp) -> None:
    source = "(context) => { console.log('choosing'); throw new Error(`${context.variables.length} left`) }"
    schedule(pool, source)
    assert len({pool.lease(JOB)["self"] for _ in range(3)}) == 3
    reported = report(pool, "variable_scheduler")
    assert (reported["errors"], reported["console"]) == (3, "choosing\n")
    assert reported["message"].startswith("Error: 1 left")
