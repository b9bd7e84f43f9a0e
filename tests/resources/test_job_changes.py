"""`/jobs/{job}` and `/jobs/index`: getting, changing and deleting a job."""

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


def test_the_owner_sees_the_private_functions(pool: PoolApp) -> None:
    job = pool.post_job(**PRIVATE)
    assert PRIVATE.items() <= pool.get(job, headers=pool.owner).json.items()


@pytest.mark.parametrize("is_other_owner", [False, True])
def test_nobody_else_sees_the_private_functions(pool: PoolApp, is_other_owner: bool) -> None:
    job = pool.post_job(**PRIVATE)
    shown = pool.get(job, headers=other_key(pool) if is_other_owner else {}).json
    assert PRIVATE.keys().isdisjoint(shown)
    assert shown["execute_function"] == EXECUTE


@pytest.mark.parametrize("path", ["/jobs", "/jobs/scheduler"])
def test_a_scheduled_job_has_no_private_functions(pool: PoolApp, path: str) -> None:
    pool.post_job(**PRIVATE)
    assert PRIVATE.keys().isdisjoint(pool.get(path, headers=pool.owner).json)


def test_internal_fields_are_not_shown(pool: PoolApp) -> None:
    assert {"key", "uid"}.isdisjoint(pool.get(pool.post_job(), headers=pool.owner).json)


def test_an_unknown_job_is_404(pool: PoolApp) -> None:
    problem(pool.get("/jobs/nobody", status=404), 404, "nobody")


# Entity tags


def test_a_matching_etag_is_304(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = pool.get(job).headers["ETag"]
    response = pool.get(job, headers={"If-None-Match": tag}, status=304)
    assert (response.body, response.headers["ETag"]) == (b"", tag)


@pytest.mark.parametrize("condition", ['"other", {}', "W/{}", "*"])
def test_every_form_of_if_none_match(pool: PoolApp, condition: str) -> None:
    job = pool.post_job()
    tag = pool.get(job).headers["ETag"]
    pool.get(job, headers={"If-None-Match": condition.format(tag)}, status=304)


def test_head_is_conditional_like_get(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.head(job, headers={"If-None-Match": pool.head(job).headers["ETag"]}, status=304)


def test_a_change_changes_the_etag(pool: PoolApp) -> None:
    job = pool.post_job()
    before = pool.get(job).headers["ETag"]
    patch(pool, job, state="paused")
    assert pool.get(job, headers={"If-None-Match": before}, status=200).headers["ETag"] != before


def test_each_representation_has_its_own_etag(pool: PoolApp) -> None:
    job = pool.post_job(**PRIVATE)
    answers = [pool.get(job), pool.get(job, headers=HAL), pool.get(job, headers=pool.owner)]
    assert len({answer.headers["ETag"] for answer in answers}) == 3


# Changing


def test_a_change_is_returned_and_stored(pool: PoolApp) -> None:
    job = pool.post_job()
    assert patch(pool, job, state="paused").json["state"] == "paused"
    assert pool.get(job).json["state"] == "paused"


def test_metadata_is_merged(pool: PoolApp) -> None:
    job = pool.post_job(metadata={"owner": "McOmghall", "description": {"en": "this is a job", "es": "esto es un job"}})
    patched = patch(pool, job, metadata={"description": {"es": "hola"}, "more": 1}).json["metadata"]
    description = {"en": "this is a job", "es": "hola"}
    assert patched == {"name": "Example job", "owner": "McOmghall", "description": description, "more": 1}


def test_an_empty_change_changes_nothing(pool: PoolApp) -> None:
    job = pool.post_job()
    before = documents(pool)
    patch(pool, job)
    assert documents(pool) == before


def test_the_media_type_of_a_merge_patch_is_accepted(pool: PoolApp) -> None:
    job = pool.post_job()
    headers = {**pool.owner, "Content-Type": "application/merge-patch+json"}
    assert pool.patch(job, '{"state": "paused"}', headers=headers).json["state"] == "paused"


# tests/pool/test_jobs.py has the table of changes and of invalid ones.
def test_null_resets_a_field_to_its_default(pool: PoolApp) -> None:
    job = pool.post_job(settings={"max_errors": 7})
    assert patch(pool, job, settings=None).json["settings"]["max_errors"] == 5


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"state": "paused", "settings": {"max_errors": "many"}}, "settings.max_errors"),
        ({"settings": {"lossy": "yes"}}, "settings.lossy: must be true or false"),
        ({"execute_function": EXECUTE}, "execute_function: can't be changed"),
        ({"id": "other"}, "id: unknown field"),
    ],
)
def test_an_invalid_change_changes_nothing(pool: PoolApp, fields: dict[str, Any], named: str) -> None:
    job = pool.post_job()
    before = documents(pool)
    problem(patch(pool, job, 422, **fields), 422, named)
    assert documents(pool) == before


