"""What the processes of a pool have refused since they run, by limit, and how busy their sandboxes are.

The front door counts here, too. Each process counts in its memory, and tells the others every few seconds: a million
refusals cost no more than one.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pool.sandbox import Sandbox
from storage.base import Document, Store
from storage.errors import StorageError

# The others know what this process counted at most so many seconds ago, or at its last request.
TELL_SECONDS = 5.0


class Refusals:
    """`sandboxes` by name. Safe for many threads."""

    def __init__(self, store: Store, sandboxes: Mapping[str, Sandbox]) -> None:
        self._store, self._sandboxes = store, sandboxes
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._since = store.clock.now_text()
        self._next_telling = store.clock.monotonic() + TELL_SECONDS
        self._told: Document = {}

    def count(self, limit: str) -> None:
        with self._lock:
            self._counts[limit] += 1

    def tell(self) -> None:
        """Called after each request; seldom does anything."""
        now = self._store.clock.monotonic()
        if now < self._next_telling:
            return
        self._next_telling = now + TELL_SECONDS
        document = self._own()
        if document != self._told:
            self._told = document
            try:
                self._store.processes.put(document)
            except StorageError:  # A full disk must not fail a request, and the operator sees that it is full.
                self._told = {}

    def summary(self) -> Document:
        """`refusals` by limit, and the `sandbox` figures of each process, the one that is asked first."""
        processes = [self._own(), *self._store.processes.others()]
        refusals: Counter[str] = Counter()
        for process in processes:
            refusals.update(_counts(process.get("refusals")))
        return {
            "since": min(str(process.get("since", "")) for process in processes),
            "refusals": dict(sorted(refusals.items())),
            "sandbox": [process.get("sandbox", {}) for process in processes],
        }

    def _own(self) -> Document:
        with self._lock:
            refusals = dict(self._counts)
        loads = {name: sandbox.load()._asdict() for name, sandbox in self._sandboxes.items()}
        return {"since": self._since, "refusals": refusals, "sandbox": loads}


def _counts(given: Any) -> dict[str, int]:
    """Of a document that another version, or somebody by hand, may have written."""
    pairs = given.items() if isinstance(given, dict) else ()
    return {str(name): count for name, count in pairs if isinstance(count, int)}
