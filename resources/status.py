"""`/status`: what the whole pool does now, for pages that many people watch: one small document at a constant cost."""

from __future__ import annotations

import falcon

from pool.pool_status import Figures, PoolStatus
from resources.links import LinkBuilder, Links
from resources.representation import Rendered, prefers_html, with_links
from resources.resource import Resource
from resources.status_page import StatusPage

# Representations kept: two media types below a few mount prefixes.
_KEPT = 8


class Status(Resource):
    def __init__(self, status: PoolStatus, page: StatusPage) -> None:
        self._status, self._page = status, page
        self._rendered = Rendered(_KEPT)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if prefers_html(req):
            self._page.respond_for(req, resp, self._status.figures())
            return
        build, figures = LinkBuilder(req), self._status.figures()
        self._rendered.respond(
            req, resp, build.prefix, figures, lambda media_type: _document(media_type, build, figures)
        )


def _document(media_type: str, build: LinkBuilder, figures: Figures) -> dict[str, object]:
    root = build.root()
    links = {"self": root["status"], "jobs": root["jobs"], "root": root["self"]}
    items = [(_links_of_job(build, job_id), job) for job_id, job in figures.jobs.items()]
    return with_links(links, figures.pool, media_type, items)


def _links_of_job(build: LinkBuilder, job_id: str) -> Links:
    of_job = build.job(job_id)
    return {"self": of_job["progress"], "get_job": of_job["self"]}
