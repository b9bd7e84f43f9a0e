"""Request bodies: read whole and within a limit, of the right media type, parsed as strict JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import falcon

from resources.browsers import is_from_browser
from resources.errors import Problem
from resources.representation import NDJSON
from storage.strict_json import InvalidJSON, RoundedInteger, parse


def is_ndjson(req: falcon.Request) -> bool:
    return _media_type(req) == NDJSON


def read_document(req: falcon.Request, limit: int, name: str = "") -> Any:
    """The JSON value of a body of at most `limit` bytes. `name` is that of the value, in the paths of errors."""
    media_type = _media_type(req)
    # No Content-Type is fine: a plain script may leave it out. So may a page of any site, whose browser adds headers.
    if not media_type and is_from_browser(req):
        raise Problem(415, "media-type", "Content-Type: must be application/json, where a browser sends the request")
    if media_type and not (media_type.endswith(("/json", "+json"))):
        raise Problem(415, "media-type", f"Content-Type: must be application/json, not {media_type}")
    return _parsed(read(req, limit), "the body", name)


def read_ndjson(req: falcon.Request, limit: int, line_limit: int, name: str) -> dict[int, Any]:
    """The values of an NDJSON body by line number, without empty lines. Limits are in bytes; `name` as above."""
    return {number: parse_line(line, number, line_limit, name) for number, line in lines(req, limit).items()}


def lines(req: falcon.Request, limit: int) -> dict[int, bytes]:
    """The lines of an NDJSON body by number, without empty ones."""
    found = {number: line for number, line in enumerate(read(req, limit).split(b"\n"), start=1) if line.strip()}
    if not found:
        raise Problem(400, "json", "the body contains no JSON line")
    return found


def parse_line(line: bytes, number: int, limit: int, name: str = "") -> Any:
    """The value of a line of at most `limit` bytes. Raises Problem."""
    if len(line) > limit:
        raise _too_large(f"line {number}", limit)
    return _parsed(line, f"line {number}", f"line {number}: {name}")


def _parsed(content: bytes, subject: str, name: str) -> Any:
    try:
        return parse(content)
    except RoundedInteger as ex:
        raise Problem(422, "invalid", f"{(name + ex.path).replace(': .', ': ').lstrip('.')}: {ex.reason}") from ex
    except InvalidJSON as ex:
        raise Problem(400, "json", f"{subject} is not JSON: {ex}") from ex


def read(req: falcon.Request, limit: int) -> bytes:
    """The whole body, with Content-Length or chunked."""
    length = req.content_length
    if length is None:
        return _read_chunked(req, limit)
    if length > limit:
        raise _too_large("the body", limit)
    content = _read_up_to(length, req.bounded_stream.read)
    if len(content) < length:
        raise Problem(400, "body", f"incomplete body: {len(content)} of {length} bytes")
    return content


def _read_chunked(req: falcon.Request, limit: int) -> bytes:
    """Falcon's bounded stream treats a body without Content-Length as empty, so this reads the server's own stream.

    That is safe only if the stream ends with the body; otherwise reading would wait for the next request.
    """
    if not (req.env.get("wsgi.input_terminated") or req.env.get("HTTP_TRANSFER_ENCODING")):
        return b""
    # One byte more than permitted is enough to detect a larger body.
    content = _read_up_to(limit + 1, req.env["wsgi.input"].read)
    if len(content) > limit:
        raise _too_large("the body", limit)
    return content


def _read_up_to(length: int, read_bytes: Callable[[int], bytes]) -> bytes:
    content = bytearray()
    while len(content) < length:
        try:
            chunk = read_bytes(length - len(content))
        except Exception as ex:  # Each WSGI server raises its own errors for malformed chunks and timeouts.
            raise Problem(400, "body", "the body could not be read completely") from ex
        if not chunk:
            break
        content += chunk
    return bytes(content)


def _too_large(subject: str, limit: int) -> Problem:
    return Problem(413, "size", f"{subject} is larger than {limit} bytes (the limit)")


def _media_type(req: falcon.Request) -> str:
    return (req.content_type or "").split(";")[0].strip().lower()
