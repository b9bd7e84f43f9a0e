"""`/jobs/{job}/variables/{variable}/results`: posting, judging and showing results."""

from __future__ import annotations

from typing import Any

import pytest

from storage.clock import ManualClock
from tests.conftest import PoolApp, address
from tests.resources.helpers import VOLUNTEER, documents, files, other_key, problem


@pytest.fixture
def job(pool: PoolApp) -> str:
    return pool.post_job()


@pytest.fixture
def variable(pool: PoolApp, job: str) -> str:
    return pool.post_variable(job)


def judged_by(pool: PoolApp, returned: str, **settings: Any) -> str:
    """Posts a job whose validator returns this expression; returns the path of its variable."""
    source = f"async (variable, result, context) => {returned}"
    return pool.post_variable(pool.post_job(validate_variable="() => true", validate_result=source, settings=settings))


def post(pool: PoolApp, variable: str, value: Any, status: int = 201, **headers: str) -> Any:
    return pool.post_json(f"{variable}/results", value, headers=headers, status=status)


def single_result(pool: PoolApp, variable: str, **headers: str) -> dict[str, Any]:
    (item,) = pool.get(f"{variable}/results", headers=headers).json["_embedded"]["items"]
    return dict(item)


# Posting


def test_any_json_may_be_a_result(pool: PoolApp, job: str) -> None:
    values = [None, True, 0, 1.5, "text", [], {}, {"a": [1, {"ü": "🏊"}]}, 10**300, [None]]
    for number, value in enumerate(values):
        location = post(pool, pool.post_variable(job, f"v{number}"), value).headers["Location"]
        assert pool.get(location, status=200).json["result"] == value


@pytest.mark.parametrize("spelling", ["result", "results"])
def test_result_and_results_are_the_same_collection(pool: PoolApp, variable: str, spelling: str) -> None:
    location = pool.post_json(f"{variable}/{spelling}", 2, status=201).headers["Location"]
    (item,) = pool.get(f"{variable}/{spelling}").json["_embedded"]["items"]
    assert item["_links"]["self"] == location
    assert pool.get(f"{variable}/{spelling}/{item['id']}").json == item


def test_a_location_always_has_results(pool: PoolApp, variable: str) -> None:
    assert f"{variable}/results/20" in pool.post_json(f"{variable}/result", 2).headers["Location"]


def test_a_result_links_to_its_variable_and_job(pool: PoolApp, job: str, variable: str) -> None:
    response = post(pool, variable, 2)
    links = {"self": response.headers["Location"], "get_variable": variable, "get_job": job}
    assert response.json == {"_links": links}
    assert single_result(pool, variable)["_links"] == links


@pytest.mark.parametrize("field", ["_links", "_embedded"])
def test_reserved_fields_are_refused(pool: PoolApp, variable: str, field: str) -> None:
    before = files(pool)
    problem(post(pool, variable, {field: 1, "x": 2}, 422), 422, field)
    assert files(pool) == before


@pytest.mark.parametrize("path", ["/jobs/nobody/variables/one", "/jobs/example-job/variables/nobody"])
def test_a_result_for_an_unknown_variable_is_404(pool: PoolApp, variable: str, path: str) -> None:
    problem(post(pool, path, 2, 404), 404, "nobody")


# One result per variable


def test_a_result_posted_twice_under_a_lease_is_stored_once(pool: PoolApp, job: str, variable: str) -> None:
    link = pool.lease(job)["post_result"]
    first = pool.post_json(link, 2, status=201)
    before = files(pool)
    again = pool.post_json(link, 2, status=201)
    assert again.headers["Location"] == first.headers["Location"]
    assert files(pool) == before


def test_a_later_result_under_the_same_lease_is_ignored(pool: PoolApp, job: str, variable: str) -> None:
    link = pool.lease(job)["post_result"]
    pool.post_json(link, 2, status=201)
    pool.post_json(link, 3, status=201)
    assert single_result(pool, variable)["result"] == 2


def test_another_result_for_a_finished_variable_is_409(
    pool: PoolApp, job: str, variable: str, clock: ManualClock
) -> None:
    late = pool.lease(job)["post_result"]
    clock.advance(400)
    pool.post_json(pool.lease(job)["post_result"], 2, status=201)
    before = files(pool)
    problem(pool.post_json(late, 2, status=409), 409, "finished")
    problem(post(pool, variable, 2, 409), 409, "finished")
    assert files(pool) == before


