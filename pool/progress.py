"""Progress of a job: counts by state, rates, mean run time, and the estimated time to completion."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from storage.base import Counts, Document
from storage.clock import Clock

MINUTES = 5
GROUPS_SHOWN = 5


def progress_of(job: Document, counts: Counts, clock: Clock, to_owner: bool) -> Document:
    rate = per_minute(counts.per_minute, clock)
    unfinished = counts.open + counts.leased + counts.held
    progress: Document = {
        "state": job["state"],
        "variables": {
            "total": counts.posted,
            "open": counts.open,
            "leased": counts.leased,
            "held": counts.held,
            "done": counts.accepted,
            "failed": counts.failed,
            "withdrawn": counts.withdrawn,
        },
        "results": {"accepted": counts.accepted, "rejected": counts.rejected, "failures": counts.failures},
        # A failed variable may be released: until then the job is not complete.
        "complete": counts.posted > 0 and unfinished == 0 and counts.failed == 0,
        "results_per_minute": round(rate, 2),
        "mean_run_seconds": counts.mean_run_seconds,
        "median_run_seconds": counts.median_run_seconds,
        "eta_seconds": round(unfinished / rate * 60) if rate and unfinished else None,
    }
    if "paused" in job:
        progress["paused"] = job["paused"]
    if to_owner:
        progress["reports"] = counts.reports
        progress["errors"] = errors_of(counts)[:GROUPS_SHOWN]
    return progress


def errors_of(counts: Counts) -> list[Document]:
    """The groups of errors, the most frequent first. The `id` of a group stays while its message varies."""
    groups = [{"id": hashlib.sha256(key.encode()).hexdigest()[:12], **group} for key, group in counts.errors.items()]
    return sorted(groups, key=lambda group: (-group["count"], group["last"]))


def per_minute(results: Mapping[int, int], clock: Clock, least: float = 1 / 60) -> float:
    """The rate over the last whole minutes and the current one so far, of results by minute of the epoch.

    What has just begun is not averaged over the minutes before it, but over `least` minutes.
    """
    moment = clock.now_milliseconds() / 60_000
    first = int(moment) - MINUTES
    # Minutes still to come were counted before the clock was set back.
    past = {minute: number for minute, number in results.items() if minute <= moment}
    accepted = sum(number for minute, number in past.items() if minute >= first)
    began = max(first, min(past, default=first))
    return accepted / max(moment - began, least)
