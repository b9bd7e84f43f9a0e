"""States of a variable after posting: the index, withdrawal, failure and release."""

from __future__ import annotations

from typing import Any

import pytest

from storage.clock import ManualClock
from tests.conftest import PoolApp, address
from tests.resources.helpers import HAL, NDJSON, documents, files, ndjson, problem

NEVER = {"validate_variable": "() => true", "validate_result": "() => false"}


def states(pool: PoolApp, job: str) -> dict[str, str]:
    items = pool.get(f"{job}/variables/index").json["_embedded"]["items"]
    return {item["id"]: item["state"] for item in items}


def release(pool: PoolApp, path: str, status: int, body: Any = None) -> Any:
    return pool.patch_json(path, {"state": "open"} if body is None else body, headers=pool.owner, status=status)


def withdraw(pool: PoolApp, path: str, status: int = 204) -> Any:
    return pool.delete(path, headers=pool.owner, status=status)


@pytest.fixture
def failed(pool: PoolApp) -> str:
    """A variable that failed after rejected results from two addresses."""
    variable = pool.post_variable(pool.post_job(**NEVER, settings={"max_errors": 2}))
    reject(pool, variable)
    return variable


def reject(pool: PoolApp, variable: str) -> list[dict[str, Any]]:
    """The problems of wrong results from two addresses."""
    posts = [pool.post_json(f"{variable}/results", 1, extra_environ=address(at), status=422) for at in (1, 2)]
    return [problem(post, 422) for post in posts]


# The index


def test_the_index_has_every_state(pool: PoolApp) -> None:
    job = pool.post_job(
        validate_variable="() => true", validate_result="(v, result) => result > 0", settings={"max_errors": 1}
    )
    done, failing, withdrawn, leased = (
        pool.post_variable(job, name) for name in ("done", "failed", "withdrawn", "leased")
    )
    pool.post_json(f"{done}/results", 1, status=201)
    pool.post_json(f"{failing}/results", 0, status=422)
    withdraw(pool, withdrawn)
    assert pool.lease(job)["self"] == leased
    pool.post_variable(job, "open")
    assert states(pool, job) == {name: name for name in ("done", "failed", "withdrawn", "leased", "open")}


def test_pages_of_the_index_are_linked(pool: PoolApp) -> None:
    job = pool.post_job()
    lines = ndjson(*(f'{{"x": {number}}}' for number in range(7)))
    ids = pool.post(f"{job}/variables", lines, headers={**pool.owner, **NDJSON}).json["ids"]
    found: list[list[str]] = []
    path = f"{job}/variables/index?limit=3"
    while path:
        page = pool.get(path).json
        found.append([item["id"] for item in page["_embedded"]["items"]])
        path = page["_links"].get("next")
    assert found == [ids[:3], ids[3:6], ids[6:]]


def test_variables_posted_between_two_pages_are_at_the_end(pool: PoolApp) -> None:
    job = pool.post_job()
    for name in "zy":
        pool.post_variable(job, name)
    next_page = pool.get(f"{job}/variables/index?limit=1").json["_links"]["next"]
    pool.post_variable(job, "a")
    rest = pool.get(next_page.replace("limit=1", "limit=9")).json["_embedded"]["items"]
    assert [item["id"] for item in rest] == ["y", "a"]


def test_each_item_links_to_its_variable(pool: PoolApp) -> None:
    job = pool.post_job()
    variable = pool.post_variable(job)
    (item,) = pool.get(f"{job}/variables/index", headers=HAL).json["_embedded"]["items"]
    assert item["_links"]["self"] == {"href": variable}


def test_a_variable_by_id_is_not_leased(pool: PoolApp) -> None:
    job = pool.post_job()
    variable = pool.post_variable(job)
    assert "lease" not in pool.get(variable).json["_links"]
    assert states(pool, job) == {"one": "open"}


def test_an_unknown_variable_is_404(pool: PoolApp) -> None:
    problem(pool.get(f"{pool.post_job()}/variables/nobody", status=404), 404, "variable 'nobody'")


# Withdrawal


def test_a_withdrawn_variable_is_gone(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job())
    assert withdraw(pool, variable).body == b""
    problem(pool.get(variable, status=410), 410, "withdrawn")


def test_the_id_of_a_withdrawn_variable_cannot_be_used_again(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job())
    withdraw(pool, variable)
    problem(pool.put_json(variable, {"x": 1}, headers=pool.owner, status=410), 410, "withdrawn")


def test_a_withdrawn_variable_is_not_leased(pool: PoolApp) -> None:
    job = pool.post_job()
    withdraw(pool, pool.post_variable(job))
    pool.get(f"{job}/variables", status=204)


