"""Audits: held results are computed again by the pool, or by a second volunteer; all are accepted, or none."""

from __future__ import annotations

from typing import Any

import pytest

from app import Pool
from pool.errors import Conflict, NotKept
from pool.keys import Caller
from pool.results import Posted
from pool.sandbox import ScriptError
from pool.trust.held_index import HeldIndex
from storage.clock import ManualClock
from tests.pool.trust.helpers import JOB, compute, findings, held, post_job, right, state, states, stored, volunteer
from tests.serving import wait_until

AUDIT = {"policy": "audit", "every": 4}
# The server can't compute it.
SLOW = "function (variable) { if (typeof WebAssembly === 'undefined') throw new Error('none'); return {result: 1}; }"


def wrong(_: str) -> Any:
    return "wrong"


def prove(parts: Pool, clock: ManualClock) -> None:
    """One audit agrees: from then on a difference proves a lie."""
    compute(parts, volunteer(99), 4)
    parts.auditor.sweep()
    assert parts.store.counts.get(JOB).accepted == 4


def test_results_are_held_until_a_batch_is_full(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 9, trust=AUDIT)
    compute(parts, volunteer(1), 3)
    parts.auditor.sweep()
    assert states(parts) == {"held", "open"}
    compute(parts, volunteer(1), 1)
    parts.auditor.sweep()
    assert (parts.store.counts.get(JOB).accepted, findings(parts)) == (4, [])


def test_what_a_visit_left_is_audited_after_a_silence(parts: Pool, operator: Caller, clock: ManualClock) -> None:
    post_job(parts, operator, 9, trust=AUDIT)
    compute(parts, volunteer(1), 3)
    clock.advance(61)
    parts.auditor.sweep()
    assert parts.store.counts.get(JOB).accepted == 3


def test_the_last_units_of_a_job_wait_for_seconds_only(parts: Pool, operator: Caller, clock: ManualClock) -> None:
    post_job(parts, operator, 3, trust=AUDIT)
    # Nothing is left for the fourth.
    compute(parts, volunteer(1), 4)
    clock.advance(3)
    parts.auditor.sweep()
    assert states(parts) == {"done"}


def test_a_lie_throws_everything_back_that_is_held_of_its_volunteer(
    parts: Pool, operator: Caller, clock: ManualClock
) -> None:
    post_job(parts, operator, 20, trust=AUDIT)
    prove(parts, clock)
    done = compute(parts, volunteer(1), 6, answer=wrong)
    parts.auditor.sweep()
    assert (parts.store.counts.get(JOB).accepted, parts.store.counts.get(JOB).held) == (4, 0)
    for variable_id, result_id, token in done:
        with pytest.raises(NotKept, match="an audit found a wrong result"):
            parts.results.get(JOB, variable_id, result_id, Caller())
        with pytest.raises(NotKept):
            parts.results.post(parts.results.job(JOB), variable_id, Posted("wrong", token, peer=volunteer(1)))
    assert findings(parts) == []


def test_what_was_thrown_back_is_computed_by_others(parts: Pool, operator: Caller, clock: ManualClock) -> None:
    post_job(parts, operator, 8, trust=AUDIT)
    prove(parts, clock)
    compute(parts, volunteer(1), 4, answer=wrong)
    parts.auditor.sweep()
    compute(parts, volunteer(2), 4)
    parts.auditor.sweep()
    assert states(parts) == {"done"}
    assert all(stored(parts, f"v{number}") == right(f"v{number}") for number in range(8))


def test_a_proved_lie_costs_the_standing(parts: Pool, operator: Caller, clock: ManualClock) -> None:
    post_job(parts, operator, 30, trust=AUDIT, validate_result="() => true")
    compute(parts, volunteer(1), 12)
    parts.auditor.sweep()
    assert parts.standing.is_proven(volunteer(1))
    compute(parts, volunteer(1), 4, answer=wrong)
    parts.auditor.sweep()
    assert not parts.standing.is_proven(volunteer(1))


