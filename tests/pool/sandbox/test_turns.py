"""Turns: the order of calls that wait, which calls are refused, and what is remembered."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from pool.sandbox.turns import LONG_WAIT_SECONDS, MAX_KNOWN, SandboxBusy, Share, Turns
from storage.clock import Clock

ONE, TWO, THREE = (Share(name, "job") for name in ("one", "two", "three"))
FAST, SLOW = 0.001, 0.2


class StillClock(Clock):
    """Its time moves when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


class Running:
    """Calls in threads of their own, each running until it is told to end."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._ends: dict[str, threading.Event] = {}
        self._threads: dict[str, threading.Thread] = {}
        self.began: list[str] = []
        self._changed = threading.Condition()

    def enter(self, name: str, share: Share, function: str) -> None:
        """Returns once the call runs or waits."""
        end = self._ends[name] = threading.Event()

        def call() -> None:
            with self._turns.turn(share, function) as turn:
                turn.started = self._turns._clock.monotonic()
                with self._changed:
                    self.began.append(name)
                    self._changed.notify_all()
                end.wait()

        before = self._count()
        thread = self._threads[name] = threading.Thread(target=call)
        thread.start()
        while self._count() == before:
            os.sched_yield()

    def _count(self) -> int:
        return len(self._turns._running) + len(self._turns._waiting)

    def wait_until_began(self, *names: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: set(names) <= set(self.began), timeout=10)

    def end(self, name: str) -> None:
        self._ends[name].set()
        self._threads[name].join()

    def end_all(self) -> None:
        for end in self._ends.values():
            end.set()
        for thread in self._threads.values():
            thread.join()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def turns(clock: StillClock) -> Turns:
    made = Turns(places=3, max_long_waits=4, queue_seconds=20, clock=clock)
    for _ in range(30):
        made.note("fast", FAST)
        made.note("slow", SLOW)
    return made


@pytest.fixture
def running(turns: Turns, request: pytest.FixtureRequest) -> Running:
    made = Running(turns)
    request.addfinalizer(made.end_all)
    return made


def test_the_next_turn_is_of_the_party_that_has_used_least(running: Running, clock: StillClock) -> None:
    running.enter("a", ONE, "fast")
    running.enter("b", TWO, "fast")
    running.enter("c", THREE, "fast")
    for name, share in (("one", ONE), ("two", TWO)):
        running.enter(name, share, "fast")
    clock.seconds += 1
    running.end("b")
    running.wait_until_began("two")
    clock.seconds += 5
    running.end("c")
    running.end("a")
    running.wait_until_began("one")


def test_a_party_that_comes_later_does_not_wait_for_the_queue_of_another(running: Running, clock: StillClock) -> None:
    places = [Share("queue", "a"), Share("queue", "b"), TWO]
    for number, share in enumerate(places):
        running.enter(f"running {number}", share, "fast")
    for number in range(5):
        running.enter(f"queued {number}", Share("queue", "c"), "fast")
    running.enter("later", THREE, "fast")
    clock.seconds += 1
    running.end("running 0")
    running.wait_until_began("later")
    assert not [name for name in running.began if name.startswith("queued")]


def test_jobs_of_a_party_get_equal_turns(running: Running, clock: StillClock) -> None:
    running.enter("first of a", Share("owner", "a"), "fast")
    running.enter("other", Share("owner", "other"), "fast")
    for number in range(3):
        running.enter(f"a {number}", Share("owner", "a"), "fast")
    clock.seconds += 1
    running.enter("b", Share("owner", "b"), "fast")
    running.end("first of a")
    running.wait_until_began("b")
    assert "a 0" not in running.began


def test_one_place_is_for_fast_calls_alone(turns: Turns, running: Running) -> None:
    running.enter("slow one", ONE, "slow")
    running.enter("slow two", TWO, "slow")
    running.enter("slow three", THREE, "slow")
    with turns.turn(Share("four", "job"), "fast"):
        assert sorted(running.began) == ["slow one", "slow two"]


def test_unknown_functions_of_a_party_leave_that_place_free(turns: Turns, running: Running) -> None:
    running.enter("one", ONE, "unknown")
    running.enter("two", TWO, "another")
    running.enter("three", Share("one", "third"), "more")
    assert len(turns._running) == 2
    with turns.turn(THREE, "first call of its party"):
        pass


def test_any_number_of_fast_calls_may_wait(running: Running) -> None:
    for number in range(100):
        running.enter(f"call {number}", ONE, "fast")
    assert len(running._threads) == 100


def test_a_call_that_must_wait_beyond_the_limit_is_refused_at_once(turns: Turns, clock: StillClock) -> None:
    for _ in range(30):
        turns.note("very slow", 30)
    with turns.turn(ONE, "very slow") as turn:
        turn.started = clock.monotonic()
        with pytest.raises(SandboxBusy) as caught, turns.turn(ONE, "fast"):
            pass
    assert caught.value.retry_seconds == pytest.approx(30, abs=1)


def test_few_threads_wait_for_slow_calls(turns: Turns, running: Running) -> None:
    running.enter("running", ONE, "slow")
    assert turns.expected("slow") == pytest.approx(SLOW, abs=0.01)
    # The first would wait for one slow call, the next for two: longer than LONG_WAIT_SECONDS.
    assert SLOW <= LONG_WAIT_SECONDS < 2 * SLOW
    for number in range(5):
        running.enter(f"waiting {number}", ONE, "slow")
    with pytest.raises(SandboxBusy), turns.turn(ONE, "slow"):
        pass
    # Who does not wait for them is not refused.
    with turns.turn(TWO, "fast"):
        pass


def test_a_call_that_takes_longer_than_expected_counts_with_its_time_so_far(turns: Turns, clock: StillClock) -> None:
    with turns.turn(ONE, "fast") as turn:
        turn.started = clock.monotonic()
        clock.seconds += 25
        with pytest.raises(SandboxBusy), turns.turn(ONE, "fast"):
            pass


def test_the_start_of_a_child_does_not_count_as_the_time_of_a_call(running: Running, clock: StillClock) -> None:
    running.enter("starting", ONE, "fast")
    running.wait_until_began("starting")
    (turn,) = running._turns._running
    turn.started = 0.0
    clock.seconds += 25
    running.enter("waiting", ONE, "fast")
    assert len(running._turns._waiting) == 1


def test_nothing_is_remembered_of_parties_without_calls(turns: Turns) -> None:
    for number in range(1000):
        with turns.turn(Share(f"party {number}", f"job {number}"), "fast"):
            pass
    with turns.turn(ONE, "fast"):
        for number in range(1000):
            with turns.turn(Share("one", f"job {number}"), "fast"):
                pass
    assert (turns._used._parties._used, dict(turns._used._jobs)) == ({}, {})


def test_the_durations_of_a_limited_number_of_functions_are_known() -> None:
    turns = Turns(places=3, max_long_waits=4, queue_seconds=1, clock=Clock())
    for number in range(MAX_KNOWN + 10):
        turns.note(number, 1)
    assert len(turns._durations._seconds) == MAX_KNOWN


@pytest.mark.parametrize(
    "make",
    [
        lambda number: Share("one", "job"),
        lambda number: Share("one", f"job {number}"),
        lambda number: Share(f"anonymous {number}", "job", is_anonymous=True),
        lambda number: Share(f"owner {number}", "flow", is_background=True),
    ],
    ids=["one job", "one party", "strangers", "flows"],
)
def test_a_place_is_left_to_others(turns: Turns, running: Running, make: Callable[[int], Share]) -> None:
    for number in range(4):
        running.enter(f"call {number}", make(number), "fast")
    with ExitStack() as stack:
        stack.enter_context(turns.turn(Share("other", "job"), "fast"))
    assert len(turns._running) < 3
