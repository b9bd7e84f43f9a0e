"""What is held of a job, as of a moment ago: most of it was held at the last look, and is not read again."""

from __future__ import annotations

import threading
from collections import Counter

from storage.base import Document, Store

# Of one job; whoever computes beyond that waits for audits.
MAX_HELD = 10_000
SECONDS, JOBS_KEPT = 1.0, 100


class HeldIndex:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: dict[str, dict[str, Document]] = {}
        self._counted: dict[str, tuple[float, Counter[str]]] = {}
        self._lock = threading.Lock()

    def of(self, job_id: str) -> dict[str, Document]:
        """The first held result of each variable that is held, at most MAX_HELD."""
        with self._lock:
            before = self._jobs.get(job_id, {})
            found: dict[str, Document] = {}
            for name in self._store.held.variables(job_id, MAX_HELD):
                document = before.get(name) or next(iter(self._store.held.of(job_id, name)), None)
                if document is not None:
                    found[name] = document
            if len(self._jobs) >= JOBS_KEPT:
                self._jobs.clear()
            self._jobs[job_id] = found
        return found

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
