"""The repair after a power cut: the check of each flow and job, one after the other, beside a running pool."""

from __future__ import annotations

import bisect
import logging

from storage.base import Finding
from storage.flat import files
from storage.flat.check import Check
from storage.flat.housekeeping import Work
from storage.flat.tree import Tree

REPAIR = "repair"
log = logging.getLogger("comp-pool.repair")


class Repair:
    def __init__(self, tree: Tree, check: Check) -> None:
        self._tree, self._check = tree, check

    def run(self, work: Work) -> None:
        """Continues behind the last job that was done, if the last run was cut short."""
        last = work.done_so_far()
        # Flows first, as a check does; after a short cut all of them again, since they are soon done.
        for flow_id in self._check.flow_ids():
            for finding in self._check.of_flow(flow_id, repair=True):
                _log(finding)
                # Its levels may wait for what the power cut took.
                files.touch(f"{self._tree.root}/flows-behind/{flow_id}")
            work.tick(flow=flow_id)
        job_ids = self._check.job_ids()
        for number in range(bisect.bisect_right(job_ids, last), len(job_ids)):
            self._repair_job(work, job_ids[number], number, len(job_ids))
            work.set_done_so_far(job_ids[number])
        log.warning("the check after a power cut is done: %d jobs", len(job_ids))

    def _repair_job(self, work: Work, job_id: str, number: int, count: int) -> None:
        def tell(part: float, _documents: int) -> None:
            work.tick(job=job_id, jobs_done=number, jobs=count, job_done=round(part, 3))

        for finding in self._check.of_job(job_id, repair=True, tell=tell, is_serving=True):
            _log(finding)
        work.tick(jobs_done=number + 1, jobs=count)


def _log(finding: Finding) -> None:
    log.warning("%s: %s: %s", finding.where or "pool", finding.problem, finding.remedy)
