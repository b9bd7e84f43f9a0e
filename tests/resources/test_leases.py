"""Leases: `GET /jobs/{job}/variables`, extending, giving back, tokens."""

from __future__ import annotations

import re
from typing import Any

import pytest

from storage.clock import ManualClock
from tests.conftest import MakePool, PoolApp
from tests.resources.helpers import VOLUNTEER, files, problem


@pytest.fixture
def job(pool: PoolApp) -> str:
    return pool.post_job(settings={"lease_seconds": 60})


@pytest.fixture
def variable(pool: PoolApp, job: str) -> str:
    return pool.post_variable(job)


def state(pool: PoolApp, job: str) -> str:
    return str(pool.get(f"{job}/variables/index").json["_embedded"]["items"][0]["state"])


# Leasing


def test_a_leased_variable_comes_with_its_links(pool: PoolApp, job: str, variable: str) -> None:
    links = pool.lease(job)
    assert set(links) == {"self", "post_result", "post_report", "lease", "results", "get_job"}
    assert re.fullmatch(rf"{variable}/results\?lease=[\w.-]+", links["post_result"])


def test_the_response_has_the_duration_of_the_lease(pool: PoolApp, job: str, variable: str) -> None:
    response = pool.get(f"{job}/variables")
    assert 60 <= int(response.headers["Lease-Seconds"]) <= 63
    assert response.headers["Cache-Control"] == "no-store"


def test_a_leased_variable_is_not_leased_again(pool: PoolApp, job: str, variable: str) -> None:
    pool.lease(job)
    response = pool.get(f"{job}/variables", status=204)
    assert response.headers["Cache-Control"] == "no-store"
    assert 1 <= int(response.headers["Retry-After"]) <= 30


def test_every_variable_is_leased_once(make_pool: MakePool) -> None:
    pool = make_pool(trusted="127.0.0.0/8")
    job = pool.post_job()
    posted = {pool.post_variable(job, f"v{number}") for number in range(100)}
    assert {pool.lease(job)["self"] for _ in range(100)} == posted


def test_retry_after_is_the_time_until_the_next_lease_expires(
    pool: PoolApp, job: str, variable: str, clock: ManualClock
) -> None:
    pool.lease(job)
    clock.advance(58)
    assert 1 <= int(pool.get(f"{job}/variables", status=204).headers["Retry-After"]) <= 5


def test_a_variable_is_leased_again_after_its_lease_expired(
    pool: PoolApp, job: str, variable: str, clock: ManualClock
) -> None:
    first = pool.lease(job)
    clock.advance(63)
    assert pool.lease(job)["post_result"] != first["post_result"]


def test_a_variable_is_not_leased_before_its_lease_expires(
    pool: PoolApp, job: str, variable: str, clock: ManualClock
) -> None:
    pool.lease(job)
    clock.advance(59)
    pool.get(f"{job}/variables", status=204)


def test_a_job_without_variables_is_204(pool: PoolApp, job: str) -> None:
    assert int(pool.get(f"{job}/variables", status=204).headers["Retry-After"]) > 0


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_paused_job_leases_nothing(pool: PoolApp, job: str, variable: str, method: str) -> None:
    pool.patch_json(job, {"state": "paused"}, headers=pool.owner)
    response = pool.request(f"{job}/variables", method=method, status=204)
    assert int(response.headers["Retry-After"]) > 0


def test_a_paused_job_accepts_results_of_its_leases(pool: PoolApp, job: str, variable: str) -> None:
    links = pool.lease(job)
    pool.patch_json(job, {"state": "paused"}, headers=pool.owner)
    pool.post(links["lease"], status=200)
    pool.post_json(links["post_result"], 2, status=201)


def test_an_unknown_job_is_404(pool: PoolApp) -> None:
    problem(pool.get("/jobs/nobody/variables", status=404), 404, "nobody")


# HEAD


def test_head_leases_nothing(pool: PoolApp, job: str, variable: str) -> None:
    before = files(pool)
    response = pool.head(f"{job}/variables", status=200)
    assert response.headers["Cache-Control"] == "no-store"
    assert files(pool) == before


def test_head_is_204_without_an_open_variable(pool: PoolApp, job: str, variable: str) -> None:
    pool.lease(job)
    pool.get(f"{job}/variables", status=204)
    assert int(pool.head(f"{job}/variables", status=204).headers["Retry-After"]) > 0


def test_head_of_an_unknown_job_is_404(pool: PoolApp) -> None:
    pool.head("/jobs/nobody/variables", status=404)


# Extending


def extended(pool: PoolApp, links: dict[str, str]) -> dict[str, str]:
    return dict(pool.post(links["lease"], status=200).json["_links"])


def test_an_extended_lease_has_new_links(pool: PoolApp, job: str, variable: str, clock: ManualClock) -> None:
    links = pool.lease(job)
    clock.advance(30)
    response = pool.post(links["lease"], status=200)
    assert response.json["x"] == 1
    assert response.json["_links"]["self"] == variable
    assert response.json["_links"]["post_result"] != links["post_result"]
    assert response.headers["Cache-Control"] == "no-store"


def test_an_extended_lease_lasts_as_long_again_from_now(
    pool: PoolApp, job: str, variable: str, clock: ManualClock
) -> None:
    links = pool.lease(job)
    clock.advance(30)
    assert 60 <= int(pool.post(links["lease"]).headers["Lease-Seconds"]) <= 63
    clock.advance(59)
    pool.get(f"{job}/variables", status=204)


def test_a_lease_can_be_extended_again_and_again(pool: PoolApp, job: str, variable: str, clock: ManualClock) -> None:
    links = pool.lease(job)
    for _ in range(5):
        clock.advance(50)
        links = extended(pool, links)
    pool.post_json(links["post_result"], 2, status=201)


