"""HTTP over raw connections: invalid framing, arbitrary bytes, oversized headers, several requests on a connection."""

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
TIMEOUT = 20.0


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A socket connection to the server."""

    def __init__(self, server: Server) -> None:
        host, port = server.url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), TIMEOUT)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, content: bytes) -> Connection:
        with suppress(ConnectionError):  # The server may respond and close before it has read everything.
            self._socket.sendall(content)
        return self

    def finish_sending(self) -> Connection:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        return self

    def receive(self, method: str = "GET") -> Response:
        """The next response; status 0 if the server closes without one."""
        with HTTPResponse(self._socket, method=method) as response:
            try:
                response.begin()
                body = response.read()
            except (ConnectionError, HTTPException):
                return Response(0, {}, b"")
            return Response(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests: they store nothing, or delete what they have posted."""
    settings = {"MAX_DOCUMENT": "2000", "THREADS": "4", "SILENCE": "1", "HOSTS": "pool"}
    running = Server(tmp_path_factory.mktemp("raw"), DEMO="0", FSYNC="0", **settings)
    try:
        running.start()
        running.post("/jobs", {"name": "Example job", "execute_function": "() => 1"})
        yield running
    finally:
        running.kill()


def head(server: Server, *lines: str, request: str = "POST /jobs HTTP/1.1") -> bytes:
    usual = [request, "Host: pool", f"Authorization: Bearer {server.key}", "Content-Type: application/json"]
    return "\r\n".join([*usual, *lines, "", ""]).encode("latin-1")


def exchange(server: Server, content: bytes, method: str = "GET") -> Response:
    """Sends these bytes, closes the sending side, and returns the response."""
    with Connection(server) as connection:
        return connection.send(content).finish_sending().receive(method)


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


def job_ids(server: Server) -> list[str]:
    return [item["id"] for item in server.get("/jobs/index")["_embedded"]["items"]]


def delete(server: Server, job: str) -> None:
    assert exchange(server, head(server, request=f"DELETE {job} HTTP/1.1")).status == 204


def problem(response: Response, status: int) -> dict[str, Any]:
    assert response.status == status, response
    assert response.headers["content-type"] == "application/problem+json"
    return dict(json.loads(response.body))


# Bodies


@pytest.mark.parametrize("sent", [b"", JOB[:10], JOB])
def test_an_incomplete_body_is_refused(server: Server, sent: bytes) -> None:
    response = exchange(server, head(server, f"Content-Length: {len(JOB) + 100}") + sent)
    assert str(len(JOB) + 100) in problem(response, 400)["detail"]
    assert job_ids(server) == ["example-job"]


@pytest.mark.parametrize("sent", [b"", JOB[:10]])
def test_a_body_cut_off_by_a_closed_connection_is_not_stored(server: Server, sent: bytes) -> None:
    with Connection(server) as connection:
        connection.send(head(server, f"Content-Length: {len(JOB)}") + sent)
    assert server.get("/health")["live"]
    assert job_ids(server) == ["example-job"]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_body_is_read(server: Server, size: int) -> None:
    chunks = [chunk(JOB[start : start + size]) for start in range(0, len(JOB), size)]
    response = exchange(server, head(server, "Transfer-Encoding: chunked") + b"".join(chunks) + b"0\r\n\r\n")
    assert (response.status, response.headers["location"]) == (201, "/jobs/raw")
    delete(server, "/jobs/raw")


def test_chunks_may_have_extensions_and_a_trailer(server: Server) -> None:
    body = b"%x;name=value\r\n%b\r\n0\r\nX-Trailer: value\r\n\r\n" % (len(JOB), JOB)
    assert exchange(server, head(server, "Transfer-Encoding: chunked") + body).status == 201
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
def test_invalid_chunks_are_refused(server: Server, body: bytes) -> None:
    response = exchange(server, head(server, "Transfer-Encoding: chunked") + body)
    assert problem(response, response.status)["status"] in (400, 413)
    assert job_ids(server) == ["example-job"]


def test_chunks_over_the_size_limit_are_refused(server: Server) -> None:
    body = chunk(b" " * 1000) * 3 + b"0\r\n\r\n"
    response = exchange(server, head(server, "Transfer-Encoding: chunked") + body)
    assert "2000 bytes" in problem(response, 413)["detail"]


def test_endless_chunks_are_not_read_to_their_end(server: Server) -> None:
    with Connection(server) as connection:
        connection.send(head(server, "Transfer-Encoding: chunked"))
        for _ in range(3000):
            connection.send(chunk(b" " * 10_000))
        assert connection.receive().status in (0, 413)


def test_a_content_length_over_the_limit_is_refused_before_the_body_is_sent(server: Server) -> None:
    with Connection(server) as connection:
        response = connection.send(head(server, "Content-Length: 999999999999")).receive()
    assert "2000 bytes" in problem(response, 413)["detail"]


