"""`/leaderboard`: who has computed how much, as a document and as a page. Only those who want to be shown are on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import falcon

from pool.job_index import JobIndex
from pool.leaderboard import PERIODS, Leaderboard, Ranking, Row, TeamRow
from resources import request
from resources.errors import Problem
from resources.links import Link, LinkBuilder, Links
from resources.markup import Markup, joined, tag
from resources.representation import prefers_html, respond, respond_conditionally
from resources.resource import Resource
from resources.server_pages import ServerPage, choice, table
from resources.texts import Language, language_of
from storage.base import Document, Store
from storage.errors import InvalidCursor

RANKED = ("volunteers", "teams")
MAX_TEAM = 200
# Jobs to choose from on the page: the most active ones.
JOBS_LISTED = 12
MARK_SHOWN = 5
PATH = "leaderboard"


@dataclass(frozen=True)
class Query:
    period: str
    by: str
    job: str | None
    team: str | None

    def parameters(self, **changes: str | None) -> dict[str, str | None]:
        """The query of a link, without what is the default."""
        given = {"period": self.period, "by": self.by, "job": self.job, "team": self.team, **changes}
        defaults = {"period": PERIODS[-1], "by": RANKED[0]}
        return {name: value for name, value in given.items() if value != defaults.get(name)}


@dataclass(frozen=True)
class Stretch:
    """Some rows in order, the first of them at `start`, of `total`."""

    rows: Sequence[Row | TeamRow]
    start: int
    limit: int
    total: int

    @property
    def next(self) -> str | None:
        return str(self.start + self.limit) if self.start + self.limit < self.total else None

    @property
    def previous(self) -> str | None:
        return str(max(0, self.start - self.limit)) if self.start else None


class Board(Resource):
    def __init__(self, leaderboard: Leaderboard, index: JobIndex, store: Store, name: str) -> None:
        self._leaderboard, self._index, self._store = leaderboard, index, store
        self._page = ServerPage(name, "board")

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = _query_of(req)
        ranking = self._leaderboard.ranking(query.period, query.job)
        stretch = _stretch(req, _rows(ranking, query))
        if prefers_html(req):
            self._respond_with_page(req, resp, query, ranking, stretch)
        else:
            _respond_with_document(req, resp, query, ranking, stretch)

    def _respond_with_page(
        self, req: falcon.Request, resp: falcon.Response, query: Query, ranking: Ranking, stretch: Stretch
    ) -> None:
        language, build = language_of(req), LinkBuilder(req)

        def link(**changes: str | None) -> str:
            return build.uri(PATH, **query.parameters(**changes))

        content = joined(
            self._choices(query, language, link),
            tag("h2", language.text("of-team", team=query.team)) if query.team else "",
            _table(stretch, query, language, link),
            _hidden(ranking, language),
            _paging(stretch, language, link),
            tag("p", language.text("note"), class_="help"),
        )
        self._page.respond(req, resp, content, language)

    def _choices(self, query: Query, language: Language, link: Callable[..., str]) -> Markup:
        periods = [(language.text(name), link(period=name), name == query.period) for name in PERIODS]
        by = [(language.text(name), link(by=name, team=None), name == query.by) for name in RANKED]
        listed = self._jobs(query)
        jobs = [(language.text("every-job"), link(job=None), query.job is None)]
        jobs += [(job["name"], link(job=job["id"]), job["id"] == query.job) for job in listed]
        return tag(
            "div",
            choice(language.text("periods"), periods),
            choice(language.text("by"), by),
            choice(language.text("jobs"), jobs) if listed else "",
            class_="choices-of-board",
        )

    def _jobs(self, query: Query) -> list[Document]:
        """The most active jobs, and the one that is chosen."""
        listed = {*self._index.summary(JOBS_LISTED).listed, *([query.job] if query.job else [])}
        return list(self._store.jobs.get_many(sorted(listed)))


def _query_of(req: falcon.Request) -> Query:
    period, by = req.get_param("period") or PERIODS[-1], req.get_param("by") or RANKED[0]
    for name, value, known in (("period", period, PERIODS), ("by", by, RANKED)):
        if value not in known:
            raise Problem(400, "query", f"{name}: must be one of {', '.join(known)}")
    team = req.get_param("team") or None
    if team is not None and len(team) > MAX_TEAM:
        raise Problem(400, "query", f"team: must have at most {MAX_TEAM} characters")
    if team is not None and by == "teams":
        raise Problem(400, "query", "team: its members are ranked by=volunteers")
    return Query(period, by, req.get_param("job") or None, team)


def _rows(ranking: Ranking, query: Query) -> Sequence[Row | TeamRow]:
    if query.by == "teams":
        return ranking.teams
    return ranking.rows if query.team is None else ranking.of_team(query.team)


def _stretch(req: falcon.Request, rows: Sequence[Row | TeamRow]) -> Stretch:
    limit, cursor = request.page_limit(req), req.get_param("cursor") or "0"
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise InvalidCursor(cursor)
    start = int(cursor)
    return Stretch(rows[start : start + limit], start, limit, len(rows))


def _respond_with_document(
    req: falcon.Request, resp: falcon.Response, query: Query, ranking: Ranking, stretch: Stretch
) -> None:
    build = LinkBuilder(req)
    limit = {"limit": req.get_param("limit")}
    links = build.page(PATH, cursor=req.get_param("cursor"), next_cursor=stretch.next, **query.parameters(), **limit)
    links["root"] = build.root()["self"]
    hidden = {"volunteers": ranking.hidden_volunteers, "units": ranking.hidden.units}
    fields = {
        "period": query.period,
        "by": query.by,
        "job": query.job,
        "team": query.team,
        "total": stretch.total,
        "hidden": {**hidden, "run_seconds": round(ranking.hidden.run_seconds, 3)},
    }
    items = [(_links(row, query, build), asdict(row)) for row in stretch.rows]
    respond(req, resp, links, fields, items)
    resp.append_header("Vary", "Accept-Language")
    respond_conditionally(req, resp)


def _links(row: Row | TeamRow, query: Query, build: LinkBuilder) -> Links:
    if row.team is None:
        return {}
    return {"members": Link(build.uri(PATH, **query.parameters(by=None, team=row.team)))}


def _table(stretch: Stretch, query: Query, language: Language, link: Callable[..., str]) -> Markup:
    if not stretch.rows:
        return tag("p", language.text("empty"), class_="empty")
    keys = ("place", "team", "members", "units", "time") if query.by == "teams" else ("place", "name", "units", "time")
    heads = [(language.text(key), key not in ("name", "team")) for key in keys]
    rows = [_row(row, language, link) for row in stretch.rows]
    return table(heads, rows, language.text("board"), data_me=language.text("me"))


def _row(row: Row | TeamRow, language: Language, link: Callable[..., str]) -> Markup:
    figures = joined(
        tag("td", language.number(row.units), class_="number"),
        tag("td", language.duration(row.run_seconds), class_="number"),
    )
    place = tag("td", language.number(row.place), class_="number")
    if isinstance(row, TeamRow):
        members = tag("td", language.number(row.volunteers), class_="number")
        return tag("tr", place, tag("th", _team(row.team, link), scope="row"), members, figures)
    team = tag("span", _team(row.team, link), class_="team") if row.team else ""
    return tag("tr", place, tag("th", _name(row, language), team, scope="row"), figures, data_mark=row.mark)


def _name(row: Row, language: Language) -> Markup:
    """The mark beside a name: names that look alike in spite of the rules are told apart by it."""
    name = tag("span", language.text("unnamed"), class_="unnamed") if row.name is None else tag("bdi", row.name)
    return joined(name, " ", tag("span", row.mark[:MARK_SHOWN], class_="mark"))


def _team(team: str, link: Callable[..., str]) -> Markup:
    return tag("a", tag("bdi", team), href=link(by="volunteers", team=team))


def _hidden(ranking: Ranking, language: Language) -> Markup:
    if not ranking.hidden.units:
        return joined()
    volunteers = language.number(ranking.hidden_volunteers)
    return tag("p", language.text("hidden", volunteers=volunteers, units=language.number(ranking.hidden.units)))


def _paging(stretch: Stretch, language: Language, link: Callable[..., str]) -> Markup:
    ends = (("previous", stretch.previous), ("next", stretch.next))
    links = [tag("a", language.text(name), href=link(cursor=cursor), rel=name) for name, cursor in ends if cursor]
    return tag("nav", *links, class_="paging", aria_label=language.text("next")) if links else joined()
