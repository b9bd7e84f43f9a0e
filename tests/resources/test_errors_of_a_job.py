"""`/jobs/{job}/errors`: the errors of a job for its owner. tests/storage/contract_counts.py has the rules of groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import PoolApp, address
from tests.resources.helpers import HAL, other_key, problem

JOB = "/jobs/example-job"
CHECK = {"validate_variable": "() => true", "validate_result": "() => ({valid: false, reason: 'too small'})"}


def errors(pool: PoolApp, **headers: str) -> Any:
    return pool.get(f"{JOB}/errors", headers={**pool.owner, **headers}, status=200).json


def report(pool: PoolApp, message: str) -> str:
    """Reports that the function failed with the next variable; returns the variable's path."""
    links = pool.lease(JOB)
    error = {"kind": "threw", "message": message}
    pool.post_json(links["post_report"], {"error": error}, extra_environ=address(1), status=204)
    return links["self"]


def only_group(pool: PoolApp) -> Any:
    (group,) = errors(pool)["_embedded"]["items"]
    return group


@pytest.fixture
def failing(pool: PoolApp) -> PoolApp:
    """A job with a variable on which one address failed by its function, and two by their results."""
    variable = pool.post_variable(pool.post_job(**CHECK))
    link = pool.lease(JOB)["post_report"]
    pool.post_json(link, {"error": {"kind": "threw", "message": "no"}, "engine": "Chromium 131"}, status=204)
    for number in (1, 2):
        pool.post_json(f"{variable}/results", number, extra_environ=address(number), status=422)
    return pool


def test_a_job_without_errors_has_none(pool: PoolApp) -> None:
    pool.post_job()
    document = errors(pool)
    links = {"self": f"{JOB}/errors", "get_job": JOB, "variable": f"{JOB}/variables/{{variable}}"}
    assert document["_links"] == links
    assert (document["count"], document["rejected"], document["failures"], document["stuck"]) == (0, 0, 0, [])
    assert document["_embedded"]["items"] == []


def test_rejected_results_and_failures_are_counted(failing: PoolApp) -> None:
    document = errors(failing)
    assert (document["count"], document["rejected"], document["failures"]) == (2, 2, 1)


def test_errors_come_with_the_name_and_state_of_the_job(pool: PoolApp) -> None:
    pool.post_variable(pool.post_job())
    pool.post_json(pool.lease(JOB)["post_result"], 5, status=201)
    document = errors(pool)
    assert [document[name] for name in ("name", "state", "accepted")] == ["Example job", "open", 1]


def test_a_group_keeps_its_id_while_its_message_varies(pool: PoolApp) -> None:
    job = pool.post_job()
    for variable in ("one", "two"):
        pool.post_variable(job, variable)
    report(pool, "no level of 1")
    first = only_group(pool)
    report(pool, "no level of 2")
    second = only_group(pool)
    assert (second["id"], second["message"], second["count"]) == (first["id"], "no level of 2", 2)


def test_an_error_without_a_message_is_listed_by_its_kind(pool: PoolApp) -> None:
    pool.post_variable(pool.post_job())
    report(pool, "")
    assert only_group(pool)["message"] == "threw"


def test_stuck_variables_have_a_link(pool: PoolApp) -> None:
    pool.post_variable(pool.post_job())
    path = report(pool, "no")
    pool.clock.advance(3700)
    document = errors(pool)
    (stuck,) = document["stuck"]
    assert document["_links"]["variable"].replace("{variable}", stuck) == path


def test_failed_variables_are_listed_until_they_are_released(pool: PoolApp) -> None:
    pool.post_variable(pool.post_job(settings={"max_errors": 1}))
    path = report(pool, "no")
    (failed,) = errors(pool)["failed"]
    assert errors(pool)["_links"]["variable"].replace("{variable}", failed) == path
    pool.patch_json(path, {"state": "open"}, headers=pool.owner)
    assert errors(pool)["failed"] == []


def test_unchanged_errors_are_304(pool: PoolApp) -> None:
    pool.post_variable(pool.post_job())
    tag = pool.get(f"{JOB}/errors", headers=pool.owner).headers["ETag"]
    condition = {"If-None-Match": tag, **pool.owner}
    assert pool.get(f"{JOB}/errors", headers=condition, status=304).body == b""
    report(pool, "no")
    pool.get(f"{JOB}/errors", headers=condition, status=200)


def test_a_304_needs_the_owners_key(pool: PoolApp) -> None:
    pool.post_job()
    tag = pool.get(f"{JOB}/errors", headers=pool.owner).headers["ETag"]
    pool.get(f"{JOB}/errors", headers={"If-None-Match": tag}, status=401)


def test_the_most_frequent_error_is_the_first(failing: PoolApp) -> None:
    groups = errors(failing)["_embedded"]["items"]
    assert [(group["function"], group["message"], group["count"]) for group in groups] == [
        ("validate_result", "too small", 2),
        ("execute_function", "no", 1),
    ]


def test_a_group_links_to_its_last_error_and_variable(failing: PoolApp) -> None:
    group = errors(failing, **HAL)["_embedded"]["items"][0]
    assert group["_links"]["get_variable"] == {"href": f"{JOB}/variables/one"}
    stored = failing.get(group["_links"]["self"]["href"], headers=failing.owner, status=200).json
    assert (stored["result"], stored["rejected"]) == (2, "too small")


def test_the_errors_of_a_variable_are_among_its_results_for_its_owner(failing: PoolApp) -> None:
    path = f"{JOB}/variables/one/results"
    items = failing.get(path, headers=failing.owner).json["_embedded"]["items"]
    assert [("failure" in item, "result" in item) for item in items] == [(True, False), (False, True), (False, True)]
    assert items[0]["failure"] == {"kind": "threw", "message": "no", "stack": ""}
    assert items[0]["engine"] == "Chromium 131"
    assert failing.get(path).json["count"] == 0


def test_progress_has_the_errors_for_the_owner(failing: PoolApp) -> None:
    shown = failing.get(f"{JOB}/progress", headers=failing.owner).json
    assert [group["message"] for group in shown["errors"]] == ["too small", "no"]
    assert (shown["results"]["failures"], shown["stuck"]) == (1, 0)


def test_errors_of_a_released_variable_are_still_shown(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job(**CHECK, settings={"max_errors": 1}))
    pool.post_json(f"{variable}/results", 1, status=422)
    pool.patch_json(variable, {"state": "open"}, headers=pool.owner, status=200)
    assert only_group(pool)["count"] == 1


@pytest.mark.parametrize(("has_key", "status"), [(False, 401), (True, 403)])
def test_errors_are_for_the_owner_alone(failing: PoolApp, has_key: bool, status: int) -> None:
    headers = other_key(failing) if has_key else {}
    problem(failing.get(f"{JOB}/errors", headers=headers, status=status), status)


def test_errors_of_an_unknown_job_are_not_found(pool: PoolApp) -> None:
    problem(pool.get("/jobs/nobody/errors", headers=pool.owner, status=404), 404, "nobody")
