"""HTML pages: the front page at `/`, that of a job's errors, the form that posts a job, and the widget that other sites
embed.

Their files in client/web are templates (`templates.py`). Each page gets `{prefix}`, the mount prefix of the service,
`{name}`, the pool's name, `{language}`, `{sections}`, the links to its sections, and some get parts that the server
makes from documents (`job_page.py`, `flow_page.py`, `list_pages.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

import falcon

from resources import csp, templates
from resources.links import LinkBuilder
from resources.navigation import sections
from resources.representation import respond_conditionally
from resources.resource import Resource
from resources.texts import Language, language_of
from storage.base import Document

_NO_PARTS: Mapping[str, str] = {}


class Page:
    """A file of client/web."""

    # Directories of client/web with texts that the server fills in, beside those of all pages.
    texts: tuple[str, ...] = ()
    policy = csp.page()
    vary, cache = "Accept-Language", "no-cache"

    def __init__(self, file: str, name: str) -> None:
        self._file, self._name = file, name

    def respond(self, req: falcon.Request, resp: falcon.Response, parts: Mapping[str, str] = _NO_PARTS) -> None:
        """Each part takes the place of its name in braces."""
        self.send(req, resp, self.render(LinkBuilder(req), language_of(req), req.path, parts))

    def render(self, build: LinkBuilder, language: Language, path: str, parts: Mapping[str, str]) -> bytes:
        links = sections(build, language, build.prefix + path)
        values = {"prefix": build.prefix, "name": self._name, "language": language.code, "sections": links, **parts}
        return templates.filled(templates.translated(self._file, language.code, self.texts), values, language)

    @classmethod
    def headers(cls) -> dict[str, str]:
        """Of a response with this page, beside those of every response."""
        return {
            "Content-Type": falcon.MEDIA_HTML,
            "Cache-Control": cls.cache,
            "Vary": cls.vary,
            "Content-Security-Policy": cls.policy,
            # A pool may be private: links on its pages must not reveal its address to other sites.
            "Referrer-Policy": "no-referrer",
        }

    def send(self, req: falcon.Request, resp: falcon.Response, data: bytes, etag: str | None = None) -> None:
        resp.data = data
        resp.set_headers(self.headers())
        respond_conditionally(req, resp, etag)


class TopPage(Page):
    """A page that is never framed; most are at the URI of a document (hence Vary)."""

    vary = "Accept, Accept-Language"

    @classmethod
    def headers(cls) -> dict[str, str]:
        # A site that opens the page in a window gets no reference to it.
        return {**super().headers(), "Cross-Origin-Opener-Policy": "same-origin"}


class FrontPage(TopPage):
    """The page at `/`."""

    def __init__(self, name: str) -> None:
        super().__init__("index.html", name)


class JobErrorsPage(TopPage):
    """The page at `/jobs/{job}/errors`. It holds nothing secret: it asks for the key that loads the document."""

    texts = ("job-errors",)

    def __init__(self, name: str) -> None:
        super().__init__("job-errors/page.html", name)

    def respond_for(self, req: falcon.Request, resp: falcon.Response, job: Document) -> None:
        language = language_of(req)
        address = LinkBuilder(req).uri("jobs", job["id"])
        self.respond(req, resp, {"job_name": language.title_of(job), "job_id": job["id"], "job": address})


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


class _EmbeddedPage(Page):
    policy = csp.page(embedders="*")


class WidgetPage(Resource):
    """The content of the widget's frame, which any site may embed, and of the window in which it asks for consent.

    It has no opener policy: the window answers the frame that opened it.
    """

    def __init__(self, name: str) -> None:
        self._page = _EmbeddedPage("widget.html", name)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._page.respond(req, resp)
