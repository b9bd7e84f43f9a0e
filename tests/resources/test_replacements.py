"""A job that replaces another: its open variables move, its results stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pool.sandbox import Sandbox
from storage.flat import FlatStore
from tests.conftest import EXECUTE, MakePool, PoolApp, address
from tests.resources.helpers import NDJSON, documents, other_key, problem
from tests.storage.faults import wait_for_trash
from tests.storage.helpers import findings
from tests.storage.snapshots import record

OLD, NEW = "/jobs/old", "/jobs/new"
CORRECTED = {"name": "New", "execute_function": EXECUTE, "replaces": "Old"}


def post_old(pool: PoolApp, **fields: Any) -> None:
    """Posts a job with a variable in each state: v0 done, v1 failed, v2 withdrawn, v3 leased, v4 open."""
    pool.post_job("Old", settings={"max_errors": 1}, **fields)
    pool.post_json(f"{pool.post_variable(OLD, 'v0', x=0)}/results", "old", status=201)
    pool.post_variable(OLD, "v1", x=1)
    links = pool.lease(OLD)
    failure = {"error": {"kind": "threw", "message": "wrong"}}
    pool.post_json(links["post_report"], failure, status=204)
    pool.delete(pool.post_variable(OLD, "v2", x=2), headers=pool.owner, status=204)
    pool.post_variable(OLD, "v3", x=3)
    pool.get(f"{OLD}/variables", extra_environ=address(1), status=200)
    pool.post_variable(OLD, "v4", x=4)


def replace(pool: PoolApp, status: int = 201, key: dict[str, str] | None = None, **fields: Any) -> Any:
    return pool.post_json("/jobs", {**CORRECTED, **fields}, headers=pool.owner if key is None else key, status=status)


def states(pool: PoolApp, job: str) -> dict[str, str]:
    items = pool.get(f"{job}/variables/index").json["_embedded"]["items"]
    return {item["id"]: item["state"] for item in items}


def test_what_is_not_finished_moves_and_results_stay(pool: PoolApp) -> None:
    post_old(pool)
    replace(pool)
    moved = {"v1": "withdrawn", "v2": "withdrawn", "v3": "withdrawn", "v4": "withdrawn"}
    assert states(pool, OLD) == {"v0": "done", **moved}
    assert states(pool, NEW) == {"v1": "open", "v3": "open", "v4": "open"}
    assert pool.get(f"{NEW}/variables/v3").json["x"] == 3
    assert pool.get(f"{OLD}/results").json["count"] == 1


def test_both_jobs_link_to_each_other_and_the_former_one_is_paused(pool: PoolApp) -> None:
    post_old(pool)
    assert replace(pool).json["_links"]["replaces"] == OLD
    former = pool.get(OLD).json
    assert (former["_links"]["replaced_by"], former["state"]) == (NEW, "paused")
    assert former["paused"]["reason"] == "replaced by job 'new'"


def test_the_former_job_is_finished_and_says_where_its_variables_are(pool: PoolApp) -> None:
    post_old(pool)
    replace(pool)
    page = pool.get(f"{OLD}/results?wait=60&errors=true", headers=pool.owner).json
    reasons = {item["variable"]: item.get("reason") for item in page["_embedded"]["items"]}
    assert page["finished"]
    assert reasons["v4"] == "withdrawn and moved to job 'new'"
    problem(pool.get(f"{OLD}/variables/v4", status=410), 410, "moved to job 'new'")


def test_a_result_for_the_former_job_is_too_late(pool: PoolApp) -> None:
    pool.post_job("Old")
    pool.post_variable(OLD, "v0")
    links = pool.lease(OLD)
    replace(pool)
    problem(pool.post_json(links["post_result"], 1, status=410), 410, "new")


def test_a_variable_keeps_its_type(pool: PoolApp) -> None:
    pool.post_job("Old")
    pool.post(f"{OLD}/variables", b"5\n", headers={**pool.owner, **NDJSON}, status=201)
    assert replace(pool).json["requirements"] == {"json_variables": True}
    link = pool.get(NEW).json["_links"]["get_variables"]
    assert pool.get(link, status=200).json["_embedded"] == {"variable": 5}


def test_many_variables_move_in_order(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pool.replacements.BATCH", 3)
    pool.post_job("Old")
    for number in range(10):
        pool.post_variable(OLD, f"v{number}", x=number)
    replace(pool)
    assert list(states(pool, NEW)) == [f"v{number}" for number in range(10)]


def test_a_job_may_be_replaced_again_and_again(pool: PoolApp) -> None:
    post_old(pool)
    replace(pool)
    replace(pool, name="Newest", replaces="new")
    assert states(pool, "/jobs/newest") == {"v1": "open", "v3": "open", "v4": "open"}


def test_a_retry_under_the_same_key_replaces_once(pool: PoolApp) -> None:
    post_old(pool)
    key = {**pool.owner, "Idempotency-Key": "k"}
    first, second = replace(pool, key=key), replace(pool, key=key)
    assert first.json == second.json
    assert states(pool, NEW) == {"v1": "open", "v3": "open", "v4": "open"}


# What is refused


def refused(pool: PoolApp, status: int, *named: str, key: dict[str, str] | None = None, **fields: Any) -> None:
    before = documents(pool)
    problem(replace(pool, status, key, **fields), status, *named)
    after = documents(pool)
    assert {name: after[name] for name in after if "moving/" not in name} == before


@pytest.mark.parametrize("name", ["nobody", 5, "", None, {}])
def test_the_replaced_job_must_exist(pool: PoolApp, name: Any) -> None:
    post_old(pool)
    refused(pool, 422, "replaces", replaces=name)


def test_only_the_owner_replaces_a_job(pool: PoolApp) -> None:
    post_old(pool)
    refused(pool, 403, "another key", key=other_key(pool))
    refused(pool, 401, "key", key={})


def test_a_job_that_was_posted_without_a_key_is_not_replaced(make_pool: MakePool) -> None:
    pool = make_pool(open=True)
    job = pool.post_json("/jobs", {"name": "Old", "execute_function": EXECUTE}, status=201).json
    refused(pool, 403, "without a key", key={"Authorization": f"Bearer {job['key']}"})


def test_the_new_job_needs_a_name_of_its_own(pool: PoolApp) -> None:
    post_old(pool)
    refused(pool, 409, "name", name="Old")


def test_a_job_is_replaced_once(pool: PoolApp) -> None:
    post_old(pool)
    replace(pool)
    refused(pool, 409, "replaced by 'new'", name="Another")


def test_a_job_of_flows_that_run_is_not_replaced(pool: PoolApp) -> None:
    post_old(pool)
    flow = pool.post_json("/flows", {"jobs": [{"job": OLD}]}, headers=pool.owner, status=201).headers["Location"]
    refused(pool, 409, "flows")
    pool.delete(flow, headers=pool.owner, status=204)
    replace(pool)


def test_a_replaced_job_takes_no_variables_and_no_flows(pool: PoolApp) -> None:
    post_old(pool)
    replace(pool)
    problem(pool.post_json(f"{OLD}/variables", {"x": 1}, headers=pool.owner, status=409), 409, "replaced by 'new'")
    flow = {"jobs": [{"job": OLD}]}
    problem(pool.post_json("/flows", flow, headers=pool.owner, status=422), 422, "replaced by 'new'")


def test_a_replaced_job_stays_paused(pool: PoolApp) -> None:
    post_old(pool)
    replace(pool)
    problem(pool.patch_json(OLD, {"state": "open"}, headers=pool.owner, status=409), 409, "replaced by 'new'")
    pool.patch_json(OLD, {"metadata": {"owner": "ada"}}, headers=pool.owner, status=200)


def test_what_a_job_replaces_can_t_be_changed(pool: PoolApp) -> None:
    pool.post_job("Old")
    problem(pool.patch_json(OLD, {"replaces": "x"}, headers=pool.owner, status=422), 422, "can't be changed")


# Crashes and races


def test_a_variable_posted_meanwhile_moves_too(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    post_old(pool)
    pool_posters = pool.pool.posters
    add = pool_posters.add_variables

    def add_late(*arguments: Any) -> list[str]:
        replace(pool)
        return add(*arguments)

    monkeypatch.setattr(pool_posters, "add_variables", add_late)
    pool.post_variable(OLD, "late", x=9)
    assert states(pool, OLD)["late"] == "withdrawn"
    assert states(pool, NEW)["late"] == "open"


def test_another_variable_under_the_same_id_is_left_alone(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    post_old(pool)
    replacements = pool.pool.replacements
    move = replacements._move_batch

    def move_late(*arguments: Any) -> None:
        pool.put_json(f"{NEW}/variables/v3", {"x": "other"}, headers=pool.owner, status=201)
        move(*arguments)

    monkeypatch.setattr(replacements, "_move_batch", move_late)
    replace(pool)
    assert pool.get(f"{NEW}/variables/v3").json["x"] == "other"
    assert set(states(pool, NEW)) == {"v1", "v3", "v4"}


def assert_moved_once(pool: PoolApp) -> None:
    assert states(pool, NEW) == {"v1": "open", "v2": "open"}
    assert states(pool, OLD) == {"v0": "done", "v1": "withdrawn", "v2": "withdrawn"}
    assert pool.get(OLD).json["_links"]["replaced_by"] == NEW
    assert not list((pool.data / "moving").iterdir())
    wait_for_trash()
    assert findings(FlatStore(pool.data, fsync=False)) == []


@pytest.fixture
def open_pool(sandbox: Sandbox) -> Callable[[Path], PoolApp]:
    return lambda root: PoolApp(root, sandbox)


def wait_for_moves(pool: PoolApp) -> None:
    for thread in list(pool.pool.replacements._threads.values()):
        thread.join()


def test_a_replacement_killed_at_any_call_is_completed(memory_path: Path, open_pool: Callable[[Path], PoolApp]) -> None:
    root = memory_path / "pool"
    pool = open_pool(root)
    pool.post_job("Old")
    for number in range(3):
        pool.post_variable(OLD, f"v{number}", x=number)
    pool.post_json(f"{OLD}/variables/v0/results", 1, status=201)
    recording = record(root, lambda: replace(pool))
    assert len(recording.killed) > 20
    began = 0
    for snapshot in (*recording.killed, recording.done):
        after = open_pool(snapshot.restore(root))
        wait_for_moves(after)
        if after.get(NEW, expect_errors=True).status_int == 404:
            assert states(after, OLD)["v2"] == "open"
            replace(after)
        else:
            began += 1
        assert_moved_once(after)
        after.pool.replacements.close()
    assert began > 10


def test_a_job_that_is_still_taking_over_variables_is_not_replaced(pool: PoolApp) -> None:
    post_old(pool)
    replace(pool)
    pool.pool.store.jobs.update("new", lambda job: {**job, "replaces": {**job["replaces"], "moving": True}})
    refused = replace(pool, 409, name="Newer", replaces="New")
    problem(refused, 409, "still taking over variables")
