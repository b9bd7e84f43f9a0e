"""Keys of owners, and pools that are open to everybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import EXECUTE, MakePool, PoolApp, address
from tests.resources.helpers import files, other_key, problem

JOB = {"name": "Example job", "execute_function": EXECUTE}
WRONG = [
    "Bearer xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "Bearer x",
    "Bearer ",
    "Bearer",
    "",
    "bearer a b",
    "Bearer ../../secrets/operator.key",
    "Bearer ü",
    "Bearer " + "x" * 5000,
    "Basic b3BlcmF0b3I6b3BlcmF0b3I=",
    "Negotiate x",
    "\x01",
]


@pytest.fixture
def open_pool(make_pool: MakePool) -> PoolApp:
    return make_pool(open=True)


def post(pool: PoolApp, headers: dict[str, str], status: int) -> Any:
    return pool.post_json("/jobs", JOB, headers=headers, status=status)


def test_posting_a_job_needs_a_key(pool: PoolApp) -> None:
    before = files(pool)
    response = post(pool, {}, 401)
    problem(response, 401, "key")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert files(pool) == before


@pytest.mark.parametrize("header", WRONG)
def test_a_wrong_key_is_401(module_pool: PoolApp, header: str) -> None:
    before = files(module_pool)
    problem(post(module_pool, {"Authorization": header}, 401), 401, "Authorization")
    assert files(module_pool) == before


def test_a_wrong_key_is_401_for_public_documents_too(pool: PoolApp) -> None:
    job = pool.post_job()
    problem(pool.get(job, headers={"Authorization": "Bearer x"}, status=401), 401, "Authorization")


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER  {} "])
def test_the_scheme_is_written_in_any_case(pool: PoolApp, form: str) -> None:
    post(pool, {"Authorization": form.format(pool.key)}, 201)


def test_an_owners_key_posts_jobs_and_changes_them(pool: PoolApp) -> None:
    mine = other_key(pool)
    job = post(pool, mine, 201).headers["Location"]
    pool.put_json(f"{job}/variables/one", {"x": 1}, headers=mine, status=201)
    pool.patch_json(job, {"state": "paused"}, headers=mine, status=200)
    pool.delete(f"{job}/variables/one", headers=mine, status=204)
    pool.delete(job, headers=mine, status=204)


def test_a_revoked_key_is_401(pool: PoolApp) -> None:
    mine = other_key(pool)
    for path in (pool.data / "keys").iterdir():
        if b"semprebeta" in path.read_bytes():
            path.unlink()
    problem(post(pool, mine, 401), 401, "Authorization")


def test_keys_are_stored_hashed(pool: PoolApp) -> None:
    mine = other_key(pool)["Authorization"].split()[1].encode()
    assert all(mine not in content for content in files(pool).values())


def test_files_of_secrets_are_private(pool: PoolApp) -> None:
    assert {path.stat().st_mode & 0o777 for path in (pool.data / "secrets").iterdir()} == {0o600}


def test_volunteers_need_no_key(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_variable(job)
    links = pool.lease(job)
    links = pool.post(links["lease"], status=200).json["_links"]
    pool.post_json(links["post_result"], 2, status=201)


def test_anybody_posts_jobs_and_variables_in_an_open_pool(open_pool: PoolApp) -> None:
    job = post(open_pool, {}, 201).headers["Location"]
    open_pool.post_json(f"{job}/variables", {"x": 1}, status=201)
    open_pool.put_json(f"{job}/variables/one", {"x": 1}, status=201)
    open_pool.get(f"{job}/variables", status=200)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["", "/variables/one"])
def test_only_the_operator_changes_what_was_posted_without_a_key(open_pool: PoolApp, method: str, path: str) -> None:
    job = post(open_pool, {}, 201).headers["Location"]
    open_pool.put_json(f"{job}/variables/one", {"x": 1}, status=201)
    for headers, status in (({}, 401), (other_key(open_pool), 403)):
        response = open_pool.request(f"{job}{path}", method=method, body=b"{}", headers=headers, expect_errors=True)
        problem(response, status, "key")
    open_pool.delete(f"{job}{path}", headers=open_pool.owner, status=204)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_job_posted_without_a_key_comes_with_one_that_manages_it(open_pool: PoolApp) -> None:
    response = post(open_pool, {}, 201)
    job, key = response.headers["Location"], bearer(response.json["key"])
    assert response.headers["Cache-Control"] == "no-store"
    open_pool.put_json(f"{job}/variables/one", {"x": 1}, headers=key, status=201)
    open_pool.patch_json(job, {"state": "paused"}, headers=key, status=200)
    open_pool.delete(f"{job}/variables/one", headers=key, status=204)
    open_pool.delete(job, headers=key, status=204)


def test_the_key_is_in_no_other_response_and_no_file(open_pool: PoolApp) -> None:
    response = post(open_pool, {}, 201)
    job, key = response.headers["Location"], response.json["key"]
    for headers in ({}, bearer(key), open_pool.owner):
        assert "key" not in open_pool.get(job, headers=headers).json
    assert all(key.encode() not in content for content in files(open_pool).values())


def test_a_repeated_request_gets_the_key_again(open_pool: PoolApp) -> None:
    once = {"Idempotency-Key": "once"}
    assert post(open_pool, once, 201).json["key"] == post(open_pool, once, 201).json["key"]
    elsewhere = open_pool.post_json("/jobs", JOB, headers=once, extra_environ=address(2), status=409)
    assert "key" not in problem(elsewhere, 409)


def test_a_job_posted_with_a_key_comes_with_no_other(open_pool: PoolApp) -> None:
    assert "key" not in post(open_pool, open_pool.owner, 201).json


def test_a_management_key_changes_no_other_job(open_pool: PoolApp) -> None:
    key = bearer(post(open_pool, {}, 201).json["key"])
    other = open_pool.post_json("/jobs", {**JOB, "name": "Other"}, status=201).headers["Location"]
    problem(open_pool.delete(other, headers=key, status=403), 403)
    problem(open_pool.delete(open_pool.post_job("Third"), headers=key, status=403), 403)


def test_a_flow_posted_without_a_key_comes_with_one_too(open_pool: PoolApp) -> None:
    job = post(open_pool, {}, 201).headers["Location"]
    open_pool.put_json(f"{job}/variables/one", {"x": 1}, status=201)
    response = open_pool.post_json("/flows", {"jobs": [{"job": job}]}, status=201)
    flow, key = response.headers["Location"], bearer(response.json["key"])
    problem(open_pool.delete(flow, status=401), 401)
    assert "key" not in open_pool.get(flow, headers=key).json
    open_pool.delete(flow, headers=key, status=204)


def test_the_posters_address_is_not_served(open_pool: PoolApp) -> None:
    job = post(open_pool, {}, 201).headers["Location"]
    stored = json.loads((open_pool.data / "jobs" / "example-job" / "job.json").read_text())
    assert len(stored["poster"]) == 12
    for path in (job, "/jobs/index", "/jobs/scheduled"):
        assert stored["poster"] not in open_pool.get(path, headers=open_pool.owner).text


def test_a_job_posted_with_a_key_needs_it_in_an_open_pool_too(open_pool: PoolApp) -> None:
    job = open_pool.post_job()
    problem(open_pool.post_json(f"{job}/variables", {"x": 1}, status=401), 401, "key")
    response = open_pool.post_json(f"{job}/variables", {"x": 1}, headers=other_key(open_pool), status=403)
    problem(response, 403, "belongs to another key")


def test_a_wrong_key_is_401_in_an_open_pool_too(open_pool: PoolApp) -> None:
    problem(post(open_pool, {"Authorization": "Bearer nonsense-nonsense"}, 401), 401, "Authorization")


def test_a_keyless_job_is_closed_when_the_pool_is_not_open_any_more(make_pool: MakePool) -> None:
    job = post(make_pool(open=True), {}, 201).headers["Location"]
    problem(make_pool().post_json(f"{job}/variables", {"x": 1}, status=401), 401, "key")


def test_only_the_operator_sees_the_private_functions_of_a_keyless_job(open_pool: PoolApp) -> None:
    job = {**JOB, "validate_result": "() => true"}
    path = open_pool.post_json("/jobs", job, status=201).headers["Location"]
    assert "validate_result" not in open_pool.get(path).json
    assert "validate_result" in open_pool.get(path, headers=open_pool.owner).json
