"""Bodies that are invalid, too large, incomplete or of another media type: refused, and nothing is stored."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from webtest import TestRequest, TestResponse

from pool.sandbox import Sandbox
from tests.conftest import EXECUTE, PoolApp
from tests.resources.helpers import files, problem

LINES = "application/x-ndjson"
JOB = "/jobs/example-job"
ONE = f"{JOB}/variables/one"

# Every endpoint that accepts a document: method, path, media type.
ENDPOINTS = [
    ("POST", "/jobs", "application/json"),
    ("PATCH", JOB, "application/merge-patch+json"),
    ("POST", f"{JOB}/variables", "application/json"),
    ("POST", f"{JOB}/variables", LINES),
    ("PUT", f"{JOB}/variables/new", "application/json"),
    ("PATCH", ONE, "application/json"),
    ("POST", f"{ONE}/results", "application/json"),
    ("POST", f"{ONE}/result", "application/json"),
    ("POST", "/flows", "application/json"),
]
OBJECT_ENDPOINTS = [endpoint for endpoint in ENDPOINTS if not endpoint[1].startswith(f"{ONE}/")]

INVALID_JSON = {
    "nothing": b"",
    "blank": b" ",
    "unfinished": b'{"x": 1',
    "garbage": b"garbage",
    "two documents": b"{} {}",
    "single quotes": b"{'x': 1}",
    "a comma too many": b'{"x": 1,}',
    "a comment": b"{} // text",
    "a name without quotes": b"{x: 1}",
    "an undefined": b'{"x": undefined}',
    "NaN": b'{"x": NaN}',
    "Infinity": b'{"x": Infinity}',
    "-Infinity": b'{"x": -Infinity}',
    "1e999": b'{"x": 1e999}',
    "-1e999": b'{"x": -1e999}',
    "10 to the 400": b'{"x": 1%s}' % (b"0" * 400),
    "10 to the 100000": b'{"x": -1%s}' % (b"0" * 100_000),
    "a leading zero": b'{"x": 01}',
    "a plus": b'{"x": +1}',
    "hexadecimal": b'{"x": 0x10}',
    "a point alone": b'{"x": .5}',
    "101 deep": b'{"x": %s%s}' % (b"[" * 100, b"]" * 100),
    "100000 deep": b"[" * 100_000,
    "100000 objects deep": b'{"x":' * 100_000,
    "half a surrogate pair": b'{"x": "\\ud800"}',
    "the other half": b'{"x": "\\udc00\\ud800"}',
    "half a pair as a name": b'{"\\udfff": 1}',
    "not UTF-8": b'{"x": "\xff"}',
    "a surrogate in UTF-8": b'{"x": "\xed\xa0\x80"}',
    "an overlong slash": b'{"x": "\xc0\xaf"}',
    "UTF-16": '{"x": 1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"x": 1}'.encode("utf-16-le"),
    "a byte order mark": b'\xef\xbb\xbf{"x": 1}',
    "a NUL": b'{"x": "\x00"}',
    "a NUL after": b'{"x": 1}\x00',
    "a tab in a string": b'{"x": "\t"}',
    "an unknown escape": b'{"x": "\\x41"}',
    "form fields": b"x=1&y=2",
}
IDS = [f"{method} {path} {media_type.split('/')[1]}" for method, path, media_type in ENDPOINTS]
Endpoint = tuple[str, str, str]


@pytest.fixture(scope="module")
def filled(module_pool: PoolApp) -> PoolApp:
    module_pool.post_variable(module_pool.post_job())
    return module_pool


@pytest.fixture(scope="module")
def small_pool(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """A pool with limits of 1000 bytes per document and 3000 bytes per NDJSON body."""
    pool = PoolApp(tmp_path_factory.mktemp("small_pool") / "pool", sandbox, max_document=1000, max_bulk=3000)
    pool.post_variable(pool.post_job())
    return pool


def send(pool: PoolApp, endpoint: Endpoint, body: bytes, media_type: str | None = None) -> TestResponse:
    method, path, default_type = endpoint
    headers = {**pool.owner, "Content-Type": default_type if media_type is None else media_type}
    return pool.request(path, method=method, body=body, headers=headers, expect_errors=True)


def send_raw(pool: PoolApp, endpoint: Endpoint, body: bytes, **environ: Any) -> TestResponse:
    """Sends a body with framing that WebTest does not support."""
    request = TestRequest.blank(endpoint[1], environ, method=endpoint[0])
    request.headers.update({**pool.owner, "Content-Type": endpoint[2]})
    request.environ["wsgi.input"] = io.BytesIO(body)
    request.environ.pop("CONTENT_LENGTH", None)
    request.environ.update(environ)
    return pool.do_request(request, expect_errors=True)


def chunked(pool: PoolApp, endpoint: Endpoint, body: bytes) -> TestResponse:
    return send_raw(pool, endpoint, body, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True})


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=IDS)
@pytest.mark.parametrize("body", INVALID_JSON.values(), ids=INVALID_JSON)
def test_invalid_json_is_400(filled: PoolApp, endpoint: Endpoint, body: bytes) -> None:
    before = files(filled)
    problem(send(filled, endpoint, body), 400, "JSON")
    assert files(filled) == before


@pytest.mark.parametrize(
    "endpoint", OBJECT_ENDPOINTS, ids=lambda endpoint: f"{endpoint[0]} {endpoint[1]} {endpoint[2]}"
)
@pytest.mark.parametrize("body", ["null", "true", "0", "-1.5e3", '"text"', "[]", "[{}]", '["a", "b"]'])
def test_any_json_but_an_object_is_422(filled: PoolApp, endpoint: Endpoint, body: str) -> None:
    before = files(filled)
    problem(send(filled, endpoint, body.encode()), 422)
    assert files(filled) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"x": NaN}', "NaN"),
        (b'{"x": 1e999}', "too large"),
        (b"[" * 101, "100 levels"),
        (b'"\\ud800"', "surrogate"),
        (b'"\xff"', "byte 1"),
        (b"{\n x: 1}", "line 2, column 2"),
    ],
)
def test_the_problem_names_the_error_and_its_position(filled: PoolApp, body: bytes, field: str) -> None:
    problem(send(filled, ENDPOINTS[2], body), 400, field)


@pytest.mark.parametrize(
    "text",
    [
        '{"x": ' + "[" * 99 + "]" * 99 + "}",
        json.dumps({"x": "[" * 100_000}),
        json.dumps({"x": '\\"[{' * 1000}),
        '{"x": "\\ud83c\\udfca"}',
        '{"x": 1.7976931348623157e308, "y": -5e-324, "z": -0.0}',
        json.dumps({"x": 10**308}),
        ' \r\n\t{"x": [1 , 2]}\n',
    ],
    ids=["100 deep", "brackets in text", "escapes", "a whole pair", "the largest floats", "a large integer", "blanks"],
)
def test_json_at_the_limits_is_accepted(filled: PoolApp, text: str) -> None:
    assert send(filled, ENDPOINTS[2], text.encode()).status_int == 201


# Media types


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=IDS)
@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "json",
        "a/jsonp",
        "/",
    ],
)
def test_another_media_type_is_415(filled: PoolApp, endpoint: Endpoint, media_type: str) -> None:
    before = files(filled)
    problem(send(filled, endpoint, b'{"x": 1}', media_type), 415, "Content-Type")
    assert files(filled) == before


@pytest.mark.parametrize("endpoint", [endpoint for endpoint in ENDPOINTS if endpoint[1] != f"{JOB}/variables"])
def test_ndjson_is_415_where_one_document_is_expected(filled: PoolApp, endpoint: Endpoint) -> None:
    before = files(filled)
    problem(send(filled, endpoint, b'{"x": 1}\n', LINES), 415, LINES)
    assert files(filled) == before


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json", "text/json", ""]
)
def test_every_media_type_of_json_is_accepted(filled: PoolApp, media_type: str) -> None:
    assert send(filled, ENDPOINTS[2], b'{"x": 1}', media_type).status_int == 201


# Size


def sized(size: int) -> bytes:
    return b'{"x": "%s"}' % (b"x" * (size - 9))


@pytest.mark.parametrize("endpoint", [endpoint for endpoint in ENDPOINTS if endpoint[2] != LINES])
@pytest.mark.parametrize("send_body", [send, chunked])
def test_a_body_above_the_limit_is_413(small_pool: PoolApp, endpoint: Endpoint, send_body: Any) -> None:
    before = files(small_pool)
    problem(send_body(small_pool, endpoint, sized(1001)), 413, "1000 bytes")
    assert files(small_pool) == before


@pytest.mark.parametrize("send_body", [send, chunked])
def test_a_body_at_the_limit_is_accepted(small_pool: PoolApp, send_body: Any) -> None:
    assert send_body(small_pool, ENDPOINTS[2], sized(1000)).status_int == 201


@pytest.mark.parametrize("send_body", [send, chunked])
def test_ndjson_has_its_own_limit(small_pool: PoolApp, send_body: Any) -> None:
    lines = b"".join(sized(500) + b"\n" for _ in range(5))
    assert send_body(small_pool, ENDPOINTS[3], lines).status_int == 201
    before = files(small_pool)
    problem(send_body(small_pool, ENDPOINTS[3], lines + lines), 413, "3000 bytes")
    assert files(small_pool) == before


def test_a_line_above_the_limit_of_a_document_is_413(small_pool: PoolApp) -> None:
    before = files(small_pool)
    problem(send(small_pool, ENDPOINTS[3], b"{}\n" + sized(1001) + b"\n"), 413, "line 2", "1000 bytes")
    assert files(small_pool) == before


class Endless(io.BytesIO):
    """A body without an end."""

    def read(self, size: int | None = -1, /) -> bytes:
        return b" " * (size or 0)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=IDS)
def test_an_endless_body_is_413(small_pool: PoolApp, endpoint: Endpoint) -> None:
    framing = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": Endless()}
    problem(send_raw(small_pool, endpoint, b"", **framing), 413, "bytes")


# Framing


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=IDS)
def test_a_chunked_body_is_read(pool: PoolApp, endpoint: Endpoint) -> None:
    pool.post_variable(pool.post_job())
    job = {"name": "New", "execute_function": EXECUTE}
    bodies: dict[str, Any] = {"/jobs": job, JOB: {"state": "paused"}, ONE: {"state": "open"}}
    bodies["/flows"] = {"jobs": [{"job": JOB}]}
    response = chunked(pool, endpoint, json.dumps(bodies.get(endpoint[1], {"x": 1})).encode())
    assert response.status_int == (409 if endpoint[1] == ONE else 200 if endpoint[1] == JOB else 201)


class Interrupted(io.BytesIO):
    """A connection that breaks while the body is read."""

    def read(self, size: int | None = -1, /) -> bytes:
        if part := super().read(size):
            return part
        raise ConnectionResetError("gone")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=IDS)
@pytest.mark.parametrize("body", [b"", b"{", b'{"x": 1}', b'{"name": "New", "execute_function": "() => 1"}'])
def test_an_incomplete_body_is_400(filled: PoolApp, endpoint: Endpoint, body: bytes) -> None:
    before = files(filled)
    problem(send_raw(filled, endpoint, body, CONTENT_LENGTH="1000"), 400, "1000 bytes")
    assert files(filled) == before


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=IDS)
def test_a_broken_connection_is_400(filled: PoolApp, endpoint: Endpoint) -> None:
    before = files(filled)
    environ = {"CONTENT_LENGTH": "1000", "wsgi.input": Interrupted(b'{"x": 1')}
    problem(send_raw(filled, endpoint, b"", **environ), 400, "body")
    assert files(filled) == before


def test_a_body_without_length_or_chunks_is_empty(filled: PoolApp) -> None:
    problem(send_raw(filled, ENDPOINTS[2], b'{"x": 1}'), 400, "JSON")
