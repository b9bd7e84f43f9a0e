"""`/`: the entry point, a document with links for clients and the front page for browsers."""

from __future__ import annotations

import falcon

from resources.links import LinkBuilder
from resources.pages import FrontPage
from resources.representation import prefers_html, respond
from resources.resource import Resource

# The version of the interface that the clients use (docs/api.md, "Versions").
PROTOCOL = 1


class Root(Resource):
    def __init__(self, name: str, posting: str) -> None:
        self._name, self._posting, self._page = name, posting, FrontPage(name)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if prefers_html(req):
            self._page.respond(req, resp)
        else:
            self._respond_with_document(req, resp)

    def _respond_with_document(self, req: falcon.Request, resp: falcon.Response) -> None:
        build = LinkBuilder(req)
        fields = {
            "job_scheduler_url": build.uri("jobs", "scheduler"),
            "name": self._name,
            "protocol": PROTOCOL,
            "posting": self._posting,
        }
        respond(req, resp, build.root(), fields)
