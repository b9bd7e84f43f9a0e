"""Requests that wait until a job changes: bounded in number, with one look at each job's files for all of a process.

A wait holds a thread of the server. Whoever finds no place does not wait, and is told to come again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from storage.clock import Clock
from storage.errors import StorageError
from storage.stream_store import Signature

# A result of another process is seen so much later, at most.
INTERVAL = 0.05
# How often somebody who waits is asked for.
ABANDONED_SECONDS = 1.0
IsAbandoned = Callable[[], bool]


class Waiters:
    """Of `places`, one party (an address prefix) has at most half; None is nobody in particular, and has no limit.

    `signature_of` is called by job, in a thread.
    """

    def __init__(self, signature_of: Callable[[str], Signature], places: int, clock: Clock) -> None:
        self._signature_of, self._clock = signature_of, clock
        self._places, self._of_party = max(1, places), max(1, places // 2)
        self._parties: Counter[str | None] = Counter()
        self._jobs: Counter[str] = Counter()
        self._latest: dict[str, Signature] = {}
        lock = threading.Lock()
        self._changed, self._wanted = threading.Condition(lock), threading.Condition(lock)
        self._watch: threading.Thread | None = None
        # An attribute and no method, so that the handler of a signal takes no lock.
        self.is_stopping = False

    @contextmanager
    def place(self, party: str | None) -> Iterator[bool]:
        """Whether there is a place for this party, which it has until the end of the block."""
        has_place = self._take(party)
        try:
            yield has_place
        finally:
            if has_place:
                with self._changed:
                    self._parties[party] -= 1
                    self._parties += Counter()

    def _take(self, party: str | None) -> bool:
        with self._changed:
            is_full = self._parties.total() >= self._places
            is_full = is_full or (party is not None and self._parties[party] >= self._of_party)
            if not is_full:
                self._parties[party] += 1
            return not is_full

    def wait(self, job_id: str, seen: Signature, until: float, is_abandoned: IsAbandoned = lambda: False) -> bool:
        """Waits until the job's signature is not the one that was seen; False at `until`, or if the pool stops.

        `until` is a time of the clock's `monotonic`. Also False when nobody waits for the response any more: its place
        and its thread are wanted by others.
        """
        with self._changed:
            self._jobs[job_id] += 1
            self._start()
            try:
                remaining = max(0.0, until - self._clock.monotonic())
                while not self._ends_within(job_id, seen, min(remaining, ABANDONED_SECONDS)):
                    remaining -= ABANDONED_SECONDS
                    if remaining <= 0 or is_abandoned():
                        return False
                return not self.is_stopping
            finally:
                self._leave(job_id)

    def _ends_within(self, job_id: str, seen: Signature, seconds: float) -> bool:
        return self._changed.wait_for(lambda: self.is_stopping or self._is_changed(job_id, seen), seconds)

    def _is_changed(self, job_id: str, seen: Signature) -> bool:
        return self._latest.get(job_id, seen) != seen

    def _leave(self, job_id: str) -> None:
        self._jobs[job_id] -= 1
        if not self._jobs[job_id]:
            del self._jobs[job_id]
            self._latest.pop(job_id, None)

    def _start(self) -> None:
        # At the first wait: a thread that starts before the server forks would not live in its workers.
        if self._watch is None:
            self._watch = threading.Thread(target=self._keep_looking, daemon=True, name="waiters")
            self._watch.start()
        self._wanted.notify()

    def _keep_looking(self) -> None:
        pause = threading.Event()
        while True:
            with self._changed:
                self._wanted.wait_for(lambda: self._jobs)
                job_ids = list(self._jobs)
            self._learn({job_id: self._look(job_id) for job_id in job_ids})
            pause.wait(INTERVAL)

    def _learn(self, found: dict[str, Signature]) -> None:
        with self._changed:
            # A job that nobody waits for any more would be remembered for good.
            news = {name: seen for name, seen in found.items() if name in self._jobs and self._latest.get(name) != seen}
            self._latest.update(news)
            # Nobody wakes in vain, twenty times a second.
            if news or self.is_stopping:
                self._changed.notify_all()

    def _look(self, job_id: str) -> Signature:
        try:
            return self._signature_of(job_id)
        except StorageError:
            return ()  # None that was seen: the request finds out what is wrong.
