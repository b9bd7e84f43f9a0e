"""HTML pages: the front page at `/`, those of a flow and of a job's errors, the form that posts a job, and the widget
that other sites embed.

Their files in client/web are served with placeholders filled in: `{prefix}`, the mount prefix of the service, `{name}`,
the pool's name, `{sections}`, the links to its sections, and on some pages the parts that the server makes from
documents (`job_page.py`, `list_pages.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import falcon

import client
from resources import csp
from resources.links import LinkBuilder
from resources.markup import escaped
from resources.navigation import sections
from resources.page_texts import PageLanguage
from resources.representation import respond_conditionally
from resources.resource import Resource
from resources.texts import language_of

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_NO_PARTS: Mapping[str, str] = {}


class Page:
    """A file of client/web; `embedders` are the origins that may frame it."""

    def __init__(self, file: str, name: str, embedders: str = "'none'") -> None:
        self._template = (client.WEB / file).read_text(encoding="utf-8")
        self._name, self._policy = name, csp.page(embedders)

    def respond(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        parts: Mapping[str, str] = _NO_PARTS,
        language: PageLanguage | None = None,
    ) -> None:
        """Each part takes the place of its name in braces: Markup as it is, any other text escaped.

        Without a language a script writes the texts.
        """
        build = LinkBuilder(req)
        links = sections(build, language_of(req), build.prefix + req.path)
        values = {"prefix": build.prefix, "name": self._name, "sections": links, **parts}
        template = language.translated(self._template) if language else self._template
        text = _PLACEHOLDER.sub(lambda found: escaped(values[found[1]]), template)
        resp.content_type, resp.data = falcon.MEDIA_HTML, text.encode()
        resp.cache_control = ["no-cache"]
        resp.set_header("Content-Security-Policy", self._policy)
        # A pool may be private: links on its pages must not reveal its address to other sites.
        resp.set_header("Referrer-Policy", "no-referrer")
        respond_conditionally(req, resp)


class TopPage(Page):
    """A page that is never framed; most are at the URI of a document (hence Vary)."""

    def respond(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        parts: Mapping[str, str] = _NO_PARTS,
        language: PageLanguage | None = None,
    ) -> None:
        super().respond(req, resp, parts, language)
        # A site that opens the page in a window gets no reference to it.
        resp.set_header("Cross-Origin-Opener-Policy", "same-origin")
        resp.append_header("Vary", "Accept, Accept-Language")


class FrontPage(TopPage):
    """The page at `/`."""

    def __init__(self, name: str) -> None:
        super().__init__("index.html", name)


class DocumentPage(TopPage):
    """The page of each document of a kind: one file for all, which loads the document from its own address."""

    def respond_for(self, req: falcon.Request, resp: falcon.Response, exists: bool) -> None:
        """The page of a document that does not exist is the same; only the status differs."""
        self.respond(req, resp)
        if resp.status != falcon.HTTP_304 and not exists:
            resp.status = falcon.HTTP_404


class FlowPage(DocumentPage):
    """The page at `/flows/{flow}`."""

    def __init__(self, name: str) -> None:
        super().__init__("flow/page.html", name)


class JobErrorsPage(DocumentPage):
    """The page at `/jobs/{job}/errors`. It holds nothing secret: it asks for the key that loads the document."""

    def __init__(self, name: str) -> None:
        super().__init__("job-errors/page.html", name)


class PostPage(Resource):
    """The form at `/post`, for owners. It holds nothing secret: without a key it posts where anyone may."""

    def __init__(self, name: str) -> None:
        self._page = TopPage("post/page.html", name)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._page.respond(req, resp)


class OperatorPage(TopPage):
    """The page at `/operator`. It holds nothing secret: it asks for the key that loads the document."""

    def __init__(self, name: str) -> None:
        super().__init__("operator/page.html", name)


class WidgetPage(Resource):
    """The content of the widget's frame, which any site may embed, and of the window in which it asks for consent.

    It has no opener policy: the window answers the frame that opened it.
    """

    def __init__(self, name: str) -> None:
        self._page = Page("widget.html", name, embedders="*")

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._page.respond(req, resp)
