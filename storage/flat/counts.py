"""Counts: each process sums up new lines of the journals, and stores a snapshot of the sums in `tally.json`."""

from __future__ import annotations

import os
import re
import stat
import threading
from contextlib import suppress
from dataclasses import asdict, fields, replace

from storage import ids
from storage.base import Counts, CountStore, Document
from storage.clock import Clock
from storage.errors import Damaged
from storage.flat import contributors, events, files, journal, queue
from storage.flat.disk_errors import translated_for_job
from storage.flat.paths import JobPaths
from storage.flat.recovery import Recovery
from storage.flat.tree import Tree

MINUTES_KEPT = 60
GROUPS_KEPT, FAILING_KEPT, SECONDS_KEPT = 50, 20, 101
# Messages that differ only in these are one group: numbers, quoted text.
_VARYING = re.compile(r"0x[0-9a-f]+|\d+(\.\d+)?|\"[^\"]*\"|'[^']*'", re.IGNORECASE)
LINES_PER_SNAPSHOT = 5000


class JournalCounts:
    """The counts of one job's journals up to two offsets."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.job_identity = (0, 0)
        self.variables_offset = 0
        self.events_offset = 0
        self.lines_since_snapshot = 0

    @classmethod
    def load(cls, paths: JobPaths) -> JournalCounts:
        """From the snapshot; from zero if there is none, or it is damaged."""
        loaded = cls()
        try:
            snapshot = files.read(paths.tally)
            per_minute = snapshot["counts"]["per_minute"]
            snapshot["counts"]["per_minute"] = {int(key): value for key, value in per_minute.items()}
            # A snapshot of an earlier version lacks some of the fields.
            if {name.name for name in fields(Counts)} - set(snapshot["counts"]):
                return cls()
            loaded.counts = Counts(**snapshot["counts"])
            loaded.variables_offset, loaded.events_offset = snapshot["variables_offset"], snapshot["events_offset"]
        except (FileNotFoundError, Damaged, KeyError, TypeError, ValueError, AttributeError):
            return cls()
        return loaded

    @property
    def offsets(self) -> tuple[int, int]:
        return self.variables_offset, self.events_offset

    def snapshot(self) -> Document:
        return {
            "counts": asdict(self.counts),
            "variables_offset": self.variables_offset,
            "events_offset": self.events_offset,
        }

    def is_within(self, paths: JobPaths) -> bool:
        """False if a journal has become shorter, since it was replaced."""
        return self.variables_offset <= journal.size(paths.variables_journal) and self.events_offset <= journal.size(
            paths.events_journal
        )

    def update(self, paths: JobPaths, now: int) -> None:
        """Adds the lines behind the offsets. `now` is in milliseconds of the epoch."""
        # Two journals, since each is also the index of a paged collection.
        for _, offset in journal.read(paths.variables_journal, self.variables_offset):
            self.variables_offset = offset
            self.counts.posted += 1
            self.lines_since_snapshot += 1
        for event, offset in journal.read(paths.events_journal, self.events_offset):
            self.events_offset = offset
            with suppress(KeyError, TypeError, ValueError, AttributeError):  # A line written by hand.
                self._add(event)
            self.lines_since_snapshot += 1
        self._drop_minutes(now // 60_000)

    def _add(self, event: Document) -> None:
        counts, kind = self.counts, event.get("event")
        if kind == "accepted":
            self._add_accepted(event)
        elif kind in ("rejected", "failure"):
            self._add_error(event)
        elif kind == "resumed":
            counts.failing = {}
        elif kind == "withdrawn":
            counts.withdrawn += 1
        elif kind == "report":
            self._add_report(event)
        counts.failed += events.failed_change(event)

    def _add_accepted(self, event: Document) -> None:
        # What an invalid event lacks is read first, so that the event is counted as a whole or not at all.
        minute = _minute_of(event["at"])
        if event.get("run_seconds") is not None:
            self.counts.run_seconds += event["run_seconds"]
            self.counts.timed_results += 1
            self.counts.recent_seconds = [*self.counts.recent_seconds, event["run_seconds"]][-SECONDS_KEPT:]
        self.counts.accepted += 1
        self.counts.failing = {}
        self.counts.last_minute = minute
        self.counts.per_minute[minute] = self.counts.per_minute.get(minute, 0) + 1
        contributors.add_result(self.counts, event)

    def _add_error(self, event: Document) -> None:
        counts = self.counts
        is_failure = event["event"] == "failure"
        counts.failures += is_failure
        counts.rejected += not is_failure
        contributors.add_error(counts, event)
        # Lines of an earlier version have no message.
        if event.get("message"):
            self._add_to_group(event)
        # Nothing is wrong with the variable of a result that was thrown back.
        if event.get("kind") == "thrown-back":
            return
        for name, value in (("variables", event["variable"]), ("parties", event.get("party"))):
            known = counts.failing.get(name, [])
            if value is not None and value not in known and len(known) < FAILING_KEPT:
                counts.failing = {**counts.failing, name: [*known, value]}

    def _add_to_group(self, event: Document) -> None:
        groups = self.counts.errors
        key = f"{event['function']} {event['kind']} {_VARYING.sub('#', event['message'])}"
        known = groups.pop(key, {"count": 0, "first": event["at"]})
        # A job's messages may differ endlessly. The rarest goes, of these the oldest: whoever makes messages up must
        # not drive out those of others.
        if len(groups) >= GROUPS_KEPT:
            del groups[min(groups, key=lambda name: (groups[name]["count"], str(groups[name]["last"])))]
        latest = {name: event.get(name, "") for name in ("function", "kind", "message", "stack", "console", "engine")}
        groups[key] = {
            **latest,
            "variable": event["variable"],
            "error": event["result"],
            "count": known["count"] + 1,
            "first": known["first"],
            "last": event["at"],
        }

    def _add_report(self, event: Document) -> None:
        known = self.counts.reports.get(event["function"], {"errors": 0, "message": None})
        report = {**known, "at": event["at"], "console": event["console"]}
        if event["message"] is not None:
            report |= {"errors": known["errors"] + event.get("errors", 1), "message": event["message"]}
        self.counts.reports[event["function"]] = report

    def _drop_minutes(self, this_minute: int) -> None:
        """Drops old ones, and those to come: the clock was set back, and they would count once more later."""
        # The next minute may have begun meanwhile for another process.
        kept = range(this_minute - MINUTES_KEPT, this_minute + 2)
        for minute in [minute for minute in self.counts.per_minute if minute not in kept]:
            del self.counts.per_minute[minute]


class FlatCounts(CountStore):
    def __init__(self, tree: Tree, recovery: Recovery) -> None:
        self._tree, self._recovery = tree, recovery
        self._cache: dict[str, JournalCounts] = {}
        self._lock = threading.Lock()

    @translated_for_job
    def get(self, job_id: str) -> Counts:
        with suppress(OSError):  # The disk is still full.
            self._recovery.retry_follow_ups()
        paths = self._tree.existing_job(job_id)
        # Threads share the cached counts: one reads the new lines, the others find few left.
        with self._lock:
            cached = self._current(paths)
            now = self._tree.clock.now_milliseconds()
            cached.update(paths, now)
            self._store_snapshot(cached, paths)
            # A copy, since the next event changes the cached counts.
            return replace(
                cached.counts,
                leased=_count_leased(paths, now),
                held=sum(map(ids.is_id, files.names(paths.held_markers))),
                per_minute=dict(cached.counts.per_minute),
                reports={name: dict(report) for name, report in cached.counts.reports.items()},
                errors=dict(cached.counts.errors),
                volunteers=dict(cached.counts.volunteers),
            )

    def _store_snapshot(self, counts: JournalCounts, paths: JobPaths) -> None:
        # Neither synced nor written each time: a snapshot only saves reading the journals again.
        if counts.lines_since_snapshot >= LINES_PER_SNAPSHOT:
            with suppress(OSError):  # A full disk must not stop the counting.
                self._tree.writer.replace(paths.tally, counts.snapshot(), sync=False)
            counts.lines_since_snapshot = 0

    def _current(self, paths: JobPaths) -> JournalCounts:
        """The cached counts, unless the job was deleted and posted again, or repaired."""
        # A new job of the same name may reuse the inode, so ctime is compared too.
        status = os.stat(paths.queue)
        identity = (status.st_ino, status.st_ctime_ns)
        cached = self._cache.get(paths.job_id)
        if cached is None or cached.job_identity != identity or not cached.is_within(paths):
            cached = JournalCounts.load(paths)
            if not cached.is_within(paths):
                cached = JournalCounts()
            cached.job_identity = identity
            self._cache[paths.job_id] = cached
        return cached

    def reset(self, paths: JobPaths) -> None:
        """Counts a job anew after a repair, in every process."""
        files.remove(paths.tally)
        self._cache.pop(paths.job_id, None)
        # A change of its ctime: what others have counted of the former journal is void.
        os.chmod(paths.queue, stat.S_IMODE(os.stat(paths.queue).st_mode))
        self._tree.changes.on_change(paths)

    @translated_for_job
    def report(self, job_id: str, function: str, message: str | None, console: str, errors: int = 1) -> None:
        at = self._tree.clock.now_text()
        event = events.report(at, function=function, message=message, console=console, errors=errors)
        self._append(job_id, event)

    @translated_for_job
    def resumed(self, job_id: str) -> None:
        self._append(job_id, events.resumed(self._tree.clock.now_text()))

    def _append(self, job_id: str, event: Document) -> None:
        paths = self._tree.existing_job(job_id)
        self._tree.writer.append(paths.events_journal, [event])
        self._tree.changes.on_change(paths)


def _count_leased(paths: JobPaths, now: int) -> int:
    """Leases that have not expired: there are as many as workers, however large the job."""
    names = (files.names(f"{paths.deadlines}/{deadline}") for deadline in queue.deadlines(paths) if deadline > now)
    return sum(sum(map(ids.is_id, leased)) for leased in names)


def _minute_of(time_text: str) -> int:
    return int(Clock.moment_of(time_text).timestamp()) // 60
