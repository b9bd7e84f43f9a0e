"""`/jobs/{job}/variables`: posting variables, one or many, under a chosen or a generated id."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import PoolApp
from tests.resources.helpers import NDJSON, documents, files, ndjson, problem

KEY = {"Idempotency-Key": "a-key-of-mine"}
EVEN = "(variable) => variable.x % 2 === 0"


@pytest.fixture
def job(pool: PoolApp) -> str:
    return pool.post_job()


def post(pool: PoolApp, job: str, value: Any, status: int = 201, **headers: str) -> Any:
    return pool.post_json(f"{job}/variables", value, headers={**pool.owner, **headers}, status=status)


def post_lines(pool: PoolApp, job: str, *lines: str, status: int = 201, headers: dict[str, str] | None = None) -> Any:
    headers = {**pool.owner, **NDJSON, **(headers or {})}
    return pool.post(f"{job}/variables", ndjson(*lines), headers=headers, status=status)


def put(pool: PoolApp, path: str, value: Any, status: int = 201) -> Any:
    return pool.put_json(path, value, headers=pool.owner, status=status)


def total(pool: PoolApp, job: str) -> int:
    return int(pool.get(f"{job}/progress").json["variables"]["total"])


# One variable


def test_a_posted_variable_has_a_location(pool: PoolApp, job: str) -> None:
    location = post(pool, job, {"x": 1}).headers["Location"]
    variable = pool.get(location, status=200).json
    assert variable.pop("_links")["self"] == location
    assert variable == {"x": 1}


def test_the_response_has_id_and_links(pool: PoolApp, job: str) -> None:
    response = post(pool, job, {"x": 1})
    assert response.headers["Location"].endswith(response.json["id"])
    assert set(response.json["_links"]) == {"self", "post_result", "results", "get_job"}


def test_two_variables_may_be_equal(pool: PoolApp, job: str) -> None:
    first, second = post(pool, job, {"x": 1}), post(pool, job, {"x": 1})
    assert first.json["id"] != second.json["id"]


def test_a_variable_is_stored_unchanged(pool: PoolApp, job: str) -> None:
    values: list[Any] = [{}, {"": None}, {"ünï": "🏊\u2028\0"}, {"big": 10**300, "small": 5e-324}]
    for value in (*values, {"id": 1, "job": 2}, {"a": [[[{}]]]}):
        variable = pool.get(post(pool, job, value).headers["Location"]).json
        del variable["_links"]
        assert variable == value


@pytest.mark.parametrize("field", ["_links", "_embedded"])
def test_a_variable_with_a_reserved_field_is_refused(pool: PoolApp, job: str, field: str) -> None:
    before = files(pool)
    problem(post(pool, job, {field: {}}, 422), 422, field)
    problem(put(pool, f"{job}/variables/one", {field: {}}, 422), 422, field)
    assert files(pool) == before


def test_nested_fields_can_have_reserved_names(pool: PoolApp, job: str) -> None:
    post(pool, job, {"x": {"_links": {}}})


def test_a_variable_of_an_unknown_job_is_404(pool: PoolApp) -> None:
    problem(post(pool, "/jobs/nobody", {"x": 1}, 404), 404, "nobody")


# Many variables


def test_each_line_is_a_variable(pool: PoolApp, job: str) -> None:
    ids = post_lines(pool, job, '{"x": 1}', '{"x": 2}', '{"x": 3}').json["ids"]
    assert [pool.get(f"{job}/variables/{name}").json["x"] for name in ids] == [1, 2, 3]


def test_the_location_of_many_is_the_index(pool: PoolApp, job: str) -> None:
    response = post_lines(pool, job, '{"x": 1}', '{"x": 2}')
    assert response.json["count"] == 2
    assert pool.get(response.headers["Location"]).json["count"] == 2


def test_empty_lines_are_skipped(pool: PoolApp, job: str) -> None:
    assert post_lines(pool, job, "", '{"x": 1}', "  ", '{"x": 2}\r').json["count"] == 2


def test_the_last_line_needs_no_newline(pool: PoolApp, job: str) -> None:
    headers = {**pool.owner, **NDJSON}
    assert pool.post(f"{job}/variables", b'{"x":1}\n{"x":2}', headers=headers).json["count"] == 2


def test_variables_are_in_the_order_of_lines(pool: PoolApp, job: str) -> None:
    ids = post_lines(pool, job, *(f'{{"x": {number}}}' for number in range(101))).json["ids"]
    items = pool.get(f"{job}/variables/index?limit=1000").json["_embedded"]["items"]
    assert [item["id"] for item in items] == ids == sorted(ids)


@pytest.mark.parametrize(("line", "status"), [("{} {}", 400), ("[" * 101, 400), ('{"_links": {}}', 422)])
def test_an_invalid_line_is_named_and_nothing_stored(pool: PoolApp, job: str, line: str, status: int) -> None:
    before = files(pool)
    response = post_lines(pool, job, '{"x": 1}', line, '{"x": 3}', status=status)
    problem(response, status, "line 2")
    assert files(pool) == before


def test_a_line_rejected_by_the_job_is_named(pool: PoolApp) -> None:
    job = pool.post_job(validate_variable=EVEN)
    before = files(pool)
    problem(post_lines(pool, job, '{"x": 2}', '{"x": 4}', '{"x": 5}', status=422), 422, "line 3", "validate_variable")
    assert files(pool) == before


def test_line_numbers_count_empty_lines(pool: PoolApp, job: str) -> None:
    problem(post_lines(pool, job, "", '{"x": 1}', "", '{"_links": 1}', status=422), 422, "line 4")


def test_a_body_without_lines_is_400(pool: PoolApp, job: str) -> None:
    problem(
        pool.post(f"{job}/variables", b" \r\n\n", headers={**pool.owner, **NDJSON}, status=400), 400, "no JSON line"
    )


# Idempotency keys


def test_the_same_idempotency_key_stores_one_variable(pool: PoolApp, job: str) -> None:
    first, second = post(pool, job, {"x": 1}, **KEY), post(pool, job, {"x": 1}, **KEY)
    assert first.json["id"] == second.json["id"]
    assert total(pool, job) == 1


def test_the_same_idempotency_key_stores_one_batch(pool: PoolApp, job: str) -> None:
    lines = [f'{{"x": {number}}}' for number in range(12)]
    first, second = post_lines(pool, job, *lines, headers=KEY), post_lines(pool, job, *lines, headers=KEY)
    assert first.json["ids"] == second.json["ids"]
    assert total(pool, job) == 12


def test_a_post_repeated_after_the_result_opens_nothing(pool: PoolApp, job: str) -> None:
    location = post(pool, job, {"x": 1}, **KEY).headers["Location"]
    pool.post_json(f"{location}/results", 2, status=201)
    post(pool, job, {"x": 1}, **KEY)
    pool.get(f"{job}/variables", status=204)


def test_other_variables_with_the_same_key_are_409(pool: PoolApp, job: str) -> None:
    post_lines(pool, job, '{"x": 1}', '{"x": 2}', headers=KEY)
    before = files(pool)
    problem(post_lines(pool, job, '{"x": 2}', '{"x": 1}', status=409, headers=KEY), 409, "Idempotency-Key")
    assert files(pool) == before


def test_another_idempotency_key_stores_another_variable(pool: PoolApp, job: str) -> None:
    post(pool, job, {"x": 1}, **KEY)
    post(pool, job, {"x": 1}, **{"Idempotency-Key": "another"})
    assert total(pool, job) == 2


def test_idempotency_keys_are_per_job(pool: PoolApp, job: str) -> None:
    post(pool, job, {"x": 1}, **KEY)
    post(pool, pool.post_job("Other"), {"x": 2}, **KEY)


# Under a chosen id


def test_a_variable_is_stored_under_a_chosen_id(pool: PoolApp, job: str) -> None:
    path = f"{job}/variables/test_limit_case"
    response = put(pool, path, {"x": 1})
    assert (response.json["id"], response.headers["Location"]) == ("test_limit_case", path)
    assert pool.get(path).json["x"] == 1


def test_putting_an_equal_variable_again_is_200(pool: PoolApp, job: str) -> None:
    path = f"{job}/variables/one"
    put(pool, path, {"x": 1, "y": [2]})
    before = files(pool)
    put(pool, path, {"y": [2], "x": 1}, 200)
    assert files(pool) == before


def test_putting_another_variable_under_the_id_is_409(pool: PoolApp, job: str) -> None:
    path = f"{job}/variables/one"
    put(pool, path, {"x": 1})
    before = files(pool)
    problem(put(pool, path, {"x": True}, 409), 409, "'one'")
    assert files(pool) == before


# The job's validators


def test_validate_variable_is_called(pool: PoolApp) -> None:
    job = pool.post_job(validate_variable=EVEN, validate_result="() => false")
    post(pool, job, {"x": 2})
    problem(post(pool, job, {"x": 1}, 422), 422, "validate_variable(variable, context) rejected it")


def test_without_it_validate_result_is_called_without_a_result(pool: PoolApp) -> None:
    check = "(variable, result, context) => result === undefined && context.job.id === 'example-job' && variable.x > 0"
    job = pool.post_job(validate_result=check)
    post(pool, job, {"x": 1})
    problem(post(pool, job, {"x": 0}, 422), 422, "validate_result(variable, undefined, context) rejected it")


def test_without_validators_everything_is_accepted(pool: PoolApp, job: str) -> None:
    post(pool, job, {"anything": "at all"})


# tests/pool/test_validation.py has the tables of verdicts and of failing validators.
@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        ("({valid: false, reason: 'x must be even'})", "x must be even"),
        ("(() => { throw new TypeError('bad x') })()", "TypeError: bad x"),
    ],
)
def test_a_rejected_variable_is_422_with_the_reason(pool: PoolApp, returned: str, reason: str) -> None:
    job = pool.post_job(validate_variable=f"() => {returned}")
    before = documents(pool)
    problem(post(pool, job, {"x": 1}, 422), 422, "validate_variable", reason)
    problem(put(pool, f"{job}/variables/one", {"x": 1}, 422), 422, reason)
    assert documents(pool) == before


def test_the_problem_has_the_console_of_the_validator(pool: PoolApp) -> None:
    job = pool.post_job(validate_variable="(variable) => { console.log('saw', variable); return false }")
    assert problem(post(pool, job, {"x": 1}, 422), 422)["console"] == 'saw {"x":1}\n'