@pytest.mark.parametrize("is_leased", [False, True])
def test_a_result_for_a_withdrawn_variable_is_410(pool: PoolApp, is_leased: bool) -> None:
    job = pool.post_job()
    variable = pool.post_variable(job)
    link = pool.lease(job)["post_result"] if is_leased else f"{variable}/results"
    withdraw(pool, variable)
    before = documents(pool)
    problem(pool.post_json(link, 2, status=410), 410, "withdrawn")
    assert documents(pool) == before


def test_the_lease_of_a_withdrawn_variable_is_lost(pool: PoolApp) -> None:
    job = pool.post_job()
    variable = pool.post_variable(job)
    lease = pool.lease(job)["lease"]
    withdraw(pool, variable)
    problem(pool.post(lease, status=409), 409, "lease")
    problem(pool.delete(lease, status=409), 409, "lease")


def test_withdrawing_twice_changes_nothing(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job())
    withdraw(pool, variable)
    before = files(pool)
    withdraw(pool, variable)
    assert files(pool) == before


def test_a_finished_variable_cannot_be_withdrawn(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job())
    pool.post_json(f"{variable}/results", 2, status=201)
    before = files(pool)
    problem(withdraw(pool, variable, 409), 409, "has a result")
    assert files(pool) == before


def test_a_failed_variable_can_be_withdrawn(pool: PoolApp, failed: str) -> None:
    withdraw(pool, failed)
    assert states(pool, "/jobs/example-job") == {"one": "withdrawn"}
    counts = pool.get("/jobs/example-job/progress").json["variables"]
    assert (counts["failed"], counts["withdrawn"]) == (0, 1)


def test_an_unknown_variable_cannot_be_withdrawn(pool: PoolApp) -> None:
    problem(withdraw(pool, f"{pool.post_job()}/variables/nobody", 404), 404, "nobody")


# Failure and release


def test_a_failed_variable_is_not_leased(pool: PoolApp, failed: str) -> None:
    pool.get("/jobs/example-job/variables", status=204)
    assert states(pool, "/jobs/example-job") == {"one": "failed"}


def test_the_last_rejection_has_failed_true(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job(**NEVER, settings={"max_errors": 2}))
    assert [rejected["failed"] for rejected in reject(pool, variable)] == [False, True]


def test_the_lease_of_a_failed_variable_is_lost(pool: PoolApp) -> None:
    job = pool.post_job(**NEVER, settings={"max_errors": 1})
    pool.post_variable(job)
    links = pool.lease(job)
    assert problem(pool.post_json(links["post_result"], 1, status=422), 422)["failed"]
    problem(pool.post(links["lease"], status=409), 409, "lease")


def test_a_failed_variable_takes_no_results(pool: PoolApp, failed: str) -> None:
    before = files(pool)
    late = pool.post_json(f"{failed}/results", 1, extra_environ=address(3), status=409)
    problem(late, 409, "has failed", "until its owner releases it")
    assert files(pool) == before


def test_the_owner_releases_a_failed_variable(pool: PoolApp, failed: str) -> None:
    assert release(pool, failed, 200).json["state"] == "open"
    assert pool.lease("/jobs/example-job")["self"] == failed


def test_a_released_variable_has_no_errors(pool: PoolApp, failed: str) -> None:
    release(pool, failed, 200)
    assert [rejected["failed"] for rejected in reject(pool, failed)] == [False, True]


def test_a_variable_is_stuck_an_hour_after_its_last_error(pool: PoolApp, clock: ManualClock) -> None:
    job = pool.post_job(**NEVER)
    pool.post_json(f"{pool.post_variable(job)}/results", 1, status=422)
    clock.advance(3599)
    assert states(pool, job) == {"one": "open"}
    clock.advance(1)
    assert states(pool, job) == {"one": "stuck"}


def test_the_counts_follow_a_release(pool: PoolApp, failed: str) -> None:
    assert pool.get("/jobs/example-job/progress").json["variables"]["failed"] == 1
    release(pool, failed, 200)
    counts = pool.get("/jobs/example-job/progress").json["variables"]
    assert (counts["failed"], counts["open"]) == (0, 1)


def test_only_a_failed_variable_can_be_released(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job())
    before = files(pool)
    problem(release(pool, variable, 409), 409, "has not failed")
    assert files(pool) == before


@pytest.mark.parametrize("body", [{}, {"state": "done"}, {"state": "open", "x": 1}, {"x": 1}, [], "open", 1, None])
def test_any_other_change_is_422(pool: PoolApp, failed: str, body: Any) -> None:
    before = files(pool)
    problem(pool.patch_json(failed, body, headers=pool.owner, status=422), 422, "state")
    assert files(pool) == before
