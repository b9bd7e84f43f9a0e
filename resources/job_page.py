"""The page of a job, at `/jobs/{job}`: the facts as HTML, which `client/web/job/page.js` keeps current."""

from __future__ import annotations

import math
from collections.abc import Mapping

import falcon

from pool.monitor import View
from resources import list_pages, plots, tables
from resources.links import LinkBuilder
from resources.markup import Markup, joined, tag
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
_WORDS = {**{state: state for state in LOOKS}, "leased": "being computed"}
STATUSES = {
    "review": "The operator of this pool looks at it first.",
    "paused": "Paused: volunteers get no units.",
    "done": "Done.",
    "empty": "Has no variables yet.",
    "failed": "Units have failed, and wait for the owner.",
    "computing": "Volunteers are computing.",
    "waiting": "Waits for volunteers.",
    "missing": "Nothing to show.",
}
_VOLUNTEERS = (
    Column("list.by", "Computed by"),
    Column("job-page.results", "Results", "number"),
    Column("job-page.errors", "Errors", "number"),
    Column("list.run", "Run time", "number"),
    Column("job-page.last", "Last seen", "when"),
)


class JobPage(TopPage):
    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__("job/page.html", name)
        self._clock = clock

    def respond_for(self, req: falcon.Request, resp: falcon.Response, job: Document, view: View) -> None:
        minute = self._clock.now_milliseconds() // 60_000
        fields = view.fields
        parts = {
            **_start(job, fields),
            **_progress(fields),
            **_minutes(fields, minute),
            **_times(fields),
            **_tables(LinkBuilder(req), job, view),
            **_rest(LinkBuilder(req), job, fields),
        }
        self.respond(req, resp, parts)

    def respond_missing(self, req: falcon.Request, resp: falcon.Response) -> None:
        """The same page without content, whoever may have had this address."""
        parts = dict.fromkeys(_PARTS, "")
        parts |= {"status_key": "missing", "status": STATUSES["missing"], "content_attributes": Markup(" hidden")}
        parts |= {"job_name": "Job not found", "title": "Job not found · "}
        parts["subtitle"] = "This pool has no job at this address. It may be incomplete, or the job has been deleted."
        self.respond(req, resp, parts)
        resp.status = falcon.HTTP_404


def status_of(fields: Document) -> str:
    """The key of the status; `client/web/job/status.js` has the same rule."""
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


def _start(job: Document, fields: Document) -> Mapping[str, str]:
    owner = job["metadata"].get("owner")
    by = f"A job by {owner}" if isinstance(owner, str) else "A job by an unnamed owner"
    reason = fields.get("paused", {}).get("reason", "")
    status = status_of(fields)
    return {
        "title": f"{job['name']} · ",
        "status_key": status,
        "job_name": job["name"],
        "subtitle": joined(f"{by}, posted on ", tables.time(job["created"]), "."),
        "description": _description(job["metadata"]),
        "status": STATUSES[status],
        "content_attributes": Markup(
            f' data-results="{_some(fields["results"]["accepted"])}" data-volunteers="{_some(fields["volunteers"])}"'
        ),
        "pause_attributes": Markup("" if reason else " hidden"),
        "pause_reason": reason,
    }


def _some(things: object) -> str:
    """A value of the attributes by which parts without content are hidden."""
    return "some" if things else "none"


def _description(metadata: Document) -> str:
    """The English one, or any; the script finds the visitor's language."""
    texts = metadata.get("description") or metadata.get("short_description")
    if not isinstance(texts, dict) or not texts:
        return ""
    return str(texts.get("en") or next(iter(texts.values())))


def _progress(fields: Document) -> Mapping[str, str]:
    counts = fields["variables"]
    total, ended = counts["total"], counts["done"] + counts["withdrawn"]
    shown = {look: counts[state] for state, look in LOOKS.items()}
    words = [f"{counts[state]:,} {_WORDS[state]}" for state in LOOKS if counts[state]]
    items = [_count(look, f"{counts[state]:,} {_WORDS[state]}") for state, look in LOOKS.items() if counts[state]]
    left = fields["eta_seconds"]
    return {
        "share": f"{math.floor(100 * ended / total) if total else 0}%",
        "finished": f"{ended:,} of {total:,}",
        "rate": f"{fields['results_per_minute']:,.4g}",
        "left": tables.NONE if left is None else tables.seconds_text(left),
        "overall": joined(plots.shares(shown, ", ".join(words)), tag("ul", *items, class_="counts")),
    }


