"""HTML pages: the front page at `/`, that of a flow, and the widget that other sites embed with one line.

Their files in client/web are served with two placeholders filled in: `{prefix}`, the mount prefix of the service, and
`{name}`, the pool's name.
"""

from __future__ import annotations

import html
import re

import falcon

import client
from resources import csp
from resources.links import LinkBuilder
from resources.representation import respond_conditionally
from resources.resource import Resource

_PLACEHOLDER = re.compile(r"\{(prefix|name)\}")


class Page:
    """A file of client/web; `embedders` are the origins that may frame it."""

    def __init__(self, file: str, name: str, embedders: str = "'none'") -> None:
        self._template = (client.WEB / file).read_text(encoding="utf-8")
        self._name, self._policy = name, csp.page(embedders)

    def respond(self, req: falcon.Request, resp: falcon.Response) -> None:
        values = {"prefix": LinkBuilder(req).prefix, "name": self._name}
        text = _PLACEHOLDER.sub(lambda found: html.escape(values[found[1]]), self._template)
        resp.content_type, resp.data = falcon.MEDIA_HTML, text.encode()
        resp.cache_control = ["no-cache"]
        resp.set_header("Content-Security-Policy", self._policy)
        # A pool may be private: links on its pages must not reveal its address to other sites.
        resp.set_header("Referrer-Policy", "no-referrer")
        respond_conditionally(req, resp)


class TopPage(Page):
    """A page that is never framed, at the URI of a document (hence Vary)."""

    def respond(self, req: falcon.Request, resp: falcon.Response) -> None:
        super().respond(req, resp)
        # A site that opens the page in a window gets no reference to it.
        resp.set_header("Cross-Origin-Opener-Policy", "same-origin")
        resp.append_header("Vary", "Accept")


class FrontPage(TopPage):
    """The page at `/`."""

    def __init__(self, name: str) -> None:
        super().__init__("index.html", name)


class FlowPage(TopPage):
    """The page at `/flows/{flow}`: one file for all flows, which takes the flow's id from its own address."""

    def __init__(self, name: str) -> None:
        super().__init__("flow/page.html", name)


class WidgetPage(Resource):
    """The content of the widget's frame; any site may embed it."""

    def __init__(self, name: str) -> None:
        self._page = Page("widget.html", name, embedders="*")

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._page.respond(req, resp)
