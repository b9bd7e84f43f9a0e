"""Ids: which are refused, and what the pool's own look like."""

from __future__ import annotations

import re

import pytest

from storage.clock import ManualClock
from storage.errors import InvalidId
from storage.ids import RULE, check_id, check_variable_id, is_id, timed_id
from tests.storage.helpers import FixedClock

MOMENT = FixedClock(1_417_511_349_123_456)  # 2014-12-02 09:09:09.123456
HOSTILE = [
    "",
    "..",
    ".",
    "...",
    ".hidden",
    "../../secrets/operator.key",
    "..\\..\\secrets",
    "a/b",
    "/etc/passwd",
    "\0",
    "one\0",
    "one\0.json",
    "\r\nX-Injected: yes",
    "a\nb",
    "a\n",
    "UPPER",
    "One",
    "ünï",
    "\ufffd",
    "\u202eeno",
    "a b",
    "-first",
    "_first",
    "~",
    "a@b",
    "a:b",
    "*",
    "one;x=1",
    "{}",
    "%s%n",
    "٣",
    "x" * 101,
    "x" * 300,
    "x" * 5000,
    "🏊" * 60,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_no_id(name: str) -> None:
    assert not is_id(name)
    for check in (lambda: check_id(name, "job"), lambda: check_variable_id(name)):
        with pytest.raises(InvalidId) as caught:
            check()
        assert RULE in str(caught.value)


def test_the_error_has_the_kind_and_the_name() -> None:
    with pytest.raises(InvalidId, match="scheduler id") as caught:
        check_id("UPPER", "scheduler")
    assert caught.value.identifier == "UPPER"


@pytest.mark.parametrize("name", ["a", "0", "a.b", "a_b-c", "x" * 100, "con", "a..b", "job.json", "20141202090909"])
def test_a_valid_id_is_returned_unchanged(name: str) -> None:
    assert is_id(name)
    assert check_id(name, "job") == check_variable_id(name) == name


def test_index_is_not_the_id_of_a_variable() -> None:
    assert check_id("index", "job") == "index"
    with pytest.raises(InvalidId, match="'index' is reserved"):
        check_variable_id("index")


def test_a_timed_id_begins_with_the_time_to_the_microsecond() -> None:
    assert re.fullmatch(r"20141202090909123456-[0-9a-f]{6}", timed_id(MOMENT))
    assert is_id(timed_id(MOMENT))


def test_two_ids_of_one_microsecond_differ() -> None:
    assert timed_id(MOMENT) != timed_id(MOMENT)


def test_timed_ids_sort_by_age() -> None:
    clock = ManualClock()
    made = [timed_id(clock) for _ in range(100)]
    assert made == sorted(made)
