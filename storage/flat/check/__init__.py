"""`comp-pool check`: the documents are the truth, and everything else is compared with them.

For a stopped pool: beside a running one it may report unfinished transactions, and it does not repair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storage import ids
from storage.base import Finding
from storage.errors import StorageError
from storage.flat import files
from storage.flat.check.flows import FlowCheck
from storage.flat.check.jobs import JobCheck
from storage.flat.check.mismatch import Mismatch
from storage.flat.counts import FlatCounts
from storage.flat.recovery import Recovery
from storage.flat.tree import Tree


class Check:
    def __init__(self, tree: Tree, recovery: Recovery, counts: FlatCounts) -> None:
        self._tree, self._recovery = tree, recovery
        self._jobs, self._flows = JobCheck(tree, counts), FlowCheck(tree)

    def run(self, repair: bool) -> Iterator[Finding]:
        """Raises StorageError if it should repair while another process has the store open."""
        if repair and self._tree.writer.workspaces.count_living():
            raise StorageError("the pool is running: stop it before a repair")
        # Reported before recovery removes them.
        yield from self._leftovers()
        if repair:
            self._recovery.run()
        for flow_id in self._ids_in("flows"):
            yield from _findings(f"flow {flow_id}", self._flows.mismatches(flow_id), repair)
        for job_id in self._ids_in("jobs"):
            yield from _findings(job_id, self._jobs.mismatches(job_id), repair)
            yield from _findings(job_id, self._flows.mismatches_of_job(job_id), repair)

    def _leftovers(self) -> Iterator[Finding]:
        stale = self._recovery.count_stale_files()
        if stale:
            yield Finding("", f"{stale} temporary files of dead processes", "complete or remove each")
        missing = self._recovery.count_missing_outcomes()
        if missing:
            yield Finding("", f"{missing} results are in commit logs of dead processes alone", "store them")
        if files.names(f"{self._tree.root}/trash"):
            yield Finding("", "files of deleted jobs", "remove them")

    def _ids_in(self, directory: str) -> Iterator[str]:
        return filter(ids.is_id, files.names(f"{self._tree.root}/{directory}"))


def _findings(where: str, mismatches: Iterable[Mismatch], repair: bool) -> Iterator[Finding]:
    for mismatch in mismatches:
        if repair:
            mismatch.repair()
        yield Finding(where, mismatch.problem, mismatch.remedy)
