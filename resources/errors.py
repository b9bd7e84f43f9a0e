"""Errors as problem+json (RFC 9457), and as a page for people. One table maps the exceptions of pool and storage to
HTTP statuses."""

from __future__ import annotations

import functools
import logging
import math
import random
from http import HTTPStatus
from typing import Any, NoReturn

import falcon

from pool import errors as pool
from pool.sandbox import SandboxBusy
from resources.error_page import ErrorPage, is_error_page_preferred
from resources.links import LinkBuilder
from resources.representation import PROBLEM, encoded
from storage import errors as storage

log = logging.getLogger("comp-pool")


class Problem(falcon.HTTPError):
    """A problem: `kind` (the end of its type) is for programs, `detail` for people; `members` extend the document."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        headers: dict[str, str] | None = None,
        members: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(status, title=HTTPStatus(status).phrase, description=detail, headers=headers)
        self.kind, self.members = kind, members or {}


# Status and kind of the problem. An exception that is missing here is a bug or a failing disk: a 500.
_STATUS: dict[type[Exception], tuple[int, str]] = {
    pool.Invalid: (422, "invalid"),
    pool.InvalidFlow: (422, "invalid"),
    pool.NameTaken: (409, "name-taken"),
    pool.UnknownKey: (401, "key"),
    pool.Forbidden: (403, "forbidden"),
    pool.BadLease: (403, "lease"),
    pool.Finished: (409, "finished"),
    pool.Withdrawn: (410, "withdrawn"),
    pool.Rejected: (422, "rejected"),
    pool.NotKept: (410, "not-kept"),
    pool.Conflict: (409, "conflict"),
    pool.LimitReached: (429, "limit"),
    pool.Blocked: (403, "blocked"),
    # Not 409, which clients take for final: they retry by themselves, and then get what the first request stored.
    pool.InProgress: (503, "in-progress"),
    # 507, as for a full disk: a retry alone does not help, so that clients do not repeat it at once.
    pool.QuotaReached: (507, "limit"),
    pool.Changed: (412, "changed"),
    pool.UnknownScheduler: (404, "not-found"),
    pool.UnknownCode: (404, "not-found"),
    storage.NotFound: (404, "not-found"),
    storage.AlreadyExists: (409, "exists"),
    storage.InvalidId: (422, "id"),
    storage.InvalidCursor: (400, "cursor"),
    storage.LeaseLost: (409, "lease-lost"),
    storage.StorageFull: (507, "storage-full"),
    SandboxBusy: (503, "busy"),
}
_HEADERS: dict[int, dict[str, str]] = {
    401: {"WWW-Authenticate": 'Bearer realm="comp-pool"'},
    503: {"Retry-After": "2"},
    507: {"Retry-After": "60"},
}
# Refusals that the operator's page counts, beside those of limits.
_REFUSALS: dict[type[Exception], str] = {
    pool.Blocked: "blocked",
    pool.QuotaReached: "quota",
    storage.StorageFull: "disk",
    SandboxBusy: "sandbox",
}
# The problems of a flow that are listed: a hostile flow may have one in each of its thousands of entries.
MAX_ERRORS = 100
# Methods that create nothing: an id in their URI is one to look up.
_LOOKUPS = ("GET", "HEAD", "DELETE", "PATCH")


def install(app: falcon.App[falcon.Request, falcon.Response], page: ErrorPage) -> None:
    app.add_error_handler(Exception, _handle_unexpected)
    app.add_error_handler(falcon.HTTPError, _reraise)
    app.add_error_handler(falcon.HTTPStatus, _reraise)
    for exception in _STATUS:
        app.add_error_handler(exception, _handle_known)
    app.set_error_serializer(functools.partial(_serialize, page))


def _handle_known(req: falcon.Request, _resp: falcon.Response, ex: Exception, _params: dict[str, Any]) -> NoReturn:
    raise problem_of(req, ex) from ex


def problem_of(req: falcon.Request, ex: Exception) -> Problem:
    """The problem of an exception of the pool or of the store; a bug or a failing disk is logged."""
    if type(ex) not in _STATUS:
        return _internal(req, ex)
    status, kind = _STATUS[type(ex)]
    _note_refusal(req, ex)
    if isinstance(ex, storage.InvalidId) and req.method in _LOOKUPS:
        status, kind = 404, "not-found"  # Nothing can be stored under a malformed id.
    return Problem(status, kind, _detail_of(ex), _headers(status, ex), _members(req, ex))


def _note_refusal(req: falcon.Request, ex: Exception) -> None:
    """For the operator's counts (`resources.counting`): one request may have several, in a batch."""
    limit = ex.limit if isinstance(ex, pool.LimitReached) else _REFUSALS.get(type(ex))
    if limit is not None:
        req.context.refused = [*(req.context.get("refused") or ()), limit]


