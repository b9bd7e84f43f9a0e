"""What is held of a job, as of a moment ago: most of it was held at the last look, and is not read again."""

from __future__ import annotations

import threading
from collections import Counter

from storage.base import Document, Store

# Of one job; whoever computes beyond that waits for audits.
MAX_HELD = 10_000
SECONDS, JOBS_KEPT = 1.0, 100
# Without the result, which may have a megabyte: ten thousand of them would fill the memory.
FACTS = ("id", "variable", "volunteer", "prefix", "run_seconds")


class HeldIndex:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: dict[str, dict[str, Document]] = {}
        self._counted: dict[str, tuple[float, Counter[str]]] = {}
        self._lock = threading.Lock()

    def of(self, job_id: str) -> dict[str, Document]:
        """The facts of the first held result of each variable that is held, at most MAX_HELD."""
        with self._lock:
            before = self._jobs.get(job_id, {})
            found: dict[str, Document] = {}
            for name in self._store.held.variables(job_id, MAX_HELD):
                facts = before.get(name) or self._facts(job_id, name)
                if facts is not None:
                    found[name] = facts
            if len(self._jobs) >= JOBS_KEPT:
                self._jobs.clear()
            self._jobs[job_id] = found
        return found

    def _facts(self, job_id: str, variable_id: str) -> Document | None:
        for document in self._store.held.of(job_id, variable_id):
            return {name: document[name] for name in FACTS}
        return None

    def by_prefix(self, job_id: str) -> Counter[str]:
        """How many are held of each address prefix, as of a second ago."""
        now = self._store.clock.monotonic()
        at, counted = self._counted.get(job_id, (float("-inf"), Counter()))
        if not 0 <= now - at < SECONDS:
            counted = Counter(document["prefix"] for document in self.of(job_id).values())
            if len(self._counted) >= JOBS_KEPT:
                self._counted.clear()
            self._counted[job_id] = (now, counted)
        return counted
