"""`POST /jobs/{job}/variables/{variable}/reports`: statuses. tests/pool/test_failures.py has the rules."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import MakePool, PoolApp, address
from tests.resources.helpers import documents, problem

JOB = "/jobs/example-job"
FAILURE = {"error": {"kind": "threw", "message": "TypeError: no"}}


@pytest.fixture
def links(pool: PoolApp) -> dict[str, str]:
    """The links of a leased variable."""
    pool.post_variable(pool.post_job())
    return pool.lease(JOB)


def post(pool: PoolApp, link: str, status: int, body: Any = FAILURE) -> Any:
    return pool.post_json(link, body, status=status)


def test_a_leased_variable_links_to_its_reports(links: dict[str, str]) -> None:
    path, _, token = links["post_report"].partition("?")
    assert path == f"{JOB}/variables/one/reports"
    assert token == links["post_result"].partition("?")[2]


def test_an_extended_lease_has_the_link_too(pool: PoolApp, links: dict[str, str]) -> None:
    extended = pool.post(links["lease"], status=200).json["_links"]
    post(pool, extended["post_report"], 204)


@pytest.mark.parametrize("body", [FAILURE, {"console": "said"}, {**FAILURE, "console": "x" * 20_000}])
def test_a_report_is_204_without_a_body(pool: PoolApp, links: dict[str, str], body: Any) -> None:
    assert post(pool, links["post_report"], 204, body).body == b""


def test_a_repeated_report_is_204_and_changes_nothing(pool: PoolApp, links: dict[str, str]) -> None:
    post(pool, links["post_report"], 204)
    before = documents(pool)
    post(pool, links["post_report"], 204)
    assert documents(pool) == before


def test_after_a_failure_there_is_nothing_to_give_back(pool: PoolApp, links: dict[str, str]) -> None:
    post(pool, links["post_report"], 204)
    problem(pool.delete(links["lease"], status=409), 409, "lease")


def test_another_error_under_the_same_lease_is_409(pool: PoolApp, links: dict[str, str]) -> None:
    post(pool, links["post_report"], 204)
    problem(post(pool, links["post_report"], 409, {"error": {"kind": "crash"}}), 409, "ended with an error")


def test_an_error_of_a_finished_variable_is_409(pool: PoolApp, links: dict[str, str]) -> None:
    pool.post_json(links["post_result"], 2, status=201)
    problem(post(pool, links["post_report"], 409), 409, "finished")


def test_an_error_of_a_withdrawn_variable_is_410(pool: PoolApp, links: dict[str, str]) -> None:
    pool.delete(f"{JOB}/variables/one", headers=pool.owner, status=204)
    problem(post(pool, links["post_report"], 410), 410, "withdrawn")


def test_an_error_of_a_failed_variable_is_409(make_pool: MakePool) -> None:
    pool = make_pool()
    pool.post_variable(pool.post_job(settings={"max_errors": 1}))
    late = pool.lease(JOB)["post_report"]
    pool.clock.advance(400)
    leased = pool.get(f"{JOB}/variables", extra_environ=address(1), status=200).json
    pool.post_json(leased["_links"]["post_report"], FAILURE, extra_environ=address(1), status=204)
    problem(post(pool, late, 409), 409, "has failed")


@pytest.mark.parametrize("query", ["", "lease=", "lease=x"])
def test_without_a_valid_token_it_is_403(pool: PoolApp, links: dict[str, str], query: str) -> None:
    before = documents(pool)
    problem(post(pool, f"{JOB}/variables/one/reports?{query}", 403), 403, "lease")
    assert documents(pool) == before


@pytest.mark.parametrize(("body", "named"), [({}, "error"), ({"error": {"kind": "X"}}, "error.kind"), ([], "body")])
def test_an_invalid_report_is_422_and_ends_no_lease(
    pool: PoolApp, links: dict[str, str], body: Any, named: str
) -> None:
    problem(post(pool, links["post_report"], 422, body), 422, named)
    pool.delete(links["lease"], status=204)


def test_a_report_that_is_larger_than_a_document_is_413(make_pool: MakePool) -> None:
    pool = make_pool(max_document=4000)
    pool.post_variable(pool.post_job())
    problem(post(pool, pool.lease(JOB)["post_report"], 413, {"console": "x" * 5000}), 413)


def test_a_report_for_an_unknown_job_is_404(pool: PoolApp, links: dict[str, str]) -> None:
    problem(post(pool, links["post_report"].replace("example-job", "nobody"), 404), 404, "nobody")
