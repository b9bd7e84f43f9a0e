"""Bodies that are no JSON, too large, cut short or of another type: refused by name, and nothing is stored."""

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

# Everything that takes a document: method, path, media type.
TAKERS = [
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
TAKERS_OF_OBJECTS = [taker for taker in TAKERS if not taker[1].startswith(f"{ONE}/")]

NO_JSON = {
    "nothing": b"",
    "blank": b" ",
    "unfinished": b'{"x": 1',
    "garbage": b"garbage",
    "two documents": b"{} {}",
    "single quotes": b"{'x': 1}",
    "a comma too many": b'{"x": 1,}',
    "a comment": b"{} // said",
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
IDS = [f"{method} {path} {kind.split('/')[1]}" for method, path, kind in TAKERS]
Taker = tuple[str, str, str]


@pytest.fixture(scope="module")
def filled(lasting_pool: PoolApp) -> PoolApp:
    lasting_pool.post_variable(lasting_pool.post_job())
    return lasting_pool


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """A pool that takes documents of 1000 bytes, and 3000 of many."""
    pool = PoolApp(tmp_path_factory.mktemp("narrow") / "pool", sandbox, max_document=1000, max_bulk=3000)
    pool.post_variable(pool.post_job())
    return pool


def send(pool: PoolApp, taker: Taker, body: bytes, kind: str | None = None) -> TestResponse:
    method, path, usual = taker
    headers = {**pool.owner, "Content-Type": usual if kind is None else kind}
    return pool.request(path, method=method, body=body, headers=headers, expect_errors=True)


def send_raw(pool: PoolApp, taker: Taker, body: bytes, **environ: Any) -> TestResponse:
    """Sends a body framed in a way that WebTest doesn't know."""
    request = TestRequest.blank(taker[1], environ, method=taker[0])
    request.headers.update({**pool.owner, "Content-Type": taker[2]})
    request.environ["wsgi.input"] = io.BytesIO(body)
    request.environ.pop("CONTENT_LENGTH", None)
    request.environ.update(environ)
    return pool.do_request(request, expect_errors=True)


def chunked(pool: PoolApp, taker: Taker, body: bytes) -> TestResponse:
    return send_raw(pool, taker, body, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True})


@pytest.mark.parametrize("taker", TAKERS, ids=IDS)
@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_400(filled: PoolApp, taker: Taker, body: bytes) -> None:
    before = files(filled)
    problem(send(filled, taker, body), 400, "JSON")
    assert files(filled) == before


@pytest.mark.parametrize("taker", TAKERS_OF_OBJECTS, ids=lambda taker: f"{taker[0]} {taker[1]} {taker[2]}")
@pytest.mark.parametrize("body", ["null", "true", "0", "-1.5e3", '"text"', "[]", "[{}]", '["a", "b"]'])
def test_what_is_no_object_is_422_where_one_is_needed(filled: PoolApp, taker: Taker, body: str) -> None:
    before = files(filled)
    problem(send(filled, taker, body.encode()), 422)
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
def test_the_problem_says_what_is_wrong_and_where(filled: PoolApp, body: bytes, field: str) -> None:
    problem(send(filled, TAKERS[2], body), 400, field)


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
def test_what_just_is_json_is_taken(filled: PoolApp, text: str) -> None:
    assert send(filled, TAKERS[2], text.encode()).status_int == 201


# Media types


@pytest.mark.parametrize("taker", TAKERS, ids=IDS)
@pytest.mark.parametrize(
    "kind",
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
def test_another_media_type_is_415(filled: PoolApp, taker: Taker, kind: str) -> None:
    before = files(filled)
    problem(send(filled, taker, b'{"x": 1}', kind), 415, "Content-Type")
    assert files(filled) == before


@pytest.mark.parametrize("taker", [taker for taker in TAKERS if taker[1] != f"{JOB}/variables"])
def test_many_documents_are_415_where_one_is_taken(filled: PoolApp, taker: Taker) -> None:
    before = files(filled)
    problem(send(filled, taker, b'{"x": 1}\n', LINES), 415, LINES)
    assert files(filled) == before


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json", "text/json", ""]
)
def test_every_name_of_json_is_known(filled: PoolApp, kind: str) -> None:
    assert send(filled, TAKERS[2], b'{"x": 1}', kind).status_int == 201


# Size


def sized(size: int) -> bytes:
    return b'{"x": "%s"}' % (b"x" * (size - 9))


@pytest.mark.parametrize("taker", [taker for taker in TAKERS if taker[2] != LINES])
@pytest.mark.parametrize("way", [send, chunked])
def test_a_body_over_the_limit_is_413(narrow: PoolApp, taker: Taker, way: Any) -> None:
    before = files(narrow)
    problem(way(narrow, taker, sized(1001)), 413, "1000 bytes")
    assert files(narrow) == before


@pytest.mark.parametrize("way", [send, chunked])
def test_one_at_the_limit_is_taken(narrow: PoolApp, way: Any) -> None:
    assert way(narrow, TAKERS[2], sized(1000)).status_int == 201


@pytest.mark.parametrize("way", [send, chunked])
def test_many_documents_have_a_limit_of_their_own(narrow: PoolApp, way: Any) -> None:
    lines = b"".join(sized(500) + b"\n" for _ in range(5))
    assert way(narrow, TAKERS[3], lines).status_int == 201
    before = files(narrow)
    problem(way(narrow, TAKERS[3], lines + lines), 413, "3000 bytes")
    assert files(narrow) == before


def test_no_line_may_be_larger_than_a_document(narrow: PoolApp) -> None:
    before = files(narrow)
    problem(send(narrow, TAKERS[3], b"{}\n" + sized(1001) + b"\n"), 413, "line 2", "1000 bytes")
    assert files(narrow) == before


class Endless(io.BytesIO):
    """A body that does not end."""

    def read(self, size: int | None = -1, /) -> bytes:
        return b" " * (size or 0)


@pytest.mark.parametrize("taker", TAKERS, ids=IDS)
def test_a_body_without_end_is_413(narrow: PoolApp, taker: Taker) -> None:
    framing = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": Endless()}
    problem(send_raw(narrow, taker, b"", **framing), 413, "bytes")


# Framing


@pytest.mark.parametrize("taker", TAKERS, ids=IDS)
def test_a_chunked_body_is_read(pool: PoolApp, taker: Taker) -> None:
    pool.post_variable(pool.post_job())
    job = {"name": "New", "execute_function": EXECUTE}
    bodies: dict[str, Any] = {"/jobs": job, JOB: {"state": "paused"}, ONE: {"state": "open"}}
    bodies["/flows"] = {"jobs": [{"job": JOB}]}
    response = chunked(pool, taker, json.dumps(bodies.get(taker[1], {"x": 1})).encode())
    assert response.status_int == (409 if taker[1] == ONE else 200 if taker[1] == JOB else 201)


class Interrupted(io.BytesIO):
    """A connection that breaks down."""

    def read(self, size: int | None = -1, /) -> bytes:
        if part := super().read(size):
            return part
        raise ConnectionResetError("gone")


@pytest.mark.parametrize("taker", TAKERS, ids=IDS)
@pytest.mark.parametrize("body", [b"", b"{", b'{"x": 1}', b'{"name": "New", "execute_function": "() => 1"}'])
def test_a_body_cut_short_is_400(filled: PoolApp, taker: Taker, body: bytes) -> None:
    before = files(filled)
    problem(send_raw(filled, taker, body, CONTENT_LENGTH="1000"), 400, "1000 bytes")
    assert files(filled) == before


@pytest.mark.parametrize("taker", TAKERS, ids=IDS)
def test_a_connection_that_breaks_down_is_400(filled: PoolApp, taker: Taker) -> None:
    before = files(filled)
    environ = {"CONTENT_LENGTH": "1000", "wsgi.input": Interrupted(b'{"x": 1')}
    problem(send_raw(filled, taker, b"", **environ), 400, "body")
    assert files(filled) == before


def test_a_body_without_any_length_is_none(filled: PoolApp) -> None:
    problem(send_raw(filled, TAKERS[2], b'{"x": 1}'), 400, "JSON")
