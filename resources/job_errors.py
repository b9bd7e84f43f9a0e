"""`/jobs/{job}/errors`: for its owner, the errors of a job at volunteers and validators, grouped by message."""

from __future__ import annotations

import falcon

from pool.jobs import Jobs
from pool.keys import Keys
from pool.progress import errors_of
from resources import request
from resources.links import LinkBuilder
from resources.pages import JobErrorsPage
from resources.representation import Fields, Items, prefers_html, respond, respond_conditionally
from resources.resource import Resource
from storage.base import Counts, Document, Store

_OF_JOB = ("name", "state", "paused")


class Errors(Resource):
    def __init__(self, jobs: Jobs, keys: Keys, store: Store, name: str) -> None:
        self._jobs, self._keys, self._store, self._page = jobs, keys, store, JobErrorsPage(name)

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        document = self._jobs.get(job)
        if prefers_html(req):
            self._page.respond_for(req, resp, document)
            return
        self._keys.require_owner(request.caller(req, self._keys), document)
        counts, build = self._store.counts.get(job), LinkBuilder(req)
        respond(req, resp, build.errors(job), self._fields(document, counts), _groups(build, job, counts))
        # Owners poll it, and its console output may be long.
        respond_conditionally(req, resp)

    def _fields(self, job: Document, counts: Counts) -> Fields:
        return {
            **{name: job[name] for name in _OF_JOB if name in job},
            "count": len(counts.errors),
            "accepted": counts.accepted,
            "rejected": counts.rejected,
            "failures": counts.failures,
            "failed": self._store.results.failed(job["id"], request.MAX_PAGE),
            "stuck": self._store.results.stuck(job["id"], request.MAX_PAGE),
        }


def _groups(build: LinkBuilder, job_id: str, counts: Counts) -> Items:
    return [
        ({"get_variable": build.variable(job_id, group["variable"])["self"], **build.error(job_id, group)}, group)
        for group in errors_of(counts)
    ]
