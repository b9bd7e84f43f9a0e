"""Pairing: who may give the next answer to a variable that has one, so that accomplices can't meet there by choice.

The parties that compute a job at present are points on a ring of keyed hashes, and so is each variable. A further
answer is for the first party behind the variable, without those that have answered: whoever leases again and again, or
computes a hundred times as fast, is no more likely to be that party. While it does not come, others are let in, one for
each length of a lease that the variable has waited.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Protocol

from storage.clock import Clock

# Of each party: with one, a party would often have several times the share of another.
POINTS = 16
RING = 1 << 64
RING_SECONDS, RINGS_KEPT = 1.0, 100
Point = tuple[int, str]


class Ring:
    def __init__(self, parties: Iterable[str], points_of: Callable[[str], Iterable[int]]) -> None:
        self._points: list[Point] = sorted((point, party) for party in parties for point in points_of(party))

    def after(self, place: int) -> Iterator[Point]:
        """The points and their parties from `place` on, clockwise, once around."""
        start, count = bisect.bisect_left(self._points, (place, "")), len(self._points)
        for index in range(start, start + count):
            yield self._points[index % count]


class HasPresence(Protocol):
    def present(self, job_uid: str) -> Collection[str]:
        """The parties that compute a job at present."""


class Pairing:
    def __init__(self, standing: HasPresence, clock: Clock, read_secret: Callable[[], str]) -> None:
        self._standing, self._clock, self._read_secret = standing, clock, read_secret
        self._rings: dict[str, tuple[float, Ring]] = {}

    def is_turn(self, job_uid: str, variable_id: str, party: str, answered: Collection[str], turns: int) -> bool:
        """Whether a party is among the first `turns` that may answer a variable, beside those that have `answered`."""
        place = self._place(f"{job_uid}/{variable_id}")
        distance = min((point - place) % RING for point in self._points(party))
        earlier: set[str] = set()
        for point, other in self._ring(job_uid).after(place):
            if (point - place) % RING >= distance:
                return True
            if other != party and other not in answered:
                earlier.add(other)
                if len(earlier) >= turns:
                    return False
        return True

    def first(self, job_uid: str, variable_id: str, count: int) -> Collection[str]:
        """The first so many parties behind a variable."""
        found: dict[str, None] = {}
        for _, party in self._ring(job_uid).after(self._place(f"{job_uid}/{variable_id}")):
            found[party] = None
            if len(found) >= count:
                break
        return found

    def _ring(self, job_uid: str) -> Ring:
        """The parties as of a second ago, in the memory of this process."""
        now = self._clock.monotonic()
        made, ring = self._rings.get(job_uid, (float("-inf"), Ring((), self._points)))
        if not 0 <= now - made < RING_SECONDS:
            ring = Ring(self._standing.present(job_uid), self._points)
            if len(self._rings) >= RINGS_KEPT:
                self._rings.clear()
            self._rings[job_uid] = (now, ring)
        return ring

    @functools.lru_cache(maxsize=10_000)  # noqa: B019  # one instance per process
    def _points(self, party: str) -> tuple[int, ...]:
        return tuple(self._place(f"{party}/{number}") for number in range(POINTS))

    def _place(self, text: str) -> int:
        return int.from_bytes(
            hashlib.blake2b(text.encode(), digest_size=8, key=self._secret, person=b"pairing").digest(), "big"
        )

    @functools.cached_property
    def _secret(self) -> bytes:
        return self._read_secret().encode()[:64]