def test_a_request_with_expect_100_continue_is_served(server: Server) -> None:
    with Connection(server) as connection:
        connection.send(head(server, f"Content-Length: {len(JOB)}", "Expect: 100-continue"))
        assert connection.send(JOB).receive().status == 201
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
def test_an_ambiguous_body_length_is_refused(server: Server, lines: list[str]) -> None:
    response = exchange(server, head(server, *lines) + b"5\r\nhello\r\n0\r\n\r\n")
    assert response.status in (400, 501)
    assert problem(response, response.status)["detail"]
    assert job_ids(server) == ["example-job"]


# Paths


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
def test_an_unknown_or_invalid_path_is_404(server: Server, path: bytes) -> None:
    response = exchange(server, b"GET %b HTTP/1.1\r\nHost: pool\r\n\r\n" % path)
    problem(response, 404)
    assert "x-injected" not in response.headers


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
def test_an_invalid_request_line_is_refused(server: Server, request_line: bytes) -> None:
    response = exchange(server, request_line + b"\r\nHost: pool\r\n\r\n")
    assert 400 <= response.status < 500 or response.status in (501, 505)
    assert problem(response, response.status)["detail"]
    assert server.get("/health")["live"]


# Headers


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
def test_oversized_or_invalid_headers_are_refused(server: Server, line: bytes) -> None:
    response = exchange(server, b"GET /jobs/example-job HTTP/1.1\r\nHost: pool\r\n%b\r\n\r\n" % line)
    assert 400 <= response.status < 500
    assert problem(response, response.status)["detail"]


@pytest.mark.parametrize("name", ["Script-Name", "X-Script-Name", "X-Forwarded-Prefix"])
def test_headers_similar_to_script_name_do_not_set_the_mount_point(server: Server, name: str) -> None:
    response = exchange(server, f"GET / HTTP/1.1\r\nHost: pool\r\n{name}: /elsewhere\r\n\r\n".encode())
    assert response.status == 400 or json.loads(response.body)["_links"]["jobs"] == "/jobs/index"


def test_script_name_from_a_proxy_on_the_same_host_sets_the_mount_point(server: Server) -> None:
    response = exchange(server, b"GET /pool/jobs/index HTTP/1.1\r\nHost: pool\r\nSCRIPT_NAME: /pool\r\n\r\n")
    assert json.loads(response.body)["_links"]["self"] == "/pool/jobs/index"


# Several requests on one connection


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_responses_on_one_connection_have_the_order_of_their_requests(server: Server, method: str) -> None:
    paths = ["/", "/jobs/example-job", "/jobs/example-job/variables", "/nothing", "/health"]
    with Connection(server) as connection:
        statuses = []
        for path in paths:
            connection.send(f"{method} {path} HTTP/1.1\r\nHost: pool\r\n\r\n".encode())
            statuses.append(connection.receive(method).status)
    assert statuses == [200, 200, 204, 404, 200]


@pytest.mark.parametrize(
    "framing", [["Content-Length: 1900"], ["Content-Length: 9000"], ["Transfer-Encoding: chunked"]], ids=" ".join
)
def test_a_refused_unread_body_is_not_parsed_as_a_request(server: Server, framing: list[str]) -> None:
    inner = b"GET /jobs/smuggled HTTP/1.1\r\nHost: pool\r\n\r\n"
    length = int(framing[0].split(": ")[1]) if "Length" in framing[0] else 1000
    body = inner * 20 + b" " * (length - 20 * len(inner))
    sent = chunk(body) + b"0\r\n\r\n" if "Transfer" in framing[0] else body
    refused = "\r\n".join(["POST /jobs HTTP/1.1", "Host: pool", *framing, "", ""]).encode()
    with Connection(server) as connection:
        assert connection.send(refused + sent).receive().status == 401
        after = connection.send(b"GET /health HTTP/1.1\r\nHost: pool\r\n\r\n").receive()
    assert after.status == 0 or json.loads(after.body)["live"]


def test_a_304_response_has_no_body(server: Server) -> None:
    tag = exchange(server, b"GET /jobs/example-job HTTP/1.1\r\nHost: pool\r\n\r\n").headers["etag"].encode()
    with Connection(server) as connection:
        connection.send(b"GET /jobs/example-job HTTP/1.1\r\nHost: pool\r\nIf-None-Match: %b\r\n\r\n" % tag)
        assert connection.receive().status == 304
        connection.send(b"GET /health HTTP/1.1\r\nHost: pool\r\n\r\n")
        assert connection.receive().status == 200


def test_incomplete_requests_do_not_block_others(server: Server) -> None:
    # More connections than threads.
    idle = [Connection(server).send(b"GET /health HTTP/1.1\r\nHos") for _ in range(12)]
    try:
        assert server.get("/health")["live"]
    finally:
        for connection in idle:
            connection.__exit__()


def test_a_request_sent_byte_by_byte_is_served(server: Server) -> None:
    with Connection(server) as connection:
        for byte in b"GET /health HTTP/1.1\r\nHost: pool\r\n\r\n":
            connection.send(bytes([byte]))
        assert connection.receive().status == 200


def test_the_requests_of_this_module_log_no_traceback(server: Server) -> None:
    assert "Traceback" not in server.log
    assert job_ids(server) == ["example-job"]
