"""`/keys`: keys that strangers make for themselves, and quotas of keys."""

from __future__ import annotations

from typing import Any

import pytest

from pool import self_keys
from pool.keys import Caller, digest
from pool.quotas import Quota
from tests.conftest import EXECUTE, MakePool, PoolApp, address
from tests.resources.helpers import problem

JOB: dict[str, Any] = {"name": "Job", "execute_function": EXECUTE}
DAY = 86_400


@pytest.fixture
def pool(make_pool: MakePool) -> PoolApp:
    return make_pool(self_keys=2, self_key_jobs=1, self_key_variables=3)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def make(pool: PoolApp, at: int = 1, status: int = 201, owner: Any = "alice") -> Any:
    return pool.post_json("/keys", {"owner": owner}, extra_environ=address(at), status=status)


@pytest.fixture
def key(pool: PoolApp) -> dict[str, str]:
    return bearer(make(pool).json["key"])


def limited(pool: PoolApp, **limits: int) -> dict[str, str]:
    return bearer(pool.pool.keys.add("alice", quota=Quota(**limits)))


# Keys that are made by their holders


def test_nobody_makes_keys_unless_the_operator_allows_it(make_pool: MakePool) -> None:
    pool = make_pool()
    problem(make(pool, status=403), 403, "operator")
    assert pool.get("/keys").json["self_made"] is None


def test_a_key_that_its_holder_made_posts_jobs(pool: PoolApp, key: dict[str, str]) -> None:
    pool.post_json("/jobs", JOB, headers=key, status=201)
    shown = pool.get("/keys", headers=key).json["key"]
    assert (shown["owner"], shown["role"], shown["quota"]["jobs"], shown["used"]["jobs"]) == ("alice", "owner", 1, 1)


@pytest.mark.parametrize("owner", ["", " ", "x" * 101, 5, None, "a\nb", "a\x9b31m", "a\u202eb"])
def test_an_owner_is_a_printable_name(pool: PoolApp, owner: Any) -> None:
    problem(make(pool, owner=owner, status=422), 422, "owner")


def test_an_address_makes_so_many_keys_and_no_more(pool: PoolApp) -> None:
    for _ in range(2):
        make(pool)
    problem(make(pool, status=429), 429, "this address has made 2 keys")
    make(pool, at=2)


def test_attempts_of_an_address_are_limited(pool: PoolApp) -> None:
    for _ in range(self_keys.BURST):
        pool.post_json("/keys", {"owner": "alice"}, extra_environ=address(1), expect_errors=True)
    problem(make(pool, status=429), 429, "too many attempts")
    make(pool, at=2)


def test_when_all_have_made_too_many_the_unused_ones_give_way(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_keys, "MAX_SELF_MADE", 2)
    used, unused = (bearer(make(pool, at).json["key"]) for at in (1, 2))
    pool.post_json("/jobs", JOB, headers=used, status=201)
    problem(make(pool, 3, status=429), 429, "ask the operator")
    pool.clock.advance(2 * DAY)
    make(pool, 3)
    pool.get("/keys", headers=used, status=200)
    pool.get("/keys", headers=unused, status=401)


def test_results_of_such_a_job_earn_no_standing(pool: PoolApp, key: dict[str, str]) -> None:
    validator = {"validate_result": "() => true"}
    pool.post_json("/jobs", {**JOB, **validator}, headers=key, status=201)
    pool.put_json("/jobs/job/variables/one", {"x": 1}, headers=key, status=201)
    person = {"Volunteer": "an-unguessable-id-of-mine"}
    leased = pool.get("/jobs/job/variables", headers=person).json
    pool.post_json(leased["_links"]["post_result"], 2, headers=person, status=201)
    assert pool.get("/volunteer", headers=person).json["accepted"] == 0


def test_such_a_job_is_reviewed_where_those_of_strangers_are(make_pool: MakePool) -> None:
    pool = make_pool(open="review", self_keys=1)
    key = bearer(make(pool).json["key"])
    posted = pool.post_json("/jobs", JOB, headers=key, status=201).json
    assert (posted["state"], "operator" in posted["review"], "key" in posted) == ("review", True, False)


