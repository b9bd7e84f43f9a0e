"""Counting: each process sums the journal up from where it last stopped, and now and then keeps the sum on disk."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime

from storage import ids
from storage.base import Counts, Document
from storage.errors import Damaged
from storage.flat import files, journal, queue
from storage.flat.paths import JobPaths
from storage.flat.results import FlatResults

MINUTES_KEPT = 60
LINES_PER_SNAPSHOT = 5000


class Tally:
    """The sum of one job's journals up to two offsets."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.job = (0, 0)
        self.variables_offset = 0
        self.events_offset = 0
        self.lines_since_snapshot = 0

    @classmethod
    def loaded(cls, paths: JobPaths) -> Tally:
        tally = cls()
        try:
            kept = files.read(paths.tally)
            kept["counts"]["per_minute"] = {int(key): value for key, value in kept["counts"]["per_minute"].items()}
            tally.counts = Counts(**kept["counts"])
            tally.variables_offset, tally.events_offset = kept["variables_offset"], kept["events_offset"]
        except (FileNotFoundError, Damaged, KeyError, TypeError, ValueError, AttributeError):
            return cls()  # Derived: counted anew.
        return tally

    def document(self) -> Document:
        return {
            "counts": asdict(self.counts),
            "variables_offset": self.variables_offset,
            "events_offset": self.events_offset,
        }

    def catch_up(self, paths: JobPaths) -> None:
        for _, offset in journal.read(paths.variables_journal, self.variables_offset):
            self.variables_offset = offset
            self.counts.posted += 1
            self.lines_since_snapshot += 1
        for line, offset in journal.read(paths.events_journal, self.events_offset):
            self.events_offset = offset
            with suppress(KeyError, TypeError, ValueError, AttributeError):  # A line that somebody wrote by hand.
                self._add(line)
            self.lines_since_snapshot += 1
        self._forget_old_minutes()

    def _add(self, line: Document) -> None:
        counts, event = self.counts, line.get("event")
        if event == "accepted":
            self._add_accepted(line)
        elif event == "rejected":
            counts.rejected += 1
        elif event == "withdrawn":
            counts.withdrawn += 1
        elif event == "report":
            self._add_report(line)
        counts.failed += journal.failed_by(line)

    def _add_accepted(self, line: Document) -> None:
        self.counts.accepted += 1
        if line.get("run_seconds") is not None:
            self.counts.run_seconds += line["run_seconds"]
            self.counts.timed_results += 1
        minute = _minute_of(line["at"])
        self.counts.per_minute[minute] = self.counts.per_minute.get(minute, 0) + 1

    def _add_report(self, line: Document) -> None:
        report = self.counts.reports.setdefault(line["function"], {"errors": 0, "message": None, "console": ""})
        report["at"] = line["at"]
        if line["message"] is not None:
            report["errors"] += line.get("errors", 1)
            report["message"] = line["message"]
        report["console"] = line["console"]

    def _forget_old_minutes(self) -> None:
        oldest = ids.now_milliseconds() // 60_000 - MINUTES_KEPT
        for minute in [minute for minute in self.counts.per_minute if minute < oldest]:
            del self.counts.per_minute[minute]


class FlatTallies(FlatResults):
    def __init__(self, root: str | os.PathLike[str], fsync: bool = True) -> None:
        super().__init__(root, fsync)
        self._tallies: dict[str, Tally] = {}
        self._counting = threading.Lock()

    def counts(self, job_id: str) -> Counts:
        paths = self._job_paths(job_id)
        with self._counting:
            tally = self._current(job_id, paths)
            tally.catch_up(paths)
            self._keep_tally(tally, paths)
            return replace(
                tally.counts,
                leased=_leased(paths),
                per_minute=dict(tally.counts.per_minute),
                reports={name: dict(report) for name, report in tally.counts.reports.items()},
            )

    def _keep_tally(self, tally: Tally, paths: JobPaths) -> None:
        if tally.lines_since_snapshot >= LINES_PER_SNAPSHOT:
            with suppress(OSError):  # A full disk is no reason not to count.
                self._files.replace(paths.tally, tally.document(), sync=False)
            tally.lines_since_snapshot = 0

    def _current(self, job_id: str, paths: JobPaths) -> Tally:
        """The tally of this very job: one that was deleted and posted again, or repaired, is counted anew."""
        # Of the inode's number alone the next job of that name may be the heir.
        status = os.stat(paths.queue)
        job = (status.st_ino, status.st_ctime_ns)
        tally = self._tallies.get(job_id)
        if tally is None or tally.job != job or not _is_current(tally, paths):
            tally = Tally.loaded(paths)
            if not _is_current(tally, paths):
                tally = Tally()
            tally.job = job
            self._tallies[job_id] = tally
        return tally

    def report(self, job_id: str, function: str, message: str | None, console: str, errors: int = 1) -> None:
        facts = {"function": function, "message": message, "console": console, "errors": errors}
        self._event(self._job_paths(job_id), "report", **facts)


def _is_current(tally: Tally, paths: JobPaths) -> bool:
    return tally.variables_offset <= journal.size(paths.variables_journal) and tally.events_offset <= journal.size(
        paths.events_journal
    )


def _leased(paths: JobPaths) -> int:
    """Leases that have not run out: as many as there are volunteers at work, however large the job."""
    moment = ids.now_milliseconds()
    lent = (files.names(f"{paths.deadlines}/{due}") for due in queue.deadlines(paths) if due > moment)
    return sum(sum(map(ids.is_id, names)) for names in lent)


def _minute_of(time_text: str) -> int:
    return int(datetime.fromisoformat(time_text.replace("Z", "+00:00")).timestamp()) // 60
