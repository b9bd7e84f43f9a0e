"""`/jobs/{job}/variables/{variable}/results`: taking results, judging them, showing them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import PoolApp
from tests.resources.conftest import Clock
from tests.resources.helpers import VOLUNTEER, documents, files, other_key, problem


@pytest.fixture
def job(pool: PoolApp) -> str:
    return pool.post_job()


@pytest.fixture
def variable(pool: PoolApp, job: str) -> str:
    return pool.post_variable(job)


def judged_by(pool: PoolApp, answer: str, **settings: Any) -> str:
    """A variable of a job whose validator answers that."""
    source = f"async (variable, result, context) => {answer}"
    return pool.post_variable(pool.post_job(validate_variable="() => true", validate_result=source, settings=settings))


def post(pool: PoolApp, variable: str, value: Any, status: int = 201, **headers: str) -> Any:
    return pool.post_json(f"{variable}/results", value, headers=headers, status=status)


def only(pool: PoolApp, variable: str, **headers: str) -> dict[str, Any]:
    (item,) = pool.get(f"{variable}/results", headers=headers).json["_embedded"]["items"]
    return dict(item)


# Taking


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "text", [], {}, {"a": [1, {"ü": "🏊"}]}, 10**300, [None]])
def test_any_json_may_be_a_result(pool: PoolApp, variable: str, value: Any) -> None:
    location = post(pool, variable, value).headers["Location"]
    assert pool.get(location, status=200).json["result"] == value


@pytest.mark.parametrize("spelling", ["result", "results"])
def test_both_spellings_take_and_show_results(pool: PoolApp, variable: str, spelling: str) -> None:
    location = pool.post_json(f"{variable}/{spelling}", 2, status=201).headers["Location"]
    (item,) = pool.get(f"{variable}/{spelling}").json["_embedded"]["items"]
    assert item["_links"]["self"] == location
    assert pool.get(f"{variable}/{spelling}/{item['id']}").json == item


def test_a_location_is_always_spelled_as_in_the_example(pool: PoolApp, variable: str) -> None:
    assert f"{variable}/results/20" in pool.post_json(f"{variable}/result", 2).headers["Location"]


def test_a_result_leads_to_its_variable_and_job(pool: PoolApp, job: str, variable: str) -> None:
    response = post(pool, variable, 2)
    links = {"self": response.headers["Location"], "get_variable": variable, "get_job": job}
    assert response.json == {"_links": links}
    assert only(pool, variable)["_links"] == links


@pytest.mark.parametrize("field", ["_links", "_embedded"])
def test_reserved_fields_are_refused(pool: PoolApp, variable: str, field: str) -> None:
    before = files(pool)
    problem(post(pool, variable, {field: 1, "x": 2}, 422), 422, field)
    assert files(pool) == before


@pytest.mark.parametrize("path", ["/jobs/nobody/variables/one", "/jobs/example-job/variables/nobody"])
def test_an_unknown_variable_takes_no_results(pool: PoolApp, variable: str, path: str) -> None:
    problem(post(pool, path, 2, 404), 404, "nobody")


# Once


def test_the_same_lease_posted_twice_is_stored_once(pool: PoolApp, job: str, variable: str) -> None:
    link = pool.lease(job)["post_result"]
    first = pool.post_json(link, 2, status=201)
    before = files(pool)
    again = pool.post_json(link, 2, status=201)
    assert again.headers["Location"] == first.headers["Location"]
    assert files(pool) == before


def test_what_the_same_lease_says_later_is_too_late(pool: PoolApp, job: str, variable: str) -> None:
    link = pool.lease(job)["post_result"]
    pool.post_json(link, 2, status=201)
    pool.post_json(link, 3, status=201)
    assert only(pool, variable)["result"] == 2


def test_a_finished_variable_takes_no_other_result(pool: PoolApp, job: str, variable: str, clock: Clock) -> None:
    late = pool.lease(job)["post_result"]
    clock.forward(400)
    pool.post_json(pool.lease(job)["post_result"], 2, status=201)
    before = files(pool)
    problem(pool.post_json(late, 2, status=409), 409, "finished")
    problem(post(pool, variable, 2, 409), 409, "finished")
    assert files(pool) == before


def test_a_finished_variable_is_not_served(pool: PoolApp, job: str, variable: str, clock: Clock) -> None:
    pool.lease(job)
    post(pool, variable, 2)
    clock.forward(400)
    pool.get(f"{job}/variables", status=204)


def test_a_late_result_for_an_unfinished_variable_is_welcome(
    pool: PoolApp, job: str, variable: str, clock: Clock
) -> None:
    link = pool.lease(job)["post_result"]
    clock.forward(400)
    pool.lease(job)
    pool.post_json(link, 2, status=201)


def test_a_lease_given_back_may_still_be_answered(pool: PoolApp, job: str, variable: str) -> None:
    links = pool.lease(job)
    pool.delete(links["lease"], status=204)
    pool.post_json(links["post_result"], 2, status=201)
    pool.get(f"{job}/variables", status=204)


def test_a_job_may_insist_on_leases(pool: PoolApp) -> None:
    job = pool.post_job(settings={"require_lease": True})
    variable = pool.post_variable(job)
    before = files(pool)
    problem(post(pool, variable, 2, 403), 403, "lease", "post_result")
    assert files(pool) == before
    pool.post_json(pool.lease(job)["post_result"], 2, status=201)


# Judging


@pytest.mark.parametrize("answer", ["true", "({valid: true})", "result === 2 && variable.x === 1"])
def test_what_the_validator_accepts_is_kept_as_it_is(pool: PoolApp, answer: str) -> None:
    variable = judged_by(pool, answer)
    post(pool, variable, 2)
    assert only(pool, variable)["result"] == 2


@pytest.mark.parametrize(
    ("literal", "value"), [("{sum: result + 1}", {"sum": 3}), ("null", None), ("[]", []), ("0", 0)]
)
def test_the_validator_may_replace_the_result(pool: PoolApp, literal: str, value: Any) -> None:
    variable = judged_by(pool, f"({{valid: true, result: {literal}}})")
    post(pool, variable, 2)
    assert only(pool, variable)["result"] == value


REFUSALS = [
    ("false", "it returned false"),
    ("({valid: false})", "it returned {valid: false}"),
    ("({valid: false, reason: 'too small'})", "too small"),
    ("({valid: false, reason: 'ü🏊', result: 7})", "ü🏊"),
    ("({valid: 1})", "neither true, false nor"),
    ("undefined", "neither true, false nor"),
    ("'yes'", "neither true, false nor"),
    ("(() => { throw new Error('broken') })()", "Error: broken"),
    ("(() => { throw 'just text' })()", "just text"),
    ("await Promise.reject(new TypeError('later'))", "TypeError: later"),
    ("await new Promise(() => {})", "never settled"),
    ("(() => { for (;;) {} })()", "in time"),
    ("({valid: true, result: 'x'.repeat(2e6)})", "larger than"),
    ("({valid: true, result: '\\ud800'})", "JSON cannot carry"),
]


@pytest.mark.parametrize(("answer", "reason"), REFUSALS)
def test_a_refusal_says_why(pool: PoolApp, answer: str, reason: str) -> None:
    variable = judged_by(pool, answer)
    assert problem(post(pool, variable, 2, 422), 422, reason)["failed"] is False
    assert pool.get(f"{variable}/results").json["count"] == 0


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("context.job.id", "'example-job'"),
        ("context.job.name", "'Example job'"),
        ("context.variable", "'one'"),
        ("context.lease.length", "16"),
        ("context.volunteer.length", "16"),
        ("context.run_seconds", "1.5"),
        ("variable._links", "undefined"),
    ],
)
def test_what_a_validator_sees(pool: PoolApp, expression: str, value: str) -> None:
    judged_by(pool, f"{expression} === {value}")
    link = pool.lease("/jobs/example-job", **VOLUNTEER)["post_result"]
    pool.post_json(link, 2, headers={**VOLUNTEER, "Run-Seconds": "1.5"}, status=201)


def test_an_anonymous_result_has_no_lease_and_no_volunteer(pool: PoolApp) -> None:
    post(pool, judged_by(pool, "context.lease === null && context.volunteer === null"), 2)


def test_a_refused_result_opens_its_variable_again(pool: PoolApp) -> None:
    variable = judged_by(pool, "false")
    pool.post_json(pool.lease("/jobs/example-job")["post_result"], 2, status=422)
    assert pool.lease("/jobs/example-job")["self"] == variable


def test_a_refused_result_without_a_token_leaves_the_lease_of_another(pool: PoolApp) -> None:
    variable = judged_by(pool, "result === 2")
    link = pool.lease("/jobs/example-job")["post_result"]
    post(pool, variable, 1, 422)
    pool.get("/jobs/example-job/variables", status=204)
    pool.post_json(link, 2, status=201)


def test_a_refused_result_sent_again_is_counted_once(pool: PoolApp) -> None:
    variable = judged_by(pool, "false", max_errors=2)
    link = pool.lease("/jobs/example-job")["post_result"]
    answers = [problem(pool.post_json(link, 2, status=422), 422, "returned false") for _ in range(4)]
    assert not any(answer["failed"] for answer in answers)
    assert len(pool.get(f"{variable}/results", headers=pool.owner).json["_embedded"]["items"]) == 1


@pytest.mark.parametrize(("first", "second"), [(1, True), (0, False), ([1], [True])])
def test_another_result_under_the_same_lease_is_judged_anew(pool: PoolApp, first: Any, second: Any) -> None:
    judged_by(pool, f"JSON.stringify(result) !== '{str(first).lower()}'")
    link = pool.lease("/jobs/example-job")["post_result"]
    pool.post_json(link, first, status=422)
    pool.post_json(link, second, status=201)


# Showing


def test_refused_results_are_shown_to_the_owner_with_reason_and_console(pool: PoolApp) -> None:
    variable = judged_by(pool, "(console.log('judging', result), {valid: false, reason: 'too small'})")
    post(pool, variable, 2, 422)
    shown = only(pool, variable, **pool.owner)
    assert (shown["result"], shown["rejected"], shown["console"]) == (2, "too small", "judging 2\n")
    assert pool.get(shown["_links"]["self"], headers=pool.owner, status=200).json == shown


def test_refused_results_are_shown_to_nobody_else(pool: PoolApp) -> None:
    variable = judged_by(pool, "false")
    post(pool, variable, 2, 422)
    address = only(pool, variable, **pool.owner)["_links"]["self"]
    for headers in ({}, other_key(pool)):
        assert pool.get(f"{variable}/results", headers=headers).json["count"] == 0
        problem(pool.get(address, headers=headers, status=404), 404, "result")


def test_the_validators_console_is_no_part_of_an_accepted_result(pool: PoolApp) -> None:
    variable = judged_by(pool, "(console.log('private'), true)")
    post(pool, variable, 2)
    assert "console" not in only(pool, variable, **pool.owner)


def test_who_computed_is_shown_as_a_hash(pool: PoolApp, variable: str) -> None:
    post(pool, variable, 2, **VOLUNTEER)
    assert len(only(pool, variable)["volunteer"]) == 16
    assert all(VOLUNTEER["Volunteer"].encode() not in content for content in documents(pool).values())


def test_who_leased_is_who_computed(pool: PoolApp, job: str, variable: str) -> None:
    link = pool.lease(job, **VOLUNTEER)["post_result"]
    pool.post_json(link, 2, headers={"Volunteer": "somebody-else-altogether"}, status=201)
    other = pool.post_variable(job, "two")
    post(pool, other, 2, **VOLUNTEER)
    assert only(pool, variable)["volunteer"] == only(pool, other)["volunteer"]


def test_an_unknown_result_is_404(pool: PoolApp, variable: str) -> None:
    problem(pool.get(f"{variable}/results/20141202090909", status=404), 404, "result '20141202090909'")


# Run time


@pytest.mark.parametrize(("sent", "kept"), [("2.5", 2.5), ("0", 0), ("3600", 3600), ("0.000000999", 0)])
def test_run_seconds_are_what_the_volunteer_measured(pool: PoolApp, variable: str, sent: str, kept: float) -> None:
    post(pool, variable, 2, **{"Run-Seconds": sent})
    assert only(pool, variable)["run_seconds"] == kept


def test_else_the_time_from_lease_to_result(pool: PoolApp, job: str, variable: str, clock: Clock) -> None:
    link = pool.lease(job)["post_result"]
    clock.forward(7)
    pool.post_json(link, 2, status=201)
    assert 7 <= only(pool, variable)["run_seconds"] < 8


def test_else_none(pool: PoolApp, variable: str) -> None:
    post(pool, variable, 2)
    assert only(pool, variable)["run_seconds"] is None


@pytest.mark.parametrize("sent", ["", " ", "-1", "1e3", "NaN", "Infinity", "1,5", "0x1", "1" * 10, "1.", "²"])
def test_run_seconds_that_are_none_are_refused(pool: PoolApp, variable: str, sent: str) -> None:
    before = files(pool)
    problem(post(pool, variable, 2, 400, **{"Run-Seconds": sent}), 400, "Run-Seconds")
    assert files(pool) == before
