"""The page of a job, at `/jobs/{job}`: the facts as HTML, which `client/web/job/page.js` keeps current."""

from __future__ import annotations

import math
from collections.abc import Mapping

import falcon

from pool.monitor import View
from resources import plots, tables
from resources.links import LinkBuilder
from resources.list_pages import RESULT_COLUMNS, result_row
from resources.markup import Markup, joined, tag
from resources.page_texts import PageLanguage
from resources.pages import TopPage
from resources.tables import Column
from storage.base import Document
from storage.clock import Clock

MINUTES = 60
# The looks of the states that a job's variables have, in the order of the bar; see flow/states.css.
LOOKS = {
    "done": "done",
    "held": "held",
    "leased": "computing",
    "failed": "failed",
    "withdrawn": "cancelled",
    "open": "waiting",
}
_VOLUNTEERS = (
    Column("list.by"),
    Column("job-page.results", "number"),
    Column("job-page.errors", "number"),
    Column("list.run", "number"),
    Column("job-page.last", "when"),
)
Parts = Mapping[str, str]


class JobPage(TopPage):
    texts = ("job-errors", "list", "job")

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__("job/page.html", name)
        self._clock = clock

    def respond_for(self, req: falcon.Request, resp: falcon.Response, job: Document, view: View) -> None:
        language, build, fields = PageLanguage.of(req, self.texts), LinkBuilder(req), view.fields
        parts = {
            **_start(job, fields, language),
            **_progress(fields, language),
            **_minutes(fields, self._clock.now_milliseconds() // 60_000, language),
            **_times(fields, language),
            **_tables(build, job, view, language),
            **_links(build, job, language),
            "errors_note": _errors(fields, language),
            "digest": str(job.get("digest", "")),
            "code": job["execute_function"],
        }
        self.respond(req, resp, parts)


def status_of(fields: Document) -> str:
    """The key of the status; `client/web/job/header.js` has the same rule."""
    counts = fields["variables"]
    if fields["state"] in ("review", "paused"):
        return str(fields["state"])
    if fields["complete"]:
        return "done"
    if counts["total"] == 0:
        return "empty"
    if counts["leased"] or fields["results_per_minute"]:
        return "computing"
    if counts["failed"]:
        return "failed"
    return "waiting" if counts["open"] or counts["held"] else "done"


def _start(job: Document, fields: Document, language: PageLanguage) -> Parts:
    owner, status = job["metadata"].get("owner"), status_of(fields)
    title = language.title_of(job)
    by = "job-page.owner" if isinstance(owner, str) else "job-page.unnamed"
    reason = fields.get("paused", {}).get("reason", "")
    some = {"results": fields["results"]["accepted"], "volunteers": fields["volunteers"]}
    return {
        "title": f"{language.text(f'job-page.title.{status}', name=title)} · ",
        "status_key": status,
        "job_name": title,
        "subtitle": language.text(by, owner=owner, time=tables.time_text(job["created"])),
        "description": _description(job["metadata"], language),
        "status": language.text(f"job-page.status.{status}"),
        # Parts without content are hidden by these.
        "content_attributes": Markup("".join(f' data-{name}="{_some(things)}"' for name, things in some.items())),
        "pause_attributes": Markup("" if reason else " hidden"),
        "pause_reason": reason,
    }


def _some(things: object) -> str:
    return "some" if things else "none"


def _description(metadata: Document, language: PageLanguage) -> str:
    return language.best_of(metadata.get("description") or metadata.get("short_description"))


def _progress(fields: Document, language: PageLanguage) -> Parts:
    counts, left, rate = fields["variables"], fields["eta_seconds"], fields["results_per_minute"]
    total, finished = counts["total"], counts["done"] + counts["withdrawn"]
    words = {
        look: language.text(f"job-page.count.{look}", count=counts[state])
        for state, look in LOOKS.items()
        if counts[state]
    }
    bar = plots.shares({look: counts[state] for state, look in LOOKS.items()}, ", ".join(words.values()))
    return {
        "share": f"{math.floor(100 * finished / total) if total else 0}%",
        "finished": language.text("job-page.units.value", finished=finished, total=total),
        "rate": language.number(rate, 1 if 0 < rate < 100 else 0),
        "left": tables.NONE if left is None else language.duration(left),
        "left_label": language.text("job-page.left.none" if fields["complete"] else "job-page.left"),
        "overall": joined(bar, tag("ul", *(_count(look, text) for look, text in words.items()), class_="counts")),
    }


def _count(look: str, text: str) -> Markup:
    icon = tag("span", class_="state-icon", data_state=look, aria_hidden="true")
    return tag("li", icon, tag("span", text))


def _minutes(fields: Document, now: int, language: PageLanguage) -> Parts:
    by_minute = {int(Clock.moment_of(one["at"]).timestamp()) // 60: one["results"] for one in fields["minutes"]}
    values = [by_minute.get(minute, 0) for minute in range(now - MINUTES + 1, now + 1)]
    key = "job-page.minutes.note" if any(values) else "job-page.minutes.none"
    note = language.text(key, count=sum(values), highest=max(values))
    return {"minutes": plots.bars(values, note), "minutes_note": note, "minutes_highest": language.number(max(values))}


def _times(fields: Document, language: PageLanguage) -> Parts:
    times = fields["run_times"]
    if times is None:
        return dict.fromkeys(("times", "times_note", "times_highest", "times_first", "times_last"), "")
    intervals = times["intervals"]
    values = [one["results"] for one in intervals]
    told = {"median": language.run_time(times["median"]), "most": language.run_time(times["p95"])}
    note = language.text("job-page.times.note", count=times["count"], share="95%", **told)
    return {
        "times": plots.bars(values, note),
        "times_note": note,
        "times_highest": str(max(values)),
        "times_first": language.run_time(intervals[0]["from"]),
        "times_last": language.run_time(intervals[-1]["to"]),
    }


def _tables(build: LinkBuilder, job: Document, view: View, language: PageLanguage) -> Parts:
    results = [result_row(build.result(job["id"], one["variable"], one["id"]), one, language) for one in view.latest]
    volunteers = [_volunteer_row(one, language) for one in view.fields["volunteers"]]
    return {
        "latest": tables.table(RESULT_COLUMNS, results, "latest-heading", language),
        "volunteers": tables.table(_VOLUNTEERS, volunteers, "volunteers-heading", language),
    }


def _volunteer_row(volunteer: Document, language: PageLanguage) -> list[str]:
    return [
        tables.mark(volunteer["mark"]) if volunteer["mark"] else language.text("job-page.anonymous"),
        language.number(volunteer["results"]),
        language.number(volunteer["errors"]),
        tables.duration(volunteer["mean_run_seconds"], language),
        tables.time(volunteer["last"]),
    ]


def _errors(fields: Document, language: PageLanguage) -> str:
    counts = fields["results"]
    texts = [
        language.text("job-page.errors.rejected", count=counts["rejected"]),
        language.text("job-page.errors.failures", count=counts["failures"]),
    ]
    return " · ".join(texts)


def _links(build: LinkBuilder, job: Document, language: PageLanguage) -> Parts:
    links = build.job(job["id"])
    results, variables = links["results"], links["variables"]

    def link(key: str, href: str, download: str | None = None) -> Markup:
        key = f"job-page.link.{key}"
        return tag("a", language.text(key), href=href, data_text=key, download=download)

    items = [
        link("ndjson", f"{results}?format=ndjson", download=f"{job['id']}.ndjson"),
        link("csv", f"{results}?format=csv", download=f"{job['id']}.csv"),
        link("variables", variables),
        link("errors", links["errors"]),
    ]
    return {"results_link": link("results", results), "links": joined(*(tag("li", item) for item in items))}
