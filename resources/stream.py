"""`/jobs/{job}/results?wait=…` and `?errors=…`: the stream of a job, for clients that follow it."""

from __future__ import annotations

import falcon

from pool.jobs import Jobs
from pool.keys import Caller, Keys
from pool.stream import MAX_WAIT, Query, Stream, StreamPage
from resources import request
from resources.errors import Problem
from resources.links import LinkBuilder, Links
from resources.representation import Fields, respond
from storage.base import Document

_FIELDS = (
    *("id", "variable", "state", "cursor", "created", "volunteer", "run_seconds", "result"),
    *("reason", "message", "stack", "console", "engine"),
)


def is_requested(req: falcon.Request) -> bool:
    return "wait" in req.params or "errors" in req.params


class StreamResponder:
    def __init__(self, stream: Stream, jobs: Jobs, keys: Keys) -> None:
        self._stream, self._jobs, self._keys = stream, jobs, keys

    def respond(self, req: falcon.Request, resp: falcon.Response, job: str, order: str) -> None:
        # HEAD has no body to wait for.
        seconds = _seconds(req) if req.method == "GET" else 0.0
        caller = request.caller(req, self._keys)
        # Whoever was given a key is known, and needs no share.
        party = request.peer(req).prefix if caller.is_stranger else None
        page = self._stream.follow(
            job, self._query(req, job, order, caller), seconds, party, request.client_is_gone(req)
        )
        build = LinkBuilder(req)
        fields = {"count": len(page.items), "cursor": page.cursor, "finished": page.is_finished}
        items = [(_item_links(build, job, item), _item_fields(item)) for item in page.items]
        respond(req, resp, _links(req, build, job, page), fields, items, cache="no-store")
        if page.retry_seconds is not None:
            resp.retry_after = page.retry_seconds

    def _query(self, req: falcon.Request, job: str, order: str, caller: Caller) -> Query:
        errors = request.flag(req, "errors")
        is_owner = errors and self._keys.owns(caller, self._jobs.get(job))
        return Query(req.get_param("cursor"), request.page_limit(req), order == "input", errors, is_owner)


def _seconds(req: falcon.Request) -> float:
    seconds = request.seconds_of(req.get_param("wait", default="0"))
    if seconds is None or seconds > MAX_WAIT:
        raise Problem(400, "query", f"wait: must be a number of seconds, at most {MAX_WAIT}")
    return seconds


def _links(req: falcon.Request, build: LinkBuilder, job: str, page: StreamPage) -> Links:
    """A page that is the last for now has no link `next`."""
    query = {name: req.get_param(name) for name in ("limit", "order", "wait", "errors")}
    next_cursor = None if page.is_finished else page.cursor
    links = build.page("jobs", job, "results", cursor=req.get_param("cursor"), next_cursor=next_cursor, **query)
    return {**links, "get_job": build.job(job)["self"]}


def _item_links(build: LinkBuilder, job: str, item: Document) -> Links:
    result = item.get("id") or item.get("error")
    if result:
        return build.result(job, item["variable"], result)
    links = build.variable(job, item["variable"])
    return {"get_variable": links["self"], "get_job": links["get_job"]}


def _item_fields(item: Document) -> Fields:
    return {name: item[name] for name in _FIELDS if name in item}
