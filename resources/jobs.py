"""`/jobs`: posting jobs, getting them by id or by a scheduler, changing and deleting them."""

from __future__ import annotations

from typing import Any

import falcon

from pool.fields import FUNCTIONS
from pool.jobs import Jobs
from pool.keys import Keys
from pool.scheduling import JobScheduler
from resources import body, request
from resources.links import Addresses
from resources.representation import answer_conditionally, answer_nothing, matches, respond, tag
from resources.resource import Resource

WAIT_SECONDS = 10
_PUBLIC = ("id", "name", "state", "created", "metadata", "settings", "requirements", "execute_function")
_PRIVATE = tuple(name for name in FUNCTIONS if name not in _PUBLIC)


def shown(job: dict[str, Any], to_owner: bool) -> dict[str, Any]:
    """The job as it is served: the functions that run on the server are for its owner."""
    names = _PUBLIC + _PRIVATE if to_owner else _PUBLIC
    return {name: job[name] for name in names if name in job}


class ScheduledJob(Resource):
    """A job chosen by a scheduler: the default one, or the one named."""

    def __init__(self, scheduler: JobScheduler) -> None:
        self._scheduler = scheduler

    def on_get(self, req: falcon.Request, resp: falcon.Response, scheduler: str | None = None) -> None:
        who = request.volunteer(req)
        job = self._scheduler.choose(scheduler, who.name, who.query or {}, request.abilities(req))
        if job is None:
            answer_nothing(resp, WAIT_SECONDS)
            return
        respond(req, resp, Addresses(req).job(job["id"]), shown(job, to_owner=False), cache="no-store")


class Collection(ScheduledJob):
    def __init__(self, scheduler: JobScheduler, jobs: Jobs, keys: Keys, limit: int) -> None:
        super().__init__(scheduler)
        self._jobs, self._keys, self._limit = jobs, keys, limit

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        caller = request.caller(req, self._keys)
        self._keys.require_poster(caller)  # Before the body is read: a stranger's is not worth it.
        job = self._jobs.post(body.read_document(req, self._limit), caller, request.idempotency_key(req))
        links = Addresses(req).job(job["id"])
        respond(req, resp, links, shown(job, to_owner=True))
        resp.status, resp.location = falcon.HTTP_201, links["self"].href


class Index(Resource):
    """Every job, sorted by id, without its code."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit, cursor = request.page_limit(req), req.get_param("cursor")
        page = self._jobs.page(cursor, limit)
        addresses = Addresses(req)
        links = addresses.page("jobs", "index", cursor=cursor, following=page.next, limit=req.get_param("limit"))
        items = [(addresses.job(job["id"]), _listed(job)) for job in page.items]
        respond(req, resp, links, {"count": len(items)}, items)


def _listed(job: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown(job, to_owner=False).items() if name != "execute_function"}


class Item(Resource):
    def __init__(self, jobs: Jobs, keys: Keys, limit: int) -> None:
        self._jobs, self._keys, self._limit = jobs, keys, limit

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        caller = request.caller(req, self._keys)
        self._show(req, resp, self._jobs.get(job), caller)
        answer_conditionally(req, resp)

    def on_patch(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        caller = request.caller(req, self._keys)
        self._keys.require_owner(caller, self._jobs.get(job))
        patch = body.read_document(req, self._limit)

        def is_expected(document: dict[str, Any]) -> bool:
            if req.get_header("If-Match") is None:
                return True
            self._show(req, resp, document, caller)
            return matches(req.if_match, tag(resp))

        self._show(req, resp, self._jobs.patch(job, patch, caller, is_expected), caller)
        resp.etag = tag(resp)

    def _show(self, req: falcon.Request, resp: falcon.Response, document: dict[str, Any], caller: Any) -> None:
        respond(req, resp, Addresses(req).job(document["id"]), shown(document, self._keys.owns(caller, document)))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        self._jobs.delete(job, request.caller(req, self._keys))
        resp.status = falcon.HTTP_204
