"""Limits and blocks, one case a route: 429 with Retry-After, 403 with the operator's reason.

tests/pool/test_standing.py, test_rates.py and test_blocks.py have the rules.
"""

from __future__ import annotations

from typing import Any

import pytest

from pool.blocks import Blocks
from pool.rates import BURST
from storage.flat import FlatStore
from tests.conftest import MakePool, PoolApp, address
from tests.resources.helpers import VOLUNTEER, other_key, problem

JOB = "/jobs/example-job"
ONE = f"{JOB}/variables/one"
CHECK = {"validate_variable": "() => true", "validate_result": "(variable, result) => result === 2"}


def limited(response: Any, *named: str) -> None:
    """Asserts that the response is the problem of a limit."""
    assert problem(response, 429, *named)["type"] == "urn:comp-pool:limit"
    assert int(response.headers["Retry-After"]) >= 1


def blocked(response: Any) -> None:
    assert problem(response, 403, "too many wrong results")["type"] == "urn:comp-pool:blocked"


@pytest.fixture
def filled(pool: PoolApp) -> PoolApp:
    pool.post_variable(pool.post_job(**CHECK))
    return pool


# Leases and results


def test_a_lease_beyond_the_limit_is_429(filled: PoolApp) -> None:
    for number in range(9):
        filled.post_variable(JOB, f"v{number}")
    for _ in range(4):
        filled.lease(JOB)
    limited(filled.get(f"{JOB}/variables", status=429), "4 leases", "each accepted result raises that")
    filled.head(f"{JOB}/variables", status=200)


def test_a_result_raises_the_limit(filled: PoolApp) -> None:
    for number in range(20):
        filled.post_variable(JOB, f"v{number}")
    first, *_ = [filled.lease(JOB) for _ in range(4)]
    filled.post_json(first["post_result"], 2, status=201)
    for _ in range(5):
        filled.lease(JOB)
    limited(filled.get(f"{JOB}/variables", status=429), "8 leases")


def test_the_lease_of_a_withdrawn_variable_is_held_no_more_once_its_volunteer_knows(filled: PoolApp) -> None:
    for number in range(9):
        filled.post_variable(JOB, f"v{number}")
    links = [filled.lease(JOB) for _ in range(4)]
    filled.delete(links[0]["self"], headers=filled.owner, status=204)
    filled.post_json(links[0]["post_result"], 2, status=410)
    filled.lease(JOB)


def test_an_extension_beyond_the_limit_is_429(filled: PoolApp) -> None:
    link = filled.lease(JOB)["lease"]
    for _ in range(19):
        filled.clock.advance(180)
        link = filled.post(link, status=200).json["_links"]["lease"]
    filled.clock.advance(200)
    limited(filled.post(link, status=429), "extended for 3600 seconds", "lease_seconds")


@pytest.mark.parametrize("path", ["result", "results"])
def test_a_second_result_without_a_lease_is_429_after_a_wrong_one(filled: PoolApp, path: str) -> None:
    filled.post_json(f"{ONE}/{path}", 1, status=422)
    limited(filled.post_json(f"{ONE}/{path}", 2, status=429), "a result from this address was refused")
    filled.clock.advance(601)
    filled.post_json(f"{ONE}/{path}", 2, status=201)


def test_wrong_results_for_many_variables_without_a_lease_are_429_at_last(filled: PoolApp) -> None:
    for number in range(5):
        filled.post_json(f"{filled.post_variable(JOB, f'v{number}')}/results", 1, status=422)
    limited(filled.post_json(f"{ONE}/results", 1, status=429), "failed 5 times in a row")


# Requests


@pytest.fixture
def slow(make_pool: MakePool) -> PoolApp:
    """A pool that serves each address three requests, and then one per second."""
    pool = make_pool(requests=1)
    pool.post_variable(pool.post_job())
    pool.pool.rates.burst = 3
    for _ in range(3):
        pool.get(JOB, extra_environ=address(1), status=200)
    return pool


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/jobs"),
        ("GET", "/jobs/index"),
        ("HEAD", JOB),
        ("GET", f"{JOB}/variables"),
        ("GET", f"{JOB}/results"),
        ("POST", f"{ONE}/results"),
        ("GET", "/flows"),
        ("GET", "/leaderboard"),
        ("POST", "/flows"),
        ("GET", "/jobs/nobody"),
        ("GET", "//jobs"),
        ("GET", f"/{JOB}/variables"),
    ],
)
def test_too_many_requests_are_429(slow: PoolApp, method: str, path: str) -> None:
    response = slow.request(path, method=method, environ=address(1), status=429)
    if method != "HEAD":
        limited(response, "too many requests from this address")


