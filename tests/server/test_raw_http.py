"""What only a real connection shows: broken framing, raw bytes, oversized heads, several requests on one connection."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple

import pytest

from tests.serving import Server

JOB = json.dumps({"name": "Raw", "execute_function": "() => 1"}).encode()
PATIENCE = 20.0


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A socket to the server on which anything may be said."""

    def __init__(self, server: Server) -> None:
        host, port = server.url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), PATIENCE)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, content: bytes) -> Connection:
        with suppress(ConnectionError):  # A server may answer, and hang up, before it has heard all.
            self._socket.sendall(content)
        return self

    def say_no_more(self) -> Connection:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        return self

    def hear(self, method: str = "GET") -> Answer:
        """The next answer; status 0 where the server closes without one."""
        with HTTPResponse(self._socket, method=method) as response:
            try:
                response.begin()
                body = response.read()
            except (ConnectionError, HTTPException):
                return Answer(0, {}, b"")
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all: what they say changes nothing, unless a test posts a job of its own."""
    running = Server(tmp_path_factory.mktemp("raw"), DEMO="0", FSYNC="0", MAX_DOCUMENT="2000", THREADS="4", SILENCE="2")
    try:
        running.start()
        running.post("/jobs", {"name": "Example job", "execute_function": "() => 1"})
        yield running
    finally:
        running.kill()


def head(server: Server, *lines: str, request: str = "POST /jobs HTTP/1.1") -> bytes:
    usual = [request, "Host: pool", f"Authorization: Bearer {server.key}", "Content-Type: application/json"]
    return "\r\n".join([*usual, *lines, "", ""]).encode("latin-1")


def ask(server: Server, content: bytes, method: str = "GET") -> Answer:
    """Says that and nothing more, and hears the answer."""
    with Connection(server) as connection:
        return connection.say(content).say_no_more().hear(method)


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


def job_ids(server: Server) -> list[str]:
    return [item["id"] for item in server.get("/jobs/index")["_embedded"]["items"]]


def delete(server: Server, job: str) -> None:
    assert ask(server, head(server, request=f"DELETE {job} HTTP/1.1")).status == 204


def problem(answer: Answer, status: int) -> dict[str, Any]:
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    return dict(json.loads(answer.body))


# Bodies


@pytest.mark.parametrize("sent", [b"", JOB[:10], JOB])
def test_a_body_cut_short_is_refused(server: Server, sent: bytes) -> None:
    answer = ask(server, head(server, f"Content-Length: {len(JOB) + 100}") + sent)
    assert str(len(JOB) + 100) in problem(answer, 400)["detail"]
    assert job_ids(server) == ["example-job"]


@pytest.mark.parametrize("sent", [b"", JOB[:10]])
def test_a_caller_who_hangs_up_in_the_middle_leaves_nothing(server: Server, sent: bytes) -> None:
    with Connection(server) as connection:
        connection.say(head(server, f"Content-Length: {len(JOB)}") + sent)
    assert server.get("/health")["live"]
    assert job_ids(server) == ["example-job"]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_body_is_a_body(server: Server, size: int) -> None:
    chunks = [chunk(JOB[start : start + size]) for start in range(0, len(JOB), size)]
    answer = ask(server, head(server, "Transfer-Encoding: chunked") + b"".join(chunks) + b"0\r\n\r\n")
    assert (answer.status, answer.headers["location"]) == (201, "/jobs/raw")
    delete(server, "/jobs/raw")


def test_chunks_may_have_extensions_and_a_trailer(server: Server) -> None:
    body = b"%x;name=value\r\n%b\r\n0\r\nX-Trailer: said\r\n\r\n" % (len(JOB), JOB)
    assert ask(server, head(server, "Transfer-Encoding: chunked") + body).status == 201
    delete(server, "/jobs/raw")


@pytest.mark.parametrize(
    "body",
    [
        chunk(JOB),
        chunk(JOB)[:-20],
        b"zz\r\n" + JOB,
        b"-1\r\n" + JOB,
        b"\r\n" + JOB,
        b"5\r\n" + JOB + b"\r\n0\r\n\r\n",
        b"f" * 5000,
        b"ffffffffffffffff\r\n" + JOB,
        chunk(JOB) + b"0\r\n",
    ],
    ids=["no end", "cut", "no number", "negative", "no size", "wrong size", "endless size", "too large", "half an end"],
)
def test_chunks_that_are_broken_are_refused(server: Server, body: bytes) -> None:
    answer = ask(server, head(server, "Transfer-Encoding: chunked") + body)
    assert answer.status in (0, 400, 413)
    assert job_ids(server) == ["example-job"]


def test_chunks_over_the_limit_are_refused(server: Server) -> None:
    body = chunk(b" " * 1000) * 3 + b"0\r\n\r\n"
    answer = ask(server, head(server, "Transfer-Encoding: chunked") + body)
    assert "2000 bytes" in problem(answer, 413)["detail"]


def test_chunks_without_end_are_not_listened_to(server: Server) -> None:
    with Connection(server) as connection:
        connection.say(head(server, "Transfer-Encoding: chunked"))
        for _ in range(3000):
            connection.say(chunk(b" " * 10_000))
        assert connection.hear().status in (0, 413)


def test_a_length_over_the_limit_is_refused_before_it_is_sent(server: Server) -> None:
    with Connection(server) as connection:
        answer = connection.say(head(server, "Content-Length: 999999999999")).hear()
    assert "2000 bytes" in problem(answer, 413)["detail"]


def test_who_waits_to_be_told_to_go_on_is_told(server: Server) -> None:
    with Connection(server) as connection:
        connection.say(head(server, f"Content-Length: {len(JOB)}", "Expect: 100-continue"))
        assert connection.say(JOB).hear().status == 201
    delete(server, "/jobs/raw")


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5, 5"],
        ["Content-Length: -5"],
        ["Content-Length: +5"],
        ["Content-Length: 0x5"],
        ["Content-Length: five"],
        ["Content-Length: 5 5"],
        ["Content-Length: \xb2"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: gzip"],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding: xchunked"],
    ],
    ids=" ".join,
)
def test_a_length_that_can_be_read_in_two_ways_is_refused(server: Server, lines: list[str]) -> None:
    answer = ask(server, head(server, *lines) + b"5\r\nhello\r\n0\r\n\r\n")
    assert answer.status in (0, 400, 501)
    assert job_ids(server) == ["example-job"]


# Addresses


@pytest.mark.parametrize(
    "path",
    [
        b"/jobs/%ff%fe",
        b"/jobs/%00",
        b"/jobs/../../../etc/passwd",
        b"/../secrets/operator.key",
        b"/%2e%2e/secrets/operator.key",
        b"/jobs/..%2f..%2fsecrets%2foperator.key",
        b"/jobs/example-job/job.json",
        b"/jobs/%0d%0aX-Injected:%20yes",
        b"/jobs/%%%",
        b"/jobs/" + b"x" * 3000,
        b"//example.org/jobs",
        b"http://elsewhere.example/nothing",
    ],
)
def test_what_is_no_address_is_404(server: Server, path: bytes) -> None:
    answer = ask(server, b"GET %b HTTP/1.1\r\nHost: pool\r\n\r\n" % path)
    problem(answer, 404)
    assert "x-injected" not in answer.headers


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /jobs/\x00 HTTP/1.1",
        b"GET /jobs/\xc3\xbc HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET jobs HTTP/1.1",
        b"GET * HTTP/1.1",
        b"GET",
        b"get /health HTTP/1.1",
        b"G\x00T /health HTTP/1.1",
        b"GET /health HTTP/9.9",
        b"GET /health",
        b"\x16\x03\x01\x02\x00\x01",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1",
    ],
    ids=lambda line: repr(line[:30]),
)
def test_what_is_no_request_is_refused(server: Server, request_line: bytes) -> None:
    answer = ask(server, request_line + b"\r\nHost: pool\r\n\r\n")
    assert answer.status == 0 or 400 <= answer.status < 500 or answer.status in (501, 505)
    assert server.get("/health")["live"]


# Heads


@pytest.mark.parametrize(
    "line",
    [
        b"X: " + b"x" * 100_000,
        b"Authorization: Bearer " + b"x" * 9000,
        b"\r\n".join(b"X-%d: x" % number for number in range(200)),
        b"no colon",
        b": no name",
        b"X Y: blank in the name",
        b"X\x00: nul",
        b"X: a\x00b",
        b"X: folded\r\n line",
        b"Volunteer: \r",
    ],
    ids=["large", "large key", "many", "no colon", "no name", "blank", "NUL in name", "NUL", "folded", "bare CR"],
)
def test_a_head_that_is_too_large_or_broken_is_refused(server: Server, line: bytes) -> None:
    answer = ask(server, b"GET /jobs/example-job HTTP/1.1\r\nHost: pool\r\n%b\r\n\r\n" % line)
    assert answer.status == 0 or 400 <= answer.status < 500
    assert server.get("/health")["live"]


@pytest.mark.parametrize("name", ["Script-Name", "X-Script-Name", "X-Forwarded-Prefix"])
def test_a_stranger_does_not_say_where_the_pool_is_mounted(server: Server, name: str) -> None:
    answer = ask(server, f"GET / HTTP/1.1\r\nHost: pool\r\n{name}: /elsewhere\r\n\r\n".encode())
    assert answer.status == 400 or json.loads(answer.body)["_links"]["jobs"] == "/jobs/index"


def test_a_proxy_on_the_same_host_does(server: Server) -> None:
    answer = ask(server, b"GET /pool/jobs/index HTTP/1.1\r\nHost: pool\r\nSCRIPT_NAME: /pool\r\n\r\n")
    assert json.loads(answer.body)["_links"]["self"] == "/pool/jobs/index"


# Several requests


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_answers_follow_each_other_on_one_connection(server: Server, method: str) -> None:
    paths = ["/", "/jobs/example-job", "/jobs/example-job/variables", "/nothing", "/health"]
    with Connection(server) as connection:
        answers = []
        for path in paths:
            connection.say(f"{method} {path} HTTP/1.1\r\nHost: pool\r\n\r\n".encode())
            answers.append(connection.hear(method).status)
    assert answers == [200, 200, 204, 404, 200]


@pytest.mark.parametrize(
    "framing", [["Content-Length: 1900"], ["Content-Length: 9000"], ["Transfer-Encoding: chunked"]], ids=" ".join
)
def test_a_body_that_was_refused_unread_is_never_taken_for_a_request(server: Server, framing: list[str]) -> None:
    inner = b"GET /jobs/smuggled HTTP/1.1\r\nHost: pool\r\n\r\n"
    length = int(framing[0].split(": ")[1]) if "Length" in framing[0] else 1000
    body = inner * 20 + b" " * (length - 20 * len(inner))
    sent = chunk(body) + b"0\r\n\r\n" if "Transfer" in framing[0] else body
    stranger = "\r\n".join(["POST /jobs HTTP/1.1", "Host: pool", *framing, "", ""]).encode()
    with Connection(server) as connection:
        assert connection.say(stranger + sent).hear().status == 401
        after = connection.say(b"GET /health HTTP/1.1\r\nHost: pool\r\n\r\n").hear()
    assert after.status == 0 or json.loads(after.body)["live"]


def test_an_answer_without_a_body_is_not_followed_by_one(server: Server) -> None:
    tag = ask(server, b"GET /jobs/example-job HTTP/1.1\r\nHost: pool\r\n\r\n").headers["etag"].encode()
    with Connection(server) as connection:
        connection.say(b"GET /jobs/example-job HTTP/1.1\r\nHost: pool\r\nIf-None-Match: %b\r\n\r\n" % tag)
        assert connection.hear().status == 304
        connection.say(b"GET /health HTTP/1.1\r\nHost: pool\r\n\r\n")
        assert connection.hear().status == 200


def test_those_who_dawdle_hold_up_nobody_for_long(server: Server) -> None:
    # More than there are threads: each that stops in the middle of its head holds one until it is let go.
    idle = [Connection(server).say(b"GET /health HTTP/1.1\r\nHos") for _ in range(12)]
    try:
        assert server.get("/health")["live"]
    finally:
        for connection in idle:
            connection.__exit__()


def test_a_head_may_come_a_byte_at_a_time(server: Server) -> None:
    with Connection(server) as connection:
        for byte in b"GET /health HTTP/1.1\r\nHost: pool\r\n\r\n":
            connection.say(bytes([byte]))
        assert connection.hear().status == 200


def test_after_all_that_the_log_tells_of_no_failure(server: Server) -> None:
    assert "Traceback" not in server.log
    assert job_ids(server) == ["example-job"]
