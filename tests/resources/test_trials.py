"""`POST /jobs?try=1`: one variable is computed on the server before anything is posted, and nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest
from webtest import TestResponse

from tests.conftest import EXECUTE, MakePool, PoolApp
from tests.resources.helpers import documents, other_key, problem

VALIDATE = "(variable, result) => result === undefined || {valid: result === 4, reason: 'not four'}"


def attempt(pool: PoolApp, variable: Any = None, status: int = 200, **fields: Any) -> TestResponse:
    job = {"name": "Example job", "execute_function": EXECUTE, **fields}
    posted = {"job": job, "variable": {"x": 2} if variable is None else variable}
    return pool.post_json("/jobs?try=1", posted, headers=pool.owner, status=status)


def test_a_trial_has_the_result_and_stores_nothing(pool: PoolApp) -> None:
    before = documents(pool)
    found = attempt(pool).json
    assert (found["result"], found["valid"], found["repeatable"], found["engine"]) == (4, True, True, "QuickJS")
    assert found["run_seconds"] >= 0
    assert documents(pool) == before
    pool.get("/jobs/example-job", status=404)


def test_a_trial_has_the_console_and_the_verdict(pool: PoolApp) -> None:
    execute = "(variable) => { console.log('at', variable.x); return {result: variable.x * 2}; }"
    found = attempt(pool, {"x": 3}, execute_function=execute, validate_result=VALIDATE).json
    assert (found["console"], found["valid"], found["reason"]) == ("at 3\n", False, "not four")


def test_a_trial_shows_what_would_be_stored(pool: PoolApp) -> None:
    assert attempt(pool, validate_result="(v, r) => ({valid: true, result: [r]})").json["stored"] == [4]


def test_a_function_that_fails_is_an_error_with_its_console(pool: PoolApp) -> None:
    execute = "(variable) => { console.log('so far'); throw new Error('no such harbour'); }"
    found = attempt(pool, execute_function=execute).json
    assert "no such harbour" in found["error"]["message"]
    assert (found["error"]["kind"], found["console"]) == ("throw", "so far\n")


def test_a_value_that_json_loses_is_an_error(pool: PoolApp) -> None:
    assert attempt(pool, execute_function="() => ({result: NaN})").json["error"]["kind"] == "not-json"


def test_random_numbers_are_repeatable(pool: PoolApp) -> None:
    assert attempt(pool, execute_function="() => ({result: Math.random()})").json["repeatable"] is True


def test_a_result_that_depends_on_the_time_is_not_repeatable(pool: PoolApp) -> None:
    source = "() => { const at = Date.now(); while (Date.now() === at); return {result: Date.now()}; }"
    assert attempt(pool, execute_function=source).json["repeatable"] is False


@pytest.mark.parametrize(
    ("posted", "named"),
    [
        ({"variable": {}}, "job: is missing"),
        ({"job": {"name": "a"}, "variable": {}}, "job.execute_function: is missing"),
        ({"job": {"name": "a", "execute_function": EXECUTE}}, "variable: is missing"),
        ({"job": [], "variable": {}}, "job: must be an object"),
        ({"job": {"name": "a", "execute_function": "() => ("}, "variable": {}}, "job.execute_function"),
        ({"job": {"name": "a", "execute_function": EXECUTE}, "variable": {}, "more": 1}, "more: unknown field"),
    ],
)
def test_what_could_not_be_posted_is_not_tried(pool: PoolApp, posted: Any, named: str) -> None:
    response = pool.post_json("/jobs?try=1", posted, headers=pool.owner, expect_errors=True)
    problem(response, 422, named)


def test_a_variable_that_the_job_refuses_is_not_tried(pool: PoolApp) -> None:
    problem(attempt(pool, validate_variable="() => false", status=422), 422, "rejected it")


def test_a_trial_needs_what_posting_needs(pool: PoolApp) -> None:
    posted = {"job": {"name": "a", "execute_function": EXECUTE}, "variable": {"x": 1}}
    problem(pool.post_json("/jobs?try=1", posted, expect_errors=True), 401, "needs a key")
    pool.post_json("/jobs?try=1", posted, headers=other_key(pool), status=200)


def test_strangers_try_where_they_may_post_and_nobody_looks_first(make_pool: MakePool) -> None:
    posted = {"job": {"name": "a", "execute_function": EXECUTE}, "variable": {"x": 1}}
    assert make_pool(open=True).post_json("/jobs?try=1", posted, status=200).json["result"] == 2


def test_strangers_try_nothing_before_the_operator_looked(make_pool: MakePool) -> None:
    posted = {"job": {"name": "a", "execute_function": EXECUTE}, "variable": {"x": 1}}
    problem(make_pool(open="review").post_json("/jobs?try=1", posted, expect_errors=True), 403, "the operator looks")
