"""`/leaderboard`: who has computed how much, as a document and as a page. Only those who want to be shown are on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import falcon

from pool.leaderboard import PERIODS, Leaderboard, Ranking, Row, TeamRow
from resources import request
from resources.errors import Problem
from resources.leaderboard_page import PATH, RANKED, BoardPage, Query, Stretch
from resources.links import LinkBuilder, Links
from resources.representation import Rendered, prefers_html, with_links
from resources.resource import Resource
from resources.texts import language_of
from storage.errors import InvalidCursor

MAX_TEAM, MAX_LIMIT = 200, 100
# Representations kept.
KEPT = 64


class Board(Resource):
    def __init__(self, leaderboard: Leaderboard, page: BoardPage) -> None:
        self._leaderboard, self._page = leaderboard, page
        self._rendered = Rendered(KEPT)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = _query_of(req)
        ranking = self._leaderboard.ranking(query.period, query.job)
        build, limit, start = LinkBuilder(req), min(request.page_limit(req), MAX_LIMIT), _start(req)

        def stretch() -> Stretch:
            return Stretch.of(_rows(ranking, query), start, limit)

        key = build.prefix, query, start, limit
        if prefers_html(req):
            language = language_of(req)
            page = self._rendered.body(
                (*key, language.code),
                ranking,
                lambda: self._page.render_board(build, query, ranking, stretch(), language),
            )
            self._page.send(req, resp, *page)
        else:
            self._rendered.respond(
                req,
                resp,
                key,
                ranking,
                lambda media_type: _document(build, query, ranking, stretch(), media_type),
            )


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


def _start(req: falcon.Request) -> int:
    cursor = req.get_param("cursor") or "0"
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise InvalidCursor(cursor)
    return int(cursor)


def _document(build: LinkBuilder, query: Query, ranking: Ranking, stretch: Stretch, media_type: str) -> dict[str, Any]:
    parameters = {**query.parameters(), "limit": stretch.limit if stretch.limit != MAX_LIMIT else None}
    cursor = str(stretch.start) if stretch.start else None
    links = build.page(PATH, cursor=cursor, next_cursor=stretch.next, **parameters)
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
    return with_links(links, fields, media_type, items)


def _links(row: Row | TeamRow, query: Query, build: LinkBuilder) -> Links:
    if row.team is None:
        return {}
    return {"members": build.uri(PATH, **query.parameters(by=None, team=row.team))}