def test_such_a_key_is_no_way_around_the_limit_of_requests(make_pool: MakePool) -> None:
    pool = make_pool(self_keys=1, requests=1)
    key = {**bearer(make(pool).json["key"])}
    pool.pool.rates._buckets.clear()
    prefix = pool.pool.peers.of("192.0.2.1", ()).prefix
    for _ in range(2000):
        pool.pool.rates.take(prefix)
    problem(pool.get("/jobs/index", headers=key, extra_environ=address(1), expect_errors=True), 429, "too many")


@pytest.fixture
def open_job(make_pool: MakePool) -> tuple[PoolApp, str]:
    """A pool with a job to which anybody may post."""
    pool = make_pool(open=True, self_keys=2)
    job = str(pool.post_json("/jobs", JOB, status=201).headers["Location"])
    for name in ("one", "two"):
        pool.put_json(f"{job}/variables/{name}", {"x": 1}, status=201)
    return pool, job


def test_the_idempotency_keys_of_two_such_callers_at_one_address_are_apart(open_job: tuple[PoolApp, str]) -> None:
    pool, job = open_job
    callers = [{**bearer(make(pool).json["key"]), "Idempotency-Key": "1"} for _ in range(2)]
    flow = {"jobs": [{"job": job}]}
    flows = {pool.post_json("/flows", flow, headers=headers, status=201).headers["Location"] for headers in callers}
    assert len(flows) == 2


# Quotas


def test_jobs_beyond_a_quota_are_refused(pool: PoolApp) -> None:
    key = limited(pool, jobs=1)
    pool.post_json("/jobs", JOB, headers=key, status=201)
    other = {**JOB, "name": "Another"}
    problem(pool.post_json("/jobs", other, headers=key, status=507), 507, "this key may store 1 jobs")
    pool.delete("/jobs/job", headers=key, status=204)
    pool.post_json("/jobs", other, headers=key, status=201)


def test_variables_beyond_a_quota_are_refused_as_a_whole(pool: PoolApp) -> None:
    key = limited(pool, variables=2)
    pool.post_json("/jobs", JOB, headers=key, status=201)
    lines = {**key, "Content-Type": "application/x-ndjson"}
    problem(pool.post("/jobs/job/variables", "{}\n{}\n{}\n", headers=lines, status=507), 507, "2 variables")
    pool.post("/jobs/job/variables", "{}\n{}\n", headers=lines, status=201)
    assert pool.get("/keys", headers=key).json["key"]["used"]["variables"] == 2


def test_results_count_for_the_poster_of_their_job_which_is_paused(pool: PoolApp) -> None:
    key = limited(pool, bytes=3000)
    pool.post_json("/jobs", JOB, headers=key, status=201)
    pool.put_json("/jobs/job/variables/one", {"x": 1}, headers=key, status=201)
    leased = pool.get("/jobs/job/variables").json
    problem(pool.post_json(leased["_links"]["post_result"], "x" * 3000, status=507), 507, "this key may store")
    assert pool.get("/jobs/job").json["state"] == "paused"


def test_flows_count_for_the_key_that_posts_them(open_job: tuple[PoolApp, str]) -> None:
    pool, job = open_job
    refused = pool.post_json("/flows", {"jobs": [{"job": job}]}, headers=limited(pool, bytes=10), status=507)
    problem(refused, 507, "this key may store")


def test_a_key_that_replaces_another_has_its_quota_and_its_usage(pool: PoolApp) -> None:
    old = pool.pool.keys.add("alice", quota=Quota(jobs=1))
    pool.post_json("/jobs", JOB, headers=bearer(old), status=201)
    new = bearer(pool.pool.keys.rotate(digest(old)))
    problem(pool.post_json("/jobs", {**JOB, "name": "Another"}, headers=new, status=507), 507, "1 jobs")


def test_a_quota_is_nobodys_without_a_key(pool: PoolApp) -> None:
    assert Caller().quota is None
    assert pool.get("/keys").json["key"] is None
