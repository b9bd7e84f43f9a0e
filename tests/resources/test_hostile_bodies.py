"""Every route that accepts a document reads it as test_body.py shows, and of a refused one nothing is stored."""

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

Endpoint = tuple[str, str, str]
# Every endpoint that accepts a document (method, path, media type), with a valid one and the status of its response.
VALID: dict[Endpoint, tuple[Any, int]] = {
    ("POST", "/jobs", "application/json"): ({"name": "New", "execute_function": EXECUTE}, 201),
    ("PATCH", JOB, "application/merge-patch+json"): ({"state": "paused"}, 200),
    ("POST", f"{JOB}/variables", "application/json"): ({"x": 1}, 201),
    ("POST", f"{JOB}/variables", LINES): ({"x": 1}, 201),
    ("PUT", f"{JOB}/variables/new", "application/json"): ({"x": 1}, 201),
    ("PATCH", ONE, "application/json"): ({"state": "open"}, 409),
    ("POST", f"{ONE}/results", "application/json"): (2, 201),
    ("POST", f"{ONE}/result", "application/json"): (2, 201),
    ("POST", "/flows", "application/json"): ({"jobs": [{"job": JOB}]}, 201),
}
VARIABLE, BATCH = list(VALID)[2:4]


def each(*endpoints: Endpoint) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("endpoint", endpoints, ids=lambda endpoint: " ".join(endpoint))


EVERY = each(*VALID)
OF_OBJECTS = each(*(endpoint for endpoint in VALID if not endpoint[1].startswith((f"{ONE}/", f"{JOB}/variables"))))
OF_ONE_DOCUMENT = each(*(endpoint for endpoint in VALID if endpoint[1] != f"{JOB}/variables"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """A pool with limits of 1000 bytes per document and 3000 bytes per NDJSON body."""
    pool = PoolApp(tmp_path_factory.mktemp("bodies") / "pool", sandbox, max_document=1000, max_bulk=3000)
    pool.post_variable(pool.post_job())
    return pool


def send(pool: PoolApp, endpoint: Endpoint, body: bytes, media_type: str | None = None) -> TestResponse:
    method, path, default_type = endpoint
    headers = {**pool.owner, "Content-Type": media_type or default_type}
    return pool.request(path, method=method, body=body, headers=headers, expect_errors=True)


def send_raw(pool: PoolApp, endpoint: Endpoint, body: bytes, **environ: Any) -> TestResponse:
    """Sends a body with framing that WebTest does not support."""
    request = TestRequest.blank(endpoint[1], environ, method=endpoint[0])
    request.headers.update({**pool.owner, "Content-Type": endpoint[2]})
    request.environ["wsgi.input"] = io.BytesIO(body)
    request.environ.pop("CONTENT_LENGTH", None)
    request.environ.update(environ)
    return pool.do_request(request, expect_errors=True)


def encoded(endpoint: Endpoint) -> bytes:
    """The valid document of an endpoint."""
    return json.dumps(VALID[endpoint][0]).encode()


@EVERY
def test_invalid_json_is_400(filled: PoolApp, endpoint: Endpoint) -> None:
    before = files(filled)
    problem(send(filled, endpoint, encoded(endpoint) + b"}"), 400, "JSON: Extra data")
    assert files(filled) == before


@OF_OBJECTS
def test_any_json_but_an_object_is_422(filled: PoolApp, endpoint: Endpoint) -> None:
    before = files(filled)
    problem(send(filled, endpoint, b"[]"), 422)
    assert files(filled) == before


# Each with the path of the integer that is put into its valid document.
ROUNDED = [
    (("POST", "/jobs", "application/json"), {"metadata": {"id": 2**53 + 1}}, "metadata.id"),
    (("PATCH", JOB, "application/merge-patch+json"), {"metadata": {"id": 2**53 + 1}}, "metadata.id"),
    (VARIABLE, {"rows": [{"id": 2**53 + 1}]}, "variable.rows[0].id"),
    (BATCH, {"rows": [{"id": 2**53 + 1}]}, "line 1: variable.rows[0].id"),
    (("PUT", f"{JOB}/variables/new", "application/json"), {"id": 2**53 + 1}, "variable.id"),
    (("POST", f"{ONE}/results", "application/json"), [2**53 + 1], "result[0]"),
    (("POST", "/flows", "application/json"), {"jobs": [{"job": JOB, "x": 2**53 + 1}]}, "jobs[0].x"),
]


@pytest.mark.parametrize(("endpoint", "document", "path"), ROUNDED, ids=[" ".join(case[0]) for case in ROUNDED])
def test_an_integer_that_would_be_rounded_is_422(filled: PoolApp, endpoint: Endpoint, document: Any, path: str) -> None:
    before = files(filled)
    response = send(filled, endpoint, json.dumps(document).encode())
    assert problem(response, 422, "2^53")["detail"].startswith(f"{path}: 9007199254740993 ")
    assert files(filled) == before


@EVERY
def test_another_media_type_is_415(filled: PoolApp, endpoint: Endpoint) -> None:
    before = files(filled)
    problem(send(filled, endpoint, encoded(endpoint), "text/plain"), 415, "Content-Type", "text/plain")
    assert files(filled) == before


@OF_ONE_DOCUMENT
def test_ndjson_is_415_where_one_document_is_expected(filled: PoolApp, endpoint: Endpoint) -> None:
    before = files(filled)
    problem(send(filled, endpoint, encoded(endpoint), LINES), 415, LINES)
    assert files(filled) == before


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "application/vnd.x+json", "text/json"])
def test_every_media_type_of_json_is_accepted(filled: PoolApp, media_type: str) -> None:
    assert send(filled, VARIABLE, b'{"x": 1}', media_type).status_int == 201


# Size


def sized(size: int) -> bytes:
    return b'{"x": "%s"}' % (b"x" * (size - 9))


@each(*(endpoint for endpoint in VALID if endpoint != BATCH))
def test_a_document_above_the_limit_is_413(filled: PoolApp, endpoint: Endpoint) -> None:
    before = files(filled)
    problem(send(filled, endpoint, sized(1001)), 413, "1000 bytes")
    assert files(filled) == before


def test_ndjson_has_its_own_limit(filled: PoolApp) -> None:
    lines = b"".join(sized(500) + b"\n" for _ in range(5))
    assert send(filled, BATCH, lines).status_int == 201
    before = files(filled)
    problem(send(filled, BATCH, lines + lines), 413, "3000 bytes")
    assert files(filled) == before


def test_a_line_above_the_limit_of_a_document_is_413(filled: PoolApp) -> None:
    before = files(filled)
    problem(send(filled, BATCH, b"{}\n" + sized(1001) + b"\n"), 413, "line 2", "1000 bytes")
    assert files(filled) == before


# Framing


@EVERY
def test_a_chunked_body_is_read(pool: PoolApp, endpoint: Endpoint) -> None:
    pool.post_variable(pool.post_job())
    framing = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert send_raw(pool, endpoint, encoded(endpoint), **framing).status_int == VALID[endpoint][1]


@EVERY
def test_an_incomplete_body_is_400(filled: PoolApp, endpoint: Endpoint) -> None:
    before = files(filled)
    problem(send_raw(filled, endpoint, encoded(endpoint), CONTENT_LENGTH="1000"), 400, "of 1000 bytes")
    assert files(filled) == before
