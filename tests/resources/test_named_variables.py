"""`PUT /jobs/{job}/variables`: many variables under chosen ids, stored as a whole and as often as wanted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import PoolApp
from tests.resources.helpers import NDJSON, files, ndjson, problem

ONE, TWO = '{"id": "one", "variable": {"x": 1}}', '{"id": "two", "variable": {"x": 2}}'


@pytest.fixture
def job(pool: PoolApp) -> str:
    return pool.post_job()


def put_lines(pool: PoolApp, job: str, *lines: str, status: int = 200) -> Any:
    return pool.put(f"{job}/variables", ndjson(*lines), headers={**pool.owner, **NDJSON}, status=status)


def test_each_variable_has_its_id(pool: PoolApp, job: str) -> None:
    assert put_lines(pool, job, ONE, TWO).json["count"] == 2
    assert [pool.get(f"{job}/variables/{name}").json["x"] for name in ("one", "two")] == [1, 2]


def test_they_are_listed_in_the_order_of_their_lines(pool: PoolApp, job: str) -> None:
    put_lines(pool, job, TWO, ONE)
    listed = pool.get(f"{job}/variables/index").json["_embedded"]["items"]
    assert [item["id"] for item in listed] == ["two", "one"]


def test_a_repetition_stores_only_what_is_missing(pool: PoolApp, job: str) -> None:
    assert put_lines(pool, job, ONE).json["new"] == ["one"]
    assert put_lines(pool, job, ONE, TWO).json["new"] == ["two"]
    before = files(pool)
    assert put_lines(pool, job, ONE, TWO).json["new"] == []
    assert files(pool) == before


def test_a_withdrawn_variable_stays_withdrawn(pool: PoolApp, job: str) -> None:
    put_lines(pool, job, ONE)
    pool.delete(f"{job}/variables/one", headers=pool.owner, status=204)
    assert put_lines(pool, job, ONE).json["new"] == []
    pool.get(f"{job}/variables/one", status=410)


@pytest.mark.parametrize(
    ("line", "status", "named"),
    [
        ('{"id": "one", "variable": {"x": 2}}', 409, "'one'"),
        ("[]", 422, "line 2: must be an object"),
        ('{"id": "three"}', 422, "line 2: variable: is missing"),
        ('{"variable": {}}', 422, "line 2: id: is missing"),
        ('{"id": 3, "variable": {}}', 422, "line 2: id: must be a string"),
        ('{"id": "a/b", "variable": {}}', 422, "variable"),
        ('{"id": "index", "variable": {}}', 422, "reserved"),
        ('{"id": "20261122192757242744-e8aebd.0.0.1", "variable": {}}', 422, "reserved"),
        ('{"id": "three", "variable": {}, "x": 1}', 422, "line 2: x: unknown field"),
        ('{"id": "two", "variable": {}}', 422, "line 2: id: is that of an earlier line"),
        ('{"id": "three", "variable": {"x": 9007199254740993}}', 422, "line 2: variable.x"),
        ('{"id": "three"', 400, "line 2 is not JSON"),
    ],
)
def test_an_invalid_line_refuses_all_and_is_named(pool: PoolApp, job: str, line: str, status: int, named: str) -> None:
    put_lines(pool, job, ONE)
    before = files(pool)
    problem(put_lines(pool, job, TWO, line, status=status), status, named)
    assert files(pool) == before


def test_a_line_that_the_job_refuses_is_named(pool: PoolApp) -> None:
    job = pool.post_job(validate_variable="(variable) => variable.x < 2")
    problem(put_lines(pool, job, ONE, "", TWO, status=422), 422, "line 3", "validate_variable")
