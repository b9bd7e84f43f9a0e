"""What connections meet at the door: slow ones hold no thread, and every request has one response."""

from __future__ import annotations

import json
import socket
import time

import pytest

from resources.error_page import ErrorPage
from tests.front_door import applications
from tests.front_door.applications import LARGE
from tests.front_door.conftest import TIMEOUT, Client, MakeDoor, RunningDoor
from tests.serving import wait_until

CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHos"


def body_of(client: Client) -> str:
    return str(json.loads(client.receive()[2])["body"])


def post(length: int, *headers: str) -> bytes:
    lines = ["POST / HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *headers, "", ""]
    return "\r\n".join(lines).encode()


# Requests


def test_a_request_that_comes_byte_by_byte_is_served(make_door: MakeDoor) -> None:
    client = make_door().client()
    for byte in post(5) + b"hello":
        client.send(bytes([byte]))
    assert body_of(client) == "hello"


def test_requests_sent_at_once_are_answered_in_order(make_door: MakeDoor) -> None:
    client = make_door(threads=4).client().send(b"".join(post(1) + f"{number}".encode() for number in range(9)))
    assert [body_of(client) for _ in range(9)] == list("012345678")


def test_a_chunked_body_is_served_and_the_next_request_too(make_door: MakeDoor) -> None:
    client = make_door().client().send(CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n").get()
    assert (body_of(client), client.status()) == ("hello", 200)


def test_a_client_that_expects_100_continue_gets_it(make_door: MakeDoor) -> None:
    client = make_door().client().send(post(5, "Expect: 100-continue"))
    assert client.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert body_of(client.send(b"hello")) == "hello"


def test_a_body_over_the_limit_is_not_awaited(make_door: MakeDoor) -> None:
    client = make_door(body=1000).client().send(post(1001, "Expect: 100-continue"))
    status, headers, _ = client.receive()
    assert (status, headers["connection"]) == (200, "close")


def test_a_chunked_body_over_the_limit_is_413(make_door: MakeDoor) -> None:
    client = make_door(body=1000).client().send(CHUNKED + b"400\r\n" + b"x" * 1024)
    assert client.status() == 413


def test_a_client_that_has_closed_its_side_gets_its_response(make_door: MakeDoor) -> None:
    client = make_door().client().get()
    client.socket.shutdown(socket.SHUT_WR)
    assert client.status() == 200
    assert client.is_closed()


@pytest.mark.parametrize("late", [b"", b"G"], ids=["plainly", "behind a late byte"])
def test_an_application_learns_that_its_client_is_gone(make_door: MakeDoor, late: bytes) -> None:
    client = make_door(applications.until_gone).client().get()
    assert applications.entered.acquire(timeout=TIMEOUT)
    client.send(late)
    assert not applications.left.acquire(timeout=0.1)
    client.close()
    assert applications.left.acquire(timeout=TIMEOUT)


def test_head_has_no_body(make_door: MakeDoor) -> None:
    client = make_door().client().get(method="HEAD").get()
    assert (client.receive("HEAD")[2], client.status()) == (b"", 200)


def test_http_1_0_closes_the_connection(make_door: MakeDoor) -> None:
    client = make_door().client().send(b"GET / HTTP/1.0\r\n\r\n")
    assert client.status() == 200
    assert client.is_closed()


def test_a_unix_socket_is_served(make_door: MakeDoor, short_path: str) -> None:
    client = make_door(path=short_path).client().get()
    assert json.loads(client.receive()[2])["REMOTE_ADDR"] == ""


def test_an_application_that_fails_is_500_without_its_reason(make_door: MakeDoor) -> None:
    status, headers, body = make_door(applications.failing).client().get().receive()
    assert (status, headers["content-type"]) == (500, "application/problem+json")
    assert b"secret" not in body


def test_a_response_that_fails_in_the_middle_is_cut_off(make_door: MakeDoor) -> None:
    assert not make_door(applications.failing).client().get("/middle").rest().endswith(b"0\r\n\r\n")


def test_a_response_that_fails_when_it_is_closed_costs_no_thread(make_door: MakeDoor) -> None:
    door = make_door(applications.failing)
    for _ in range(3):
        assert door.client().get("/end").is_closed()
    assert door.client().get().status() == 500


# Slow clients: the doors have one thread


@pytest.mark.parametrize("sent", [HALF, post(10) + b"half", b""], ids=["head", "body", "nothing"])
def test_incomplete_requests_hold_no_thread(make_door: MakeDoor, sent: bytes) -> None:
    door = make_door()
    for _ in range(20):
        door.client().send(sent)
    assert door.client().get().status() == 200


@pytest.mark.parametrize("sent", [HALF, post(10) + b"half"], ids=["head", "body"])
def test_a_request_that_stalls_is_408(make_door: MakeDoor, sent: bytes) -> None:
    status, headers, body = make_door(grace=0.1).client().send(sent).receive()
    assert (status, headers["content-type"], headers["connection"]) == (408, "application/problem+json", "close")
    assert "0.1 seconds" in json.loads(body)["detail"]


def test_a_request_below_the_minimum_rate_is_408(make_door: MakeDoor) -> None:
    client = make_door(grace=0.2, rate=10_000).client().send(post(100))
    started = time.monotonic()
    with pytest.raises((ConnectionError, AssertionError)):
        for _ in range(100):
            client.send(b"x")
            assert not _has_response(client)
            time.sleep(0.02)
    assert time.monotonic() - started < 1.5
    assert client.status() == 408


def _has_response(client: Client) -> bool:
    client.socket.setblocking(False)
    try:
        return bool(client.socket.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        client.socket.settimeout(10)


def test_a_large_request_above_the_minimum_rate_takes_longer_than_the_grace_period(make_door: MakeDoor) -> None:
    client = make_door(grace=0.2, rate=10_000).client().send(post(10_000))
    for _ in range(10):
        client.send(b"x" * 1000)
        time.sleep(0.05)
    assert body_of(client) == "x" * 10_000


def test_a_connection_that_sends_nothing_is_closed(make_door: MakeDoor) -> None:
    assert make_door(grace=0.1).client().is_closed()


def test_an_idle_connection_is_closed_after_the_keepalive(make_door: MakeDoor) -> None:
    client = make_door(keepalive=0.1).client().get()
    assert client.status() == 200
    assert client.is_closed()


@pytest.mark.parametrize("path", ["/large", "/stream"])
def test_clients_that_do_not_read_hold_no_thread(make_door: MakeDoor, path: str) -> None:
    door = make_door(applications.large)
    for _ in range(10):
        door.client().get(path)
    assert door.client().get().status() == 200


@pytest.mark.parametrize("path", ["/large", "/stream"])
def test_a_client_that_does_not_read_is_cut_off(make_door: MakeDoor, path: str) -> None:
    door = make_door(applications.large, grace=0.2)
    client = door.client().get(path)
    wait_until(lambda: door.door.is_empty is False)
    wait_until(lambda: door.door.is_empty)
    assert len(client.rest()) < LARGE


@pytest.mark.parametrize("path", ["/large", "/stream"])
def test_a_slow_reader_above_the_minimum_rate_gets_everything(make_door: MakeDoor, path: str) -> None:
    client = make_door(applications.large, grace=0.5, rate=1000).client().get(path)
    time.sleep(0.3)
    assert len(client.receive()[2]) == LARGE
    assert client.get().status() == 200


# Limits


def test_refusals_are_counted_by_limit(make_door: MakeDoor) -> None:
    door = make_door(applications.large, grace=0.1, connections=3)
    door.client().send(HALF).receive()
    door.client().get("/large")
    wait_until(lambda: door.door.is_empty)
    assert door.refusals == {"slow": 2}
    for _ in range(4):
        assert door.client().get().status() == 200
    assert door.refusals == {"slow": 2, "connections": 1}


def test_at_the_limit_on_connections_the_longest_idle_one_is_closed(make_door: MakeDoor) -> None:
    door = make_door(connections=3)
    idle = [door.client().get() for _ in range(3)]
    assert [client.status() for client in idle] == [200, 200, 200]
    assert door.client().get().status() == 200
    assert idle[0].is_closed()
    assert idle[1].get().status() == 200


def test_at_the_limit_connections_without_a_request_are_closed_before_those_that_had_one(make_door: MakeDoor) -> None:
    door = make_door(connections=2)
    served = door.client().get()
    assert served.status() == 200
    silent = door.client()
    wait_until(lambda: len(door.door.traffic.connections) == 2)
    assert door.client().get().status() == 200
    assert silent.is_closed()
    assert served.get().status() == 200


def test_beyond_the_memory_the_slowest_request_is_503(make_door: MakeDoor) -> None:
    door = make_door(memory=100_000)
    slow = door.client().send(post(90_000) + b"x" * 50_000)
    wait_until(lambda: door.door.traffic.budget.used == 50_000)
    time.sleep(0.1)
    fast = door.client().send(post(90_000) + b"x" * 80_000)
    status, headers, _ = slow.receive()
    assert (status, headers["content-type"]) == (503, "application/problem+json")
    assert 2 <= int(headers["retry-after"]) <= 10
    assert len(body_of(fast.send(b"x" * 10_000))) == 90_000


def test_beyond_the_memory_the_slowest_reader_is_cut_off(make_door: MakeDoor) -> None:
    door = make_door(applications.large, memory=5 << 20)
    clients = [door.client().get("/large", "Connection: close") for _ in range(2)]
    wait_until(lambda: len(door.door.traffic.connections) == 1)
    assert sorted(len(client.rest()) > LARGE for client in clients) == [False, True]
    assert door.refusals == {"memory": 1}


def test_memory_is_counted_back_to_nothing(make_door: MakeDoor) -> None:
    door = make_door(applications.large)
    for path in ("/", "/large", "/stream"):
        client = door.client().send(post(3) + b"abc").get(path)
        assert (client.status(), client.status()) == (200, 200)
    wait_until(lambda: door.door.traffic.budget.used == 0)


# Overload


def test_a_request_for_work_that_waits_for_too_long_is_503(make_door: MakeDoor) -> None:
    applications.hold()
    door = make_door(applications.waiting, wait_for_work=0.1)
    door.client().get("/wait")
    assert applications.entered.acquire(timeout=10)
    status, headers, _ = door.client().get("/jobs").receive()
    assert (status, headers["content-type"], headers["connection"]) == (503, "application/problem+json", "keep-alive")
    assert headers["vary"] == "Accept"
    assert 2 <= int(headers["retry-after"]) <= 10
    assert door.refusals == {"threads": 1}


def test_a_browser_that_waits_for_too_long_gets_a_page(make_door: MakeDoor) -> None:
    applications.hold()
    door = make_door(applications.waiting, wait_for_work=0.1)
    door.client().get("/wait")
    assert applications.entered.acquire(timeout=10)
    status, headers, body = door.client().get("/jobs", "Accept: text/html,*/*;q=0.8", "Accept-Language: de").receive()
    assert (status, headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert headers.items() >= {name.lower(): value for name, value in ErrorPage.headers().items()}.items()
    assert "Der Pool ist ausgelastet" in body.decode()
    assert f"in {headers['retry-after']} Sekunden" in body.decode()


@pytest.mark.parametrize("request_line", ["POST /jobs/a/variables/b/results", "GET /client/js/index.js"])
def test_results_and_modules_wait_for_longer(make_door: MakeDoor, request_line: str) -> None:
    applications.hold()
    door = make_door(applications.waiting, wait_for_work=0.05)
    door.client().get("/wait")
    assert applications.entered.acquire(timeout=10)
    client = door.client().send(f"{request_line} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert door.client().get("/jobs").status() == 503
    applications.release()
    assert client.status() == 200


# Stopping


def test_a_stopping_door_completes_what_has_begun(make_door: MakeDoor) -> None:
    applications.hold()
    door = make_door(applications.waiting, threads=2)
    client = door.client().get("/wait")
    assert applications.entered.acquire(timeout=10)
    door.begin_stop()
    wait_until(lambda: door.door.is_stopping)
    applications.release()
    assert client.status() == 200
    assert door.has_stopped()


def test_a_stopping_door_answers_a_request_on_an_idle_connection_once(make_door: MakeDoor) -> None:
    door = make_door()
    client = door.client().get()
    assert client.status() == 200
    door.begin_stop()
    wait_until(lambda: door.door.is_stopping)
    status, headers, _ = client.get().receive()
    assert (status, headers["connection"]) == (200, "close")


def test_a_stopping_door_closes_idle_connections(make_door: MakeDoor) -> None:
    door: RunningDoor = make_door()
    client = door.client().get()
    assert client.status() == 200
    door.begin_stop()
    assert door.has_stopped()
    assert client.is_closed()


# Refusals


@pytest.mark.parametrize(
    ("sent", "status", "part"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400, "not https"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "not HTTP/2"),
        (b"GET /\nHost: x\n\n", 400, "request line"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n", 400, "header"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: x\r\n\r\n", 400, "header"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n", 501, "Transfer-Encoding"),
        (b"GET / HTTP/1.1\r\nExpect: x\r\n\r\n", 417, "Expect"),
        (b"GET / HTTP/3.0\r\n\r\n", 505, "HTTP/1.1"),
        (b"GET /" + b"x" * 40_000, 414, "request line"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, 431, "head"),
        (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 200 + b"\r\n", 431, "head"),
        (b"GET /other HTTP/1.1\r\nSCRIPT_NAME: /pool\r\n\r\n", 404, "mounted at '/pool'"),
    ],
)
def test_what_is_no_request_is_a_problem(make_door: MakeDoor, sent: bytes, status: int, part: str) -> None:
    found, headers, body = make_door().client().send(sent).receive()
    assert (found, headers["content-type"]) == (status, "application/problem+json")
    assert part in json.loads(body)["detail"]
    assert json.loads(body)["status"] == status
