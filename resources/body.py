"""Reading what is sent: bounded, whole, of the right type, and strict JSON."""

from __future__ import annotations

from typing import Any

import falcon

from resources.errors import Problem
from storage.strict_json import InvalidJSON, parse

NDJSON = "application/x-ndjson"


def is_lines(req: falcon.Request) -> bool:
    return _media_type(req) == NDJSON


def read_document(req: falcon.Request, limit: int) -> Any:
    """The JSON value of the body, of at most `limit` bytes."""
    media_type = _media_type(req)
    if media_type and not (media_type.endswith(("/json", "+json"))):
        raise Problem(415, "media-type", f"Content-Type: send application/json, not {media_type}")
    try:
        return parse(read(req, limit))
    except InvalidJSON as ex:
        raise Problem(400, "json", f"the body is not JSON: {ex}") from ex


def read_lines(req: falcon.Request, limit: int, line_limit: int) -> dict[int, Any]:
    """The values of an NDJSON body by the numbers of their lines; empty lines are passed over."""
    values = {}
    for number, line in enumerate(read(req, limit).split(b"\n"), start=1):
        if len(line) > line_limit:
            raise Problem(413, "size", f"line {number} is larger than {line_limit} bytes")
        if line.strip():
            values[number] = _parsed_line(line, number)
    if not values:
        raise Problem(400, "json", "the body has no line of JSON")
    return values


def _parsed_line(line: bytes, number: int) -> Any:
    try:
        return parse(line)
    except InvalidJSON as ex:
        raise Problem(400, "json", f"line {number} is not JSON: {ex}") from ex


def read(req: falcon.Request, limit: int) -> bytes:
    """The whole body, however it is framed."""
    length = req.content_length
    if length is not None and length > limit:
        raise _too_large(limit)
    content = _read_chunked(req, limit) if length is None else _read_all(req.bounded_stream, length)
    if length is not None and len(content) < length:
        raise Problem(400, "body", f"the body ended after {len(content)} of {length} bytes")
    return content


def _read_chunked(req: falcon.Request, limit: int) -> bytes:
    if not (req.env.get("wsgi.input_terminated") or req.env.get("HTTP_TRANSFER_ENCODING")):
        return b""
    content = _read_all(req.env["wsgi.input"], limit + 1)
    if len(content) > limit:
        raise _too_large(limit)
    return content


def _read_all(stream: Any, length: int) -> bytes:
    content = bytearray()
    while len(content) < length:
        try:
            chunk = stream.read(length - len(content))
        except Exception as ex:  # Every server has errors of its own for chunks that are broken.
            raise Problem(400, "body", "the body could not be read to its end") from ex
        if not chunk:
            break
        content += chunk
    return bytes(content)


def _too_large(limit: int) -> Problem:
    return Problem(413, "size", f"the body is larger than {limit} bytes")


def _media_type(req: falcon.Request) -> str:
    return (req.content_type or "").split(";")[0].strip().lower()