def _count(look: str, text: str) -> Markup:
    icon = tag("span", class_="state-icon", data_state=look, aria_hidden="true")
    return tag("li", icon, tag("span", text))


def _minutes(fields: Document, now: int) -> Mapping[str, str]:
    by_minute = {int(Clock.moment_of(one["at"]).timestamp()) // 60: one["results"] for one in fields["minutes"]}
    values = [by_minute.get(minute, 0) for minute in range(now - MINUTES + 1, now + 1)]
    note = "No results in the last hour."
    if any(values):
        note = f"{sum(values):,} results in the last hour, {max(values):,} in the best minute."
    return {"minutes": plots.bars(values, note), "minutes_note": note, "minutes_highest": f"{max(values):,}"}


def _times(fields: Document) -> Mapping[str, str]:
    times = fields["run_times"]
    if times is None:
        return {"times": "", "times_note": "No results yet.", "times_highest": "", "times_first": "", "times_last": ""}
    values = [one["results"] for one in times["intervals"]]
    median, p95 = tables.seconds_text(times["median"]), tables.seconds_text(times["p95"])
    note = f"Half of the latest {times['count']} results took at most {median}, 95% at most {p95}."
    return {
        "times": plots.bars(values, note),
        "times_note": note,
        "times_highest": str(max(values)),
        "times_first": tables.seconds_text(times["intervals"][0]["from"]),
        "times_last": tables.seconds_text(times["intervals"][-1]["to"]),
    }


def _tables(build: LinkBuilder, job: Document, view: View) -> Mapping[str, str]:
    results = [
        list_pages.result_row(build.result(job["id"], one["variable"], one["id"]), one, one["mark"], one["preview"])
        for one in view.latest
    ]
    volunteers = [
        [
            tables.mark(one["mark"]),
            f"{one['results']:,}",
            f"{one['errors']:,}",
            tables.duration(one["mean_run_seconds"]),
            tables.time(one["last"]),
        ]
        for one in view.fields["volunteers"]
    ]
    return {
        "latest": tables.table(list_pages.RESULT_COLUMNS, results, "latest-heading"),
        "volunteers": tables.table(_VOLUNTEERS, volunteers, "volunteers-heading"),
    }


def _rest(build: LinkBuilder, job: Document, fields: Document) -> Mapping[str, str]:
    links = build.job(job["id"])
    results, variables = links["results"].href, build.uri("jobs", job["id"], "variables", "index")
    errors = fields["results"]
    items = [
        _link(f"{results}?format=ndjson", "ndjson", "Results as NDJSON", download=f"{job['id']}.ndjson"),
        _link(f"{results}?format=csv", "csv", "Results as CSV", download=f"{job['id']}.csv"),
        _link(variables, "variables", "All variables"),
        _link(links["errors"].href, "errors", "All errors (for the owner)"),
    ]
    rejected, failures = errors["rejected"], errors["failures"]
    return {
        "errors_note": f"{rejected:,} results rejected, {failures:,} failures reported.",
        "digest": str(job.get("digest", "")),
        "code": job["execute_function"],
        "results_link": tag("a", "All results", href=results, data_text="job-page.link.results"),
        "links": joined(*(tag("li", item) for item in items)),
    }


def _link(href: str, key: str, text: str, download: str | None = None) -> Markup:
    return tag("a", text, href=href, data_text=f"job-page.link.{key}", download=download)


_PARTS = (
    *("title", "status_key", "job_name", "subtitle", "description", "status", "content_attributes"),
    *("pause_attributes", "pause_reason", "share", "finished", "rate", "left", "overall", "minutes", "minutes_note"),
    *("minutes_highest", "times", "times_note", "times_highest", "times_first", "times_last", "latest", "volunteers"),
    *("errors_note", "digest", "code", "results_link", "links"),
)
