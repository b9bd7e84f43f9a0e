"""Held results of a job: who answers, what is accepted, and what volunteers and owners see of it."""

from __future__ import annotations

from typing import Any

import pytest

from app import Pool
from pool.errors import BadLease, Conflict, LimitReached, NotKept
from pool.flows.blocked import step_failure
from pool.keys import Caller
from pool.results import Posted
from pool.trust import holding
from pool.variables import Volunteer
from storage.clock import ManualClock
from storage.errors import LeaseLost
from tests.pool.trust.helpers import (
    JOB,
    compute,
    findings,
    held,
    post_job,
    state,
    stored,
    volunteer,
)

QUORUM = {"policy": "quorum"}
ANYBODY = Caller()


def wrong(_: str) -> Any:
    return "wrong"


def test_a_result_needs_a_lease(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    with pytest.raises(BadLease):
        parts.results.post(parts.results.job(JOB), "v0", Posted(0, peer=volunteer(1)))


def test_a_first_answer_is_held_and_another_is_wanted(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    [(_, result_id, _)] = compute(parts, volunteer(1))
    assert (state(parts), stored(parts)) == ("open", None)
    assert [document["id"] for document in held(parts)] == [result_id]


def test_two_volunteers_that_agree_decide(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    compute(parts, volunteer(1))
    compute(parts, volunteer(2))
    assert (state(parts), stored(parts), held(parts)) == ("done", 0, [])
    assert findings(parts) == []


def test_nobody_answers_twice(parts: Pool, operator: Caller, clock: ManualClock) -> None:
    post_job(parts, operator, trust=QUORUM)
    compute(parts, volunteer(1))
    clock.advance(99_999)
    assert compute(parts, volunteer(1)) == []
    assert compute(parts, volunteer(1, address=7)) == []


def test_an_address_answers_twice_only_where_nobody_else_does(
    parts: Pool, operator: Caller, clock: ManualClock
) -> None:
    post_job(parts, operator, trust=QUORUM)
    compute(parts, volunteer(1))
    assert compute(parts, volunteer(2, address=1)) == []
    clock.advance(3601)
    assert len(compute(parts, volunteer(2, address=1))) == 1
    assert state(parts) == "done"


def test_a_late_answer_of_the_same_volunteer_is_refused(parts: Pool, operator: Caller, clock: ManualClock) -> None:
    post_job(parts, operator, trust=QUORUM)
    peer = volunteer(1)
    late = parts.variables.lease(JOB, Volunteer(peer))
    assert late is not None
    clock.advance(400)
    compute(parts, peer)
    with pytest.raises(Conflict, match="of this volunteer already"):
        parts.results.post(parts.results.job(JOB), "v0", Posted(0, late.token, peer=peer))


def test_the_same_lease_gets_the_same_result(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    [(_, first, first_token)] = compute(parts, volunteer(1))
    assert parts.results.post(parts.results.job(JOB), "v0", Posted(5, first_token, peer=volunteer(1))) == first
    [(_, second, second_token)] = compute(parts, volunteer(2))
    for token, expected in ((first_token, first), (second_token, second)):
        assert parts.results.post(parts.results.job(JOB), "v0", Posted(5, token, peer=volunteer(3))) == expected


def test_a_disagreement_asks_a_third(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    [(_, lie, _)] = compute(parts, volunteer(1), answer=wrong)
    compute(parts, volunteer(2))
    assert (state(parts), len(held(parts))) == ("open", 2)
    compute(parts, volunteer(3))
    assert (state(parts), stored(parts)) == ("done", 0)
    with pytest.raises(NotKept, match="other volunteers agree"):
        parts.results.get(JOB, "v0", lie, ANYBODY)
    assert parts.store.counts.get(JOB).rejected == 1
    assert findings(parts) == []


def test_too_many_different_answers_park_the_variable(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust={"policy": "quorum", "most": 3})
    for number in range(3):
        compute(parts, volunteer(number), answer=lambda _, number=number: number + 100)
    assert state(parts) == "failed"
    assert "3 answers, and too few agree" in step_failure(parts.store, JOB, "v0")[0]
    assert [shown["result"] for shown in parts.results.all(JOB, "v0", operator)] == [100, 101, 102]
    assert parts.results.all(JOB, "v0", ANYBODY) == []
    assert findings(parts) == []


def test_a_released_variable_asks_for_one_more_answer(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust={"policy": "quorum", "most": 2})
    compute(parts, volunteer(1), answer=wrong)
    compute(parts, volunteer(2))
    parts.variables.release(JOB, "v0", operator)
    compute(parts, volunteer(3))
    assert (state(parts), stored(parts)) == ("done", 0)


def test_answers_agree_by_the_function_of_the_job(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM, compare_results="(a, b) => Math.abs(a - b) < 0.1")
    compute(parts, volunteer(1), answer=lambda _: 1.0)
    compute(parts, volunteer(2), answer=lambda _: 1.05)
    assert (state(parts), stored(parts)) == ("done", 1.0)


def test_a_comparison_that_fails_agrees_with_nothing_and_is_reported(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM, compare_results="(a, b) => a.b.c")
    compute(parts, volunteer(1))
    compute(parts, volunteer(2), answer=wrong)
    assert state(parts) == "open"
    assert "compare_results" in parts.store.counts.get(JOB).reports


def test_what_is_held_is_shown_to_the_owner_alone(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    [(_, result_id, _)] = compute(parts, volunteer(1), answer=lambda _: 7)
    shown = parts.results.get(JOB, "v0", result_id, ANYBODY)
    assert (shown["state"], shown["volunteer"], "result" in shown) == ("held", None, False)
    assert parts.results.get(JOB, "v0", result_id, operator)["result"] == 7


def test_a_result_that_was_confirmed_is_stored_once(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    [(_, first, _)] = compute(parts, volunteer(1))
    [(_, second, _)] = compute(parts, volunteer(2))
    assert parts.results.get(JOB, "v0", first, ANYBODY)["result"] == 0
    with pytest.raises(NotKept, match="an equal result"):
        parts.results.get(JOB, "v0", second, ANYBODY)


def test_accepted_results_count_for_all_who_agreed(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 10, trust=QUORUM, validate_result="() => true")
    for number in (1, 2):
        compute(parts, volunteer(number), 10)
    assert parts.standing.is_proven(volunteer(1)) and parts.standing.is_proven(volunteer(2))


def test_the_owners_result_decides(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    [(_, lie, _)] = compute(parts, volunteer(1), answer=wrong)
    compute(parts, volunteer(9), caller=operator)
    assert (state(parts), stored(parts)) == ("done", 0)
    with pytest.raises(NotKept, match="owner, or an auditor, computed another"):
        parts.results.get(JOB, "v0", lie, ANYBODY)
    assert findings(parts) == []


def test_the_owners_result_confirms_those_that_are_equal_and_leaves_none_held(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    compute(parts, volunteer(1))
    compute(parts, volunteer(9), caller=operator)
    assert (state(parts), stored(parts), held(parts), findings(parts)) == ("done", 0, [], [])


def test_a_rejected_result_is_not_held(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM, validate_result="(v, r) => r === undefined || r === v.x * 2")
    with pytest.raises(Exception, match="returned false"):
        compute(parts, volunteer(1), answer=wrong)
    assert held(parts) == []


# Adaptive replication

ADAPTIVE = {"policy": "adaptive", "trusted_after": 2}


def test_adaptive_replication_trusts_after_confirmed_answers(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 2, trust=ADAPTIVE)
    for number in (1, 2):
        compute(parts, volunteer(number), 2)
    parts.variables.put_many(JOB, {f"v{number}": {"x": number} for number in range(2, 42)}, operator)
    compute(parts, volunteer(1), 40)
    # Of 40 results half are replicated, a third, a quarter …: never all, and never none.
    accepted = parts.store.counts.get(JOB).accepted - 2
    assert 0 < accepted < 40


def test_where_somebody_was_caught_nobody_is_trusted(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 2, trust=ADAPTIVE)
    for number in (1, 2):
        compute(parts, volunteer(number), 2)
    parts.standing.caught("any job", "another id", [volunteer(1).prefix])
    parts.variables.put_many(JOB, {f"v{number}": {"x": number} for number in range(2, 42)}, operator)
    assert len(compute(parts, volunteer(1), 40)) == 40
    assert parts.store.counts.get(JOB).accepted == 2


def test_a_lie_that_others_prove_ends_the_trust(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 3, trust={"policy": "adaptive", "trusted_after": 1000})
    compute(parts, volunteer(1), 3, answer=wrong)
    for number in (2, 3):
        compute(parts, volunteer(number), 3)
    uid = parts.store.jobs.get(JOB)["uid"]
    assert [parts.standing.confirmed_in_a_row(uid, f"{number:016x}") for number in (1, 2, 3)] == [0, 3, 3]


# Floods


def test_an_address_waits_while_many_of_its_results_are_held(
    parts: Pool, operator: Caller, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "BATCHES_OF_PREFIX", 2)
    post_job(parts, operator, 60, trust={"policy": "audit", "every": 4})
    for number in range(8):
        compute(parts, volunteer(number, address=7))
    clock.advance(2)
    with pytest.raises(LimitReached, match="8 results of this address are held"):
        compute(parts, volunteer(8, address=7))
    assert len(compute(parts, volunteer(9, address=8))) == 1


def test_a_job_waits_while_many_of_its_results_are_held(
    parts: Pool, operator: Caller, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "MAX_HELD", 3)
    post_job(parts, operator, 60, trust={"policy": "audit"})
    for number in range(3):
        compute(parts, volunteer(number))
    clock.advance(2)
    with pytest.raises(LimitReached, match="results of this job are held"):
        compute(parts, volunteer(8))


def test_an_address_with_a_proved_liar_may_have_less_held(parts: Pool, operator: Caller) -> None:
    assert parts.standing.caught_at("a" * 12) == 0
    for number in range(3):
        parts.standing.caught("uid", f"{number:016x}", ["a" * 12])
    assert (parts.standing.caught_at("a" * 12), parts.standing.caught_at("b" * 12)) == (3, 0)


# A policy that is changed


def test_what_is_held_is_accepted_when_the_policy_holds_nothing_any_more(
    parts: Pool, operator: Caller, clock: ManualClock
) -> None:
    post_job(parts, operator, 3, trust={"policy": "audit"})
    compute(parts, volunteer(1), 3)
    assert state(parts) == "held"
    parts.jobs.patch(JOB, {"settings": {"trust": None}}, operator)
    parts.auditor.sweep()
    assert (parts.store.counts.get(JOB).accepted, findings(parts)) == (3, [])


def test_a_lease_that_was_given_back_is_none(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    leased = parts.variables.lease(JOB, Volunteer(volunteer(1)))
    assert leased is not None
    parts.variables.give_back(JOB, "v0", leased.token)
    with pytest.raises(LeaseLost):
        parts.results.post(parts.results.job(JOB), "v0", Posted(0, leased.token, peer=volunteer(1)))
    assert (state(parts), held(parts)) == ("open", [])


def test_a_late_result_is_held_unless_somebody_else_has_the_variable(
    parts: Pool, operator: Caller, clock: ManualClock
) -> None:
    post_job(parts, operator, trust=QUORUM)
    late = parts.variables.lease(JOB, Volunteer(volunteer(1)))
    clock.advance(400)
    other = parts.variables.lease(JOB, Volunteer(volunteer(2)))
    assert late is not None and other is not None
    with pytest.raises(LeaseLost):
        parts.results.post(parts.results.job(JOB), "v0", Posted(0, late.token, peer=volunteer(1)))
    clock.advance(400)
    assert parts.results.post(parts.results.job(JOB), "v0", Posted(0, other.token, peer=volunteer(2)))


def test_what_an_address_gives_back_it_gets_again(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 50, trust=QUORUM)
    names = set()
    for number in range(20):
        leased = parts.variables.lease(JOB, Volunteer(volunteer(number, address=7)))
        assert leased is not None
        names.add(leased.variable_id)
        parts.variables.give_back(JOB, leased.variable_id, leased.token)
    assert len(names) == 1


def test_without_held_results_what_was_given_back_is_drawn_as_any_other(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 50, trust={"policy": "none"})
    names = set()
    for _ in range(20):
        leased = parts.variables.lease(JOB, Volunteer(volunteer(1)))
        assert leased is not None
        names.add(leased.variable_id)
        parts.variables.give_back(JOB, leased.variable_id, leased.token)
    assert len(names) > 1


def test_whoever_is_fastest_gets_no_more_than_its_share_of_second_answers(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 15, trust=QUORUM)
    others = [volunteer(number) for number in (2, 3, 4)]
    leases = [parts.variables.lease(JOB, Volunteer(peer)) for peer in others]
    assert len(compute(parts, volunteer(1), 15)) == 12
    fastest, *rest = others
    taken = len(compute(parts, fastest, 15))
    assert taken < 12
    assert sum(len(compute(parts, peer, 15)) for peer in rest) == 12 - taken
    assert None not in leases


def test_liars_who_were_caught_need_others_to_agree(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=QUORUM)
    liars = [volunteer(number) for number in (1, 2)]
    for liar in liars:
        parts.standing.caught("any job", liar.volunteer, [liar.prefix])
    # Under new ids, at the same addresses.
    for number in (1, 2):
        assert len(compute(parts, volunteer(number + 10, address=number), answer=wrong)) == 1
    assert (stored(parts), len(held(parts))) == (None, 2)
    for number in (3, 4):
        compute(parts, volunteer(number))
    assert stored(parts) == 0


def test_results_under_leases_that_have_expired_are_held_within_the_limits_of_leases(
    parts: Pool, operator: Caller, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "BATCHES_OF_PREFIX", 1)
    post_job(parts, operator, 9, trust={"policy": "audit", "every": 2})
    peer = volunteer(1)
    expired = parts.variables.lease_many(JOB, Volunteer(peer), 3)
    clock.advance(200)
    last = parts.variables.lease(JOB, Volunteer(peer))
    clock.advance(150)
    assert last is not None
    for leased in expired[:2]:
        parts.results.post(parts.results.job(JOB), leased.variable_id, Posted(0, leased.token, peer=peer))
    clock.advance(2)
    with pytest.raises(LimitReached):
        parts.results.post(parts.results.job(JOB), expired[2].variable_id, Posted(0, expired[2].token, peer=peer))
    # Nobody has computed in vain who has a lease.
    assert parts.results.post(parts.results.job(JOB), last.variable_id, Posted(0, last.token, peer=peer))
