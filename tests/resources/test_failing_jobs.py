"""Failures that volunteers report: what becomes of the variable, of the job, and what its owner reads."""

from __future__ import annotations

from typing import Any

from storage.clock import ManualClock
from tests.conftest import PoolApp
from tests.resources.helpers import NDJSON, ndjson, problem

FAILURE = {
    "error": {"kind": "threw", "message": "TypeError: row 7 is not a function", "stack": "at row (job:3)"},
    "console": "reading row 7\n",
    "engine": "Chromium 131",
    "run_seconds": 0.25,
}


def post_job(pool: PoolApp, variables: int, **fields: Any) -> str:
    job = pool.post_job(**fields)
    lines = ndjson(*(f'{{"x": {number}}}' for number in range(variables)))
    pool.post(f"{job}/variables", lines, headers={**pool.owner, **NDJSON})
    return job


def fail(pool: PoolApp, job: str, address: int, report: Any = FAILURE) -> str | None:
    """Leases a variable from this address and reports a failure; returns the variable, None if none was served."""
    environ = {"REMOTE_ADDR": f"192.0.2.{address}"}
    leased = pool.get(f"{job}/variables", extra_environ=environ, status="*")
    if leased.status_int != 200:
        return None
    links = leased.json["_links"]
    pool.post_json(links["post_report"], report, extra_environ=environ, status=204)
    return str(links["self"])


def compute(pool: PoolApp, job: str, address: int) -> None:
    environ = {"REMOTE_ADDR": f"192.0.2.{address}"}
    links = pool.get(f"{job}/variables", extra_environ=environ).json["_links"]
    pool.post_json(links["post_result"], 1, extra_environ=environ, status=201)


def progress(pool: PoolApp, job: str) -> dict[str, Any]:
    return dict(pool.get(f"{job}/progress", headers=pool.owner).json)


def errors(pool: PoolApp, job: str) -> Any:
    return pool.get(f"{job}/errors", headers=pool.owner).json


# The variable


def test_a_reported_failure_ends_the_lease(pool: PoolApp) -> None:
    job = post_job(pool, 1)
    assert fail(pool, job, 1) == fail(pool, job, 2)


def test_failures_at_five_addresses_park_a_variable(pool: PoolApp) -> None:
    job = post_job(pool, 1)
    failed = []
    for address in range(1, 6):
        assert fail(pool, job, address)
        failed.append(progress(pool, job)["variables"]["failed"])
    assert failed == [0, 0, 0, 0, 1]
    assert fail(pool, job, 6) is None


def test_refused_results_and_failures_count_alike(pool: PoolApp) -> None:
    job = post_job(pool, 1, settings={"max_errors": 2}, validate_variable="() => true", validate_result="() => false")
    variable = fail(pool, job, 1)
    pool.post_json(f"{variable}/results", 1, status=422)
    assert progress(pool, job)["variables"]["failed"] == 1


def test_a_volunteer_alone_gets_its_unit_again_after_a_pause(pool: PoolApp, clock: ManualClock) -> None:
    job = post_job(pool, 1)
    variable = fail(pool, job, 1)
    assert fail(pool, job, 1) is None
    clock.advance(601)
    assert fail(pool, job, 1) == variable


def test_a_unit_on_which_one_address_alone_fails_for_an_hour_is_stuck(pool: PoolApp, clock: ManualClock) -> None:
    job = post_job(pool, 2)
    compute(pool, job, 1)
    variable = fail(pool, job, 1)
    for _ in range(6):
        clock.advance(601)
        fail(pool, job, 1)
    assert progress(pool, job)["stuck"] == 1
    assert [f"{job}/variables/{name}" for name in errors(pool, job)["stuck"]] == [variable]
    assert "stuck" in [item["state"] for item in pool.get(f"{job}/variables/index").json["_embedded"]["items"]]


