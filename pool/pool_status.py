"""What the whole pool does now: figures that anyone may see, counted once for all who ask within some seconds."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from pool.job_index import JobIndex, Summary
from pool.standing import Standing
from storage.base import Document
from storage.clock import Clock

# The most active jobs, whose counts are listed.
LISTED = 50
# A volunteer counts for so long after its last lease or result.
ACTIVE_SECONDS = 300.0
# The figures are so old at most; with many active jobs older, so that counting takes a fiftieth of the time.
MAX_AGE, COST_FACTOR = 2.0, 50.0
_SHOWN_STATES = ("open", "paused")
_VARIABLES = {"open": "open", "leased": "leased", "held": "held", "done": "accepted", "failed": "failed"}


@dataclass(frozen=True)
class Figures:
    """`number` differs for each counting of this process."""

    number: int
    pool: Document
    jobs: dict[str, Document]


class PoolStatus:
    """Safe for many threads: one counts, the others get what it found."""

    def __init__(self, index: JobIndex, standing: Standing, clock: Clock) -> None:
        self._index, self._standing, self._clock = index, standing, clock
        self._lock = threading.Lock()
        self._figures = Figures(0, {}, {})
        self._valid_until = float("-inf")

    def figures(self) -> Figures:
        with self._lock:
            started = self._clock.monotonic()
            if started >= self._valid_until:
                self._figures = self._count(self._figures.number + 1)
                ended = self._clock.monotonic()
                self._valid_until = ended + max(MAX_AGE, COST_FACTOR * (ended - started))
            return self._figures

    def _count(self, number: int) -> Figures:
        summary = self._index.summary(LISTED)
        pool = {
            "volunteers": self._standing.active_volunteers(ACTIVE_SECONDS),
            "results_per_minute": round(summary.per_minute, 2),
            "results": int(summary.sums["accepted"]),
            "run_seconds": round(summary.sums["run_seconds"], 1),
            "jobs": {state: summary.states[state] for state in _SHOWN_STATES},
        }
        shown = [job_id for job_id, state in summary.listed_states.items() if state in _SHOWN_STATES]
        return Figures(number, pool, {job_id: _job(summary, job_id) for job_id in shown})


def _job(summary: Summary, job_id: str) -> Document:
    counts = summary.listed[job_id]
    variables = {state: int(counts[name]) for state, name in _VARIABLES.items()}
    total = sum(variables.values()) + int(counts["withdrawn"])
    unfinished = variables["open"] + variables["leased"] + variables["held"] + variables["failed"]
    return {
        "id": job_id,
        "state": summary.listed_states[job_id],
        "variables": {"total": total, **variables},
        "complete": total > 0 and unfinished == 0,
    }
