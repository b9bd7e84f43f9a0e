"""`comp-pool check`: the documents are the truth, and everything else is compared with them.

For a stopped pool: beside a running one it may report unfinished transactions, and it does not repair.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import suppress

from storage import ids
from storage.base import Finding
from storage.errors import StorageError
from storage.flat import files, locks
from storage.flat.check.flows import FlowCheck
from storage.flat.check.jobs import JobCheck
from storage.flat.check.jobs import Tell as JobTell
from storage.flat.check.mismatch import Mismatch
from storage.flat.check.progress import Progress, Tell
from storage.flat.counts import FlatCounts
from storage.flat.paths import JobPaths
from storage.flat.recovery import Recovery
from storage.flat.tree import Tree


class Check:
    def __init__(self, tree: Tree, recovery: Recovery, counts: FlatCounts) -> None:
        self._tree, self._recovery = tree, recovery
        self._jobs, self._flows = JobCheck(tree, counts), FlowCheck(tree)

    def run(self, repair: bool, tell: Tell) -> Iterator[Finding]:
        """Raises StorageError if it should repair while another process has the store open."""
        job_ids = self.job_ids()
        progress = Progress(self._tree, job_ids, tell)
        if repair and self._tree.writer.workspaces.count_living():
            raise StorageError("the pool is running: stop it before a repair")
        # Reported before recovery removes them.
        yield from self._leftovers()
        if repair:
            self._recovery.run()
        for flow_id in self.flow_ids():
            yield from self.of_flow(flow_id, repair)
        for number, job_id in enumerate(job_ids):
            yield from self.of_job(job_id, repair, progress.of(number, job_id))
        progress.finish()

    def flow_ids(self) -> list[str]:
        return self._ids_in("flows")

    def job_ids(self) -> list[str]:
        return self._ids_in("jobs")

    def of_flow(self, flow_id: str, repair: bool) -> Iterator[Finding]:
        """It may be repaired beside a running pool too."""
        for mismatch in self._flows.mismatches(flow_id):
            if repair:
                # Under the flow's lock: nobody advances it meanwhile.
                with suppress(FileNotFoundError), locks.locked(self._tree.flow(flow_id).root):
                    mismatch.repair()
            yield Finding(f"flow {flow_id}", mismatch.problem, mismatch.remedy)

    def of_job(self, job_id: str, repair: bool, tell: JobTell, is_serving: bool = False) -> Iterator[Finding]:
        """It may be repaired beside a running pool too, and by a process that `is_serving` itself."""
        mismatches = self._jobs.mismatches(job_id, tell), self._flows.mismatches_of_job(job_id, is_serving)
        for mismatch in itertools.chain(*mismatches):
            if repair:
                self._repair(self._tree.job(job_id), mismatch)
            yield Finding(job_id, mismatch.problem, mismatch.remedy)

    def _repair(self, paths: JobPaths, mismatch: Mismatch) -> None:
        """Under the job's own lock: or a job that is deleted meanwhile would be made again, in part."""
        with suppress(FileNotFoundError), locks.locked(paths.root):
            if os.path.isdir(paths.root):
                mismatch.repair()
                self._tree.changes.on_change(paths)

    def _leftovers(self) -> Iterator[Finding]:
        stale = self._recovery.count_stale_files()
        if stale:
            yield Finding("", f"{stale} temporary files of dead processes", "complete or remove each")
        missing = self._recovery.count_missing_outcomes()
        if missing:
            yield Finding("", f"{missing} results are in commit logs of dead processes alone", "store them")
        if files.names(f"{self._tree.root}/trash"):
            yield Finding("", "files of deleted jobs", "remove them")

    def _ids_in(self, directory: str) -> list[str]:
        return list(filter(ids.is_id, files.names(f"{self._tree.root}/{directory}")))
