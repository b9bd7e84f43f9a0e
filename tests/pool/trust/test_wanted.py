"""The variables that want a further answer, by whose turn it is."""

from __future__ import annotations

import pytest

from app import Pool
from pool.keys import Caller
from pool.trust import wanted
from pool.trust.pairing import Pairing
from pool.trust.wanted import Wanted
from pool.variables import Volunteer
from storage.clock import ManualClock
from tests.pool.trust.helpers import JOB, compute, post_job, volunteer

ONE, TWO, THREE = (volunteer(number) for number in (1, 2, 3))


@pytest.fixture
def index(parts: Pool, operator: Caller) -> Wanted:
    """Of a job of nine variables: one volunteer has answered seven, and two others hold one each."""
    post_job(parts, operator, 9, trust={"policy": "quorum"})
    for peer in (TWO, THREE):
        assert parts.variables.lease(JOB, Volunteer(peer)) is not None
    assert len(compute(parts, ONE, 9)) == 7
    return Wanted(parts.store, Pairing(parts.standing, parts.store.clock, lambda: "a secret"))


def answered(parts: Pool) -> list[str]:
    return parts.store.held.wanting(JOB, 100)


def test_what_wants_an_answer_is_for_one_of_those_that_have_given_none(parts: Pool, index: Wanted) -> None:
    job = parts.jobs.get(JOB)
    for name in answered(parts):
        given = {ONE.prefix, ONE.volunteer}
        assert sum(index.may_answer(job, name, peer.prefix, given) for peer in (TWO, THREE)) == 1


def test_each_party_finds_some_of_those_that_are_for_it(
    parts: Pool, index: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = parts.jobs.get(JOB)
    found = {name for peer in (TWO, THREE) for name in index.some_of(job, peer.prefix)}
    assert found == set(answered(parts))
    monkeypatch.setattr(wanted, "TRIED", 1)
    assert len(index.some_of(job, TWO.prefix)) <= 1


def test_a_variable_without_answers_is_for_everybody(parts: Pool, index: Wanted) -> None:
    items = parts.variables.page(JOB, None, 100).items
    unanswered = [item["variable"] for item in items if item["state"] == "leased"]
    assert len(unanswered) == 2
    assert all(index.may_answer(parts.jobs.get(JOB), name, ONE.prefix) for name in unanswered)


def test_after_the_length_of_a_lease_another_may_answer_too(parts: Pool, index: Wanted, clock: ManualClock) -> None:
    job, name = parts.jobs.get(JOB), answered(parts)[0]
    clock.advance(301)
    given = {ONE.prefix, ONE.volunteer}
    assert all(index.may_answer(job, name, peer.prefix, given) for peer in (TWO, THREE))
