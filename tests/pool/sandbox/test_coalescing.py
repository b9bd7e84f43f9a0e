"""Coalescing: calls of one key that come while others run are made together, and none is lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

import pytest

from pool.sandbox.coalescing import Coalescing

Take = Callable[[], Sequence[int]]


class Runs:
    """Runs calls when it is told to; the outcome of a call is its double."""

    def __init__(self, most: int = 100) -> None:
        self.coalescing: Coalescing[int, int] = Coalescing()
        self.batches: list[list[int]] = []
        self.outcomes: dict[int, int | str] = {}
        self._most, self._may_run = most, threading.Event()
        self._threads: list[threading.Thread] = []

    def run(self, take: Take) -> Sequence[int]:
        self._may_run.wait()
        calls = list(take())[: self._most]
        self.batches.append(calls)
        if -1 in calls[:1]:
            raise ValueError("refused")
        return [call * 2 for call in calls]

    def start(self, *calls: int) -> None:
        """Each in a thread of its own: the first runs once it may, the others wait for it."""
        for call in calls:
            thread = threading.Thread(target=self._call, args=(call,))
            self._threads.append(thread)
            thread.start()
            while len(self._threads) > 1 and len(self.coalescing._queues["key"]) < len(self._threads) - 1:
                os.sched_yield()

    def _call(self, call: int) -> None:
        try:
            self.outcomes[call] = self.coalescing.call("key", call, self.run)
        except ValueError as ex:
            self.outcomes[call] = str(ex)

    def finish(self) -> None:
        self._may_run.set()
        for thread in self._threads:
            thread.join(timeout=10)
            assert not thread.is_alive()
        assert self.coalescing._queues == {}


def test_calls_that_come_before_the_first_begins_are_made_with_it() -> None:
    runs = Runs()
    runs.start(1, 2, 3)
    runs.finish()
    assert runs.batches == [[1, 2, 3]]
    assert runs.outcomes == {1: 2, 2: 4, 3: 6}


@pytest.mark.parametrize("most", [1, 2])
def test_calls_beyond_one_round_trip_are_made_in_the_next(most: int) -> None:
    runs = Runs(most)
    runs.start(1, 2, 3, 4, 5)
    runs.finish()
    assert [len(batch) for batch in runs.batches] == {1: [1] * 5, 2: [2, 2, 1]}[most]
    assert runs.outcomes == {call: call * 2 for call in range(1, 6)}


def test_a_refusal_is_one_of_all_that_wait() -> None:
    runs = Runs()
    runs.start(-1, 2, 3)
    runs.finish()
    assert runs.outcomes == dict.fromkeys((-1, 2, 3), "refused")


def test_calls_of_other_keys_are_not_waited_for() -> None:
    runs = Runs()
    runs.start(1)
    assert runs.coalescing.call("other", 5, lambda take: [call * 2 for call in take()]) == 10
    runs.finish()


def test_nothing_is_lost_with_many_threads() -> None:
    coalescing: Coalescing[int, int] = Coalescing()
    found: dict[int, int] = {}

    def call(first: int) -> None:
        for number in range(first, first + 200):
            found[number] = coalescing.call(number % 2, number, lambda take: [taken * 2 for taken in take()[:3]])

    threads = [threading.Thread(target=call, args=(1000 * number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {
        1000 * thread + number: 2 * (1000 * thread + number) for thread in range(8) for number in range(200)
    }
