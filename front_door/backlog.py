"""The requests that wait for a thread: those that end what was begun come first, and nobody waits in vain."""

from __future__ import annotations

import re
import threading
from collections import deque
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from front_door.limits import Limits

# Posting a result, reporting a failure, extending a lease or giving it back: work that would be lost.
_BEGUN = re.compile(r"/(?:results?|reports|lease)/?")
_WORK = re.compile(r"/(?:jobs|flows)(?:/|$)")


class Waiting(Protocol):
    """`waits_until` is a time of the monotonic clock, after which the request is refused."""

    waits_until: float
    is_begun: bool


Item = TypeVar("Item", bound=Waiting)


def is_begun(method: str, path: str) -> bool:
    """Whether a request ends or continues what a lease began."""
    return method in ("POST", "DELETE") and _BEGUN.fullmatch(path, path.rstrip("/").rfind("/")) is not None


def patience(path: str, is_begun: bool, limits: Limits) -> float:
    """How long a request may wait for a thread. Pages need all of their modules: those wait for longer."""
    return limits.wait_for_work if _WORK.search(path) and not is_begun else limits.wait


class Backlog(Generic[Item]):
    """A queue for threads. `put` and `refused` are called by the loop, `take` by the threads."""

    def __init__(self) -> None:
        self._begun: deque[Item] = deque()
        self._others: deque[Item] = deque()
        self._lock = threading.Lock()
        # One for each item: waiting for it is cheaper than for a condition.
        self._tickets: SimpleQueue[bool] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._begun) + len(self._others)

    def put(self, item: Item) -> None:
        with self._lock:
            (self._begun if item.is_begun else self._others).append(item)
        self._tickets.put(True)

    def take(self) -> Item | None:
        """The next item; waits for one. None once the backlog has been closed."""
        while self._tickets.get():
            with self._lock:
                waiting = self._begun or self._others
                if waiting:
                    return waiting.popleft()
        return None

    def close(self, threads: int) -> None:
        for _ in range(threads):
            self._tickets.put(False)

    def refused(self, now: float) -> list[Item]:
        """Removes and returns those that have waited for too long."""
        with self._lock:
            expired = [item for item in (*self._begun, *self._others) if item.waits_until < now]
            for item in expired:
                (self._begun if item.is_begun else self._others).remove(item)
        return expired
