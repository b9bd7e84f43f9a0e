"""`/`: where every client begins, and every visitor."""

from __future__ import annotations

import falcon

from resources.links import Addresses
from resources.pages import FrontPage
from resources.representation import HAL, JSON, respond
from resources.resource import Resource


class Root(Resource):
    """A page for those who prefer one, which browsers do; a document for whoever does not say."""

    def __init__(self, name: str) -> None:
        self._name, self._page = name, FrontPage(name)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if req.client_prefers([JSON, HAL, falcon.MEDIA_HTML]) == falcon.MEDIA_HTML:
            self._page.respond(req, resp)
        else:
            self._show(req, resp)

    def _show(self, req: falcon.Request, resp: falcon.Response) -> None:
        addresses = Addresses(req)
        document = {"job_scheduler_url": addresses.at("jobs", "scheduler"), "name": self._name}
        respond(req, resp, addresses.root(), document)
