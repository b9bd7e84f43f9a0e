"""`/jobs/{job}` and `/jobs/index`: showing, changing, deleting a job."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import EXECUTE, PoolApp
from tests.resources.helpers import HAL, documents, other_key, problem

PRIVATE = {
    "validate_result": "() => true",
    "validate_variable": "() => true",
    "variable_scheduler": "() => null",
    "compare_results": "() => true",
}


def patch(pool: PoolApp, job: str, status: int = 200, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return pool.patch_json(job, fields, headers={**pool.owner, **(headers or {})}, status=status)


def test_the_functions_of_the_server_are_shown_to_the_owner(pool: PoolApp) -> None:
    job = pool.post_job(**PRIVATE)
    assert PRIVATE.items() <= pool.get(job, headers=pool.owner).json.items()


@pytest.mark.parametrize("is_other_owner", [False, True])
def test_the_functions_of_the_server_are_shown_to_nobody_else(pool: PoolApp, is_other_owner: bool) -> None:
    job = pool.post_job(**PRIVATE)
    shown = pool.get(job, headers=other_key(pool) if is_other_owner else {}).json
    assert PRIVATE.keys().isdisjoint(shown)
    assert shown["execute_function"] == EXECUTE


@pytest.mark.parametrize("path", ["/jobs", "/jobs/scheduler"])
def test_a_scheduler_shows_them_to_nobody(pool: PoolApp, path: str) -> None:
    pool.post_job(**PRIVATE)
    assert PRIVATE.keys().isdisjoint(pool.get(path, headers=pool.owner).json)


def test_whose_key_posted_the_job_is_never_shown(pool: PoolApp) -> None:
    assert {"key", "uid"}.isdisjoint(pool.get(pool.post_job(), headers=pool.owner).json)


def test_an_unknown_job_is_404(pool: PoolApp) -> None:
    problem(pool.get("/jobs/nobody", status=404), 404, "nobody")


# Entity tags


def test_a_job_that_is_known_is_304(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = pool.get(job).headers["ETag"]
    response = pool.get(job, headers={"If-None-Match": tag}, status=304)
    assert (response.body, response.headers["ETag"]) == (b"", tag)


@pytest.mark.parametrize("wanted", ['"other", {}', "W/{}", "*"])
def test_every_form_of_the_condition_is_understood(pool: PoolApp, wanted: str) -> None:
    job = pool.post_job()
    tag = pool.get(job).headers["ETag"]
    pool.get(job, headers={"If-None-Match": wanted.format(tag)}, status=304)


def test_head_is_conditional_like_get(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.head(job, headers={"If-None-Match": pool.head(job).headers["ETag"]}, status=304)


def test_a_change_changes_the_tag(pool: PoolApp) -> None:
    job = pool.post_job()
    before = pool.get(job).headers["ETag"]
    patch(pool, job, state="paused")
    assert pool.get(job, headers={"If-None-Match": before}, status=200).headers["ETag"] != before


def test_each_representation_has_its_own_tag(pool: PoolApp) -> None:
    job = pool.post_job(**PRIVATE)
    answers = [pool.get(job), pool.get(job, headers=HAL), pool.get(job, headers=pool.owner)]
    assert len({answer.headers["ETag"] for answer in answers}) == 3


# Changing


def test_a_change_is_answered_and_kept(pool: PoolApp) -> None:
    job = pool.post_job()
    assert patch(pool, job, state="paused").json["state"] == "paused"
    assert pool.get(job).json["state"] == "paused"


def test_a_change_merges(pool: PoolApp) -> None:
    job = pool.post_job(metadata={"owner": "McOmghall", "description": {"en": "this is a job", "es": "esto es un job"}})
    patched = patch(pool, job, metadata={"description": {"es": "hola"}, "more": 1}).json["metadata"]
    description = {"en": "this is a job", "es": "hola"}
    assert patched == {"name": "Example job", "owner": "McOmghall", "description": description, "more": 1}


def test_null_takes_metadata_away(pool: PoolApp) -> None:
    job = pool.post_job(metadata={"owner": "McOmghall", "description": {"en": "job", "es": "job"}})
    patched = patch(pool, job, metadata={"owner": None, "description": {"es": None}}).json["metadata"]
    assert patched == {"name": "Example job", "description": {"en": "job"}}


def test_null_brings_a_setting_back_to_its_default(pool: PoolApp) -> None:
    job = pool.post_job(settings={"lease_seconds": 10, "max_errors": 2})
    settings = patch(pool, job, settings={"lease_seconds": None}).json["settings"]
    assert (settings["lease_seconds"], settings["max_errors"]) == (300, 2)


def test_nothing_to_change_changes_nothing(pool: PoolApp) -> None:
    job = pool.post_job()
    before = documents(pool)
    patch(pool, job)
    assert documents(pool) == before


def test_a_merge_patch_may_be_named_as_one(pool: PoolApp) -> None:
    job = pool.post_job()
    headers = {**pool.owner, "Content-Type": "application/merge-patch+json"}
    assert pool.patch(job, '{"state": "paused"}', headers=headers).json["state"] == "paused"


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("state", "open"),
        ("metadata", {"name": "Example job"}),
        ("settings", {"lease_seconds": 300, "max_errors": 5, "require_lease": False}),
    ],
)
def test_null_takes_a_field_back_to_its_default(pool: PoolApp, field: str, default: Any) -> None:
    job = pool.post_job(state="paused", metadata={"owner": "me"}, settings={"max_errors": 7})
    assert pool.patch_json(job, {field: None}, headers=pool.owner).json[field] == default


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"state": "closed"}, "state"),
        ({"settings": {"max_errors": 0}}, "settings.max_errors"),
        ({"settings": {"unknown": 1}}, "settings.unknown"),
        ({"metadata": {"name": "Other"}}, "metadata.name"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"description": {"en": 1}}}, "metadata.description.en"),
        ({"name": "Other"}, "name: can't be changed"),
        ({"execute_function": EXECUTE}, "execute_function: can't be changed"),
        ({"validate_result": "() => true"}, "validate_result: can't be changed"),
        ({"id": "other"}, "id: unknown field"),
        ({"_links": {}}, "_links"),
        ({"state": "paused", "settings": {"max_errors": "many"}}, "settings.max_errors"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(pool: PoolApp, fields: dict[str, Any], named: str) -> None:
    job = pool.post_job()
    before = documents(pool)
    problem(patch(pool, job, 422, **fields), 422, named)
    assert documents(pool) == before


def test_a_change_of_what_was_seen_is_made(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = pool.get(job, headers=pool.owner).headers["ETag"]
    changed = patch(pool, job, headers={"If-Match": tag}, state="paused")
    assert changed.headers["ETag"] == pool.get(job, headers=pool.owner).headers["ETag"] != tag


def test_the_tag_of_a_change_serves_for_the_next(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = patch(pool, job, state="paused").headers["ETag"]
    patch(pool, job, headers={"If-Match": tag}, state="open")


def test_a_change_of_what_was_changed_meanwhile_is_412(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = pool.get(job, headers=pool.owner).headers["ETag"]
    patch(pool, job, metadata={"owner": "first"})
    problem(patch(pool, job, 412, {"If-Match": tag}, metadata={"owner": "second"}), 412, "If-Match")
    assert pool.get(job).json["metadata"]["owner"] == "first"


@pytest.mark.parametrize("garbage", ['"x"', "x", "a, b", ",", '""', "W/"])
def test_a_condition_that_is_garbage_holds_for_nothing(pool: PoolApp, garbage: str) -> None:
    job = pool.post_job()
    problem(patch(pool, job, 412, {"If-Match": garbage}, state="paused"), 412, "If-Match")


def test_any_state_is_fine_with_a_star(pool: PoolApp) -> None:
    patch(pool, pool.post_job(), headers={"If-Match": "*"}, state="paused")


def test_an_unknown_job_cannot_be_changed(pool: PoolApp) -> None:
    problem(patch(pool, "/jobs/nobody", 404, state="paused"), 404, "nobody")


# Deleting


def test_a_deleted_job_is_gone(pool: PoolApp) -> None:
    job = pool.post_job()
    assert pool.delete(job, headers=pool.owner, status=204).body == b""
    problem(pool.get(job, status=404), 404, "example-job")


@pytest.mark.parametrize(
    "path", ["/variables", "/variables/one", "/variables/index", "/variables/one/results", "/results", "/progress"]
)
def test_so_is_everything_below_it(pool: PoolApp, path: str) -> None:
    job = pool.post_job()
    pool.post_json(pool.post_variable(job) + "/results", 2, status=201)
    pool.delete(job, headers=pool.owner)
    problem(pool.get(f"{job}{path}", status=404), 404, "job 'example-job'")


def test_a_second_deletion_finds_nothing(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.delete(job, headers=pool.owner, status=204)
    problem(pool.delete(job, headers=pool.owner, status=404), 404, "example-job")


def test_nothing_of_it_is_left_on_the_disk(pool: PoolApp) -> None:
    before = documents(pool)
    job = pool.post_job()
    pool.post_variable(job)
    pool.delete(job, headers=pool.owner)
    assert documents(pool) == before


def test_the_name_is_free_again_and_the_new_job_is_empty(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_json(pool.post_variable(job) + "/results", 2, status=201)
    pool.delete(job, headers=pool.owner)
    assert pool.post_job() == job
    assert pool.get(f"{job}/progress").json["variables"]["total"] == 0


def test_the_new_job_serves_its_own_variables_alone(pool: PoolApp) -> None:
    job = pool.post_job()
    for number in range(5):
        pool.post_variable(job, f"old-{number}")
    pool.lease(job)
    pool.delete(job, headers=pool.owner)
    pool.post_job()
    pool.get(f"{job}/variables", status=204)


def test_leases_of_the_old_job_are_not_the_new_ones(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_variable(job)
    links = pool.lease(job)
    pool.delete(job, headers=pool.owner)
    pool.post_variable(pool.post_job())
    problem(pool.post_json(links["post_result"], 2, status=403), 403, "lease")
    problem(pool.post(links["lease"], status=403), 403, "lease")
    problem(pool.delete(links["lease"], status=403), 403, "lease")


# The index


def test_the_index_lists_jobs_without_their_code(pool: PoolApp) -> None:
    pool.post_job("One", **PRIVATE)
    (item,) = pool.get("/jobs/index").json["_embedded"]["items"]
    assert item["_links"]["self"] == "/jobs/one"
    assert {"execute_function", *PRIVATE}.isdisjoint(item)


def test_the_index_of_an_empty_pool_is_empty(pool: PoolApp) -> None:
    index = pool.get("/jobs/index").json
    assert (index["count"], index["_embedded"]["items"], set(index["_links"])) == (0, [], {"self"})


def test_the_index_is_walked_by_its_links(pool: PoolApp) -> None:
    for name in "abcde":
        pool.post_job(name)
    found, path = [], "/jobs/index?limit=2"
    while path:
        page = pool.get(path).json
        found.append([item["id"] for item in page["_embedded"]["items"]])
        path = page["_links"].get("next")
    assert found == [["a", "b"], ["c", "d"], ["e"]]


def test_a_job_deleted_in_the_middle_does_not_disturb_the_walk(pool: PoolApp) -> None:
    for name in "abc":
        pool.post_job(name)
    following = pool.get("/jobs/index?limit=1").json["_links"]["next"]
    pool.delete("/jobs/a", headers=pool.owner)
    assert pool.get(following).json["_embedded"]["items"][0]["id"] == "b"


# Whose it is


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize(("key", "status"), [(None, 401), ("wrong", 401), ("other", 403)])
def test_a_job_is_changed_by_its_owner_alone(pool: PoolApp, method: str, key: str | None, status: int) -> None:
    job = pool.post_job()
    headers = {None: {}, "wrong": {"Authorization": "Bearer " + "x" * 43}, "other": other_key(pool)}[key]
    before = documents(pool)
    response = pool.request(job, method=method, body=b"{}", headers=headers, expect_errors=True)
    problem(response, status, "key")
    assert documents(pool) == before


def test_the_operator_may_change_everybodys_jobs(pool: PoolApp) -> None:
    job = {"name": "Theirs", "execute_function": EXECUTE}
    path = pool.post_json("/jobs", job, headers=other_key(pool), status=201).headers["Location"]
    patch(pool, path, state="paused")
