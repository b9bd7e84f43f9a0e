"""The page of `/leaderboard`: a table that needs no JavaScript, and links to choose what it ranks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pool.fields import REVIEW
from pool.job_index import JobIndex
from pool.leaderboard import PERIODS, Ranking, Row, TeamRow
from resources import csp
from resources.links import LinkBuilder
from resources.markup import Markup, joined, tag
from resources.server_pages import ServerPage, choice, table
from resources.texts import Language
from storage.base import Document, Store

PATH = "leaderboard"
RANKED = ("volunteers", "teams")
# Jobs to choose from: the most active ones.
JOBS_LISTED = 50
MARK_SHOWN = 5


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

    @classmethod
    def of(cls, rows: Sequence[Row | TeamRow], start: int, limit: int) -> Stretch:
        return cls(rows[start : start + limit], start, limit, len(rows))

    @property
    def next(self) -> str | None:
        return str(self.start + self.limit) if self.start + self.limit < self.total else None

    @property
    def previous(self) -> str | None:
        return str(max(0, self.start - self.limit)) if self.start else None


class BoardPage(ServerPage):
    policy = csp.page(forms="'self'")

    def __init__(self, index: JobIndex, store: Store, name: str) -> None:
        super().__init__(name, "board", f"/{PATH}")
        self._index, self._store = index, store

    def render_board(
        self, build: LinkBuilder, query: Query, ranking: Ranking, stretch: Stretch, language: Language
    ) -> bytes:
        def link(**changes: str | None) -> str:
            return build.uri(PATH, **query.parameters(**changes))

        content = joined(
            self._choices(query, language, build, link),
            tag("h2", language.text("of-team", team=query.team)) if query.team else "",
            _table(stretch, query, language, link),
            _hidden(ranking, language),
            _paging(stretch, language, link),
            tag("p", language.text("note"), class_="help"),
        )
        return self.render_content(build, content, language)

    def _choices(self, query: Query, language: Language, build: LinkBuilder, link: Callable[..., str]) -> Markup:
        periods = [(language.text(name), link(period=name), name == query.period) for name in PERIODS]
        by = [(language.text(name), link(by=name, team=None), name == query.by) for name in RANKED]
        listed = self._jobs(query)
        return tag(
            "div",
            choice(language.text("periods"), periods),
            choice(language.text("by"), by),
            _choice_of_job(listed, query, language, build.uri(PATH)) if listed else "",
            class_="choices-of-board",
        )

    def _jobs(self, query: Query) -> list[Document]:
        """The most active jobs, and the one that is chosen; none in review, since nobody has looked at its name."""
        listed = {*self._index.summary(JOBS_LISTED).listed, *([query.job] if query.job else [])}
        return [job for job in self._store.jobs.get_many(sorted(listed)) if job["state"] != REVIEW]


def _choice_of_job(jobs: Sequence[Document], query: Query, language: Language, address: str) -> Markup:
    """A form, since a pool may have many."""
    others = {name: value for name, value in query.parameters(job=None).items() if value is not None}
    hidden = [tag("input", type="hidden", name_=name, value=value) for name, value in others.items()]
    names = {"": language.text("every-job"), **{job["id"]: language.title_of(job) for job in jobs}}
    options = [
        tag("option", name, value=job_id, selected="" if job_id == (query.job or "") else None)
        for job_id, name in names.items()
    ]
    select = tag("select", *options, name_="job", aria_label=language.text("jobs"))
    return tag("form", *hidden, select, tag("button", language.text("show")), class_="choice-form", action=address)


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
