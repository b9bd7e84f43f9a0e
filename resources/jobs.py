"""`/jobs`: posting, scheduling, listing, changing and deleting jobs."""

from __future__ import annotations

import falcon

from pool.fields import FUNCTIONS, REVIEW, has_json_variables
from pool.job_index import JobIndex
from pool.jobs import Jobs
from pool.keys import Caller, Keys
from pool.monitor import Monitor
from pool.scheduling import JobScheduler
from pool.trials import Trials
from resources import body, request
from resources.job_page import JobPage
from resources.links import LinkBuilder, Links
from resources.list_pages import JOBS, ListPage
from resources.representation import (
    Items,
    entity_tag,
    matches,
    prefers_html,
    respond,
    respond_conditionally,
    respond_no_content,
)
from resources.resource import Resource
from storage.base import Document

# Retry-After when no job fits the volunteer.
RETRY_AFTER = 10
# Of trials. Volunteers have others: docs/jobs.md has what differs.
ENGINE = "QuickJS"
IN_REVIEW = "The operator of this pool looks at the job first: it takes variables, and volunteers get it, after that."
_PUBLIC = (
    "id",
    "name",
    "state",
    "paused",
    "created",
    "metadata",
    "settings",
    "requirements",
    "execute_function",
    "digest",
    "render",
)
# Functions that run on the server. A volunteer who can read the validator can forge results that pass it.
_PRIVATE = tuple(name for name in FUNCTIONS if name not in _PUBLIC)


def _links(build: LinkBuilder, job: Document) -> Links:
    links = build.job(job["id"], has_json_variables(job))
    others = {rel: job[rel]["id"] for rel in ("replaces", "replaced_by") if rel in job}
    return links | {rel: build.uri("jobs", job_id) for rel, job_id in others.items()}


def _job_fields(job: Document, to_owner: bool) -> Document:
    names = _PUBLIC + _PRIVATE if to_owner else _PUBLIC
    return {name: job[name] for name in names if name in job}


def _volunteers_fields(job: Document) -> Document:
    """Those with which to compute: who looks at the results loads the job itself."""
    return {name: value for name, value in _job_fields(job, to_owner=False).items() if name != "render"}


class ScheduledJob(Resource):
    """A job chosen by the default scheduler, or by a named one."""

    def __init__(self, scheduler: JobScheduler) -> None:
        self._scheduler = scheduler

    def on_get(self, req: falcon.Request, resp: falcon.Response, scheduler: str | None = None) -> None:
        job = self._scheduler.choose(scheduler, request.volunteer(req), request.capabilities(req))
        if job is None:
            respond_no_content(resp, RETRY_AFTER)
            return
        # Never from a cache: each request may get another job.
        respond(req, resp, _links(LinkBuilder(req), job), _volunteers_fields(job), cache="no-store")


class Collection(ScheduledJob):
    def __init__(self, scheduler: JobScheduler, jobs: Jobs, trials: Trials, keys: Keys, limit: int) -> None:
        super().__init__(scheduler)
        self._jobs, self._trials, self._keys, self._limit = jobs, trials, keys, limit

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        caller = request.caller(req, self._keys)
        # Before the body is read: strangers can't make the pool read and parse megabytes.
        self._keys.require_poster(caller)
        if req.get_param("try") == "1":
            self._try(req, resp, caller)
            return
        job = self._jobs.post(body.read_document(req, self._limit), caller, request.idempotency_key(req))
        links = _links(LinkBuilder(req), job)
        once = self._told_once(job, caller)
        respond(req, resp, links, {**_job_fields(job, to_owner=True), **once}, cache="no-store" if once else "no-cache")
        resp.status, resp.location = falcon.HTTP_201, links["self"]

    def _try(self, req: falcon.Request, resp: falcon.Response, caller: Caller) -> None:
        """Computes one variable of a job that is not posted yet; nothing is stored."""
        found = self._trials.run(body.read_document(req, 2 * self._limit), caller)
        links = {"post_job": LinkBuilder(req).root()["post_job"]}
        respond(req, resp, links, {"engine": ENGINE, **found}, cache="no-store")

    def _told_once(self, job: Document, caller: Caller) -> Document:
        """What a stranger must know: no later response has it."""
        review = {"review": IN_REVIEW} if caller.is_stranger and job["state"] == REVIEW else {}
        return review if caller.key_id is not None else {"key": self._keys.management_key(job), **review}


class Index(Resource):
    """All jobs by id, without their code."""

    def __init__(self, jobs: Jobs, index: JobIndex, name: str) -> None:
        self._jobs, self._index, self._list = jobs, index, ListPage(name, JOBS)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        is_html, cursor = prefers_html(req), req.get_param("cursor")
        page = self._jobs.page(cursor, request.page_limit(req, is_html=is_html))
        build = LinkBuilder(req)
        links = build.page("jobs", "index", cursor=cursor, next_cursor=page.next, limit=req.get_param("limit"))
        items = [(_links(build, job), _summary(job)) for job in page.items]
        if is_html:
            self._list.respond_with(req, resp, self._counted(items), links)
        else:
            respond(req, resp, links, {"count": len(items)}, items)

    def _counted(self, items: Items) -> Items:
        """The jobs with their counts, without those in review: what nobody has looked at is not shown to volunteers."""
        shown = [(links, job) for links, job in items if job["state"] != REVIEW]
        figures = self._index.figures(job["id"] for _, job in shown)
        return [(links, {**job, "figures": figures.get(job["id"])}) for links, job in shown]


def _summary(job: Document) -> Document:
    listed = {name: value for name, value in _volunteers_fields(job).items() if name != "execute_function"}
    return {**listed, "has_render": "render" in job}


class Item(Resource):
    def __init__(self, jobs: Jobs, keys: Keys, monitor: Monitor, page: JobPage, limit: int) -> None:
        self._jobs, self._keys, self._limit = jobs, keys, limit
        self._monitor, self._page = monitor, page

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        if prefers_html(req):
            self._page.respond_for(req, resp, self._jobs.get(job), self._monitor.view(job))
            return
        caller = request.caller(req, self._keys)
        self._respond(req, resp, self._jobs.get(job), caller)
        respond_conditionally(req, resp)

    def on_patch(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        caller = request.caller(req, self._keys)
        self._keys.require_owner(caller, self._jobs.get(job))
        patch = body.read_document(req, self._limit)

        def is_expected(document: Document) -> bool:
            """If-Match. An entity tag belongs to a representation, so the stored job is rendered to compare it."""
            if req.get_header("If-Match") is None:
                return True
            self._respond(req, resp, document, caller)
            return matches(req.if_match, entity_tag(resp.data))

        self._respond(req, resp, self._jobs.patch(job, patch, caller, is_expected), caller)
        resp.etag = entity_tag(resp.data)

    def _respond(self, req: falcon.Request, resp: falcon.Response, job: Document, caller: Caller) -> None:
        respond(req, resp, _links(LinkBuilder(req), job), _job_fields(job, self._keys.owns(caller, job)))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        self._jobs.delete(job, request.caller(req, self._keys))
        resp.status = falcon.HTTP_204