def test_results_of_others_stay_held(parts: Pool, operator: Caller, clock: ManualClock) -> None:
    post_job(parts, operator, 20, trust=AUDIT)
    prove(parts, clock)
    honest = compute(parts, volunteer(2), 3)
    compute(parts, volunteer(1), 4, answer=wrong)
    parts.auditor.sweep()
    assert {state(parts, variable_id) for variable_id, *_ in honest} == {"held"}


def test_a_second_result_of_a_held_variable_is_refused(parts: Pool, operator: Caller, clock: ManualClock) -> None:
    post_job(parts, operator, 1, trust=AUDIT)
    from pool.variables import Volunteer

    late = parts.variables.lease(JOB, Volunteer(volunteer(2)))
    assert late is not None
    clock.advance(400)
    compute(parts, volunteer(1))
    with pytest.raises(Conflict, match="held"):
        parts.results.post(parts.results.job(JOB), "v0", Posted(0, late.token, peer=volunteer(2)))


# What the server can't decide


def test_before_one_audit_agreed_a_difference_costs_no_standing(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 4, trust=AUDIT)
    compute(parts, volunteer(1), 4, answer=wrong)
    parts.auditor.sweep()
    counts = parts.store.counts.get(JOB)
    assert (counts.open, counts.held, counts.rejected) == (4, 0, 4)
    assert parts.standing.caught_at(volunteer(1).prefix) == 0
    assert parts.jobs.get(JOB)["state"] == "open"


def test_a_job_that_the_server_computes_differently_is_paused(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 12, trust=AUDIT)
    for number in range(3):
        compute(parts, volunteer(number), 4, answer=wrong)
        parts.auditor.sweep()
    job = parts.jobs.get(JOB)
    assert job["state"] == "paused"
    assert "the server computes other results" in job["paused"]["reason"]


def test_whoever_was_thrown_back_does_not_get_the_variable_at_once(
    parts: Pool, operator: Caller, clock: ManualClock
) -> None:
    post_job(parts, operator, 4, trust=AUDIT)
    compute(parts, volunteer(1), 4, answer=wrong)
    parts.auditor.sweep()
    assert compute(parts, volunteer(1)) == []
    assert compute(parts, volunteer(2, address=1)) == []
    clock.advance(601)
    assert len(compute(parts, volunteer(1))) == 1


def test_a_second_volunteer_decides_what_the_server_can_not(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 4, trust=AUDIT, execute_function=SLOW)
    compute(parts, volunteer(1), 4)
    parts.auditor.sweep()
    assert parts.store.counts.get(JOB).open == 1
    assert len(compute(parts, volunteer(2))) == 1
    parts.auditor.sweep()
    assert (states(parts), findings(parts)) == ({"done"}, [])


def test_two_others_outvote_a_liar(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 4, trust=AUDIT, execute_function=SLOW)
    compute(parts, volunteer(1), 4, answer=wrong)
    parts.auditor.sweep()
    for number in (2, 3):
        compute(parts, volunteer(number))
        parts.auditor.sweep()
    counts = parts.store.counts.get(JOB)
    assert (counts.accepted, counts.held, counts.open, counts.rejected) == (1, 0, 3, 4)
    assert findings(parts) == []


def test_a_second_volunteer_that_lies_is_outvoted(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 4, trust=AUDIT, execute_function=SLOW)
    compute(parts, volunteer(1), 4)
    parts.auditor.sweep()
    compute(parts, volunteer(2), answer=wrong)
    parts.auditor.sweep()
    assert parts.store.counts.get(JOB).open == 1
    compute(parts, volunteer(3))
    parts.auditor.sweep()
    assert (states(parts), stored(parts, "v1")) == ({"done"}, 2)


def test_the_owner_decides_what_the_server_can_not(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 4, trust=AUDIT, execute_function=SLOW)
    compute(parts, volunteer(1), 4, answer=wrong)
    parts.auditor.sweep()
    compute(parts, volunteer(2), caller=operator)
    parts.auditor.sweep()
    counts = parts.store.counts.get(JOB)
    assert (counts.accepted, counts.held, counts.open) == (1, 0, 3)


