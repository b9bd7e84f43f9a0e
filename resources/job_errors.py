"""`/jobs/{job}/errors`: for its owner, the errors of a job at volunteers and validators, grouped by message."""

from __future__ import annotations

import falcon

from pool.jobs import Jobs
from pool.keys import Keys
from pool.progress import errors_of
from resources import request
from resources.links import LinkBuilder
from resources.representation import respond
from resources.resource import Resource
from storage.base import Store


class Errors(Resource):
    def __init__(self, jobs: Jobs, keys: Keys, store: Store) -> None:
        self._jobs, self._keys, self._store = jobs, keys, store

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        document = self._jobs.get(job)
        self._keys.require_owner(request.caller(req, self._keys), document)
        counts = self._store.counts.get(job)
        build = LinkBuilder(req)
        items = [
            (
                {"get_variable": build.variable(job, group["variable"])["self"], **build.error(job, group)},
                group,
            )
            for group in errors_of(counts)
        ]
        links = {"self": build.job(job)["errors"], "get_job": build.job(job)["self"]}
        stuck = self._store.results.stuck(job, request.MAX_PAGE)
        fields = {"count": len(items), "rejected": counts.rejected, "failures": counts.failures, "stuck": stuck}
        respond(req, resp, links, fields, items)
