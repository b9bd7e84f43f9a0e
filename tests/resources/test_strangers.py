"""What an anonymous stranger with one address, and as many ids as it likes, can not do to a default pool."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from pool.activity import PROVEN_RESULTS
from pool.standing import FREE_ERRORS
from pool.validation import Validation
from storage.clock import ManualClock
from tests.conftest import PoolApp
from tests.resources.helpers import NDJSON, ndjson, problem

RIGHT = {"validate_variable": "() => true", "validate_result": "(variable, result) => result === variable.x"}
STRANGER = {"REMOTE_ADDR": "203.0.113.66"}
FAILURE = {"error": {"kind": "threw", "message": "TypeError: x is not a function"}}


def new_id() -> dict[str, str]:
    return {"Volunteer": secrets.token_hex(16)}


def post_job(pool: PoolApp, variables: int, name: str = "job", **fields: Any) -> str:
    job = pool.post_job(name, **fields)
    lines = ndjson(*(f'{{"x": {number}}}' for number in range(variables)))
    pool.post(f"{job}/variables", lines, headers={**pool.owner, **NDJSON})
    return job


def lease(pool: PoolApp, job: str, **headers: str) -> Any:
    return pool.get(f"{job}/variables", headers=headers, extra_environ=STRANGER, status="*")


def post(pool: PoolApp, path: str, value: Any, **headers: str) -> int:
    return int(pool.post_json(path, value, headers=headers, extra_environ=STRANGER, status="*").status_int)


def lease_until_refused(pool: PoolApp, job: str, limit: int = 1000) -> list[Any]:
    """Leases under a new id each, until the pool serves none."""
    leases: list[Any] = []
    while len(leases) < limit and (response := lease(pool, job, **new_id())).status_int == 200:
        leases.append(response.json)
    return leases


def counts(pool: PoolApp, job: str) -> dict[str, int]:
    return dict(pool.get(f"{job}/progress").json["variables"])


# 1. Park variables


def test_wrong_results_without_a_lease_park_no_variable(pool: PoolApp) -> None:
    job = pool.post_job(**RIGHT)
    for number in range(20):
        variable = pool.post_variable(job, f"v{number}")
        for wrong in range(5):
            post(pool, f"{variable}/results", f"wrong {wrong}", **new_id())
    assert counts(pool, job)["failed"] == 0


def test_results_of_a_job_that_accepts_anything_make_no_parties(pool: PoolApp) -> None:
    anything, job = post_job(pool, 60, "anything"), post_job(pool, 1, **RIGHT)
    (variable,) = pool.get(f"{job}/variables/index").json["_embedded"]["items"]
    for identity in [new_id() for _ in range(5)]:
        for _ in range(PROVEN_RESULTS):
            post(pool, lease(pool, anything, **identity).json["_links"]["post_result"], "anything", **identity)
        post(pool, f"{variable['_links']['self']}/results", "wrong", **identity)
    assert counts(pool, job)["failed"] == 0


@pytest.mark.parametrize("link", ["post_result", "post_report"])
def test_one_lease_covers_one_error(pool: PoolApp, link: str) -> None:
    job = post_job(pool, 1, settings={"require_lease": True, "max_errors": 2}, **RIGHT)
    links = lease(pool, job, **new_id()).json["_links"]
    values = (
        ["wrong", "wronger"] if link == "post_result" else [FAILURE, {"error": {**FAILURE["error"], "kind": "crash"}}]
    )
    assert post(pool, links[link], values[0]) == (422 if link == "post_result" else 204)
    assert post(pool, links[link], values[1]) == 409
    assert counts(pool, job)["failed"] == 0


def test_a_variable_is_not_served_again_to_the_address_that_failed_on_it(pool: PoolApp, clock: ManualClock) -> None:
    job = post_job(pool, 1, **RIGHT)
    assert post(pool, lease(pool, job, **new_id()).json["_links"]["post_result"], "wrong") == 422
    assert lease(pool, job, **new_id()).status_int == 204
    # But another address gets it at once, and a volunteer who computes alone gets it after a pause.
    pool.delete(pool.lease(job)["lease"])
    clock.advance(601)
    assert lease(pool, job, **new_id()).status_int == 200


def test_whoever_only_fails_is_served_less_and_less(pool: PoolApp) -> None:
    job = post_job(pool, 100, **RIGHT)
    failed = 0
    while (leased := lease(pool, job, **new_id())).status_int == 200:
        post(pool, leased.json["_links"]["post_result"], "wrong")
        failed += 1
    assert failed == 20
    assert "20 times in a row" in problem(leased, 429)["detail"]
    assert int(leased.headers["Retry-After"]) >= 30


# 2. Fail a flow


def test_wrong_results_for_a_step_fail_no_flow(pool: PoolApp) -> None:
    job = post_job(pool, 1, **RIGHT)
    flow = pool.post_json("/flows", {"jobs": [{"job": job}]}, headers=pool.owner).headers["Location"]
    step = pool.get(flow).json["jobs"][0]["steps"][0]["_links"]["get_variable"]
    for wrong in range(5):
        post(pool, f"{step}/results", f"wrong {wrong}", **new_id())
    running = pool.get(flow).json
    assert (running["state"], "blocked" in running) == ("running", False)
    pool.post_json(pool.lease(job)["post_result"], 0, status=201)
    assert pool.get(flow).json["state"] == "done"


# 3. Hold variables


def test_one_address_holds_half_of_a_job_at_most(pool: PoolApp) -> None:
    assert len(lease_until_refused(pool, post_job(pool, 100))) == 50


def test_one_address_holds_128_variables_at_most(pool: PoolApp) -> None:
    job = post_job(pool, 1000)
    assert len(lease_until_refused(pool, job)) == 128
    # Another address is served.
    assert pool.get(f"{job}/variables").status_int == 200


def test_one_id_holds_four_variables_at_first(pool: PoolApp) -> None:
    job, identity = post_job(pool, 100), new_id()
    statuses = [lease(pool, job, **identity).status_int for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]


def test_a_lease_is_extended_for_an_hour_at_most(pool: PoolApp, clock: ManualClock) -> None:
    job = post_job(pool, 1)
    link = lease(pool, job, **new_id()).json["_links"]["lease"]
    extended = 0
    while (response := pool.post(link, extra_environ=STRANGER, status="*")).status_int == 200:
        link = response.json["_links"]["lease"]
        clock.advance(250)
        extended += 1
    assert extended == 15
    assert "3600 seconds" in problem(response, 429)["detail"]


def hold_for_an_hour(pool: PoolApp, clock: ManualClock, lease: str, gives_back: bool) -> None:
    """Extends a lease or, with `gives_back`, leases the variable again and again."""
    for _ in range(15):
        clock.advance(241)
        if gives_back:
            pool.delete(lease, extra_environ=STRANGER, status=204)
            response = pool.get("/jobs/job/variables", headers=new_id(), extra_environ=STRANGER, status="*")
        else:
            response = pool.post(lease, extra_environ=STRANGER, status="*")
        if response.status_int != 200:
            return
        lease = response.json["_links"]["lease"]


@pytest.mark.parametrize("gives_back", [False, True])
def test_a_variable_that_one_address_has_held_for_an_hour_is_for_others(
    pool: PoolApp, clock: ManualClock, gives_back: bool
) -> None:
    job = post_job(pool, 1)
    hold_for_an_hour(pool, clock, lease(pool, job, **new_id()).json["_links"]["lease"], gives_back)
    clock.advance(310)
    assert lease(pool, job, **new_id()).status_int == 204
    pool.delete(pool.lease(job)["lease"])
    # But whoever computes alone gets it after a pause.
    clock.advance(600)
    assert lease(pool, job, **new_id()).status_int == 200


def test_an_expired_lease_that_is_extended_counts_as_held(pool: PoolApp, clock: ManualClock) -> None:
    job, ids = post_job(pool, 20), [new_id() for _ in range(10)]
    links = [lease(pool, job, **identity).json["_links"]["lease"] for identity in ids]
    clock.advance(310)
    assert [post(pool, link, {}, **identity) for link, identity in zip(links, ids, strict=True)] == [200] * 10
    assert lease_until_refused(pool, job) == []


# 4. Take a place in the sandbox


@pytest.mark.parametrize("has_lease", [False, True])
def test_a_result_for_a_failed_variable_is_not_judged(
    pool: PoolApp, monkeypatch: pytest.MonkeyPatch, has_lease: bool
) -> None:
    job = post_job(pool, 1, settings={"max_errors": 1}, **RIGHT)
    links = pool.lease(job)
    post(pool, links["post_result"].partition("?")[0], "wrong")
    assert counts(pool, job)["failed"] == 1
    monkeypatch.delattr(Validation, "judge_results")
    path = links["post_result"] if has_lease else links["post_result"].partition("?")[0]
    assert post(pool, path, 0) == 409


def test_a_second_wrong_result_of_an_address_is_not_judged(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = pool.post_variable(pool.post_job(**RIGHT))
    assert post(pool, f"{variable}/results", "wrong", **new_id()) == 422
    monkeypatch.delattr(Validation, "judge_results")
    assert post(pool, f"{variable}/results", "wronger", **new_id()) == 429


def test_a_lease_covers_one_error_too_where_errors_do_not_count_any_more(
    pool: PoolApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = post_job(pool, 30, **RIGHT)
    links = [lease(pool, job, **new_id()).json["_links"]["post_result"] for _ in range(FREE_ERRORS + 1)]
    assert [post(pool, link, "wrong") for link in links] == [422] * len(links)
    monkeypatch.delattr(Validation, "judge_results")
    assert post(pool, links[-1], "wronger") == 409


# 5. Lie about the run time


def test_a_lie_about_the_run_time_does_not_starve_a_job(pool: PoolApp, clock: ManualClock) -> None:
    lied, other = post_job(pool, 9, "lied"), post_job(pool, 9, "other")
    for job, told, seconds in ((lied, "999999999", 1), (other, "2", 3)):
        link = lease(pool, job, **new_id()).json["_links"]["post_result"]
        clock.advance(seconds)
        post(pool, link, 1, **new_id(), **{"Run-Seconds": told})
    assert pool.get(f"{lied}/progress").json["mean_run_seconds"] == pytest.approx(1, abs=0.01)
    assert pool.get("/jobs/scheduled/short-first").json["id"] == "lied"


def test_without_a_lease_there_is_no_run_time(pool: PoolApp) -> None:
    job = post_job(pool, 1)
    variable = pool.get(f"{job}/variables/index").json["_embedded"]["items"][0]["_links"]["self"]
    post(pool, f"{variable}/results", 1, **{"Run-Seconds": "999999999"})
    assert pool.get(f"{job}/progress").json["mean_run_seconds"] is None


# Its address


def test_a_network_of_many_prefixes_stores_two_errors_of_a_variable(pool: PoolApp) -> None:
    variable = pool.post_variable(pool.post_job(**RIGHT))
    for number in range(5):
        there = {"REMOTE_ADDR": f"2001:db8:0:{number}::1"}
        pool.post_json(f"{variable}/results", "wrong", extra_environ=there, status=422)
    assert pool.get(f"{variable}/results", headers=pool.owner).json["count"] == 2


def test_a_forwarding_header_of_a_client_makes_no_other_address(pool: PoolApp) -> None:
    job = post_job(pool, 100)
    leased = 0
    while leased < 100:
        headers = {**new_id(), "X-Forwarded-For": f"192.0.2.{leased}"}
        if lease(pool, job, **headers).status_int != 200:
            break
        leased += 1
    assert leased == 50
