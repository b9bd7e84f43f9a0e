"""Who contributed to a job, and its latest results, as its counts have them: few, however many volunteers there are."""

from __future__ import annotations

from storage.base import Counts, Document

VOLUNTEERS_KEPT, LATEST_KEPT = 50, 10
_UNKNOWN: Document = {"results": 0, "errors": 0, "run_seconds": 0.0, "timed_results": 0}


def add_result(counts: Counts, event: Document) -> None:
    seconds = event.get("run_seconds")
    _add(counts, event, results=1, run_seconds=seconds or 0.0, timed_results=int(seconds is not None))
    counts.latest = [*counts.latest, event][-LATEST_KEPT:]


def add_error(counts: Counts, event: Document) -> None:
    _add(counts, event, errors=1)


def _add(counts: Counts, event: Document, **figures: float) -> None:
    volunteers, name = counts.volunteers, event.get("volunteer") or ""
    known = volunteers.pop(name, _UNKNOWN)
    # Names cost nothing: whoever makes them up drives out others of this kind, and nobody who computes.
    if len(volunteers) >= VOLUNTEERS_KEPT:
        del volunteers[min(volunteers, key=lambda one: (volunteers[one]["results"], str(volunteers[one]["last"])))]
    # A new one, since the former is shared with whoever has read the counts.
    sums = {figure: known[figure] + figures.get(figure, 0) for figure in _UNKNOWN}
    volunteers[name] = {**sums, "last": event["at"]}
