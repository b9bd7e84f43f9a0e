"""The lists for people: jobs, flows, and the results and variables of a job. They work without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import falcon

from pool.monitor import mark_of, preview_of
from resources import tables
from resources.links import LinkBuilder, Links
from resources.markup import Markup, tag
from resources.page_texts import PageLanguage
from resources.pages import TopPage
from resources.representation import Fields, Items
from resources.tables import Column
from storage.base import Document

_STATE = Column("list.state")
_POSTED = Column("list.posted", "when")
Row = Sequence[str]


@dataclass(frozen=True)
class Listing:
    """What a list shows; `kind` names its texts, and `row` makes the cells of an item."""

    kind: str
    columns: Sequence[Column]
    row: Callable[[Links, Fields, PageLanguage], Row]


class ListPage(TopPage):
    texts = ("list",)

    def __init__(self, name: str, listing: Listing) -> None:
        super().__init__("list/page.html", name)
        self._listing = listing

    def respond_with(
        self, req: falcon.Request, resp: falcon.Response, items: Items, links: Links, job: Document | None = None
    ) -> None:
        """One page of the list; `job` is the one whose items they are."""
        language, key = PageLanguage.of(req, self.texts), f"list.{self._listing.kind}"
        title = language.text(key)
        parts = {
            "title": f"{title} · {language.title_of(job)} · " if job else f"{title} · ",
            "heading": tag("h1", title, id="heading", class_="tagline", data_text=key),
            "of_job": _of_job(LinkBuilder(req), job, language) if job else "",
            "table": self._table(items, language) if items else _note(f"{key}.none", language),
            "paging": _paging(links, language),
        }
        self.respond(req, resp, parts)

    def _table(self, items: Items, language: PageLanguage) -> Markup:
        rows = [self._listing.row(links, item, language) for links, item in items]
        return tables.table(self._listing.columns, rows, "heading", language)


def _of_job(build: LinkBuilder, job: Document, language: PageLanguage) -> Markup:
    link = tables.link(build.uri("jobs", job["id"]), language.title_of(job))
    return tag("p", tag("span", language.text("list.of"), data_text="list.of"), " ", link, class_="subtitle")


def _note(key: str, language: PageLanguage) -> Markup:
    return tag("p", language.text(key), class_="help", data_text=key)


def _paging(links: Links, language: PageLanguage) -> str:
    if "next" not in links:
        return ""
    key = "list.next"
    following = tag("a", language.text(key), class_="button", rel="next", href=links["next"], data_text=key)
    return tag("nav", following, class_="paging", aria_labelledby="heading")


# Of the counts of a job: the states of all of its variables, and of those that are still to be decided.
_ALL = ("open", "leased", "held", "accepted", "failed", "withdrawn")
_UNDECIDED = ("open", "leased", "held", "failed")


def _job_row(links: Links, job: Fields, language: PageLanguage) -> Row:
    """The job has its `figures`, or None."""
    figures = job["figures"] or dict.fromkeys(_ALL, 0)
    total, undecided = (int(sum(figures[name] for name in names)) for names in (_ALL, _UNDECIDED))
    return [
        tables.link(links["self"], language.title_of(job)),
        str(job["metadata"].get("owner") or tables.NONE),
        tables.badge("done" if total and not undecided else job["state"], language),
        language.text("list.finished.value", finished=total - undecided, total=total) if total else tables.NONE,
        tables.time(job["created"]),
    ]


def _flow_row(links: Links, flow: Fields, language: PageLanguage) -> Row:
    return [
        tables.link(links["self"], flow["name"] or flow["id"]),
        str(flow["owner"] or tables.NONE),
        tables.badge(flow["state"], language),
        tables.time(flow["created"]),
        tables.duration(flow["seconds"], language),
    ]


def _variable_row(links: Links, item: Fields, language: PageLanguage) -> Row:
    return [
        tables.link(links["self"], item["id"]),
        tables.badge(item["state"], language),
        tables.time(item["created"]),
    ]


def result_row(links: Links, result: Fields, language: PageLanguage) -> Row:
    """The cells of RESULT_COLUMNS; the result has `mark` and `preview`."""
    return [
        tag("a", tables.preview(result["preview"]), href=links["self"], class_="quiet-link"),
        tables.link(links["get_variable"], result["variable"]),
        tables.mark(result["mark"]),
        tables.duration(result.get("run_seconds"), language),
        tables.time(result["created"]),
    ]


def previewed(job: Document, items: Items) -> Items:
    """Results with the mark of their volunteer and the beginning of their value."""
    return [
        (links, {**item, "mark": mark_of(job, item.get("volunteer")), "preview": preview_of(item["result"])})
        for links, item in items
    ]


RESULT_COLUMNS = (
    Column("list.result", "wide"),
    Column("list.variable", "id"),
    Column("list.by"),
    Column("list.run", "number"),
    Column("list.accepted", "when"),
)
JOBS = Listing(
    "jobs", [Column("list.job"), Column("list.owner"), _STATE, Column("list.finished", "number"), _POSTED], _job_row
)
FLOWS = Listing(
    "flows",
    [
        Column("list.flow"),
        Column("list.owner"),
        _STATE,
        Column("list.started", "when"),
        Column("list.seconds", "number"),
    ],
    _flow_row,
)
VARIABLES = Listing("variables", [Column("list.variable", "id"), _STATE, _POSTED], _variable_row)
RESULTS = Listing("results", RESULT_COLUMNS, result_row)
