"""The client retries temporary failures, and raises the others at once."""

import socket

import pytest
from comp_pool.client import Client
from comp_pool.errors import PoolError, Unreachable
from comp_pool.retry_policy import Retries
from fake_pool import FakePool

ADD = "function (variable, context) { context.result = variable.a + 1; }"


@pytest.mark.parametrize("status", [429, 503])
def test_a_request_to_a_busy_pool_is_retried(pool: FakePool, client: Client, status: int) -> None:
    pool.inject_fault("GET", "^/$", status, times=2, Retry_After="0")
    assert client.root().has("jobs")


def test_retry_after_is_honoured(pool: FakePool) -> None:
    waits: list[float] = []
    pool.inject_fault("GET", "^/$", 503, Retry_After="7")
    with Client(pool.url, retries=Retries(attempts=2, first_delay=0.001, sleep=waits.append)) as client:
        client.root()
    assert 7 <= waits[0] < 7.1


def test_delays_grow(pool: FakePool) -> None:
    waits: list[float] = []
    pool.inject_fault("GET", "^/$", 503, times=4)
    with Client(pool.url, retries=Retries(attempts=5, sleep=waits.append)) as client:
        client.root()
    assert 0.25 <= waits[0] <= 0.5
    assert 2 <= waits[3] <= 4


def test_attempts_are_limited(pool: FakePool, client: Client) -> None:
    pool.inject_fault("GET", "^/$", 503, times=9, Retry_After="0")
    with pytest.raises(PoolError):
        client.root()
    assert len(pool.requests) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422, 500])
def test_other_errors_are_not_retried(pool: FakePool, client: Client, status: int) -> None:
    pool.inject_fault("GET", "^/$", status, times=9)
    with pytest.raises(PoolError):
        client.root()
    assert len(pool.requests) == 1


def test_an_error_has_the_fields_of_the_problem_document(pool: FakePool, client: Client) -> None:
    pool.inject_fault("GET", "^/$", 422)
    with pytest.raises(PoolError) as caught:
        client.root()
    assert (caught.value.status, caught.value.detail) == (422, "injected fault")


def test_a_pool_that_is_down_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    waits: list[float] = []
    retries = Retries(attempts=3, sleep=waits.append)
    with Client(f"http://127.0.0.1:{port}/", retries=retries) as client, pytest.raises(Unreachable):
        client.root()
    assert len(waits) == 2


def test_a_retried_post_has_the_same_idempotency_key(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    pool.inject_fault("POST", "variables$", 503, Retry_After="0")
    client.post_variables(client.job("adder"), [{"a": 1}, {"a": 2}])
    keys = [request.headers["Idempotency-Key"] for request in pool.received("POST", "variables$")]
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_two_posts_have_two_idempotency_keys(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    job = client.job("adder")
    for _ in range(2):
        client.post_variable(job, {"a": 1})
    first, second = pool.received("POST", "variables$")
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]


def test_a_value_outside_of_json_is_refused_before_it_is_sent(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    job = client.job("adder")
    with pytest.raises(ValueError, match="JSON"):
        client.post_variable(job, {"a": float("nan")})
