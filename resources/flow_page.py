"""The page of a flow, at `/flows/{flow}`: its script shows the tree. The server makes what is known without one: name,
state, and the jobs, from which the script takes their names."""

from __future__ import annotations

from collections.abc import Iterator

import falcon

from pool.fields import REVIEW
from resources import tables
from resources.links import LinkBuilder
from resources.markup import Markup, joined, tag
from resources.page_texts import PageLanguage
from resources.pages import TopPage
from storage.base import Document, Store

# A flow may have thousands.
JOBS_NAMED = 100


class FlowPage(TopPage):
    texts = ("list",)

    def __init__(self, name: str, store: Store) -> None:
        super().__init__("flow/page.html", name)
        self._store = store

    def respond_for(self, req: falcon.Request, resp: falcon.Response, flow: Document, summary: Document) -> None:
        language, build = PageLanguage.of(req, self.texts), LinkBuilder(req)
        parts = {
            "flow_name": summary["name"] or summary["id"],
            "state": tables.badge(summary["state"], language),
            "created": tables.time(summary["created"]),
            "jobs": joined(*(tag("li", link) for link in self._links(flow, build, language))),
        }
        self.respond(req, resp, parts)

    def _links(self, flow: Document, build: LinkBuilder, language: PageLanguage) -> Iterator[Markup]:
        """None to jobs in review, since nobody has looked at their names."""
        for job in self._store.jobs.get_many(flow["jobs"][:JOBS_NAMED]):
            if job["state"] != REVIEW:
                yield tables.link(build.uri("jobs", job["id"]), language.title_of(job))
