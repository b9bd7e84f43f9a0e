"""What a volunteer submits for a variable, a result or a report: the facts that both have in the store."""

from __future__ import annotations

from dataclasses import dataclass

from pool.tokens import LeaseToken
from storage import ids
from storage.base import Document
from storage.clock import Clock


@dataclass(frozen=True, slots=True)
class Submission:
    """`run_seconds` is what the volunteer says; `volunteer` its name, if the lease has none."""

    lease: LeaseToken | None
    run_seconds: float | None = None
    volunteer: str = ""

    def document(self, job_id: str, variable_id: str, clock: Clock) -> Document:
        lease = self.lease
        return {
            "job": job_id,
            "variable": variable_id,
            "id": ids.timed_id(clock),
            "created": clock.now_text(),
            "lease": lease.lease_id if lease else None,
            "volunteer": (lease.volunteer if lease else "") or self.volunteer or None,
            "run_seconds": run_seconds_of(self.run_seconds, lease, clock),
        }


def run_seconds_of(told: float | None, lease: LeaseToken | None, clock: Clock) -> float | None:
    """The lesser of what was told and the time from lease to result; None without a lease.

    Where nothing was told, it is at most what the lease granted: the clock may have been set forth meanwhile.
    """
    if lease is None:
        return None
    granted, elapsed = (max(0.0, (end - lease.started) / 1000) for end in (lease.identity, clock.now_milliseconds()))
    return min(elapsed, granted if told is None else max(0.0, told))