def test_a_finished_variable_is_not_leased(pool: PoolApp, job: str, variable: str, clock: ManualClock) -> None:
    pool.lease(job)
    post(pool, variable, 2)
    clock.advance(400)
    pool.get(f"{job}/variables", status=204)


def test_a_late_result_for_an_unfinished_variable_is_accepted(
    pool: PoolApp, job: str, variable: str, clock: ManualClock
) -> None:
    link = pool.lease(job)["post_result"]
    clock.advance(400)
    pool.lease(job)
    pool.post_json(link, 2, status=201)


def test_a_result_under_a_lease_given_back_is_accepted(pool: PoolApp, job: str, variable: str) -> None:
    links = pool.lease(job)
    pool.delete(links["lease"], status=204)
    pool.post_json(links["post_result"], 2, status=201)
    pool.get(f"{job}/variables", status=204)


def test_a_job_can_require_leases(pool: PoolApp) -> None:
    job = pool.post_job(settings={"require_lease": True})
    variable = pool.post_variable(job)
    before = files(pool)
    problem(post(pool, variable, 2, 403), 403, "lease", "post_result")
    assert files(pool) == before
    pool.post_json(pool.lease(job)["post_result"], 2, status=201)


# Judging


@pytest.mark.parametrize("returned", ["true", "({valid: true})", "result === 2 && variable.x === 1"])
def test_an_accepted_result_is_stored_unchanged(pool: PoolApp, returned: str) -> None:
    variable = judged_by(pool, returned)
    post(pool, variable, 2)
    assert single_result(pool, variable)["result"] == 2


@pytest.mark.parametrize(("literal", "value"), [("{sum: result + 1}", {"sum": 3}), ("null", None)])
def test_the_validator_can_replace_the_result(pool: PoolApp, literal: str, value: Any) -> None:
    variable = judged_by(pool, f"({{valid: true, result: {literal}}})")
    post(pool, variable, 2)
    assert single_result(pool, variable)["result"] == value


def test_the_validator_cannot_lose_a_value_in_silence(pool: PoolApp) -> None:
    variable = judged_by(pool, "({valid: true, result: [result / 0]})")
    reason = "the verdict has a value that JSON would lose: its result[0] is Infinity"
    problem(post(pool, variable, 2, 422), 422, reason)
    pool.patch_json("/jobs/example-job", {"settings": {"lossy": True}}, headers=pool.owner, status=200)
    other = pool.post_variable("/jobs/example-job", "two")
    post(pool, other, 2)
    assert single_result(pool, other)["result"] == [None]


# tests/pool/test_validation.py has the tables of verdicts and of failing validators.
@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        ("({valid: false, reason: 'ü🏊', result: 7})", "ü🏊"),
        ("undefined", "neither true, false nor"),
        ("(() => { throw new Error('broken') })()", "Error: broken"),
    ],
)
def test_a_rejected_result_is_422_with_the_reason(pool: PoolApp, returned: str, reason: str) -> None:
    variable = judged_by(pool, returned)
    assert problem(post(pool, variable, 2, 422), 422, reason)["failed"] is False
    assert pool.get(f"{variable}/results").json["count"] == 0


def test_the_arguments_of_a_validator(pool: PoolApp) -> None:
    judged_by(
        pool,
        "context.variable === 'one' && context.lease.length === 16 && context.volunteer.length === 16"
        " && context.run_seconds === 1.5 && variable.x === 1 && variable._links === undefined",
    )
    link = pool.lease("/jobs/example-job", **VOLUNTEER)["post_result"]
    pool.clock.advance(2)
    pool.post_json(link, 2, headers={**VOLUNTEER, "Run-Seconds": "1.5"}, status=201)


def test_an_anonymous_result_has_no_lease_and_no_volunteer(pool: PoolApp) -> None:
    post(pool, judged_by(pool, "context.lease === null && context.volunteer === null"), 2)


def test_a_rejected_result_opens_its_variable_again(pool: PoolApp) -> None:
    variable = judged_by(pool, "false")
    pool.post_json(pool.lease("/jobs/example-job")["post_result"], 2, status=422)
    leased = pool.get("/jobs/example-job/variables", extra_environ=address(1), status=200)
    assert leased.json["_links"]["self"] == variable


def test_a_rejected_result_without_a_token_does_not_end_the_lease(pool: PoolApp) -> None:
    variable = judged_by(pool, "result === 2")
    link = pool.lease("/jobs/example-job")["post_result"]
    pool.post_json(f"{variable}/results", 1, extra_environ=address(1), status=422)
    pool.get("/jobs/example-job/variables", status=204)
    pool.post_json(link, 2, status=201)


