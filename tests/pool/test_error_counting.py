"""What counts as an error against a variable: parties, their networks, pauses, and the same error sent again."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from pool.error_counting import (
    PAUSE_SECONDS,
    adds,
    count_errors,
    error_id,
    is_paused,
    is_under_lease,
    party_of,
    same_error,
)
from pool.peers import Networks, Peer, Peers
from storage import ids
from storage.base import Document

ONE, TWO = "1" * 16, "2" * 16  # Volunteers.
LEASE, OTHER_LEASE = "a" * 16, "b" * 16
TIME = "20141202090909123456-5f3c9a"
AT = 1417511349123  # The same, in milliseconds of the epoch.
_numbers = itertools.count()


def peer(address: str, volunteer: str = "", trusted: str = "") -> Peer:
    return Peers(lambda: "secret", Networks(), Networks(trusted)).of(address, [], volunteer)


def error(value: Any = 1, lease: str | None = LEASE, **fields: Any) -> Document:
    return {"lease": lease, "result": value, **fields}


def identify(party: str, document: Document | None = None, time: str = "") -> str:
    return error_id(time or f"20141202090909{next(_numbers):06}-5f3c9a", party, document or error())


def counted(peers: Sequence[Peer], is_proven: bool = False) -> int:
    return count_errors([identify(party_of(one, is_proven)) for one in peers])


# Parties


@pytest.mark.parametrize(
    ("addresses", "number"),
    [
        ([], 0),
        (["192.0.2.1"], 1),
        (["192.0.2.1"] * 9, 1),
        (["192.0.2.1", "192.0.2.2"], 2),
        (["2001:db8::1", "2001:db8::2"], 1),  # One /64.
        (["2001:db8:0:1::1", "2001:db8:0:2::1"], 2),  # Two of one /48.
        ([f"2001:db8:0:{number}::1" for number in range(1, 9)], 2),
        ([f"2001:db8:{number}::1" for number in range(1, 9)], 8),
        ([f"2001:db8:0:{number}::1" for number in range(1, 9)] + ["192.0.2.1", "2001:db8:1::1"], 4),
        (["", ""], 1),  # Without an address, as behind a Unix socket.
    ],
)
def test_errors_are_counted_by_address_prefix(addresses: list[str], number: int) -> None:
    assert counted([peer(address) for address in addresses]) == number


@pytest.mark.parametrize(
    ("trusted", "is_proven", "number"), [("", False, 1), ("192.0.2.0/24", False, 2), ("", True, 2)]
)
def test_ids_count_in_a_trusted_network_or_once_they_are_proven(trusted: str, is_proven: bool, number: int) -> None:
    assert counted([peer("192.0.2.1", volunteer, trusted) for volunteer in (ONE, TWO)], is_proven) == number


def test_many_ids_of_a_trusted_network_are_many_parties() -> None:
    assert counted([peer("192.0.2.1", f"{number:016}", "192.0.2.0/24") for number in range(20)]) == 20


def test_a_trusted_volunteer_without_an_id_is_its_address() -> None:
    one = peer("192.0.2.1", trusted="192.0.2.0/24")
    assert party_of(one, is_proven=True) == one.prefix


@pytest.mark.parametrize("addresses", [("192.0.2.1", "192.0.2.2"), ("2001:db8:0:1::1", "2001:db8:0:2::1")])
def test_an_id_is_one_party_at_every_address(addresses: tuple[str, str]) -> None:
    assert counted([peer(address, ONE) for address in addresses], is_proven=True) == 1


@pytest.mark.parametrize(
    ("failed", "address", "counts"),
    [
        ([], "192.0.2.1", True),
        (["192.0.2.1"], "192.0.2.1", True),
        (["192.0.2.1", "192.0.2.2"], "192.0.2.3", True),
        (["2001:db8:0:1::1"], "2001:db8:0:2::1", True),
        (["2001:db8:0:1::1", "2001:db8:0:2::1"], "2001:db8:0:2::9", True),
        (["2001:db8:0:1::1", "2001:db8:0:2::1"], "2001:db8:0:3::1", False),
        (["2001:db8:0:1::1", "2001:db8:0:2::1"], "2001:db8:1:1::1", True),
    ],
)
def test_a_third_prefix_of_a_network_adds_no_error(failed: list[str], address: str, counts: bool) -> None:
    known = [identify(peer(one).prefix) for one in failed]
    assert adds(known, peer(address).prefix) is counts


@pytest.mark.parametrize("form", ["2014120209090912345{}-5f3c9a", "20141202090909123456-5f3c9a-{}f3c9a123456"])
def test_errors_of_an_earlier_version_are_parties_of_their_own(form: str) -> None:
    known = [form.format(number) for number in range(3)]
    assert count_errors(known) == 3
    assert count_errors([*known, identify("a" * 12)]) == 4


# The same error


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (error(1), error(1), True),
        (error(1), error(2), False),
        (error(1), error(True), False),
        (error(0), error(False), False),
        (error({"a": 1, "b": 2}), error({"b": 2, "a": 1}), True),
        (error("\ud800"), error("\ud800"), True),
        (error(1), error(1, OTHER_LEASE), False),
        (error(1, None), error(1, None), False),  # Without a lease, two requests are two results.
        (error(failure={"kind": "threw", "message": "no"}), error(failure={"kind": "threw", "message": "no"}), True),
        (error(failure={"kind": "threw", "message": "no"}), error(failure={"kind": "threw", "message": "!"}), False),
    ],
)
def test_the_same_error_under_the_same_lease_is_known(first: Document, second: Document, is_same: bool) -> None:
    known = identify("a" * 12, first)
    assert same_error([identify("b" * 12, error(9, "c" * 16)), known], second) == (known if is_same else None)


def test_a_lease_has_ended_with_any_error_under_it() -> None:
    known = [identify("a" * 12, error(1, OTHER_LEASE)), identify("a" * 12, error(2, LEASE))]
    assert is_under_lease(known, LEASE)
    assert not is_under_lease(known[:1], LEASE)
    assert not is_under_lease([TIME, f"{TIME}-5f3c9a123456"], LEASE)


def test_an_id_of_an_error_is_an_id() -> None:
    assert ids.is_id(identify("a" * 12, time=TIME))


# Pauses


@pytest.mark.parametrize(
    ("party", "seconds", "paused"),
    [
        ("a" * 12, 0, True),
        ("a" * 12, PAUSE_SECONDS - 1, True),
        ("a" * 12, PAUSE_SECONDS, False),
        ("a" * 12, -PAUSE_SECONDS, False),  # The clock was set back.
        ("b" * 12, 0, False),
    ],
)
def test_a_party_that_failed_on_a_variable_waits_before_it_gets_it_again(
    party: str, seconds: int, paused: bool
) -> None:
    assert is_paused([identify("c" * 12), identify("a" * 12, time=TIME)], party, AT + seconds * 1000) is paused


def test_nobody_waits_for_errors_of_an_earlier_version() -> None:
    assert not is_paused([TIME], "a" * 12, AT)
