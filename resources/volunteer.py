"""`/volunteer`: what the pool remembers of whoever asks, by the header Volunteer. Nobody sees another's."""

from __future__ import annotations

import falcon

from pool.standing import Standing
from resources import request
from resources.links import LinkBuilder
from resources.representation import respond
from resources.resource import Resource


class Record(Resource):
    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        links = LinkBuilder(req).root()
        record = self._standing.record(request.peer(req))
        respond(req, resp, {"self": links["volunteer"], "root": links["self"]}, record, cache="no-store")
