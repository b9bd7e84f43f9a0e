"""How far a check is: by the size of the jobs' journals, which have a line for each document."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from storage.base import CheckProgress
from storage.flat import journal
from storage.flat.tree import Tree

# What a job costs beside its documents, in bytes of a journal.
BYTES_PER_JOB = 200
Tell = Callable[[CheckProgress], object]


class Progress:
    def __init__(self, tree: Tree, job_ids: Sequence[str], tell: Tell) -> None:
        self._tell, self._documents, self._jobs = tell, 0, len(job_ids)
        # Before all else: the first line comes at once.
        tell(CheckProgress("", 0, self._jobs, 0, 0.0))
        paths = map(tree.job, job_ids)
        sizes = [BYTES_PER_JOB + sum(map(journal.size, (of.variables_journal, of.events_journal))) for of in paths]
        self._ends = [0, *itertools.accumulate(sizes)]

    def of(self, number: int, job_id: str) -> Callable[[float, int], None]:
        """What the check of a job, by its number, calls with the part of it that is done, and the documents read."""
        begin, end = self._ends[number : number + 2]

        def tell(part: float, documents: int) -> None:
            self._documents += documents
            fraction = (begin + part * (end - begin)) / self._ends[-1]
            self._tell(CheckProgress(job_id, number + (part >= 1), self._jobs, self._documents, fraction))

        return tell

    def finish(self) -> None:
        self._tell(CheckProgress("", self._jobs, self._jobs, self._documents, 1.0))