@pytest.mark.parametrize("path", ["/", "/health", "/openapi.json", "/client/js/index.js", "/sandbox", "/widget"])
def test_pages_modules_and_the_pools_state_are_not_limited(slow: PoolApp, path: str) -> None:
    slow.get(path, extra_environ=address(1), status=200)


def test_preflights_are_not_limited(slow: PoolApp) -> None:
    slow.options(JOB, extra_environ=address(1), status=200)


def test_other_addresses_and_keys_are_not_limited(slow: PoolApp) -> None:
    slow.get(JOB, extra_environ=address(2), status=200)
    for key in (slow.owner, other_key(slow)):
        slow.get(JOB, headers=key, extra_environ=address(1), status=200)


def test_a_wrong_key_does_not_help(slow: PoolApp) -> None:
    limited(slow.get(JOB, headers={"Authorization": "Bearer x"}, extra_environ=address(1), status=429))


def test_a_second_later_the_next_request_is_served(slow: PoolApp) -> None:
    slow.clock.advance(1)
    slow.get(JOB, extra_environ=address(1), status=200)
    slow.get(JOB, extra_environ=address(1), status=429)


def test_a_trusted_network_is_not_limited(make_pool: MakePool) -> None:
    pool = make_pool(requests=1, trusted="192.0.2.0/24")
    job = pool.post_job()
    pool.pool.rates.burst = 3
    for _ in range(9):
        pool.get(job, extra_environ=address(1), status=200)


def test_a_page_of_the_pool_is_served_many_times_at_once() -> None:
    assert BURST >= 30 * 50  # A class that opens a page with fifty requests to the pool.


# Blocks


def block(pool: PoolApp, target: str) -> None:
    """As the command does, in another process."""
    store = FlatStore(pool.data, fsync=False)
    Blocks(store).add(target, "too many wrong results")
    store.close()
    pool.clock.advance(5)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/jobs"),
        ("GET", "//jobs"),
        ("GET", f"{JOB}/variables"),
        ("POST", f"/{ONE}/results"),
        ("POST", f"{ONE}/results"),
        ("GET", "/flows"),
        ("GET", "/leaderboard"),
        ("HEAD", JOB),
    ],
)
def test_a_blocked_address_is_403_with_the_reason(filled: PoolApp, method: str, path: str) -> None:
    block(filled, "192.0.2.0/24")
    response = filled.request(path, method=method, environ=address(7), status=403)
    if method != "HEAD":
        blocked(response)
    assert filled.request("/jobs", status=200)


def test_a_blocked_volunteer_is_403_at_every_address(filled: PoolApp) -> None:
    filled.post_json(f"{ONE}/results", 2, headers=VOLUNTEER, status=201)
    (result,) = filled.get(f"{ONE}/results").json["_embedded"]["items"]
    block(filled, result["volunteer"])
    for number in (1, 2):
        blocked(filled.get("/jobs", headers=VOLUNTEER, extra_environ=address(number), status=403))
    filled.get("/jobs", status=200)


def test_a_blocked_key_is_403(filled: PoolApp) -> None:
    key = other_key(filled)
    filled.get(JOB, headers=key, status=200)
    store = FlatStore(filled.data, fsync=False)
    (digest,) = [digest for digest, document in store.keys.all() if document["owner"] == "semprebeta"]
    store.close()
    block(filled, f"key:{digest[:8]}")
    blocked(filled.get(JOB, headers=key, status=403))
    filled.get(JOB, headers=filled.owner, status=200)


def test_whoever_is_blocked_can_read_the_pages(filled: PoolApp) -> None:
    block(filled, "192.0.2.0/24")
    filled.get("/", headers={"Accept": "text/html"}, extra_environ=address(7), status=200)