def test_a_rejected_result_sent_again_is_counted_once(pool: PoolApp) -> None:
    variable = judged_by(pool, "false", max_errors=2)
    link = pool.lease("/jobs/example-job")["post_result"]
    problems = [problem(pool.post_json(link, 2, status=422), 422, "returned false") for _ in range(4)]
    assert not any(rejected["failed"] for rejected in problems)
    assert len(pool.get(f"{variable}/results", headers=pool.owner).json["_embedded"]["items"]) == 1


@pytest.mark.parametrize(("first", "second"), [(1, True), (0, False), ([1], [True])])
def test_a_lease_ends_with_its_first_rejected_result(pool: PoolApp, first: Any, second: Any) -> None:
    judged_by(pool, f"JSON.stringify(result) !== '{str(first).lower()}'")
    link = pool.lease("/jobs/example-job")["post_result"]
    pool.post_json(link, first, status=422)
    problem(pool.post_json(link, second, status=409), 409, "lease", "has ended with an error")


# Showing


def test_the_owner_sees_rejected_results_with_reason_and_console(pool: PoolApp) -> None:
    variable = judged_by(pool, "(console.log('judging', result), {valid: false, reason: 'too small'})")
    post(pool, variable, 2, 422)
    shown = single_result(pool, variable, **pool.owner)
    assert (shown["result"], shown["rejected"], shown["console"]) == (2, "too small", "judging 2\n")
    assert pool.get(shown["_links"]["self"], headers=pool.owner, status=200).json == shown


def test_nobody_else_sees_rejected_results(pool: PoolApp) -> None:
    variable = judged_by(pool, "false")
    post(pool, variable, 2, 422)
    address = single_result(pool, variable, **pool.owner)["_links"]["self"]
    for headers in ({}, other_key(pool)):
        assert pool.get(f"{variable}/results", headers=headers).json["count"] == 0
        problem(pool.get(address, headers=headers, status=404), 404, "result")


def test_an_accepted_result_has_no_console(pool: PoolApp) -> None:
    variable = judged_by(pool, "(console.log('private'), true)")
    post(pool, variable, 2)
    assert "console" not in single_result(pool, variable, **pool.owner)


def test_the_volunteer_is_shown_as_a_hash(pool: PoolApp, variable: str) -> None:
    post(pool, variable, 2, **VOLUNTEER)
    assert len(single_result(pool, variable)["volunteer"]) == 16
    assert all(VOLUNTEER["Volunteer"].encode() not in content for content in documents(pool).values())


def test_the_volunteer_is_the_one_who_leased(pool: PoolApp, job: str, variable: str) -> None:
    link = pool.lease(job, **VOLUNTEER)["post_result"]
    pool.post_json(link, 2, headers={"Volunteer": "somebody-else-altogether"}, status=201)
    other = pool.post_variable(job, "two")
    post(pool, other, 2, **VOLUNTEER)
    assert single_result(pool, variable)["volunteer"] == single_result(pool, other)["volunteer"]


def test_an_unknown_result_is_404(pool: PoolApp, variable: str) -> None:
    problem(pool.get(f"{variable}/results/20141202090909", status=404), 404, "result '20141202090909'")


# Run time: tests/pool/test_run_time.py has the table.


@pytest.mark.parametrize(("told", "stored"), [("2.5", 2.5), ("999999999", pytest.approx(7, abs=0.1))])
def test_run_seconds_are_measured_by_the_volunteer_and_at_most_those_since_the_lease(
    pool: PoolApp, job: str, variable: str, told: str, stored: float
) -> None:
    link = pool.lease(job)["post_result"]
    pool.clock.advance(7)
    pool.post_json(link, 2, headers={"Run-Seconds": told}, status=201)
    assert single_result(pool, variable)["run_seconds"] == stored


def test_run_seconds_default_to_the_time_since_the_lease(
    pool: PoolApp, job: str, variable: str, clock: ManualClock
) -> None:
    link = pool.lease(job)["post_result"]
    clock.advance(7)
    pool.post_json(link, 2, status=201)
    assert 7 <= single_result(pool, variable)["run_seconds"] < 8


def test_without_a_lease_there_are_no_run_seconds(pool: PoolApp, variable: str) -> None:
    post(pool, variable, 2, **{"Run-Seconds": "2.5"})
    assert single_result(pool, variable)["run_seconds"] is None
