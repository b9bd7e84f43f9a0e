"""Coalescing: calls of one function that come while another of it runs are made together, in one round trip.

As in a group commit, the first to come makes the calls of those that came meanwhile, and the first of those that come
later takes over: each thread wakes once, and the child does not sleep in between.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Call = TypeVar("Call")
Outcome = TypeVar("Outcome")


@dataclass(eq=False)
class _Ticket(Generic[Call, Outcome]):
    call: Call
    outcomes: list[Outcome] = field(default_factory=list)
    failure: Exception | None = None
    # Released with the outcome or failure, or to take over.
    wakes: threading.Lock = field(default_factory=threading.Lock)


class Coalescing(Generic[Call, Outcome]):
    """Makes calls of one key together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[Hashable, list[_Ticket[Call, Outcome]]] = {}

    def call(
        self, key: Hashable, call: Call, run: Callable[[Callable[[], Sequence[Call]]], Sequence[Outcome]]
    ) -> Outcome:
        """Returns the outcome of the call, made by `run` in this thread or in another.

        `run` gets a function that returns the calls to make, to be called at the last moment; it returns the outcomes
        of as many of the first as it likes, at least one. What it raises is raised for all calls that wait: they have
        waited for the same.
        """
        ticket: _Ticket[Call, Outcome] = _Ticket(call)
        if not self._is_first(key, ticket):
            ticket.wakes.acquire()
            if ticket.failure is not None:
                raise ticket.failure
            if ticket.outcomes:
                return ticket.outcomes[0]
        taken = [ticket]

        def take() -> Sequence[Call]:
            with self._lock:
                taken.extend(self._queues[key])
                self._queues[key] = []
            return [other.call for other in taken]

        try:
            outcomes = run(take)
        except Exception as ex:
            self._fail(key, taken, ex)
            raise
        self._hand_over(key, taken, outcomes)
        return outcomes[0]

    def _is_first(self, key: Hashable, ticket: _Ticket[Call, Outcome]) -> bool:
        with self._lock:
            queue = self._queues.get(key)
            if queue is None:
                self._queues[key] = []
                return True
            ticket.wakes.acquire()
            queue.append(ticket)
            return False

    def _fail(self, key: Hashable, taken: list[_Ticket[Call, Outcome]], failure: Exception) -> None:
        with self._lock:
            waiting = taken[1:] + self._queues.pop(key)
        for ticket in waiting:
            ticket.failure = failure
            ticket.wakes.release()

    def _hand_over(self, key: Hashable, taken: list[_Ticket[Call, Outcome]], outcomes: Sequence[Outcome]) -> None:
        for ticket, outcome in zip(taken[1:], outcomes[1:], strict=False):
            ticket.outcomes.append(outcome)
            ticket.wakes.release()
        with self._lock:
            # Those without an outcome come before who came meanwhile. The first of them takes over.
            queue = taken[len(outcomes) :] + self._queues[key]
            if not queue:
                del self._queues[key]
                return
            self._queues[key] = queue[1:]
        queue[0].wakes.release()
