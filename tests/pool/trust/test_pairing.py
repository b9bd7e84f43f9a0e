"""Whose turn the next answer to a variable is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from pool.trust.pairing import Pairing
from storage.clock import ManualClock

NAMES = [f"v{number}" for number in range(600)]
PARTIES = ("one", "two", "three", "four", "five")


class Present:
    """The parties that compute a job."""

    def __init__(self, parties: Iterable[str]) -> None:
        self.parties = frozenset(parties)

    def present(self, _job_uid: str) -> frozenset[str]:
        return self.parties


def pairing(parties: Iterable[str] = PARTIES) -> Pairing:
    return Pairing(Present(parties), ManualClock(), lambda: "a secret")


def turns_of(pairs: Pairing, answered: set[str], turns: int = 1) -> Counter[str]:
    return Counter(party for name in NAMES for party in PARTIES if pairs.is_turn("job", name, party, answered, turns))


def test_each_variable_is_the_turn_of_one_party() -> None:
    pairs = pairing()
    for name in NAMES:
        assert sum(pairs.is_turn("job", name, party, {"one"}, 1) for party in PARTIES[1:]) == 1


def test_the_shares_of_all_parties_are_about_the_same() -> None:
    shares = turns_of(pairing(), set())
    assert all(len(NAMES) / 10 < shares[party] < len(NAMES) / 2.5 for party in PARTIES)


def test_who_has_answered_keeps_nobody_waiting() -> None:
    assert pairing().is_turn("job", "v0", "five", set(PARTIES[:4]), 1)


def test_with_each_further_turn_one_party_more_may_answer() -> None:
    pairs = pairing()
    for turns in (1, 2, 3, 4, 5):
        assert sum(turns_of(pairs, set(), turns).values()) == turns * len(NAMES)


def test_a_party_that_is_not_present_yet_has_its_share() -> None:
    pairs = pairing(PARTIES[:4])
    share = sum(pairs.is_turn("job", name, "five", set(), 1) for name in NAMES)
    assert len(NAMES) / 10 < share < len(NAMES) / 2.5


@pytest.mark.parametrize("present", [(), ("five",)])
def test_where_nobody_else_computes_it_is_ones_turn(present: tuple[str, ...]) -> None:
    assert turns_of(pairing(present), set())["five"] == len(NAMES)


def test_the_turns_of_a_party_differ_from_job_to_job() -> None:
    pairs = pairing()
    assert len({tuple(pairs.is_turn(job, name, "one", set(), 1) for name in NAMES) for job in ("a", "b")}) == 2
