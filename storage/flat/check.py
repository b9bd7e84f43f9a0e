"""`comp-pool check`: the documents are the truth, and everything else is held against them.

Meant for a pool that is at rest: beside one at work it may name what is merely under way, and it repairs nothing.
"""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterator
from functools import partial

from storage import ids
from storage.base import Finding
from storage.errors import Damaged, StorageError
from storage.flat import files
from storage.flat.audit import Audit
from storage.flat.flow_check import FlowCheck, Problem
from storage.flat.inventory import Inventory, Marker, markers
from storage.flat.paths import JobPaths
from storage.flat.recovery import FlatRecovery
from storage.flat.tally import Tally

LINES_AT_ONCE = 10_000


class FlatCheck(FlatRecovery):
    def check(self, repair: bool) -> Iterator[Finding]:
        if repair and self.living_processes():
            raise StorageError("the pool is running: stop it, then repair")
        yield from self._check_leftovers()
        if repair:
            self.recover()
        flows = FlowCheck(self, self._root, self._set_aside)
        for name in filter(ids.is_id, files.names(f"{self._root}/flows")):
            yield from _findings(f"flow {name}", flows.problems(name), repair)
        for name in filter(ids.is_id, files.names(f"{self._root}/jobs")):
            yield from _findings(name, self._problems(self._paths(name)), repair)
            yield from _findings(name, flows.problems_of_job(name), repair)

    def _check_leftovers(self) -> Iterator[Finding]:
        stale = self.leftovers()
        if stale:
            yield Finding("", f"{stale} temporary files of processes that died", "finish or drop each")
        if files.names(f"{self._root}/trash"):
            yield Finding("", "deleted jobs whose files are still there", "remove them")

    def _problems(self, paths: JobPaths) -> Iterator[Problem]:
        if not os.path.isdir(paths.root):
            return
        try:
            files.read(paths.job)
        except (OSError, Damaged):
            yield (
                "job.json is missing or damaged",
                "set the job's directory aside",
                partial(self._set_aside, paths.root),
            )
            return
        yield from _missing_directories(paths)
        inventory = Inventory(paths)
        yield from self._document_problems(inventory)
        yield from _queue_problems(inventory)
        yield from self._journal_problems(inventory)

    def _document_problems(self, inventory: Inventory) -> Iterator[Problem]:
        for path in inventory.damaged:
            yield f"{os.path.relpath(path, self._root)} is damaged", "set it aside", partial(self._set_aside, path)
        for orphan in inventory.orphans():
            set_aside = partial(self._set_aside, inventory.paths.outcome(orphan))
            yield f"result of {orphan}, which is no variable", "set it aside", set_aside
            inventory.forget_outcome(orphan)

    def _set_aside(self, path: str) -> None:
        target = f"{self._root}/damaged/{os.path.relpath(path, self._root)}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.lexists(target):
            target += f"@{secrets.token_hex(4)}"
        os.replace(path, target)

    def _journal_problems(self, inventory: Inventory) -> Iterator[Problem]:
        paths = inventory.paths
        events = inventory.outcomes | inventory.rejected
        for path, audit in (
            (paths.variables_journal, Audit(paths.variables_journal, inventory.posted, set())),
            (paths.events_journal, Audit(paths.events_journal, events, inventory.failed & inventory.unfinished())),
        ):
            if not audit.agrees():
                problem = f"{os.path.relpath(path, paths.root)} disagrees with the documents"
                yield problem, "write it anew", partial(self._rewrite, paths, path, audit)
        if not _tally_agrees(paths):
            yield "tally.json disagrees with the journals", "count anew", partial(self._forget_tally, paths)

    def _rewrite(self, paths: JobPaths, path: str, audit: Audit) -> None:
        rewritten = f"{self._files.workspace()}/journal"
        files.remove(rewritten)
        lines = audit.mended()
        self._files.append(rewritten, ())
        while batch := list(itertools.islice(lines, LINES_AT_ONCE)):
            self._files.append(rewritten, batch)
        os.replace(rewritten, path)
        self._forget_tally(paths)

    def _forget_tally(self, paths: JobPaths) -> None:
        files.remove(paths.tally)
        self._tallies.pop(paths.job_id, None)


def _findings(where: str, problems: Iterator[Problem], repair: bool) -> Iterator[Finding]:
    for problem, remedy, mend in problems:
        if repair:
            mend()
        yield Finding(where, problem, remedy)


def _missing_directories(paths: JobPaths) -> Iterator[Problem]:
    for directory in JobPaths.SKELETON:
        path = f"{paths.root}/{directory}"
        if not os.path.isdir(path):
            yield f"{directory}/ is missing", "make it", partial(os.makedirs, path, exist_ok=True)


def _queue_problems(inventory: Inventory) -> Iterator[Problem]:
    unfinished, queued = inventory.unfinished(), set[str]()
    for marker in markers(inventory.paths):
        why = _objection(marker, inventory, queued)
        if why is not None:
            yield f"marker of {marker.variable_id}, which {why}", "remove it", partial(files.remove, marker.path)
        else:
            queued.add(marker.variable_id)
    for lost in sorted(unfinished - queued):
        yield f"{lost} is in no queue", "open it", partial(files.touch, inventory.paths.open(lost))


def _objection(marker: Marker, inventory: Inventory, queued: set[str]) -> str | None:
    if marker.variable_id in inventory.finished:
        return "is finished"
    if marker.variable_id not in inventory.variables:
        return "is gone"
    if marker.variable_id in queued:
        return "is queued twice"
    return None if marker.is_in_place else "is in the wrong shard"


def _tally_agrees(paths: JobPaths) -> bool:
    kept, counted = Tally.loaded(paths), Tally()
    kept.catch_up(paths)
    counted.catch_up(paths)
    return kept.counts == counted.counts
