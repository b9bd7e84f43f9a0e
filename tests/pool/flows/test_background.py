"""The background thread: owners take turns, a flow with work left comes back, nobody waits for flows of others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from pool.flows.background import Background


class Turns:
    """Records the turns; the first is held until `release` is called, so that flows can be added meanwhile."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.turns_left: dict[str, int] = {}
        self.background = Background(self._take)
        self._has_begun, self._released = threading.Event(), threading.Event()

    def _take(self, flow_id: str) -> bool:
        self._has_begun.set()
        self._released.wait(20)
        self.taken.append(flow_id)
        self.turns_left[flow_id] = self.turns_left.get(flow_id, 1) - 1
        return self.turns_left[flow_id] > 0

    def begin(self, flow_id: str, owner: str) -> None:
        self.background.add(flow_id, owner)
        self._has_begun.wait(20)

    def release(self) -> None:
        self._released.set()

    def all(self) -> list[str]:
        self.release()
        self.background.finish()
        return self.taken


@pytest.fixture
def turns() -> Iterator[Turns]:
    turns = Turns()
    yield turns
    turns.release()
    turns.background.close()


def test_owners_take_turns(turns: Turns) -> None:
    turns.begin("a1", "a")
    for flow_id in ("a2", "a3", "a4", "b1"):
        turns.background.add(flow_id, flow_id[0])
    assert turns.all() == ["a1", "a2", "b1", "a3", "a4"]


def test_a_flow_with_work_left_comes_back_behind_others(turns: Turns) -> None:
    turns.turns_left = {"a1": 3}
    turns.begin("a1", "a")
    turns.background.add("b1", "b")
    assert turns.all() == ["a1", "b1", "a1", "a1"]


def test_a_flow_added_while_it_is_advanced_is_advanced_once_more(turns: Turns) -> None:
    turns.begin("a1", "a")
    for _ in range(3):
        turns.background.add("a1", "a")
    assert turns.all() == ["a1", "a1"]


@pytest.mark.parametrize("add", [lambda turns: None, lambda turns: turns.background.add("b1", "b")])
def test_nobody_waits_for_flows_that_are_not_theirs(turns: Turns, add: Callable[[Turns], None]) -> None:
    turns.begin("a1", "a")
    add(turns)
    turns.background.wait(["c1"])
    assert turns.taken == []


def test_a_wait_ends_when_its_flows_have_been_advanced(turns: Turns) -> None:
    turns.begin("a1", "a")
    turns.background.add("b1", "b")
    turns.release()
    turns.background.wait(["b1"], 20)
    assert turns.taken == ["a1", "b1"]


def test_a_wait_ends_after_its_time(turns: Turns) -> None:
    turns.begin("a1", "a")
    turns.background.wait(["a1"], 0.01)
    assert turns.taken == []


def test_a_closed_background_ends_after_its_turn(turns: Turns) -> None:
    turns.begin("a1", "a")
    turns.background.add("a2", "a")
    closing = threading.Thread(target=turns.background.close)
    closing.start()
    turns.release()
    closing.join(20)
    assert turns.background.is_idle()
    assert turns.taken[0] == "a1"


def test_the_thread_ends_without_work_and_starts_again(turns: Turns) -> None:
    turns.release()
    for flow_id in ("a1", "a2"):
        turns.background.add(flow_id, "a")
        turns.background.finish()
    assert turns.taken == ["a1", "a2"]