def _headers(status: int, ex: Exception) -> dict[str, str] | None:
    if isinstance(ex, (pool.LimitReached, SandboxBusy)):
        # Jittered: all who were refused at once must not come back at once.
        return {"Retry-After": str(math.ceil(ex.retry_seconds * random.uniform(1, 1.2)))}  # noqa: S311
    return _HEADERS.get(status)


def _detail_of(ex: Exception) -> str:
    return "the sandbox is busy: retry in a moment" if isinstance(ex, SandboxBusy) else str(ex)


def _members(req: falcon.Request, ex: Exception) -> dict[str, Any]:
    """The extension members of the problem document."""
    if isinstance(ex, pool.NameTaken):
        return {"field": "name", "_links": {"holder": LinkBuilder(req).uri("jobs", ex.job_id)}}
    if isinstance(ex, pool.InvalidFlow):
        return {"errors": [{"path": problem.field, "reason": problem.reason} for problem in ex.problems[:MAX_ERRORS]]}
    if isinstance(ex, pool.Invalid):
        return {**({"field": ex.field} if ex.field else {}), **({"console": ex.console} if ex.console else {})}
    if isinstance(ex, pool.Rejected):
        return {"failed": ex.failed}
    return {}


def _reraise(_req: falcon.Request, _resp: falcon.Response, ex: Exception, _params: dict[str, Any]) -> NoReturn:
    raise ex


def _handle_unexpected(req: falcon.Request, _resp: falcon.Response, ex: Exception, _params: dict[str, Any]) -> NoReturn:
    raise _internal(req, ex) from ex


def _internal(req: falcon.Request, ex: Exception) -> Problem:
    # The exception's own text stays in the log: it may contain paths or parts of documents.
    # A path may have line breaks: it must not write lines of its own.
    log.error("%s %r failed", req.method, req.path, exc_info=ex)
    return Problem(500, "internal", "internal error: the cause is in the pool's log")


def _serialize(page: ErrorPage, req: falcon.Request, resp: falcon.Response, ex: falcon.HTTPError) -> None:
    """A page for a browser that was to show one, else JSON whatever the header Accept: Falcon's own serializer sends an
    empty body to `Accept: text/html`, and offers XML."""
    detail = _default_detail(req, ex.status_code)
    if req.method in ("GET", "HEAD") and is_error_page_preferred(req.accept):
        page.respond_with(req, resp, ex, ex.description or detail)
        return
    resp.content_type = PROBLEM
    resp.data = encoded(problem_document(ex, detail)) + b"\n"
    # Browsers may keep a 404.
    resp.append_header("Vary", "Accept")


def problem_document(ex: falcon.HTTPError, default_detail: str = "") -> dict[str, Any]:
    kind, members = (ex.kind, ex.members) if isinstance(ex, Problem) else ("http", {})
    return {
        "type": f"urn:comp-pool:{kind}",
        "title": HTTPStatus(ex.status_code).phrase,
        "status": ex.status_code,
        "detail": ex.description or default_detail,
        **members,
    }


def _default_detail(req: falcon.Request, status: int) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return f"no resource at {req.path!r}"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"method {req.method} is not allowed here: see the header Allow"
    return HTTPStatus(status).description or HTTPStatus(status).phrase
