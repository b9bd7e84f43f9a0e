"""`/jobs/{job}/progress`: how far a job is, for everyone; what went wrong with it, for its owner."""

from __future__ import annotations

import falcon

from pool.jobs import Jobs
from pool.keys import Keys
from pool.progress import progress_of
from resources import request
from resources.links import Addresses
from resources.representation import respond
from resources.resource import Resource
from storage.base import Store


class Progress(Resource):
    def __init__(self, jobs: Jobs, keys: Keys, store: Store) -> None:
        self._jobs, self._keys, self._store = jobs, keys, store

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        caller = request.caller(req, self._keys)
        document = self._jobs.get(job)
        progress = progress_of(document, self._store.counts.get(job), to_owner=self._keys.owns(caller, document))
        addresses = Addresses(req)
        links = {"self": addresses.job(job)["progress"], "get_job": addresses.job(job)["self"]}
        respond(req, resp, links, progress)