def test_a_lease_can_be_extended_twice_at_once(pool: PoolApp, job: str, variable: str) -> None:
    extended(pool, extended(pool, pool.lease(job)))


def test_an_expired_lease_can_be_extended_while_the_variable_is_open(
    pool: PoolApp, job: str, variable: str, clock: ManualClock
) -> None:
    links = pool.lease(job)
    clock.advance(100)
    extended(pool, links)
    pool.get(f"{job}/variables", status=204)


def test_the_result_link_from_before_an_extension_stays_valid(
    pool: PoolApp, job: str, variable: str, clock: ManualClock
) -> None:
    links = pool.lease(job)
    clock.advance(30)
    renewed = extended(pool, links)
    location = pool.post_json(links["post_result"], 2, status=201).headers["Location"]
    assert pool.post_json(renewed["post_result"], 2, status=201).headers["Location"] == location


def test_a_result_rejected_after_an_extension_opens_the_variable(pool: PoolApp, clock: ManualClock) -> None:
    job = pool.post_job(validate_variable="() => true", validate_result="() => false")
    pool.post_variable(job)
    links = pool.lease(job)
    clock.advance(100)
    pool.post_json(extended(pool, links)["post_result"], 1, status=422)
    assert state(pool, job) == "open"


# Giving back


def test_a_variable_given_back_is_open_at_once(pool: PoolApp, job: str, variable: str) -> None:
    assert pool.delete(pool.lease(job)["lease"], status=204).body == b""
    assert state(pool, job) == "open"
    pool.lease(job)


def test_a_lease_is_given_back_once(pool: PoolApp, job: str, variable: str) -> None:
    links = pool.lease(job)
    pool.delete(links["lease"], status=204)
    problem(pool.delete(links["lease"], status=409), 409, "'one'", "has ended")


def test_giving_back_is_not_counted_as_an_error(pool: PoolApp) -> None:
    job = pool.post_job(settings={"max_errors": 1})
    pool.post_variable(job)
    for _ in range(3):
        pool.delete(pool.lease(job)["lease"], status=204)
    assert state(pool, job) == "open"


# Lost leases


def send(pool: PoolApp, method: str, link: str) -> Any:
    return pool.request(link, method=method, expect_errors=True)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_lease_taken_over_by_another_volunteer_is_lost(
    pool: PoolApp, job: str, variable: str, clock: ManualClock, method: str
) -> None:
    links = pool.lease(job)
    clock.advance(63)
    pool.lease(job)
    before = files(pool)
    problem(send(pool, method, links["lease"]), 409, "'one'", "has ended")
    assert files(pool) == before


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_lease_given_back_is_lost(pool: PoolApp, job: str, variable: str, method: str) -> None:
    links = pool.lease(job)
    pool.delete(links["lease"], status=204)
    problem(send(pool, method, links["lease"]), 409, "has ended")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_lease_with_a_result_is_lost(pool: PoolApp, job: str, variable: str, method: str) -> None:
    links = pool.lease(job)
    pool.post_json(links["post_result"], 2, status=201)
    problem(send(pool, method, links["lease"]), 409, "has ended")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_lease_link_from_before_an_extension_is_invalid(
    pool: PoolApp, job: str, variable: str, clock: ManualClock, method: str
) -> None:
    links = pool.lease(job)
    clock.advance(30)
    extended(pool, links)
    problem(send(pool, method, links["lease"]), 409, "has ended")


# The token


# tests/pool/test_tokens.py has the table of forged tokens.
FORGED = [
    ("", "not a lease token"),
    ("%C3%BC", "not a lease token"),
    ("0000000000000000.1.9999999999999..AAAAAAAAAAAAAAAAAAAAAA", "belongs to another variable"),
]


@pytest.mark.parametrize(("method", "path"), [("POST", "lease"), ("DELETE", "lease"), ("POST", "results")])
def test_a_forged_token_is_403(pool: PoolApp, job: str, variable: str, method: str, path: str) -> None:
    pool.lease(job)
    before = files(pool)
    for forged, named in FORGED:
        response = pool.request(f"{variable}/{path}?lease={forged}", method=method, body=b"2", expect_errors=True)
        problem(response, 403, "lease", named)
    assert files(pool) == before


def test_a_token_is_valid_for_its_variable_only(pool: PoolApp, job: str) -> None:
    first, second = pool.post_variable(job, "first"), pool.post_variable(job, "second")
    links = pool.lease(job)
    other = second if links["self"] == first else first
    token = links["lease"].split("=")[1]
    problem(pool.post_json(f"{other}/results?lease={token}", 2, status=403), 403, "lease")
    problem(pool.post(f"{other}/lease?lease={token}", status=403), 403, "lease")


def test_a_token_of_another_pool_is_403(pool: PoolApp, make_pool: MakePool, job: str, variable: str) -> None:
    token = pool.lease(job)["lease"].split("=")[1]
    (pool.data / "secrets" / "leases.key").write_text("another secret\n")
    problem(make_pool().post_json(f"{variable}/results?lease={token}", 2, status=403), 403, "lease")


def test_a_token_stays_valid_after_a_restart(pool: PoolApp, make_pool: MakePool, job: str, variable: str) -> None:
    links = pool.lease(job)
    make_pool().post_json(links["post_result"], 2, status=201)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_lease_without_its_token_is_403(pool: PoolApp, job: str, variable: str, method: str) -> None:
    problem(send(pool, method, f"{variable}/lease"), 403, "lease", "missing")


def test_the_token_does_not_contain_the_volunteers_id(pool: PoolApp, job: str, variable: str) -> None:
    assert VOLUNTEER["Volunteer"] not in pool.lease(job, **VOLUNTEER)["lease"]
