"""Limits of an open pool on those who post without a key: jobs, variables, bytes, and for how long they hold a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from webtest import TestResponse

from pool.sandbox import Sandbox, SandboxBusy
from tests.conftest import EXECUTE, MakePool, PoolApp, address
from tests.resources.helpers import NDJSON, ndjson, other_key, problem
from tests.storage.helpers import run_concurrently

DAY = 86_400
Status = int | str


def post(
    pool: PoolApp, name: str, status: Status = 201, number: int = 1, validate_result: str = "", **headers: str
) -> TestResponse:
    """Posts a job from an address, without a key unless `headers` has one."""
    job = {"name": name, "execute_function": EXECUTE}
    if validate_result:
        job["validate_result"] = validate_result
    return pool.post_json("/jobs", job, headers=headers, extra_environ=address(number), status=status)


def put(pool: PoolApp, variable: str, value: Any, status: Status = 201, number: int = 1) -> TestResponse:
    path = f"/jobs/job/variables/{variable}"
    return pool.put_json(path, value, extra_environ=address(number), status=status)


def bearer(response: TestResponse) -> dict[str, str]:
    return {"Authorization": f"Bearer {response.json['key']}"}


def concurrently(post: Callable[[int], TestResponse]) -> list[int]:
    """The statuses of eight requests at once, sorted."""
    responses = run_concurrently([lambda number=number: post(number) for number in range(8)])
    return sorted(response.status_int for response in responses)


# Jobs


def test_jobs_of_one_address_are_limited(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_jobs=2)
    first = post(pool, "One")
    post(pool, "Two")
    refused = problem(post(pool, "Three", status=507), 507, "one address may store 2 jobs", "key")
    assert refused["type"] == "urn:comp-pool:limit"
    post(pool, "Three", number=2)
    pool.delete("/jobs/one", headers=bearer(first), status=204)
    post(pool, "Four")


def test_jobs_posted_with_a_key_are_not_limited(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_jobs=1, open_total_jobs=1)
    post(pool, "One")
    for name in ("Two", "Three"):
        post(pool, name, **other_key(pool))


def test_jobs_of_all_addresses_are_limited(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_total_jobs=2)
    post(pool, "One", number=1)
    post(pool, "Two", number=2)
    problem(post(pool, "Three", status=507, number=3), 507, "all together may store 2 jobs")


def test_a_refused_job_does_not_count(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_jobs=2)
    post(pool, "One")
    post(pool, "One", status=409)
    post(pool, "Two")


def test_a_repeated_request_at_the_limit_gets_its_job(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_jobs=1)
    once = {"Idempotency-Key": "once"}
    assert post(pool, "One", **once).headers["Location"] == post(pool, "One", **once).headers["Location"]


def test_of_concurrent_requests_none_exceeds_the_limit(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_jobs=3)
    assert concurrently(lambda number: post(pool, f"Job {number}", "*")) == [201] * 3 + [507] * 5


def test_usage_survives_a_restart(make_pool: MakePool) -> None:
    post(make_pool(open=True, open_jobs=1), "One")
    problem(post(make_pool(open=True, open_jobs=1), "Two", status=507), 507)


# Variables and bytes


def test_variables_of_one_address_are_limited(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_variables=2)
    post(pool, "Job")
    for name in ("a", "b", "a"):
        put(pool, name, {"x": 1}, status="*")
    problem(put(pool, "c", {"x": 1}, status=507), 507, "one address may store 2 variables")
    assert pool.get("/jobs/job/progress").json["variables"]["total"] == 2
    put(pool, "c", {"x": 1}, number=2)


def test_a_batch_over_the_limit_is_refused_as_a_whole(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_variables=2)
    post(pool, "Job")
    lines = ndjson(*['{"x": 1}'] * 3)
    problem(pool.post("/jobs/job/variables", lines, headers=NDJSON, status=507), 507, "2 variables")
    assert pool.get("/jobs/job/progress").json["variables"]["total"] == 0


def test_the_owner_of_a_key_adds_variables_without_limit(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_variables=1)
    post(pool, "Job")
    for name in ("a", "b"):
        pool.put_json(f"/jobs/job/variables/{name}", {"x": 1}, headers=pool.owner, status=201)


def test_stored_bytes_are_limited(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_bytes=5000)
    post(pool, "Job")
    problem(put(pool, "a", {"x": "x" * 5000}, status=507), 507, "one address may store 0.005 MB")
    put(pool, "a", {"x": "x" * 2000})


def test_results_count_for_the_poster_of_the_job(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_bytes=10_000)
    post(pool, "Job")
    put(pool, "a", {"x": 1})
    refused = pool.post_json("/jobs/job/variables/a/results", "x" * 10_000, extra_environ=address(9), status=507)
    problem(refused, 507, "0.01 MB")
    assert pool.get("/jobs/job").json["state"] == "paused"
    assert "0.01 MB" in pool.get("/jobs/job").json["paused"]["reason"]
    pool.post_json("/jobs/job/variables/a/results", 1, extra_environ=address(9), status=201)


def test_a_result_that_could_not_be_judged_does_not_count(
    make_pool: MakePool, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_busy(*_arguments: object) -> None:
        raise SandboxBusy

    pool = make_pool(open=True, open_bytes=10_000)
    post(pool, "Job", validate_result="(variable, result) => result === undefined || result.ok")
    put(pool, "a", {"x": 1})
    result = {"ok": True, "padding": "x" * 4000}
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "judge", raise_busy)
        for _ in range(5):
            pool.post_json("/jobs/job/variables/a/results", result, status=503)
    pool.post_json("/jobs/job/variables/a/results", result, status=201)


def test_flows_count_too(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_bytes=5000)
    post(pool, "Job")
    put(pool, "a", {"x": 1})
    entry = {"job": "/jobs/job", "variable": "/jobs/job/variables/a"}
    flow = {"jobs": [entry] * 50}
    problem(pool.post_json("/flows", flow, extra_environ=address(1), status=507), 507, "0.005 MB")
    assert pool.get("/flows").json["count"] == 0


def test_steps_of_flows_count_too(make_pool: MakePool) -> None:
    """Each takes a copy of the merged result from below."""
    pool = make_pool(open=True, open_bytes=30_000)
    post(pool, "Job")
    put(pool, "a", {"x": 1})
    leaf = {"job": "/jobs/job", "variable": "/jobs/job/variables/a"}
    flow = {"jobs": [{"job": "/jobs/job"}] * 10, "dependent": {"jobs": [leaf]}}
    path = pool.post_json("/flows", flow, extra_environ=address(1), status=201).headers["Location"]
    pool.post_json("/jobs/job/variables/a/results", {"x": "x" * 2000}, status=201)
    failure = pool.get(path).json["failure"]
    assert (failure["path"], "one address may store" in failure["reason"]) == ("jobs[0]", True)
    assert pool.get("/jobs/job/progress").json["variables"]["total"] == 1


# Names


@pytest.fixture
def open_pool(make_pool: MakePool) -> PoolApp:
    return make_pool(open=True)


def test_an_old_job_without_results_gives_way(open_pool: PoolApp, caplog: pytest.LogCaptureFixture) -> None:
    first = post(open_pool, "Job")
    put(open_pool, "a", {"x": 1})
    open_pool.clock.advance(7 * DAY - 10)
    problem(post(open_pool, "Job", status=409, number=2), 409)
    open_pool.clock.advance(10)
    post(open_pool, "Job", number=2)
    assert "job job, posted without a key and without recent results, gave way" in caplog.text
    problem(open_pool.delete("/jobs/job", headers=bearer(first), status=403), 403)
    assert open_pool.get("/jobs/job/progress").json["variables"]["total"] == 0


def test_an_old_job_with_results_gives_way_to_the_holder_of_a_key_alone(open_pool: PoolApp) -> None:
    post(open_pool, "Job")
    put(open_pool, "a", {"x": 1})
    open_pool.clock.advance(3 * DAY)
    open_pool.post_json("/jobs/job/variables/a/results", 2, status=201)
    open_pool.clock.advance(6 * DAY)
    key = other_key(open_pool)
    post(open_pool, "Job", status=409, **key)
    open_pool.clock.advance(DAY)
    post(open_pool, "Job", status=409, number=2)
    post(open_pool, "Job", **key)


def test_a_job_posted_with_a_key_never_gives_way(open_pool: PoolApp) -> None:
    open_pool.post_job("Job")
    open_pool.clock.advance(100 * DAY)
    post(open_pool, "Job", status=409)
    post(open_pool, "Job", status=409, **other_key(open_pool))


def test_old_jobs_without_results_make_room_for_others(make_pool: MakePool) -> None:
    pool = make_pool(open=True, open_total_jobs=2)
    post(pool, "One", number=1)
    pool.clock.advance(3 * DAY)
    post(pool, "Two", number=2)
    post(pool, "Three", status=507, number=3)
    pool.clock.advance(4 * DAY)
    post(pool, "Three", number=3)
    pool.get("/jobs/one", status=404)
    pool.get("/jobs/two", status=200)


def test_of_concurrent_posts_of_an_old_name_one_gets_it(open_pool: PoolApp) -> None:
    post(open_pool, "Job")
    open_pool.clock.advance(7 * DAY)
    assert concurrently(lambda number: post(open_pool, "Job", "*", number + 2)) == [201] + [409] * 7