def test_a_change_with_a_matching_etag_is_made(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = pool.get(job, headers=pool.owner).headers["ETag"]
    changed = patch(pool, job, headers={"If-Match": tag}, state="paused")
    assert changed.headers["ETag"] == pool.get(job, headers=pool.owner).headers["ETag"] != tag


def test_the_etag_of_a_change_fits_the_next_change(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = patch(pool, job, state="paused").headers["ETag"]
    patch(pool, job, headers={"If-Match": tag}, state="open")


def test_a_change_with_an_outdated_etag_is_412(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = pool.get(job, headers=pool.owner).headers["ETag"]
    patch(pool, job, metadata={"owner": "first"})
    problem(patch(pool, job, 412, {"If-Match": tag}, metadata={"owner": "second"}), 412, "If-Match")
    assert pool.get(job).json["metadata"]["owner"] == "first"


@pytest.mark.parametrize("garbage", ['"x"', "x", "a, b", ",", '""', "W/"])
def test_a_malformed_if_match_is_412(pool: PoolApp, garbage: str) -> None:
    job = pool.post_job()
    problem(patch(pool, job, 412, {"If-Match": garbage}, state="paused"), 412, "If-Match")


def test_a_star_matches_any_etag(pool: PoolApp) -> None:
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
def test_everything_below_a_deleted_job_is_gone(pool: PoolApp, path: str) -> None:
    job = pool.post_job()
    pool.post_json(pool.post_variable(job) + "/results", 2, status=201)
    pool.delete(job, headers=pool.owner)
    problem(pool.get(f"{job}{path}", status=404), 404, "job 'example-job'")


def test_deleting_twice_is_404(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.delete(job, headers=pool.owner, status=204)
    problem(pool.delete(job, headers=pool.owner, status=404), 404, "example-job")


def test_no_document_of_a_deleted_job_is_left(pool: PoolApp) -> None:
    before = documents(pool)
    job = pool.post_job()
    pool.post_variable(job)
    pool.delete(job, headers=pool.owner)
    assert documents(pool) == before


def test_a_new_job_of_the_same_name_is_empty(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_json(pool.post_variable(job) + "/results", 2, status=201)
    pool.delete(job, headers=pool.owner)
    assert pool.post_job() == job
    assert pool.get(f"{job}/progress").json["variables"]["total"] == 0


def test_a_new_job_of_the_same_name_leases_no_old_variables(pool: PoolApp) -> None:
    job = pool.post_job()
    for number in range(5):
        pool.post_variable(job, f"old-{number}")
    pool.lease(job)
    pool.delete(job, headers=pool.owner)
    pool.post_job()
    pool.get(f"{job}/variables", status=204)


def test_leases_of_a_deleted_job_are_invalid_for_its_successor(pool: PoolApp) -> None:
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


def test_pages_of_the_index_are_linked(pool: PoolApp) -> None:
    for name in "abcde":
        pool.post_job(name)
    found, path = [], "/jobs/index?limit=2"
    while path:
        page = pool.get(path).json
        found.append([item["id"] for item in page["_embedded"]["items"]])
        path = page["_links"].get("next")
    assert found == [["a", "b"], ["c", "d"], ["e"]]


def test_a_job_deleted_between_two_pages_repeats_and_skips_nothing(pool: PoolApp) -> None:
    for name in "abc":
        pool.post_job(name)
    next_page = pool.get("/jobs/index?limit=1").json["_links"]["next"]
    pool.delete("/jobs/a", headers=pool.owner)
    assert pool.get(next_page).json["_embedded"]["items"][0]["id"] == "b"


# Authorization


def test_the_operator_changes_any_job(pool: PoolApp) -> None:
    job = {"name": "Theirs", "execute_function": EXECUTE}
    path = pool.post_json("/jobs", job, headers=other_key(pool), status=201).headers["Location"]
    patch(pool, path, state="paused")
