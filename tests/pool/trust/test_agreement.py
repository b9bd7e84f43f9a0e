"""Agreement of answers, trust after many confirmed ones, and batches of results to be audited."""

from __future__ import annotations

import random
from operator import eq

import pytest

from pool.trust.adaptive import is_trusted
from pool.trust.agreement import Answer, decide, groups, is_independent
from pool.trust.audits import HeldResult, closed_batches, draw
from pool.trust.policy import Policy

NOW = 1_000_000


def answers(values: str) -> list[Answer]:
    return [
        Answer(str(number), f"volunteer {number}", f"address {number}", value) for number, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "quorum", "most", "kind", "agreed"),
    [
        ("a", 2, 5, "ask", ""),
        ("aa", 2, 5, "accept", "01"),
        ("ab", 2, 5, "ask", ""),
        ("aba", 2, 5, "accept", "02"),
        ("abcd", 2, 4, "park", ""),
        ("abca", 2, 4, "accept", "03"),
        ("ababa", 3, 6, "accept", "024"),
        ("aabb", 3, 4, "park", ""),
    ],
)
def test_a_decision(values: str, quorum: int, most: int, kind: str, agreed: str) -> None:
    decision = decide(answers(values), eq, quorum, most)
    assert (decision.kind, "".join(answer.result_id for answer in decision.agreed)) == (kind, agreed)


def test_one_volunteer_agrees_with_itself_once() -> None:
    twice = [Answer("0", "same", "here", "a"), Answer("1", "same", "there", "a")]
    assert decide(twice, eq, 2, 5).kind == "ask"


def test_answers_are_compared_with_the_first_of_a_group() -> None:
    near = [Answer(str(value), str(value), str(value), value) for value in (1.0, 1.4, 1.8)]
    found = groups(near, lambda one, other: abs(one - other) < 0.5)
    assert [[answer.value for answer in group] for group in found] == [[1.0, 1.4], [1.8]]


@pytest.mark.parametrize(
    ("volunteer", "prefix", "seconds", "may_answer"),
    [
        ("other", "there", 0, True),
        ("same", "there", 9999, False),
        ("other", "here", 0, False),
        ("other", "here", 100, True),
    ],
)
def test_who_may_answer_beside_another(volunteer: str, prefix: str, seconds: int, may_answer: bool) -> None:
    known = [Answer("0", "same", "here", "a", NOW)]
    assert is_independent(known, volunteer, prefix, NOW + seconds * 1000, 100) is may_answer


@pytest.mark.parametrize(
    ("consecutive", "drawn", "trusted"), [(0, 1.0, False), (9, 1.0, False), (10, 0.11, True), (10, 0.1, False)]
)
def test_trust_after_confirmed_answers(consecutive: int, drawn: float, trusted: bool) -> None:
    assert is_trusted(consecutive, 10, drawn) is trusted


def held(count: int, volunteer: str = "a", **fields: float) -> list[HeldResult]:
    return [
        HeldResult(f"v{number}", f"{volunteer}{number:03}", volunteer, NOW + number, **fields)
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "idle", "sizes"), [(19, False, []), (20, False, [20]), (45, False, [20, 20]), (45, True, [20, 20, 5])]
)
def test_a_batch_is_closed_when_it_is_full_or_its_volunteer_is_silent(count: int, idle: bool, sizes: list[int]) -> None:
    now = NOW + count + (60_000 if idle else 0)
    assert [len(batch) for batch in closed_batches(held(count), Policy("audit"), now)] == sizes


def test_batches_are_of_one_volunteer() -> None:
    mixed = [result for pair in zip(held(20), held(20, "b"), strict=True) for result in pair]
    batches = closed_batches(mixed, Policy("audit"), NOW)
    assert [{result.volunteer for result in batch} for batch in batches] == [{"a"}, {"b"}]


def test_each_result_of_a_batch_is_drawn_as_often() -> None:
    generator, batch = random.Random(1), held(20)
    drawn = [draw(batch, 1, generator)[0].variable_id for _ in range(4000)]
    assert {drawn.count(result.variable_id) // 100 for result in batch} <= {1, 2}


def test_all_are_drawn_of_a_batch_that_is_smaller_than_the_checks() -> None:
    assert len(draw(held(5), 10, random.Random(1))) == 5


def test_one_more_is_drawn_of_those_that_came_too_fast() -> None:
    batch = [*held(19, run_seconds=10.0), HeldResult("fast", "fast", "a", NOW, 0.4)]
    assert all("fast" in {result.variable_id for result in draw(batch, 1, random.Random(n), 10.0)} for n in range(20))
    assert len(draw(batch, 1, random.Random(1), 1.0)) == 1
