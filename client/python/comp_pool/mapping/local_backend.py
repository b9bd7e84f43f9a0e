"""Items computed by this computer alone, in the sandbox of the native volunteer."""

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import MEBIBYTE, Executor, Unit
from comp_pool.mapping.inbox import Inbox, Page
from comp_pool.mapping.items import Item, Outcome
from comp_pool.seeds import unit_seed

UNIT_SECONDS = 3600.0


@dataclass(frozen=True)
class Limits:
    """The time limit of an attempt, and the attempts at an item that fails."""

    seconds: float = UNIT_SECONDS
    attempts: int = 1


class LocalBackend:
    """Computes in as many processes as there are workers.

    `job` is the id that the job has in a pool: its random numbers are the same there.
    """

    can_fetch = False

    def __init__(self, job: str, source: str, inbox: Inbox, workers: int, limits: Limits) -> None:
        self._job, self._source, self._inbox, self._limits = job, source, inbox, limits
        self._items: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._executors = [Executor(memory_bytes=512 * MEBIBYTE) for _ in range(workers)]
        self._threads = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in self._executors]
        self._is_closed = False

    def add(self, items: Sequence[Item]) -> list[Outcome]:
        """Queue items."""
        for item in items:
            self._items.put(item)
        return []

    def start(self) -> None:
        """Start the processes."""
        for thread in self._threads:
            thread.start()

    def retry(self, _item: Item, _outcome: Outcome) -> bool:
        """Nothing is known from before."""
        return False

    def rewind(self) -> None:
        """Nothing is known from before."""

    def next_page(self) -> None:
        """Pages come as they are: there is never more than what was read ahead."""

    def fetch(self, _variable_id: str) -> Outcome | None:
        """Nothing is stored."""
        return None

    def withdraw(self, _items: Sequence[Item]) -> None:
        """The processes end with the run."""

    def close(self) -> None:
        """End the processes."""
        self._is_closed = True
        for executor in self._executors:
            self._items.put(None)
            executor.cancel()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _work(self, executor: Executor) -> None:
        try:
            with executor:
                while not self._is_closed and (item := self._items.get()) is not None:
                    self._inbox.put(Page([self._outcome(executor, item)]))
        except Exception as ex:
            # The run would wait for its outcome for good.
            self._inbox.put(ex)

    def _outcome(self, executor: Executor, item: Item) -> Outcome:
        unit = Unit(self._job, self._source, item.value, seed=unit_seed(self._job, item.variable))
        for _ in range(self._limits.attempts):
            started = time.time()
            try:
                computed = executor.compute(unit, Deadline(self._limits.seconds))
            except JobError as ex:
                outcome = _failure(item, ex, started)
                if not ex.is_fault_of_job:
                    break
            else:
                times = (started, computed.seconds)
                return Outcome(item.variable, "done", computed.result, "", computed.console, "", *times)
        return outcome


def _failure(item: Item, ex: JobError, started: float) -> Outcome:
    reason = f"{ex.kind}: {ex.message}"
    return Outcome(item.variable, "failed", "", reason, ex.console, "", started, time.time() - started)