def test_a_stuck_unit_is_still_served_to_others(pool: PoolApp, clock: ManualClock) -> None:
    job = post_job(pool, 1)
    fail(pool, job, 1)
    clock.advance(4000)
    compute(pool, job, 2)
    assert (progress(pool, job)["complete"], progress(pool, job)["stuck"]) == (True, 0)


# The job


def test_a_job_that_fails_everywhere_is_paused_and_says_why(pool: PoolApp) -> None:
    job = post_job(pool, 100)
    states = []
    for failure in range(20):
        fail(pool, job, 1 + failure % 5)
        states.append(progress(pool, job)["state"])
    assert states == ["open"] * 19 + ["paused"]
    assert "20 variables failed at 5 different addresses" in pool.get(job).json["paused"]["reason"]


def test_two_addresses_pause_no_job(pool: PoolApp, clock: ManualClock) -> None:
    job = post_job(pool, 100)
    for failure in range(40):
        fail(pool, job, 1 + failure % 2)
        clock.advance(700)
    assert progress(pool, job)["state"] == "open"


def test_a_job_with_a_result_is_not_paused(pool: PoolApp) -> None:
    job = post_job(pool, 100)
    compute(pool, job, 1)
    for failure in range(25):
        fail(pool, job, 1 + failure % 5)
    assert progress(pool, job)["state"] == "open"


def test_a_resumed_job_starts_anew(pool: PoolApp) -> None:
    job = post_job(pool, 100)
    for failure in range(20):
        fail(pool, job, 1 + failure % 5)
    pool.patch_json(job, {"state": "open"}, headers=pool.owner)
    assert "paused" not in pool.get(job).json
    assert fail(pool, job, 6)
    assert progress(pool, job)["state"] == "open"


# The owner


def test_the_owner_reads_failures_grouped_by_message(pool: PoolApp) -> None:
    job = post_job(pool, 9)
    for row in (7, 8, 9):
        message = f"TypeError: row {row} is not a function"
        fail(pool, job, row, {**FAILURE, "error": {"kind": "threw", "message": message}})
    fail(pool, job, 1, {"error": {"kind": "timeout", "message": "the deadline has passed"}})
    groups = errors(pool, job)["_embedded"]["items"]
    assert [(group["kind"], group["message"], group["count"]) for group in groups] == [
        ("threw", "TypeError: row 9 is not a function", 3),
        ("timeout", "the deadline has passed", 1),
    ]


def test_a_group_has_an_example_with_console_stack_and_engine(pool: PoolApp) -> None:
    job = post_job(pool, 1)
    variable = fail(pool, job, 1)
    (group,) = errors(pool, job)["_embedded"]["items"]
    assert group["_links"]["get_variable"] == variable
    assert (group["function"], group["console"], group["stack"], group["engine"]) == (
        "execute_function",
        "reading row 7\n",
        "at row (job:3)",
        "Chromium 131",
    )


def test_the_last_error_of_a_group_is_stored_whole(pool: PoolApp) -> None:
    job = post_job(pool, 1)
    long = {**FAILURE, "console": "x" * 9000}
    fail(pool, job, 1, long)
    (group,) = errors(pool, job)["_embedded"]["items"]
    stored = pool.get(group["_links"]["self"], headers=pool.owner).json
    assert (len(group["console"]), len(stored["console"]), stored["failure"]["kind"]) == (1000, 9000, "threw")


def test_nobody_else_reads_them(pool: PoolApp) -> None:
    job = post_job(pool, 1)
    fail(pool, job, 1)
    problem(pool.get(f"{job}/errors", status=401), 401)
    assert not {"errors", "reports", "stuck"} & pool.get(f"{job}/progress").json.keys()


def test_console_output_of_a_success_reaches_the_owner(pool: PoolApp) -> None:
    job = post_job(pool, 1)
    links = pool.lease(job)
    pool.post_json(links["post_result"], 1, status=201)
    pool.post_json(links["post_report"], {"console": "epsilon 0.1\n"}, status=204)
    assert progress(pool, job)["reports"]["execute_function"]["console"] == "epsilon 0.1\n"
