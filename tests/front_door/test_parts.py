"""The rules of the door, each on the function that holds it."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass

import pytest

from front_door.acceptor import YIELD_SECONDS, Acceptor
from front_door.backlog import Backlog, is_begun, patience
from front_door.framing import BodyTooLarge, Chunks
from front_door.limits import Limits
from front_door.shares import SLOTS, Shares


@dataclass
class Item:
    name: str
    is_begun: bool = False
    waits_until: float = 0.0


def test_what_was_begun_comes_first() -> None:
    backlog: Backlog[Item] = Backlog()
    for item in (Item("a"), Item("b", is_begun=True), Item("c"), Item("d", is_begun=True)):
        backlog.put(item)
    taken = [backlog.take() for _ in range(4)]
    assert [item.name for item in taken if item] == ["b", "d", "a", "c"]


def test_requests_that_waited_for_too_long_are_not_taken() -> None:
    backlog: Backlog[Item] = Backlog()
    for item in (Item("a", waits_until=1), Item("b", waits_until=3)):
        backlog.put(item)
    assert [item.name for item in backlog.refused(2)] == ["a"]
    taken = backlog.take()
    assert taken is not None
    assert (taken.name, len(backlog)) == ("b", 0)


def test_a_closed_backlog_ends_its_threads() -> None:
    backlog: Backlog[Item] = Backlog()
    thread = threading.Thread(target=backlog.take, daemon=True)
    thread.start()
    backlog.close(1)
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/jobs/a/variables/b/results", True),
        ("POST", "/pool/jobs/a/variables/b/result/", True),
        ("POST", "/jobs/a/results", True),
        ("POST", "/jobs/a/variables/b/lease", True),
        ("DELETE", "/jobs/a/variables/b/lease", True),
        ("POST", "/jobs/a/variables/b/reports", True),
        ("GET", "/jobs/a/results", False),
        ("POST", "/jobs/a/variables", False),
        ("POST", "/jobs", False),
        ("DELETE", "/jobs/lease", True),
        ("POST", "/", False),
        ("POST", "", False),
    ],
)
def test_what_was_begun(method: str, path: str, expected: bool) -> None:
    assert is_begun(method, path) is expected


@pytest.mark.parametrize(
    ("path", "begun", "expected"),
    [
        ("/jobs", False, 5.0),
        ("/pool/flows/x", False, 5.0),
        ("/jobsite", False, 20.0),
        ("/client/js/index.js", False, 20.0),
        ("/jobs/a/results", True, 20.0),
    ],
)
def test_how_long_a_request_may_wait_for_a_thread(path: str, begun: bool, expected: float) -> None:
    assert patience(path, begun, Limits()) == expected


@pytest.mark.parametrize(
    ("seconds", "count", "expected"),
    [(0, 0, 10), (5, 0, 10), (5, 1000, 11), (5, 10_000_000, 15), (9.9, 1, 10.001)],
)
def test_bytes_move_the_deadline_by_at_most_one_grace_period(seconds: float, count: int, expected: float) -> None:
    assert Limits().extended(10, seconds, count) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("body", "end"),
    [
        (b"0\r\n\r\n", 5),
        (b"0\r\n\r\nGET", 5),
        (b"5\r\nhello\r\n0\r\n\r\nGET", 15),
        (b"5;name=value\r\nhello\r\n0\r\n\r\nGET", 26),
        (b"5\r\nhello\r\n0\r\n", None),
        (b"5\r\nhel", None),
        (b"5", None),
        (b"", None),
    ],
)
def test_the_end_of_a_chunked_body_is_found_however_it_comes(body: bytes, end: int | None) -> None:
    received, chunks, found = bytearray(), Chunks(1000), None
    for byte in body:
        received.append(byte)
        found = found or chunks.end(received)
    assert found == end
    assert Chunks(1000).end(bytearray(body)) == end
    assert not chunks.is_malformed


@pytest.mark.parametrize(
    "body",
    [
        b"5;\nx\r\nhello\r\n",
        b"5;\rx\r\nhello\r\n",
        b"0\r\nX: y\r\n\r\n",
        b"zz\r\nx",
        b"-1\r\nx",
        b"\r\nx",
        b"5\r\nhelloxx0\r\n\r\n",
        b"f" * 5000,
        b"0\r\n" + b"x" * 9000,
    ],
)
def test_a_malformed_chunked_body_ends_with_what_has_come(body: bytes) -> None:
    chunks = Chunks(100_000)
    assert chunks.end(bytearray(body)) == len(body)
    assert chunks.is_malformed


@pytest.mark.parametrize(
    "body", [b"3e9\r\n", b"1\r\nx\r\n" * 1100, b"ffffffffffffff\r\n"], ids=["bytes", "chunks", "size"]
)
def test_too_many_bytes_or_chunks_are_not_awaited(body: bytes) -> None:
    with pytest.raises(BodyTooLarge):
        Chunks(1000).end(bytearray(body))


def test_the_worker_with_more_connections_is_busier() -> None:
    shares = Shares()
    one, two = shares.claim(), shares.claim()
    assert not shares.is_busier(one)
    shares.set(one, 1)
    assert (shares.is_busier(one), shares.is_busier(two)) == (True, False)


def test_workers_with_nearly_as_many_connections_do_not_wait_for_each_other() -> None:
    shares = Shares()
    one, two = shares.claim(), shares.claim()
    shares.set(one, 1060)
    shares.set(two, 1000)
    assert not shares.is_busier(one)
    shares.set(one, 1100)
    assert shares.is_busier(one)


def test_a_worker_that_ended_is_no_longer_compared() -> None:
    shares = Shares()
    one, two = shares.claim(), shares.claim()
    shares.set(one, 5)
    shares.release(two)
    assert not shares.is_busier(one)
    assert shares.claim() == two


def test_more_workers_than_slots_share_the_last_one() -> None:
    shares = Shares()
    assert [shares.claim() for _ in range(SLOTS + 2)][-3:] == [SLOTS - 1] * 3


def test_a_busier_worker_leaves_a_connection_to_others_for_a_moment_only() -> None:
    shares = Shares()
    mine, other = shares.claim(), shares.claim()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        acceptor = Acceptor([listener], shares, mine)
        with socket.create_connection(listener.getsockname()):
            assert shares.is_busier(other) is False
            assert list(acceptor.accept(listener.fileno(), 3)) == []
            acceptor.resume(acceptor.resumes_at)
            [(sock, _, _)] = acceptor.accept(listener.fileno(), 3)
            sock.close()


def test_a_busier_worker_leaves_each_connection_to_others_first(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = Shares()
    mine, _ = shares.claim(), shares.claim()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        acceptor = Acceptor([listener], shares, mine)
        assert list(acceptor.accept(listener.fileno(), 3)) == []
        # Nothing has waited meanwhile.
        resumed = acceptor.resumes_at
        acceptor.resume(resumed)
        monkeypatch.setattr("front_door.acceptor.monotonic", lambda: resumed + YIELD_SECONDS)
        with socket.create_connection(listener.getsockname()):
            assert list(acceptor.accept(listener.fileno(), 3)) == []
