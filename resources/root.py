"""`/`: where every client begins."""

from __future__ import annotations

import falcon

from resources.links import Addresses
from resources.representation import respond
from resources.resource import Resource


class Root(Resource):
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        addresses = Addresses(req)
        document = {"job_scheduler_url": addresses.at("jobs", "scheduler"), "name": "comp-pool"}
        respond(req, resp, addresses.root(), document)
