"""What those who watch a job see: its progress, the last hour, who computes, and the latest results.

It costs the same however large the job is and however many watch it: each process makes it at most once in two seconds.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple

from pool.progress import progress_of
from pool.run_times import histogram
from storage.base import Counts, Document, Store, canonical
from storage.clock import Clock
from storage.errors import StorageError

FRESH_SECONDS = 2.0
JOBS_KEPT = 64
VOLUNTEERS_SHOWN = 20
# Of a result as JSON; results may have megabytes.
PREVIEW_CHARACTERS = 200
# They change while time passes and nothing happens.
_OF_THE_MOMENT = ("results_per_minute", "eta_seconds")


@dataclass(frozen=True)
class View:
    """`latest` are results, the newest first, with a `preview` of the value. Equal views have an equal `revision`."""

    fields: Document
    latest: list[Document]
    revision: str


class _Version(NamedTuple):
    """What of a job's document is in its view: the whole one may have a megabyte."""

    uid: str | None
    name: str
    state: str
    paused: Document | None

    @classmethod
    def of(cls, job: Document) -> _Version:
        return cls(job.get("uid"), job["name"], job["state"], job.get("paused"))


@dataclass(frozen=True)
class _Entry:
    job: _Version
    made_at: float
    view: View


class Monitor:
    """Safe for many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def view(self, job_id: str) -> View:
        """Raises NotFound."""
        job = self._store.jobs.get(job_id)
        known = self._entries.get(job_id)
        # Whoever finds one of this job is not kept waiting while another thread makes a newer one.
        if known is None or known.job.uid != job.get("uid"):
            with self._lock:
                return self._current(job)
        if self._is_fresh(known, job) or not self._lock.acquire(blocking=False):
            return known.view
        try:
            return self._current(job)
        finally:
            self._lock.release()

    def _is_fresh(self, entry: _Entry, job: Document) -> bool:
        return entry.job == _Version.of(job) and self._store.clock.monotonic() - entry.made_at < FRESH_SECONDS

    def _current(self, job: Document) -> View:
        known = self._entries.get(job["id"])
        # Made by another thread meanwhile.
        if known is not None and self._is_fresh(known, job):
            return known.view
        made_at = self._store.clock.monotonic()
        view = self._make(job, known.view.latest if known and known.job.uid == job.get("uid") else [])
        self._entries[job["id"]] = _Entry(_Version.of(job), made_at, view)
        self._entries.move_to_end(job["id"])
        if len(self._entries) > JOBS_KEPT:
            self._entries.popitem(last=False)
        return view

    def _make(self, job: Document, former: list[Document]) -> View:
        counts, clock = self._store.counts.get(job["id"]), self._store.clock
        fields = {
            "name": job["name"],
            **progress_of(job, counts, clock, to_owner=False),
            "minutes": _minutes(counts),
            "run_times": histogram(counts.recent_seconds),
            "volunteers": _volunteers(job, counts),
        }
        previews = {result["id"]: result["preview"] for result in former}
        latest = [self._result(job, event, previews) for event in reversed(counts.latest)]
        return View(fields, latest, _revision(fields, latest, clock))

    def _result(self, job: Document, event: Document, previews: dict[str, str | None]) -> Document:
        result_id, variable_id = event["result"], event["variable"]
        return {
            "id": result_id,
            "variable": variable_id,
            "created": event["at"],
            "run_seconds": event.get("run_seconds"),
            "mark": mark_of(job, event.get("volunteer")),
            "preview": previews[result_id] if result_id in previews else self._preview(job["id"], variable_id),
        }

    def _preview(self, job_id: str, variable_id: str) -> str | None:
        try:
            outcome = self._store.results.outcome(job_id, variable_id) or {}
        except StorageError:  # Not to be read, or gone with its job.
            return None
        return preview_of(outcome["result"]) if "result" in outcome else None


def preview_of(value: Any) -> str:
    """The beginning of a value as JSON."""
    text = canonical(value)
    return text if len(text) <= PREVIEW_CHARACTERS else f"{text[: PREVIEW_CHARACTERS - 1]}…"


def mark_of(job: Document, volunteer: str | None) -> str | None:
    """What a volunteer is called in this job: the same in each of its results, and another in other jobs."""
    return hashlib.sha256(f"{job.get('uid')}/{volunteer}".encode()).hexdigest()[:8] if volunteer else None


def _minutes(counts: Counts) -> list[Document]:
    """Those of the last hour that have results."""
    return [
        {"at": Clock.text_of(datetime.fromtimestamp(minute * 60, timezone.utc)), "results": number}
        for minute, number in sorted(counts.per_minute.items())
    ]


def _volunteers(job: Document, counts: Counts) -> list[Document]:
    """Those with the most results first."""
    ranked = sorted(counts.volunteers.items(), key=lambda item: (-item[1]["results"], item[1]["errors"], item[0]))
    return [
        {
            "mark": mark_of(job, name),
            "results": figures["results"],
            "errors": figures["errors"],
            "mean_run_seconds": _mean(figures),
            "last": figures["last"],
        }
        for name, figures in ranked[:VOLUNTEERS_SHOWN]
    ]


def _mean(figures: Document) -> float | None:
    return round(figures["run_seconds"] / figures["timed_results"], 6) if figures["timed_results"] else None


def _revision(fields: Document, latest: list[Document], clock: Clock) -> str:
    """Rates fall while nothing happens: that makes a new revision once a minute, and none of a job without a rate."""
    lasting = {name: value for name, value in fields.items() if name not in _OF_THE_MOMENT}
    minute = clock.now_milliseconds() // 60_000 if fields["results_per_minute"] else None
    return hashlib.sha256(canonical([lasting, latest, minute]).encode()).hexdigest()[:20]
