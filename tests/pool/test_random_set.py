"""Sets with a random choice."""

from __future__ import annotations

from collections import Counter

import pytest

from pool.random_set import RandomSet, draw


def random_set(*items: str) -> RandomSet:
    made = RandomSet()
    for item in items:
        made.add(item)
    return made


def test_an_item_is_in_it_once() -> None:
    assert sorted(draw([random_set("a", "b", "a")], 9)) == ["a", "b"]


@pytest.mark.parametrize("removed", ["a", "b", "c", "missing"])
def test_a_discarded_item_is_gone(removed: str) -> None:
    made = random_set("a", "b", "c")
    made.discard(removed)
    assert sorted(draw([made], 9)) == sorted({"a", "b", "c"} - {removed})
    assert removed not in made


def test_an_item_can_be_added_again() -> None:
    made = random_set("a", "b")
    made.discard("a")
    made.add("a")
    assert (len(made), sorted(draw([made], 9))) == (2, ["a", "b"])


def test_no_item_is_drawn_twice() -> None:
    assert sorted(draw([random_set("a", "b"), random_set("c")], 3)) == ["a", "b", "c"]


def test_each_item_of_all_sets_is_as_likely() -> None:
    sets = [random_set("a"), random_set(), random_set("b", "c", "d")]
    counts = Counter(draw(sets, 1)[0] for _ in range(4000))
    assert all(800 < counts[item] < 1200 for item in "abcd")


@pytest.mark.parametrize("sets", [[], [random_set()]])
def test_of_nothing_nothing_is_drawn(sets: list[RandomSet]) -> None:
    assert draw(sets, 5) == []
