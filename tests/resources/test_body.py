"""The reader of request bodies: media types, limits, framing; documents and NDJSON."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import falcon
import pytest
from falcon.testing import create_environ

from resources.body import is_ndjson, read, read_document, read_ndjson
from resources.errors import Problem

LIMIT = 100
Read = Callable[[falcon.Request], Any]


def request(body: bytes, media_type: str | None = "application/json", **environ: Any) -> falcon.Request:
    """A request with a Content-Length, unless `environ` has another framing."""
    made = create_environ(method="POST", headers={} if media_type is None else {"Content-Type": media_type})
    framing = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    return falcon.Request({**made, **framing, **environ})


def chunked(body: bytes, media_type: str | None = "application/json", **environ: Any) -> falcon.Request:
    """A request whose body ends with its stream, as gunicorn passes a chunked one."""
    framing = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": io.BytesIO(body)}
    made = create_environ(method="POST", headers={} if media_type is None else {"Content-Type": media_type})
    made.pop("CONTENT_LENGTH", None)
    return falcon.Request({**made, **framing, **environ})


def document(req: falcon.Request) -> Any:
    return read_document(req, LIMIT)


def lines(req: falcon.Request) -> Any:
    return read_ndjson(req, LIMIT, LIMIT // 2, "variable")


READERS = pytest.mark.parametrize("read_body", [document, lines])


def refused(read_body: Read, req: falcon.Request, status: int, kind: str) -> str:
    """Asserts the status and kind of the problem; returns its detail."""
    with pytest.raises(Problem) as caught:
        read_body(req)
    assert (caught.value.status_code, caught.value.kind) == (status, kind)
    return str(caught.value.description)


# Media types


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        " application/json ",
        "application/merge-patch+json",
        "application/vnd.x+json",
        "text/json",
    ],
)
def test_every_media_type_of_json_is_accepted(media_type: str | None) -> None:
    assert document(request(b'{"x": 1}', media_type)) == {"x": 1}


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/x-ndjson",
        "json",
        "a/jsonp",
        "/",
    ],
)
def test_another_media_type_is_415(media_type: str) -> None:
    assert refused(document, request(b'{"x": 1}', media_type), 415, "media-type") == (
        f"Content-Type: must be application/json, not {media_type}"
    )


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/x-ndjson", True),
        ("application/X-NDJSON; charset=utf-8", True),
        ("application/json", False),
        (None, False),
    ],
)
def test_lines_are_known_by_their_media_type(media_type: str | None, expected: bool) -> None:
    assert is_ndjson(request(b"", media_type)) is expected


# JSON


@pytest.mark.parametrize("content", [b"null", b"[1, 2]", b'"text"', b' {"x": 1}\r\n'])
def test_a_document_is_any_json(content: bytes) -> None:
    document(request(content))


@pytest.mark.parametrize(
    ("content", "position"),
    [
        (b"", "line 1, column 1"),
        (b"{\n x: 1}", "line 2, column 2"),
        (b'{"x": NaN}', "NaN"),
        (b'{"x": 1e999}', "too large"),
        (b"[" * 101, "100 levels"),
        (b'"\\ud800"', "surrogate"),
        (b'"\xff"', "byte 1"),
    ],
)
def test_the_problem_of_invalid_json_has_the_error_and_its_position(content: bytes, position: str) -> None:
    detail = refused(lambda req: read_document(req, 1000), request(content), 400, "json")
    assert detail.startswith("the body is not JSON: ")
    assert position in detail


def test_lines_are_numbered_from_one_without_empty_ones() -> None:
    assert lines(request(b'\n{"x": 1}\n  \r\n[2]\r\n3')) == {2: {"x": 1}, 4: [2], 5: 3}


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\n"])
def test_a_body_without_lines_is_400(content: bytes) -> None:
    assert "no JSON line" in refused(lines, request(content), 400, "json")


@pytest.mark.parametrize("line", [b"{", b"{} {}", b'{"x": NaN}', b'"\xff"'])
def test_the_problem_of_an_invalid_line_has_its_number(line: bytes) -> None:
    assert refused(lines, request(b"{}\n\n" + line + b"\n{}"), 400, "json").startswith("line 3 is not JSON: ")


@pytest.mark.parametrize(
    ("content", "name", "path"),
    [
        (b'{"rows": [{"id": 9007199254740993}]}', "variable", "variable.rows[0].id"),
        (b"9007199254740993", "result", "result"),
        (b'{"metadata": {"id": 9007199254740993}}', "", "metadata.id"),
    ],
)
def test_the_problem_of_a_rounded_integer_has_its_path(content: bytes, name: str, path: str) -> None:
    detail = refused(lambda req: read_document(req, LIMIT, name), request(content), 422, "invalid")
    assert detail.startswith(f"{path}: 9007199254740993 is beyond 2^53")


def test_the_problem_of_a_rounded_integer_in_a_line_has_its_number() -> None:
    detail = refused(lines, request(b'{}\n{"x": 9007199254740993}'), 422, "invalid")
    assert detail.startswith("line 2: variable.x: 9007199254740993 ")


# Size


@pytest.mark.parametrize("send", [request, chunked])
def test_a_body_at_the_limit_is_read(send: Callable[..., falcon.Request]) -> None:
    content = b'"%s"' % (b"x" * (LIMIT - 2))
    assert document(send(content)) == "x" * (LIMIT - 2)


@READERS
@pytest.mark.parametrize("send", [request, chunked])
def test_a_body_above_the_limit_is_413(read_body: Read, send: Callable[..., falcon.Request]) -> None:
    detail = refused(read_body, send(b" " * (LIMIT + 1)), 413, "size")
    assert detail == "the body is larger than 100 bytes (the limit)"


def test_a_line_has_its_own_limit() -> None:
    content = b'"%s"\n' % (b"x" * 48)
    assert lines(request(content)) == {1: "x" * 48}
    assert refused(lines, request(b"{}\n " + content), 413, "size") == "line 2 is larger than 50 bytes (the limit)"


class Endless(io.BytesIO):
    """A body without an end."""

    def read(self, size: int | None = -1, /) -> bytes:
        return b" " * min(size or 0, 10)


def test_an_endless_body_is_413() -> None:
    refused(document, chunked(b"", **{"wsgi.input": Endless()}), 413, "size")


# Framing


@pytest.mark.parametrize("flag", [{"HTTP_TRANSFER_ENCODING": ""}, {"wsgi.input_terminated": False}])
def test_either_sign_of_a_terminated_stream_is_enough(flag: dict[str, Any]) -> None:
    assert read(chunked(b"[1]", **flag), LIMIT) == b"[1]"


def test_a_body_without_length_or_chunks_is_empty() -> None:
    without = {"HTTP_TRANSFER_ENCODING": "", "wsgi.input_terminated": False}
    assert read(chunked(b"[1]", **without), LIMIT) == b""


class InParts(io.BytesIO):
    """A connection that delivers one byte at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 1))


def test_a_body_that_arrives_in_parts_is_read_whole() -> None:
    assert read(chunked(b"", **{"wsgi.input": InParts(b"[1, 2]")}), LIMIT) == b"[1, 2]"


@pytest.mark.parametrize("content", [b"", b"{", b'{"x": 1}'])
def test_an_incomplete_body_is_400(content: bytes) -> None:
    environ = {"CONTENT_LENGTH": "90", "wsgi.input": io.BytesIO(content)}
    assert f"{len(content)} of 90 bytes" in refused(document, request(b"", **environ), 400, "body")


class Interrupted(io.BytesIO):
    """A connection that breaks while the body is read."""

    def read(self, size: int | None = -1, /) -> bytes:
        if part := super().read(size):
            return part
        raise ConnectionResetError("gone")


@pytest.mark.parametrize("send", [request, chunked])
def test_a_broken_connection_is_400(send: Callable[..., falcon.Request]) -> None:
    broken = send(b"x" * 90, **{"wsgi.input": Interrupted(b'{"x": 1')})
    assert "could not be read" in refused(document, broken, 400, "body")
