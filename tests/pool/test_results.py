"""Results: pages that stay small, and what counts as the same result under the same lease."""

from __future__ import annotations

from typing import Any

import pytest

import pool.results
from app import Pool
from pool.errors import Conflict, Finished, Rejected
from pool.keys import Caller
from pool.peers import Peer
from pool.results import Posted
from pool.standing import FREE_ERRORS
from pool.variables import Volunteer
from storage.base import Document
from storage.clock import ManualClock
from tests.conftest import EXECUTE

HERE, THERE = Peer("a" * 12), Peer("b" * 12)


def post_job(parts: Pool, operator: Caller, variables: int = 1, **fields: Any) -> None:
    parts.jobs.post({"name": "job", "execute_function": EXECUTE, **fields}, operator)
    parts.variables.put_many("job", {f"v{number}": {"x": number} for number in range(variables)}, operator)


def lease(parts: Pool, peer: Peer = HERE) -> str:
    """The token of a new lease."""
    leased = parts.variables.lease("job", Volunteer(peer))
    assert leased is not None
    return leased.token


def stored(parts: Pool, variable_id: str = "v0") -> Document:
    outcome = parts.store.results.outcome("job", variable_id)
    assert outcome is not None
    return outcome


# The same result


def test_a_result_under_the_same_lease_is_accepted_once(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator)
    token = lease(parts)
    first = parts.results.post(parts.results.job("job"), "v0", Posted(1, token))
    assert parts.results.post(parts.results.job("job"), "v0", Posted(2, token)) == first
    assert stored(parts)["result"] == 1


@pytest.mark.parametrize("has_token", [False, True])
def test_any_other_result_for_a_finished_variable_is_too_late(
    parts: Pool, operator: Caller, clock: ManualClock, has_token: bool
) -> None:
    post_job(parts, operator)
    late = lease(parts)
    clock.advance(400)
    parts.results.post(parts.results.job("job"), "v0", Posted(1, lease(parts)))
    with pytest.raises(Finished, match="'v0' is finished"):
        parts.results.post(parts.results.job("job"), "v0", Posted(1, late if has_token else None))


def test_a_rejected_result_sent_again_is_counted_once(parts: Pool, operator: Caller) -> None:
    checks = {"validate_variable": "() => true", "validate_result": "() => false"}
    post_job(parts, operator, settings={"max_errors": 2}, **checks)
    token = lease(parts)
    for _ in range(3):
        with pytest.raises(Rejected) as caught:
            parts.results.post(parts.results.job("job"), "v0", Posted(1, token))
        assert not caught.value.failed
    with pytest.raises(Rejected) as caught:
        parts.results.post(parts.results.job("job"), "v0", Posted(1, lease(parts, THERE), peer=THERE))
    assert caught.value.failed


def test_a_rejected_result_sent_again_after_the_variable_failed_is_answered_alike(
    parts: Pool, operator: Caller
) -> None:
    checks = {"validate_variable": "() => true", "validate_result": "() => false"}
    post_job(parts, operator, settings={"max_errors": 1}, **checks)
    token = lease(parts)
    for _ in range(2):
        with pytest.raises(Rejected, match="returned false"):
            parts.results.post(parts.results.job("job"), "v0", Posted(1, token))


def test_a_party_whose_errors_count_no_more_is_judged_once_a_lease(
    parts: Pool, operator: Caller, clock: ManualClock
) -> None:
    checks = {"validate_variable": "() => true", "validate_result": "() => false"}
    post_job(parts, operator, variables=FREE_ERRORS + 1, **checks)
    for _ in range(FREE_ERRORS + 1):
        leased = parts.variables.lease("job", Volunteer(HERE))
        assert leased is not None
        with pytest.raises(Rejected):
            parts.results.post(parts.results.job("job"), leased.variable_id, Posted(1, leased.token, peer=HERE))
        clock.advance(601)
    for value in (1, 2):
        with pytest.raises(Conflict, match="lease: has ended"):
            parts.results.post(parts.results.job("job"), leased.variable_id, Posted(value, leased.token, peer=HERE))
    assert parts.store.counts.get("job").rejected == FREE_ERRORS


# Facts


def test_run_seconds_are_measured_by_the_volunteer_or_since_the_lease(
    parts: Pool, operator: Caller, clock: ManualClock
) -> None:
    post_job(parts, operator, variables=3)
    tokens = {}
    for _ in range(2):
        leased = parts.variables.lease("job", Volunteer())
        assert leased is not None
        tokens[leased.variable_id] = leased.token
    (measured, first), (timed, second) = tokens.items()
    (anonymous,) = {"v0", "v1", "v2"} - tokens.keys()
    clock.advance(7)
    parts.results.post(parts.results.job("job"), measured, Posted(1, first, run_seconds=2.5))
    parts.results.post(parts.results.job("job"), timed, Posted(1, second))
    parts.results.post(parts.results.job("job"), anonymous, Posted(1))
    assert stored(parts, measured)["run_seconds"] == 2.5
    assert stored(parts, timed)["run_seconds"] == pytest.approx(7, abs=0.1)
    assert stored(parts, anonymous)["run_seconds"] is None


@pytest.mark.parametrize(
    ("leased_by", "posted_by", "expected"), [("one", "two", "one"), ("", "two", "two"), ("", "", None)]
)
def test_the_volunteer_is_the_one_who_leased(
    parts: Pool, operator: Caller, leased_by: str, posted_by: str, expected: str | None
) -> None:
    post_job(parts, operator)
    names = {"one": "1" * 16, "two": "2" * 16, "": ""}
    token = lease(parts, Peer(volunteer=names[leased_by]))
    parts.results.post(parts.results.job("job"), "v0", Posted(1, token, peer=Peer(volunteer=names[posted_by])))
    assert stored(parts)["volunteer"] == (names[expected] if expected else None)


# Pages


@pytest.mark.parametrize("in_input_order", [False, True])
def test_a_page_of_large_results_ends_early(
    parts: Pool, operator: Caller, monkeypatch: pytest.MonkeyPatch, in_input_order: bool
) -> None:
    monkeypatch.setattr(pool.results, "PAGE_BYTES", 100)
    monkeypatch.setattr(pool.results, "RESULTS_PER_READ", 2)
    post_job(parts, operator, variables=5)
    for number in range(5):
        parts.results.post(parts.results.job("job"), f"v{number}", Posted("x" * 60))
    sizes, cursor = [], None
    while not sizes or cursor is not None:
        page = parts.results.page("job", cursor, 100, in_input_order)
        sizes.append(len(page.items))
        cursor = page.next
    assert sizes == [2, 2, 1]
