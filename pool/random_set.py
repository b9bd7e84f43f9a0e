"""A set from which a random choice costs the same however large it is."""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Iterator, Sequence


class RandomSet:
    def __init__(self) -> None:
        self._items: list[str] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item: str) -> bool:
        return item in self._places

    def __getitem__(self, place: int) -> str:
        return self._items[place]

    def add(self, item: str) -> None:
        if item not in self._places:
            self._places[item] = len(self._items)
            self._items.append(item)

    def discard(self, item: str) -> None:
        place = self._places.pop(item, None)
        if place is None:
            return
        # The last one takes its place: nothing is moved else.
        last = self._items.pop()
        if last != item:
            self._items[place] = last
            self._places[last] = place


def draw(sets: Sequence[Sequence[str] | RandomSet], count: int) -> list[str]:
    """Up to `count` different items of disjoint sets, each item as likely as any other."""
    ends = list(itertools.accumulate(map(len, sets)))
    total = ends[-1] if ends else 0
    return list(_items(sets, ends, random.sample(range(total), min(count, total))))


def _items(sets: Sequence[Sequence[str] | RandomSet], ends: Sequence[int], numbers: Sequence[int]) -> Iterator[str]:
    for number in numbers:
        place = bisect.bisect_right(ends, number)
        yield sets[place][number - (ends[place - 1] if place else 0)]
