"""Errors as people and programs read them: problem+json (RFC 9457), always. The one table from what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import falcon

from pool import errors as pool
from pool.sandbox import SandboxBusy
from resources.links import Addresses
from resources.representation import encoded
from storage import errors as storage

log = logging.getLogger("comp-pool")


class Problem(falcon.HTTPError):
    """`kind` is for programs, `detail` for people; `facts` are further members of the answer."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        headers: dict[str, str] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(status, title=HTTPStatus(status).phrase, description=detail, headers=headers)
        self.kind, self.facts = kind, facts or {}


# What the pool and the store raise: status, and the kind in the problem's type.
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
    pool.Conflict: (409, "conflict"),
    pool.Changed: (412, "changed"),
    pool.UnknownScheduler: (404, "not-found"),
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
MOST_PROBLEMS = 100
_READING = ("GET", "HEAD", "DELETE", "PATCH")


def install(app: falcon.App[Any, Any]) -> None:
    app.add_error_handler(Exception, _unexpected)
    app.add_error_handler(falcon.HTTPError, _pass_on)
    app.add_error_handler(falcon.HTTPStatus, _pass_on)
    for kind in _STATUS:
        app.add_error_handler(kind, _expected)
    app.set_error_serializer(_serialize)


def _expected(req: falcon.Request, _resp: Any, ex: Exception, _params: Any) -> None:
    status, kind = _STATUS[type(ex)]
    if isinstance(ex, storage.InvalidId) and req.method in _READING:
        status, kind = 404, "not-found"  # What can't be an id is nobody's.
    facts = _FACTS[type(ex)](req, ex) if type(ex) in _FACTS else {}
    raise Problem(status, kind, str(ex) or _WORDS[type(ex)], _HEADERS.get(status), facts) from ex


def _holder(req: falcon.Request, ex: Any) -> dict[str, Any]:
    return {"_links": {"holder": Addresses(req).at("jobs", ex.job_id)}}


def _console(_req: falcon.Request, ex: Any) -> dict[str, Any]:
    return {"console": ex.console} if ex.console else {}


def _problems(_req: falcon.Request, ex: Any) -> dict[str, Any]:
    problems = ex.problems[:MOST_PROBLEMS]
    return {"errors": [{"path": problem.field, "reason": problem.reason} for problem in problems]}


_FACTS: dict[type[Exception], Callable[[falcon.Request, Any], dict[str, Any]]] = {
    pool.NameTaken: _holder,
    pool.Invalid: _console,
    pool.InvalidFlow: _problems,
    pool.Rejected: lambda _, ex: {"failed": ex.failed},
}
_WORDS: dict[type[Exception], str] = {
    SandboxBusy: "the pool is checking as much as it can: try again in a moment",
}


def _pass_on(_req: Any, _resp: Any, ex: Exception, _params: Any) -> None:
    raise ex


def _unexpected(req: falcon.Request, _resp: Any, ex: Exception, _params: Any) -> None:
    log.error("%s %s failed", req.method, req.path, exc_info=ex)
    raise Problem(500, "internal", "the pool failed; its operator finds the reason in the log") from ex


def _serialize(req: falcon.Request, resp: falcon.Response, ex: falcon.HTTPError) -> None:
    kind = ex.kind if isinstance(ex, Problem) else "http"
    facts = ex.facts if isinstance(ex, Problem) else {}
    resp.content_type = "application/problem+json"
    resp.data = encoded(
        {
            "type": f"urn:comp-pool:{kind}",
            "title": HTTPStatus(ex.status_code).phrase,
            "status": ex.status_code,
            "detail": ex.description or _detail(req, ex.status_code),
            **facts,
        }
    )
    resp.data += b"\n"


def _detail(req: falcon.Request, status: int) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return f"there is nothing at {req.path!r}"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{req.method} is not for this resource: see Allow"
    return HTTPStatus(status).description or HTTPStatus(status).phrase
