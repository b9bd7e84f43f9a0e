"""What the front door responds by itself: the pool's problem+json, for requests that never reach the application."""

from __future__ import annotations

import random
from collections.abc import Mapping
from http import HTTPStatus

from gunicorn import util
from gunicorn.http import errors as http

from front_door.framing import BodyTooLarge
from resources import csp
from resources.error_page import ErrorPage
from resources.errors import Problem, problem_document
from resources.headers import FIXED
from resources.representation import PROBLEM, encoded

# Refused for a while: not all of them at the same time again.
RETRY_SECONDS = (2, 10)
TLS_HANDSHAKE = "\x16\x03"
HTTP_2 = "PRI * HTTP/2"
# Of a response with a problem's document, beside those of every response.
_PROBLEM_HEADERS = {"Content-Type": PROBLEM, "Vary": "Accept", "Content-Security-Policy": csp.DOCUMENT}
# gunicorn's errors by status, in the order of the look-up; the rest are 400.
_STATUS: dict[type[Exception], int] = {
    BodyTooLarge: 413,
    http.LimitRequestLine: 414,
    http.LimitRequestHeaders: 431,
    http.ExpectationFailed: 417,
    http.UnsupportedTransferCoding: 501,
    http.InvalidHTTPVersion: 505,
    http.ForbiddenProxyRequest: 403,
}
_DETAILS: dict[type[Exception], str] = {
    BodyTooLarge: "Transfer-Encoding: the body has too many bytes, or too many chunks for them",
    http.LimitRequestLine: "the request line is too long",
    http.LimitRequestHeaders: "the head is too large: too many headers, or too long ones",
    http.ExpectationFailed: "Expect: only 100-continue is supported",
    http.UnsupportedTransferCoding: "Transfer-Encoding: only chunked is supported",
    http.ObsoleteFolding: "a header continues on the next line, which is obsolete (RFC 9112, 5.2)",
    http.InvalidHTTPVersion: "only HTTP/1.0 and HTTP/1.1 are spoken here",
    http.InvalidRequestMethod: "the method is malformed",
    http.InvalidSchemeHeaders: "the headers that name the scheme contradict each other",
}


def problem_of(ex: Exception) -> Problem:
    """The problem of a request that gunicorn's parser refuses."""
    status = next((status for kind, status in _STATUS.items() if isinstance(ex, kind)), 400)
    return Problem(status, "size" if status in (413, 414, 431) else "request", _detail(ex))


def _detail(ex: Exception) -> str:
    if isinstance(ex, http.InvalidRequestLine):
        return _request_line_detail(str(ex.req))
    if isinstance(ex, (http.InvalidHeader, http.InvalidHeaderName)):
        return f"a header is malformed, repeated or contradicts another: {_shown(ex.hdr)}"
    return _DETAILS.get(type(ex), "the request is malformed")


def _request_line_detail(line: str) -> str:
    if line.startswith(TLS_HANDSHAKE):
        return "this port speaks http, not https: TLS ends at a proxy before it"
    if line.startswith(HTTP_2):
        return "this port speaks HTTP/1.1, not HTTP/2: that ends at a proxy before it"
    return f"the request line is malformed: {_shown(line)}"


def _shown(text: object) -> str:
    return ascii(str(text)[:60])


def outside_mount(path: str, mount: str) -> Problem:
    return Problem(404, "not-found", f"no resource at {path[:200]!r}: the pool is mounted at {mount[:200]!r}")


def timed_out(seconds: float) -> Problem:
    return Problem(408, "timeout", f"the request came too slowly: it stalled for {seconds:g} seconds in sum")


def overloaded() -> Problem:
    return Problem(503, "busy", "the pool is busy: retry in a moment", {"Retry-After": _retry_after()})


def out_of_memory() -> Problem:
    detail = "the pool receives and sends too much at once, most of it with this address: retry in a moment"
    return Problem(503, "busy", detail, {"Retry-After": _retry_after()})


def internal() -> Problem:
    return Problem(500, "internal", "internal error: the cause is in the pool's log")


def _retry_after() -> str:
    return str(random.randint(*RETRY_SECONDS))  # noqa: S311


def response(problem: Problem, *, is_last: bool, has_body: bool = True, page: bytes | None = None) -> bytes:
    """The response as bytes. `is_last`: the connection closes after it; `page` takes the place of the problem."""
    body = page or encoded(problem_document(problem)) + b"\n"
    headers: Mapping[str, str] = {
        "Date": util.http_date(),
        "Connection": "close" if is_last else "keep-alive",
        "Content-Length": str(len(body)),
        **(ErrorPage.headers() if page else _PROBLEM_HEADERS),
        **FIXED,
        **dict(problem.headers or {}),
    }
    lines = [f"HTTP/1.1 {problem.status_code} {HTTPStatus(problem.status_code).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body if has_body else b"")
