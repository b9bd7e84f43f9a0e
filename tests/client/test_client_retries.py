"""The client retries temporary failures, and raises the others at once; which they are: `test_retry_policy.py`."""

import http.server
import random
import socket
import threading

import pytest
from comp_pool.client import Client
from comp_pool.errors import BadCertificate, ForeignResponse, PoolError, Unreachable
from comp_pool.retry_policy import Retries
from fake_clock import FakeClock
from fake_pool import FakePool

ADD = "function (variable, context) { context.result = variable.a + 1; }"


def test_a_request_is_retried(pool: FakePool, client: Client) -> None:
    pool.inject_fault("GET", "^/$", 502, times=2)
    assert client.root().has("jobs")


def test_an_error_that_is_final_is_not_retried(pool: FakePool, client: Client) -> None:
    pool.inject_fault("GET", "^/$", 507, times=9)
    with pytest.raises(PoolError):
        client.root()
    assert len(pool.requests) == 1


def test_retry_after_is_honoured(pool: FakePool, client: Client, clock: FakeClock) -> None:
    pool.inject_fault("GET", "^/$", 503, Retry_After="7")
    client.root()
    assert 7 <= clock.waits[0] <= 8.4


def test_a_retry_after_of_more_than_a_minute_is_left_to_the_caller(pool: FakePool, client: Client) -> None:
    pool.inject_fault("GET", "^/$", 503, Retry_After="61")
    with pytest.raises(PoolError) as caught:
        client.root()
    assert caught.value.retry_after == 61


@pytest.mark.parametrize(
    ("retries", "delays"), [(Retries(), [0.5, 1.0]), (Retries(first_delay=0.1), [0.1, 0.2]), (None, [0.5, 1.0])]
)
def test_delays_grow(
    pool: FakePool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, retries: Retries | None, delays: list[float]
) -> None:
    monkeypatch.setattr(random, "random", lambda: 1.0)
    pool.inject_fault("GET", "^/$", 503, times=2)
    with Client(pool.url, retries=retries, clock=clock) as client:
        client.root()
    assert clock.waits == delays


def test_attempts_are_limited(pool: FakePool, clock: FakeClock) -> None:
    pool.inject_fault("GET", "^/$", 503, times=9)
    with Client(pool.url, retries=Retries(attempts=3), clock=clock) as client, pytest.raises(PoolError):
        client.root()
    assert len(pool.requests) == 3


def test_by_default_there_are_five_attempts(pool: FakePool, client: Client) -> None:
    pool.inject_fault("GET", "^/$", 503, times=9)
    with pytest.raises(PoolError):
        client.root()
    assert len(pool.requests) == 5


def test_an_error_has_the_fields_of_the_problem_document(pool: FakePool, client: Client) -> None:
    pool.inject_fault("GET", "^/$", 422)
    with pytest.raises(PoolError) as caught:
        client.root()
    assert (caught.value.status, caught.value.detail) == (422, "injected fault")


class Hinting(http.server.BaseHTTPRequestHandler):
    """One connection to a proxy whose responses come later than a hint."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        super().setup()
        Hinting.connections += 1

    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")

    def log_message(self, *_args: object) -> None:
        pass


def test_an_informational_response_ends_the_connection() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hinting) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with Client(f"http://127.0.0.1:{server.server_port}/", retries=Retries(attempts=1)) as client:
            for _ in range(2):
                with pytest.raises(ForeignResponse):
                    client.root()
        server.shutdown()
    # On the same one, the late response to the first request would be taken for that to the second.
    assert Hinting.connections == 2


def test_a_pool_that_is_down_is_unreachable(clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    retries = Retries(attempts=3)
    with Client(f"http://127.0.0.1:{port}/", retries=retries, clock=clock) as client, pytest.raises(Unreachable):
        client.root()
    assert len(clock.waits) == 2


def test_a_bad_certificate_is_final(clock: FakeClock) -> None:
    message = r"^the pool's certificate is not valid: self-signed certificate$"
    with (
        FakePool(scheme="https") as pool,
        Client(pool.url, clock=clock) as client,
        pytest.raises(BadCertificate, match=message),
    ):
        client.root()
    assert clock.waits == []


def test_a_retried_post_has_the_same_idempotency_key(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    pool.inject_fault("POST", "variables$", 502)
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
