"""`/jobs/{job}/progress`: the counts and rates of a job; for its owner also the reports of errors."""

from __future__ import annotations

import falcon

from pool.jobs import Jobs
from pool.keys import Keys
from pool.progress import progress_of
from resources import request
from resources.links import LinkBuilder
from resources.representation import respond
from resources.resource import Resource
from storage.base import Store


class Progress(Resource):
    def __init__(self, jobs: Jobs, keys: Keys, store: Store) -> None:
        self._jobs, self._keys, self._store = jobs, keys, store

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        caller = request.caller(req, self._keys)
        document = self._jobs.get(job)
        is_owner = self._keys.owns(caller, document)
        progress = progress_of(document, self._store.counts.get(job), self._store.clock, to_owner=is_owner)
        if is_owner:
            progress["stuck"] = len(self._store.results.stuck(job, request.MAX_PAGE))
        links = LinkBuilder(req).job(job)
        links = {"self": links["progress"], "get_job": links["self"]}
        respond(req, resp, links, progress)
