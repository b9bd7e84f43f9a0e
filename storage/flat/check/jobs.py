"""The check of a job: directories, documents, the queue's markers, the journals and the counts."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from functools import partial

from storage.flat import files
from storage.flat.check.journals import JournalCheck
from storage.flat.check.mismatch import Mismatch, set_aside
from storage.flat.check.scan import Marker, Scan, markers
from storage.flat.counts import FlatCounts, JournalCounts
from storage.flat.paths import JobPaths
from storage.flat.tree import Tree

LINES_PER_WRITE = 10_000


class JobCheck:
    def __init__(self, tree: Tree, counts: FlatCounts) -> None:
        self._tree, self._counts = tree, counts

    def mismatches(self, job_id: str) -> Iterator[Mismatch]:
        paths = self._tree.job(job_id)
        if not os.path.isdir(paths.root):
            return
        if not files.is_readable(paths.job):
            problem = "job.json is missing or damaged"
            yield set_aside(self._tree, paths.root, problem, "set the job's directory aside")
            return
        # First, since the scan reads them.
        yield from _directories(paths)
        scan = Scan(paths)
        yield from self._documents(scan)
        yield from _queue(scan)
        yield from self._journals(scan)
        if not _counts_agree(paths, self._tree.clock.now_milliseconds()):
            problem = "tally.json disagrees with the journals"
            yield Mismatch(problem, "count anew", partial(self._counts.reset, paths))

    def _documents(self, scan: Scan) -> Iterator[Mismatch]:
        for path in scan.damaged:
            yield set_aside(self._tree, path, f"{os.path.relpath(path, self._tree.root)} is damaged")
        for orphan in scan.orphans():
            yield set_aside(self._tree, scan.paths.outcome(orphan), f"result of {orphan}, which is no variable")
            # Or the journal check would expect its event.
            scan.remove_outcome(orphan)

    def _journals(self, scan: Scan) -> Iterator[Mismatch]:
        paths = scan.paths
        implied = scan.outcomes | scan.rejected
        for path, check in (
            (paths.variables_journal, JournalCheck(paths.variables_journal, scan.posted, set())),
            (paths.events_journal, JournalCheck(paths.events_journal, implied, scan.failed & scan.unfinished())),
        ):
            if not check.agrees():
                problem = f"{os.path.relpath(path, paths.root)} disagrees with the documents"
                yield Mismatch(problem, "rewrite it", partial(self._rewrite, paths, path, check))

    def _rewrite(self, paths: JobPaths, path: str, check: JournalCheck) -> None:
        writer = self._tree.writer
        rewritten = f"{writer.workspace()}/journal"
        files.remove(rewritten)
        lines = check.repaired(self._tree.clock.now_text())
        writer.append(rewritten, ())
        while batch := list(itertools.islice(lines, LINES_PER_WRITE)):
            writer.append(rewritten, batch)
        # Rewritten beside it: a kill in the middle leaves the old journal.
        os.replace(rewritten, path)
        self._counts.reset(paths)


def _directories(paths: JobPaths) -> Iterator[Mismatch]:
    for directory in JobPaths.SKELETON:
        path = f"{paths.root}/{directory}"
        if not os.path.isdir(path):
            yield Mismatch(f"{directory}/ is missing", "make it", partial(os.makedirs, path, exist_ok=True))


def _queue(scan: Scan) -> Iterator[Mismatch]:
    queued: set[str] = set()
    for marker in markers(scan.paths):
        reason = _surplus_reason(marker, scan, queued)
        if reason is None:
            queued.add(marker.variable_id)
        else:
            problem = f"marker of {marker.variable_id}, which {reason}"
            yield Mismatch(problem, "remove it", partial(files.remove, marker.path))
    for missing in sorted(scan.unfinished() - queued):
        yield Mismatch(f"{missing} is in no queue", "open it", partial(files.touch, scan.paths.open(missing)))


def _surplus_reason(marker: Marker, scan: Scan, queued: set[str]) -> str | None:
    if marker.variable_id in scan.finished:
        return "is finished"
    if marker.variable_id not in scan.variables:
        return "does not exist"
    if marker.variable_id in queued:
        return "is queued twice"
    return None if marker.is_in_its_shard else "is in the wrong shard"


def _counts_agree(paths: JobPaths, now: int) -> bool:
    stored, counted = JournalCounts.load(paths), JournalCounts()
    stored.update(paths, now)
    counted.update(paths, now)
    return stored.counts == counted.counts
