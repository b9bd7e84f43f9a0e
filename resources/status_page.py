"""The page of `/status`: the figures of the pool for people, without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping

import falcon

from pool.leaderboard import Leaderboard
from pool.pool_status import Figures
from resources.links import LinkBuilder
from resources.markup import Markup, joined, tag
from resources.representation import Rendered
from resources.server_pages import ServerPage, table
from resources.tables import NONE
from resources.texts import Language, language_of
from storage.base import Document, Store

# Pages kept: four languages below a few mount prefixes.
KEPT = 16


class StatusPage(ServerPage):
    def __init__(self, name: str, leaderboard: Leaderboard, store: Store) -> None:
        super().__init__(name, "status", "/status")
        self._leaderboard, self._store = leaderboard, store
        self._rendered = Rendered(KEPT)

    def respond_for(self, req: falcon.Request, resp: falcon.Response, figures: Figures) -> None:
        language, build = language_of(req), LinkBuilder(req)
        key = language.code, build.prefix
        data, etag = self._rendered.body(key, figures, lambda: self._render_figures(figures, language, build))
        self.send(req, resp, data, etag)

    def _render_figures(self, figures: Figures, language: Language, build: LinkBuilder) -> bytes:
        names = {job["id"]: language.title_of(job) for job in self._store.jobs.get_many(figures.jobs)}
        content = joined(
            tag("p", language.text("up"), class_="up"),
            tag("dl", *_facts(figures.pool, self._leaderboard.ranking("day").units, language), class_="facts"),
            tag("h2", language.text("jobs")),
            _jobs(figures, names, language, build),
        )
        return self.render_content(build, content, language)


def _facts(pool: Document, today: int, language: Language) -> list[Markup]:
    facts = {
        "computing-now": language.number(pool["volunteers"]),
        "per-minute": language.number(pool["results_per_minute"], 1 if 0 < pool["results_per_minute"] < 10 else 0),
        "today": language.number(today),
        "total": language.number(pool["results"]),
        "total-time": language.duration(pool["run_seconds"]),
        "open-jobs": language.number(pool["jobs"]["open"]),
        "paused-jobs": language.number(pool["jobs"]["paused"]),
    }
    return [tag("div", tag("dt", language.text(key)), tag("dd", value)) for key, value in facts.items()]


def _jobs(figures: Figures, names: Mapping[str, str], language: Language, build: LinkBuilder) -> Markup:
    if not figures.jobs:
        return tag("p", language.text("no-jobs"), class_="empty")
    heads = [(language.text(key), key == "done") for key in ("job", "state", "done")]
    rows = [_job(names.get(job_id, job_id), job, language, build) for job_id, job in figures.jobs.items()]
    return table(heads, rows, language.text("jobs"))


def _job(name: str, job: Document, language: Language, build: LinkBuilder) -> Markup:
    state = "complete" if job["complete"] else job["state"]
    badge = tag("span", language.text(state), class_="badge", data_state=state)
    variables = job["variables"]
    numbers = {"done": language.number(variables["done"]), "total": language.number(variables["total"])}
    link = tag("a", tag("bdi", name), href=build.uri("jobs", job["id"]))
    done = tag("td", language.text("progress", **numbers) if variables["total"] else NONE, class_="number")
    return tag("tr", tag("th", link, scope="row"), tag("td", badge), done)
