"""Group commit: of the threads that have something to write at the same time, one writes for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Group(Generic[Item]):
    """`write` is called by one thread at a time, with all items that wait then; its error is raised for each."""

    def __init__(self, write: Callable[[Sequence[Item]], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[_Ticket[Item]] = []
        self._has_leader = False

    def submit(self, item: Item) -> None:
        """Returns when the item has been written."""
        ticket = _Ticket(item)
        with self._lock:
            self._waiting.append(ticket)
            leads, self._has_leader = not self._has_leader, True
        if leads or ticket.wait():
            self._lead()
        if ticket.error is not None:
            raise ticket.error

    def _lead(self) -> None:
        """Writes one group, the leader's own item in it; then whoever came meanwhile leads the next."""
        with self._lock:
            group, self._waiting = self._waiting, []
        error: BaseException | None = None
        try:
            self._write([ticket.item for ticket in group])
        except BaseException as ex:  # Raised again by each thread that waits for it.
            error = ex
        with self._lock:
            successor = self._waiting[0] if self._waiting else None
            self._has_leader = successor is not None
        for ticket in group:
            ticket.finish(error)
        if successor is not None:
            successor.promote()


class _Ticket(Generic[Item]):
    def __init__(self, item: Item) -> None:
        self.item = item
        self.error: BaseException | None = None
        self._leads = False
        # A bare lock costs a fraction of an Event.
        self._called = threading.Lock()
        self._called.acquire()

    def wait(self) -> bool:
        """Returns whether this thread is to lead; otherwise its item has been written."""
        self._called.acquire()
        return self._leads

    def promote(self) -> None:
        self._leads = True
        self._called.release()

    def finish(self, error: BaseException | None) -> None:
        # An error of its own, since each thread adds its traceback.
        self.error = type(error)(*error.args) if error is not None else None
        # A leader does not wait for itself, and is never called twice.
        self._called.release()
