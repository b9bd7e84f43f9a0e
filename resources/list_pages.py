"""The lists for people: jobs, flows, and the results and variables of a job. They work without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import falcon

from pool.monitor import mark_of, preview_of
from resources import tables
from resources.links import LinkBuilder, Links
from resources.markup import Markup, tag
from resources.pages import TopPage
from resources.representation import Fields, Items
from resources.tables import Column
from storage.base import Document

_STATE = Column("list.state", "State")
_POSTED = Column("list.posted", "Posted", "when")


@dataclass(frozen=True)
class Listing:
    """What a list shows; `kind` names its texts. `job` is the one whose items they are."""

    kind: str
    title: str
    none: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[str]]
    links: Links
    job: Document | None = None


class ListPage(TopPage):
    def __init__(self, name: str) -> None:
        super().__init__("list/page.html", name)

    def respond_with(self, req: falcon.Request, resp: falcon.Response, listing: Listing) -> None:
        rows, job = list(listing.rows), listing.job
        heading = tag("h1", listing.title, id="heading", class_="tagline", data_text=f"list.{listing.kind}")
        table = tables.table(listing.columns, rows, "heading")
        parts = {
            "title": f"{listing.title} · {job['name']} · " if job else f"{listing.title} · ",
            "heading": heading,
            "of_job": _of_job(LinkBuilder(req), job) if job else Markup(""),
            "table": table if rows else tables.note(f"list.{listing.kind}.none", listing.none),
            "paging": _paging(listing.links),
        }
        self.respond(req, resp, parts)


def _of_job(build: LinkBuilder, job: Document) -> Markup:
    link = tables.link(build.uri("jobs", job["id"]), job["name"])
    return tag("p", tag("span", "of the job", data_text="list.of"), " ", link, class_="subtitle")


def _paging(links: Links) -> Markup:
    if "next" not in links:
        return Markup("")
    following = tag("a", "Next page", class_="button", rel="next", href=links["next"].href, data_text="list.next")
    return tag("nav", following, class_="paging", aria_labelledby="heading")


def jobs(items: Items, links: Links) -> Listing:
    columns = [Column("list.job", "Job"), Column("list.owner", "Owner"), _STATE, _POSTED]
    rows = [
        [
            tables.link(of_job["self"].href, job["name"]),
            str(job["metadata"].get("owner") or tables.NONE),
            tables.badge(job["state"]),
            tables.time(job["created"]),
        ]
        for of_job, job in items
    ]
    return Listing("jobs", "Jobs", "Nobody has posted a job yet.", columns, rows, links)


def flows(items: Items, links: Links) -> Listing:
    columns = [
        *(
            Column("list.flow", "Flow"),
            Column("list.owner", "Owner"),
            _STATE,
            Column("list.started", "Started", "when"),
        ),
        Column("list.seconds", "Took", "number"),
    ]
    rows = [
        [
            tables.link(of_flow["self"].href, flow["name"] or flow["id"]),
            str(flow["owner"] or tables.NONE),
            tables.badge(flow["state"]),
            tables.time(flow["created"]),
            tables.duration(flow["seconds"]),
        ]
        for of_flow, flow in items
    ]
    return Listing("flows", "Flows", "Nobody has posted a flow yet.", columns, rows, links)


def variables(items: Items, links: Links, job: Document) -> Listing:
    columns = [Column("list.variable", "Variable", "id"), _STATE, _POSTED]
    rows = [
        [tables.link(of_variable["self"].href, item["id"]), tables.badge(item["state"]), tables.time(item["created"])]
        for of_variable, item in items
    ]
    return Listing("variables", "Variables", "This job has no variables yet.", columns, rows, links, job)


RESULT_COLUMNS = (
    Column("list.result", "Result", "wide"),
    Column("list.variable", "Variable", "id"),
    Column("list.by", "Computed by"),
    Column("list.run", "Run time", "number"),
    Column("list.accepted", "Accepted", "when"),
)


def results(items: Items, links: Links, job: Document) -> Listing:
    rows = [
        result_row(of_result, result, mark_of(job, result.get("volunteer")), preview_of(result["result"]))
        for of_result, result in items
    ]
    return Listing("results", "Results", "This job has no results yet.", RESULT_COLUMNS, rows, links, job)


def result_row(links: Links, result: Fields, mark: str | None, preview: str | None) -> list[str]:
    return [
        tag("a", tables.preview(preview), href=links["self"].href, class_="quiet-link"),
        tables.link(links["get_variable"].href, result["variable"]),
        tables.mark(mark),
        tables.duration(result.get("run_seconds")),
        tables.time(result["created"]),
    ]
