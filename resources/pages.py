"""What people see: the page at `/`, that of a flow, and the widget that other sites embed with one line.

Their files in client/web are served as they are, but for two words in braces: the prefix that the service is mounted
under, and the pool's name.
"""

from __future__ import annotations

import html
import re

import falcon

import client
from resources.links import Addresses
from resources.representation import answer_conditionally
from resources.resource import Resource

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "frame-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {}"
)
_WORD = re.compile(r"\{(prefix|name)\}")


class Page:
    """A file of client/web with its words filled in, and the headers of a page."""

    def __init__(self, file: str, name: str, embedders: str = "'none'") -> None:
        """`embedders` are the origins that may frame the page, as `frame-ancestors` takes them."""
        self._text = (client.WEB / file).read_text(encoding="utf-8")
        self._name, self._policy = name, _POLICY.format(embedders)

    def respond(self, req: falcon.Request, resp: falcon.Response) -> None:
        words = {"prefix": Addresses(req).prefix, "name": self._name}
        text = _WORD.sub(lambda word: html.escape(words[word[1]]), self._text)
        resp.content_type, resp.data = falcon.MEDIA_HTML, text.encode()
        resp.cache_control = ["no-cache"]
        resp.set_header("Content-Security-Policy", self._policy)
        resp.set_header("Referrer-Policy", "no-referrer")
        answer_conditionally(req, resp)


class NegotiatedPage(Page):
    """A page that stands where there is a document, too; no other site may frame it or hold on to it."""

    def respond(self, req: falcon.Request, resp: falcon.Response) -> None:
        super().respond(req, resp)
        resp.set_header("Cross-Origin-Opener-Policy", "same-origin")
        resp.append_header("Vary", "Accept")


class TopPage(Page):
    """A page at the address of a document, which no other site may frame or hold on to."""

    def respond(self, req: falcon.Request, resp: falcon.Response) -> None:
        super().respond(req, resp)
        resp.set_header("Cross-Origin-Opener-Policy", "same-origin")
        resp.append_header("Vary", "Accept")


class FrontPage(TopPage):
    """The page at `/`."""

    def __init__(self, name: str) -> None:
        super().__init__("index.html", name)


class FlowPage(TopPage):
    """The page at `/flows/{flow}`, the same for every flow: it knows its own by its address."""

    def __init__(self, name: str) -> None:
        super().__init__("flow/page.html", name)


class WidgetPage(Resource):
    """What the widget's frame shows, on whatever site it stands."""

    def __init__(self, name: str) -> None:
        self._page = Page("widget.html", name, embedders="*")

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._page.respond(req, resp)
