"""The check of a job: directories, documents, the queue's markers, the journals and the counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial

from storage.base import Document
from storage.flat import files, queue
from storage.flat.check.journals import JournalCheck
from storage.flat.check.mismatch import Mismatch, set_aside
from storage.flat.check.rewriting import Rewriting
from storage.flat.check.scan import (
    Marker,
    Shard,
    held_documents,
    leased_markers,
    shard_names,
    stale_held,
    stray_markers,
)
from storage.flat.counts import FlatCounts, JournalCounts
from storage.flat.paths import JobPaths
from storage.flat.tree import Tree

# The counts of a job that gets results all the time are compared so often.
ATTEMPTS = 5
# Called with the part of the job that is done, and how many documents were read for it.
Tell = Callable[[float, int], object]


class JobCheck:
    def __init__(self, tree: Tree, counts: FlatCounts) -> None:
        self._tree, self._counts = tree, counts

    def mismatches(self, job_id: str, tell: Tell) -> Iterator[Mismatch]:
        paths = self._tree.job(job_id)
        if not os.path.isdir(paths.root):
            return
        if not files.is_readable(paths.job):
            problem = "job.json is missing or damaged"
            yield set_aside(self._tree, paths.root, problem, "set the job's directory aside")
            return
        # First, since the scan reads them.
        yield from _directories(paths)
        yield from self._held(paths)
        posted, happened = JournalCheck(paths.variables_journal), JournalCheck(paths.events_journal)
        yield from self._shards(paths, posted, happened, tell)
        yield from self._journal(paths, posted, _posted)
        yield from self._journal(paths, happened, _happened)
        if not _counts_agree(paths, self._tree.clock.now_milliseconds()):
            problem = "tally.json disagrees with the journals"
            yield Mismatch(problem, "count anew", partial(self._counts.reset, paths))

    def _shards(self, paths: JobPaths, posted: JournalCheck, happened: JournalCheck, tell: Tell) -> Iterator[Mismatch]:
        for marker in stray_markers(paths):
            yield _surplus(paths, marker, "is in the wrong shard")
        leased, names = leased_markers(paths), shard_names(paths)
        for number, name in enumerate(names, start=1):
            part = Shard(paths, name)
            yield from self._documents(part)
            yield from _queue(part, leased.get(name, []))
            posted.expect(name, *_posted(part))
            happened.expect(name, *_happened(part))
            tell(number / len(names), len(part.posted) + len(part.outcomes) + len(part.rejected))

    def _held(self, paths: JobPaths) -> Iterator[Mismatch]:
        """Held results: damaged ones, and those that are decided."""
        for path, _ in held_documents(paths):
            if not files.is_readable(path) and os.path.exists(path):
                yield set_aside(self._tree, path, f"{os.path.relpath(path, self._tree.root)} is damaged")
        for path in stale_held(paths):
            problem = f"{os.path.relpath(path, paths.root)} is decided, or of no variable"
            yield Mismatch(problem, "remove it", partial(_remove_held, path))

    def _documents(self, part: Shard) -> Iterator[Mismatch]:
        for path in part.damaged:
            yield set_aside(self._tree, path, f"{os.path.relpath(path, self._tree.root)} is damaged")
        for orphan in part.orphans():
            yield set_aside(self._tree, part.paths.outcome(orphan), f"result of {orphan}, which is no variable")
            # Or the journal check would expect its event.
            part.remove_outcome(orphan)

    def _journal(
        self, paths: JobPaths, check: JournalCheck, implied: Callable[[Shard], tuple[Iterable[Document], set[str]]]
    ) -> Iterator[Mismatch]:
        differing = check.differing()
        if differing:

            def rewrite() -> None:
                rewriting = Rewriting(self._tree, paths, check.path, lambda name: implied(Shard(paths, name)))
                rewriting.run(differing, check.sizes)
                self._counts.reset(paths)

            yield Mismatch(
                f"{os.path.relpath(check.path, paths.root)} disagrees with the documents", "rewrite it", rewrite
            )


def _posted(part: Shard) -> tuple[Iterable[Document], set[str]]:
    """The events of the journal of variables."""
    return part.posted, set()


def _happened(part: Shard) -> tuple[Iterable[Document], set[str]]:
    """The events of the other journal, and the failed variables."""
    return [*part.outcomes, *part.rejected], part.failed()


def _directories(paths: JobPaths) -> Iterator[Mismatch]:
    for directory in JobPaths.SKELETON:
        path = f"{paths.root}/{directory}"
        if not os.path.isdir(path):
            yield Mismatch(f"{directory}/ is missing", "make it", partial(os.makedirs, path, exist_ok=True))


def _queue(part: Shard, leased: Iterable[Marker]) -> Iterator[Mismatch]:
    queued: set[str] = set()
    for marker in part.markers(iter(leased)):
        reason = _surplus_reason(marker, part, queued)
        if reason is None:
            queued.add(marker.variable_id)
        else:
            yield _surplus(part.paths, marker, reason)
    for missing in sorted(part.unfinished() - queued):
        # Beside a running pool it may just have been moved.
        if queue.is_queued(part.paths, missing):
            continue
        remedy = "hold it" if _has_held(part.paths, missing) else "open it"
        yield Mismatch(f"{missing} is in no queue", remedy, partial(_open, part.paths, missing))


def _open(paths: JobPaths, variable_id: str) -> None:
    """Opens a variable that is unfinished and has no marker by now."""
    is_unfinished = os.path.exists(paths.variable(variable_id)) and not os.path.exists(paths.outcome(variable_id))
    if not is_unfinished or queue.is_queued(paths, variable_id):
        return
    if _has_held(paths, variable_id):
        queue.hold(paths, variable_id, None)
    else:
        files.touch(paths.open(variable_id))


def _surplus(paths: JobPaths, marker: Marker, reason: str) -> Mismatch:
    problem = f"marker of {marker.variable_id}, which {reason}"
    remedy = "open it" if reason == EMPTY else "remove it"
    return Mismatch(problem, remedy, partial(_REMOVE.get(reason, _remove), paths, marker))


def _remove_held(path: str) -> None:
    files.remove(path)
    with suppress(OSError):  # There are others.
        os.rmdir(os.path.dirname(path))


def _open_held(paths: JobPaths, marker: Marker) -> None:
    queue.reopen(paths, marker.variable_id)


def _remove(_paths: JobPaths, marker: Marker) -> None:
    files.remove(marker.path)


def _remove_unknown(paths: JobPaths, marker: Marker) -> None:
    # It may have been posted since.
    if not os.path.exists(paths.variable(marker.variable_id)):
        files.remove(marker.path)


def _remove_second(paths: JobPaths, marker: Marker) -> None:
    files.remove(marker.path)
    # The first may have moved to the place of this one.
    _open(paths, marker.variable_id)


UNKNOWN, TWICE, EMPTY = "does not exist", "is queued twice", "has no held result"
_REMOVE = {UNKNOWN: _remove_unknown, TWICE: _remove_second, EMPTY: _open_held}


def _surplus_reason(marker: Marker, part: Shard, queued: set[str]) -> str | None:
    if not marker.is_in_its_shard:
        return "is in the wrong shard"
    if marker.variable_id in part.finished:
        return "is finished"
    if marker.variable_id not in part.variables:
        return UNKNOWN
    if marker.variable_id in queued:
        return TWICE
    return EMPTY if marker.is_held and not _has_held(part.paths, marker.variable_id) else None


def _has_held(paths: JobPaths, variable_id: str) -> bool:
    names = queue.held_ids(paths, variable_id)
    return any(files.is_readable(f"{paths.held(variable_id)}/{name}.json") for name in names)


def _counts_agree(paths: JobPaths, now: int) -> bool:
    stored, counted = JournalCounts.load(paths), JournalCounts()
    counted.update(paths, now)
    for _ in range(ATTEMPTS):
        stored.update(paths, now)
        counted.update(paths, now)
        # Else a running pool has added some lines.
        if stored.offsets == counted.offsets:
            return stored.counts == counted.counts
    return True