def test_fractions_without_a_comparison_prove_nothing(parts: Pool, operator: Caller, clock: ManualClock) -> None:
    post_job(parts, operator, 8, trust=AUDIT)
    prove(parts, clock)
    compute(parts, volunteer(1), 4, answer=lambda variable_id: right(variable_id) + 1e-9)
    parts.auditor.sweep()
    assert parts.store.counts.get(JOB).rejected == 0
    assert parts.store.counts.get(JOB).held == 3


def test_an_audit_that_a_process_left_is_continued(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 4, trust=AUDIT)
    compute(parts, volunteer(1), 4)
    parts.auditor.close()
    parts.auditor.resume()
    parts.auditor.sweep()
    assert states(parts) == {"done"}


def test_a_thread_audits_by_itself(parts: Pool, operator: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # Its thread may start here.
    post_job(parts, operator, 4, trust=AUDIT)
    compute(parts, volunteer(1), 4)
    wait_until(lambda: states(parts) == {"done"})


def test_a_lease_of_the_audited_unit_looks_like_any_other(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 4, trust=AUDIT, execute_function=SLOW)
    compute(parts, volunteer(1), 4)
    parts.auditor.sweep()
    from pool.variables import Volunteer

    leased = parts.variables.lease(JOB, Volunteer(volunteer(2)))
    assert leased is not None
    assert set(leased.document) == {"job", "id", "created", "data"}
    assert len(held(parts, leased.variable_id)) == 1


def test_beside_a_unit_that_it_can_not_compute_the_server_checks_another(parts: Pool, operator: Caller) -> None:
    source = "(variable) => { if (variable.x === 0) throw new Error('none'); return {result: variable.x * 2}; }"
    # Whichever is drawn: the server finds the one wrong that it can compute.
    post_job(parts, operator, 2, trust={"policy": "audit", "every": 2}, execute_function=source)
    compute(parts, volunteer(1), 2, answer=wrong)
    parts.auditor.sweep()
    assert parts.store.counts.get(JOB).rejected == 2


def test_a_result_is_not_kept_in_memory_while_it_is_held(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, trust=AUDIT)
    compute(parts, volunteer(1))
    assert set(HeldIndex(parts.store).of(JOB)["v0"]) == {"id", "variable", "volunteer", "prefix", "run_seconds"}


def test_a_job_whose_units_take_long_lets_other_jobs_be_audited(
    parts: Pool, operator: Caller, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_job(parts, operator, 8, trust=AUDIT)
    for number in range(2):
        compute(parts, volunteer(number), 4)
    computed = []

    def endless(_job: Any, variable: Any, _share: Any) -> Any:
        computed.append(variable["id"])
        clock.advance(11)
        raise ScriptError("timeout", "too long")

    monkeypatch.setattr(parts.auditor._computing, "compute", endless)
    parts.auditor.sweep()
    # The one that was drawn, and one beside it: the second volunteer's batch waits for the next sweep.
    assert len(computed) == 2
    parts.auditor.sweep()
    assert len(computed) == 4


def test_a_job_that_is_deleted_with_held_results_keeps_no_other_from_its_audit(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 4, trust=AUDIT)
    compute(parts, volunteer(1), 4)
    # The first of them.
    parts.auditor.add("deleted")
    parts.auditor.sweep()
    assert states(parts) == {"done"}
    assert parts.auditor._jobs == set()


def test_a_job_that_cannot_be_audited_keeps_no_other_from_it(
    parts: Pool, operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_job(parts, operator, 4, trust=AUDIT)
    compute(parts, volunteer(1), 4)
    parts.auditor._jobs.add("another")
    get = parts.store.jobs.get

    def broken(job_id: str) -> Any:
        if job_id == "another":
            raise KeyError("a bug")
        return get(job_id)

    monkeypatch.setattr(parts.store.jobs, "get", broken)
    parts.auditor.sweep()
    assert states(parts) == {"done"}
