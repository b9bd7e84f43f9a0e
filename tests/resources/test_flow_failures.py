"""Failures of flows: each names the path of the entry and the reason, at every place in the tree."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import MakePool, PoolApp, address
from tests.resources.flow_helpers import (
    ALWAYS,
    Document,
    counts,
    entries_of,
    fail_step,
    failure_of,
    get_flow,
    post_flow,
    post_result,
    states_of,
    step_of,
)
from tests.resources.helpers import documents, problem

ALPHA, BETA, LEAF = "/jobs/alpha", "/jobs/beta", "/jobs/leaf"
FUSSY = "(variable, result) => result === undefined || result.ok !== false"
A: Document = {"job": ALPHA}
B: Document = {"job": BETA}
L: Document = {"job": LEAF, "variable": f"{LEAF}/variables/one"}

# The failing entry by its path: a function that builds the levels of the flow around it.
PLACES: dict[str, Any] = {
    "jobs[0]": lambda entry: [[entry], [L]],
    "jobs[1]": lambda entry: [[{"job": LEAF}, entry], [L]],
    "dependent.jobs[1]": lambda entry: [[A], [{"job": LEAF}, entry], [L]],
}
DEEP = "dependent.jobs[1]"


def filled(pool: PoolApp) -> PoolApp:
    """Three jobs; the one variable of the job leaf has its result."""
    for name in ("Alpha", "Beta"):
        job = pool.post_job(name, validate_result=FUSSY, settings={"max_errors": 1})
        pool.post_variable(job, "one")
        pool.post_variable(job, "two")
    leaf = pool.post_job("Leaf")
    pool.post_json(f"{pool.post_variable(leaf)}/results", {"from": "leaf"}, status=201)
    return pool


@pytest.fixture
def pool(make_pool: MakePool) -> PoolApp:
    return filled(make_pool(flow_iterations=3, max_document=2000))


@pytest.fixture(params=PLACES)
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def started(pool: PoolApp, path: str, **fields: Any) -> str:
    """Posts a flow with a running entry of the job beta at this path, above the leaves; returns the flow's path."""
    return post_flow(pool, *PLACES[path]({**B, **fields}))


# Conditions


def test_an_if_that_throws(pool: PoolApp, path: str) -> None:
    flow = started(pool, path, **{"if": "() => { throw new Error('no branch'); }"})
    failed_path, reason = failure_of(pool, flow)
    assert (failed_path, reason.startswith("if: "), "no branch" in reason) == (path, True, True)


def test_an_if_at_a_leaf_that_throws(pool: PoolApp) -> None:
    flow = post_flow(pool, [A], [A, {**B, "if": "(variable) => variable.no.such"}])
    assert failure_of(pool, flow)[0] == "dependent.jobs[1]"


def test_a_while_that_throws(pool: PoolApp, path: str) -> None:
    flow = started(pool, path, **{"while": "() => { throw new Error('no more'); }"})
    post_result(pool, flow, path, {})
    failed_path, reason = failure_of(pool, flow)
    assert (failed_path, reason.startswith("while: "), "no more" in reason) == (path, True, True)


def test_a_while_that_throws_later(pool: PoolApp) -> None:
    source = "(variable, context) => { if (context.iteration > 1) throw new Error('no more'); return true; }"
    flow = started(pool, DEEP, **{"while": source})
    post_result(pool, flow, DEEP, {})
    assert get_flow(pool, flow)["state"] == "running"
    post_result(pool, flow, DEEP, {})
    assert failure_of(pool, flow)[0] == DEEP


# tests/pool/flows/test_entry.py has the tables of conditions that fail or return anything but true or false.
@pytest.mark.parametrize("condition", ["if", "while"])
def test_a_condition_that_returns_neither_true_nor_false(pool: PoolApp, condition: str) -> None:
    flow = post_flow(pool, [{**L, condition: "() => 1"}])
    assert failure_of(pool, flow) == ("jobs[0]", f"{condition}: must return true or false, not a number")


def test_an_endless_condition(pool: PoolApp) -> None:
    path, reason = failure_of(pool, post_flow(pool, [{**L, "if": "() => { while (true); }"}]))
    assert (path, reason.startswith("if: ")) == ("jobs[0]", True)


# An endless while


def test_an_endless_while_stops_at_the_limit(pool: PoolApp) -> None:
    flow = started(pool, DEEP, **{"while": ALWAYS})
    for _ in range(3):
        post_result(pool, flow, DEEP, {})
    path, reason = failure_of(pool, flow)
    assert path == DEEP
    assert "3 iterations" in reason
    assert entries_of(pool, flow)[DEEP]["iterations"] == 3


# Variables


def test_a_failed_variable(pool: PoolApp, path: str) -> None:
    flow = started(pool, path)
    fail_step(pool, flow, path)
    failed_path, reason = failure_of(pool, flow)
    assert failed_path == path
    assert "has failed after 1 error" in reason


def test_only_the_owner_sees_why_a_result_was_rejected(pool: PoolApp) -> None:
    flow = post_flow(pool, [B])
    fail_step(pool, flow, "jobs[0]")
    assert pool.get(flow, headers=pool.owner).json["failure"]["last_refusal"] == "it returned false"
    assert set(pool.get(flow).json["failure"]) == {"path", "reason"}


def test_a_failed_variable_of_a_leaf(pool: PoolApp) -> None:
    flow = post_flow(pool, [A], [A, B])
    fail_step(pool, flow, "dependent.jobs[1]")
    assert failure_of(pool, flow)[0] == "dependent.jobs[1]"


def test_a_rejected_result_below_max_errors_fails_nothing(pool: PoolApp) -> None:
    pool.patch_json(BETA, {"settings": {"max_errors": 2}}, headers=pool.owner, status=200)
    flow = post_flow(pool, [B])
    post_result(pool, flow, "jobs[0]", {"ok": False}, status=422)
    post_result(pool, flow, "jobs[0]", {"ok": True}, **address(2))
    assert get_flow(pool, flow)["state"] == "done"


def test_a_withdrawn_variable(pool: PoolApp) -> None:
    flow = started(pool, DEEP)
    pool.delete(step_of(pool, flow, DEEP), headers=pool.owner, status=204)
    path, reason = failure_of(pool, flow)
    assert (path, "withdrawn" in reason) == (DEEP, True)


def test_a_withdrawn_variable_of_a_leaf(pool: PoolApp) -> None:
    flow = post_flow(pool, [A], [A, {**B, "variable": f"{BETA}/variables/one"}])
    pool.delete(f"{BETA}/variables/one", headers=pool.owner, status=204)
    assert failure_of(pool, flow)[0] == "dependent.jobs[1]"


def test_a_step_rejected_by_validate_variable(pool: PoolApp) -> None:
    pool.delete(BETA, headers=pool.owner, status=204)
    pool.post_job("Beta", validate_variable="() => ({valid: false, reason: 'not like this'})")
    path, reason = failure_of(pool, started(pool, "jobs[1]"))
    assert path == "jobs[1]"
    assert "validate_variable" in reason
    assert "not like this" in reason


def test_a_step_rejected_by_validate_result(pool: PoolApp) -> None:
    pool.delete(BETA, headers=pool.owner, status=204)
    pool.post_job("Beta", validate_result="(variable, result) => result !== undefined || 'x' in variable")
    path, reason = failure_of(pool, started(pool, "jobs[0]"))
    assert (path, "validate_result" in reason) == ("jobs[0]", True)


def test_a_validate_variable_that_throws(pool: PoolApp) -> None:
    pool.delete(BETA, headers=pool.owner, status=204)
    pool.post_job("Beta", validate_variable="() => { throw new Error('broken'); }")
    path, reason = failure_of(pool, started(pool, "jobs[0]"))
    assert (path, "broken" in reason) == ("jobs[0]", True)


def test_a_merged_result_with_a_reserved_name(pool: PoolApp) -> None:
    """A validator can replace a result by one with a reserved name."""
    pool.delete(ALPHA, headers=pool.owner, status=204)
    replaced = "(variable, result) => result === undefined || ({valid: true, result: {_links: {}}})"
    pool.post_variable(pool.post_job("Alpha", validate_result=replaced))
    flow = post_flow(pool, [B], [A])
    post_result(pool, flow, "dependent.jobs[0]", {})
    path, reason = failure_of(pool, flow)
    assert (path, "_links" in reason) == ("jobs[0]", True)


# Jobs


def test_a_deleted_job(pool: PoolApp, path: str) -> None:
    flow = started(pool, path)
    pool.delete(BETA, headers=pool.owner, status=204)
    assert failure_of(pool, flow) == (path, "job 'beta' has been deleted")


def test_a_deleted_job_of_a_leaf(pool: PoolApp) -> None:
    flow = post_flow(pool, [A], [A, B])
    pool.delete(BETA, headers=pool.owner, status=204)
    assert failure_of(pool, flow)[0] == "dependent.jobs[1]"


def test_a_deleted_job_of_a_waiting_entry(pool: PoolApp) -> None:
    flow = post_flow(pool, [A, B], [A])
    pool.delete(BETA, headers=pool.owner, status=204)
    assert failure_of(pool, flow)[0] == "jobs[1]"


def test_a_deleted_job_of_finished_entries_fails_nothing(pool: PoolApp) -> None:
    flow = post_flow(pool, [A], [B])
    post_result(pool, flow, "dependent.jobs[0]", {"x": 1})
    pool.delete(BETA, headers=pool.owner, status=204)
    post_result(pool, flow, "jobs[0]", {"x": 2})
    assert get_flow(pool, flow)["result"] == {"x": 2}


def test_a_deleted_job_leaves_a_done_flow_done(pool: PoolApp) -> None:
    flow = post_flow(pool, [B])
    post_result(pool, flow, "jobs[0]", {"x": 1})
    pool.delete(BETA, headers=pool.owner, status=204)
    assert get_flow(pool, flow)["result"] == {"x": 1}


def test_a_new_job_of_the_same_name_is_another_job(pool: PoolApp) -> None:
    flow = started(pool, DEEP)
    pool.delete(BETA, headers=pool.owner, status=204)
    pool.post_job("Beta")
    path, reason = failure_of(pool, flow)
    assert (path, "'beta'" in reason) == (DEEP, True)


def test_a_new_job_with_a_variable_of_the_same_name_is_another_job(pool: PoolApp) -> None:
    flow = post_flow(pool, [{**B, "variable": f"{BETA}/variables/one"}])
    pool.delete(BETA, headers=pool.owner, status=204)
    pool.post_json(f"{pool.post_variable(pool.post_job('Beta'))}/results", 1, status=201)
    assert failure_of(pool, flow)[0] == "jobs[0]"


# Size


def test_a_result_too_large_to_merge(pool: PoolApp) -> None:
    flow = post_flow(pool, [A, B, A], [L])
    for number in range(3):
        post_result(pool, flow, f"jobs[{number}]", {f"x{number}": "x" * 900})
    path, reason = failure_of(pool, flow)
    assert (path, "2000 bytes" in reason) == ("jobs[2]", True)


def test_a_result_of_a_dependent_too_large_to_merge(pool: PoolApp) -> None:
    flow = post_flow(pool, [A], [A, B])
    for number in range(2):
        post_result(pool, flow, f"dependent.jobs[{number}]", {f"x{number}": "x" * 1200})
    assert failure_of(pool, flow)[0] == "dependent.jobs[1]"


# After a failure


def test_a_failed_flow_has_the_state_failed(pool: PoolApp) -> None:
    document = get_flow(pool, started(pool, "jobs[0]", **{"if": "() => 1"}))
    assert document["state"] == "failed"
    assert document["finished"] >= document["created"]
    assert document["seconds"] >= 0
    assert "result" not in document
    assert "cancel" not in document["_links"]


def test_the_first_failure_is_kept(pool: PoolApp) -> None:
    flow = post_flow(pool, [A, B], [L])
    fail_step(pool, flow, "jobs[1]")
    before = get_flow(pool, flow)
    pool.delete(ALPHA, headers=pool.owner, status=204)
    assert get_flow(pool, flow)["failure"] == before["failure"]


def test_unfinished_entries_of_a_failed_flow_are_cancelled(pool: PoolApp) -> None:
    flow = post_flow(pool, [A], [A, B, A], [L])
    post_result(pool, flow, "dependent.jobs[0]", {})
    fail_step(pool, flow, "dependent.jobs[1]")
    assert list(states_of(pool, flow).values()) == ["cancelled", "done", "failed", "cancelled", "done"]


def test_an_entry_with_a_too_large_result_has_failed(pool: PoolApp) -> None:
    flow = post_flow(pool, [A, B])
    for number in range(2):
        post_result(pool, flow, f"jobs[{number}]", {f"x{number}": "x" * 1200})
    assert states_of(pool, flow) == {"jobs[0]": "done", "jobs[1]": "failed"}


def test_exactly_one_entry_has_failed(pool: PoolApp) -> None:
    flow = started(pool, "jobs[1]")
    pool.delete(BETA, headers=pool.owner, status=204)
    assert get_flow(pool, flow)["entries"]["failed"] == 1


def test_open_copies_are_withdrawn(pool: PoolApp) -> None:
    flow = post_flow(pool, [A, B, A], [L])
    assert counts(pool, ALPHA) == {"open": 4}
    fail_step(pool, flow, "jobs[1]")
    assert counts(pool, ALPHA) == {"open": 2, "withdrawn": 2}


def test_a_late_result_for_a_withdrawn_copy_is_410(pool: PoolApp) -> None:
    flow = post_flow(pool, [A, B], [L])
    variable = step_of(pool, flow, "jobs[0]")
    fail_step(pool, flow, "jobs[1]")
    problem(pool.post_json(f"{variable}/results", {}, status=410), 410, flow.rpartition("/")[2])


def test_named_variables_stay_open(pool: PoolApp) -> None:
    flow = post_flow(pool, [A, A, B])
    fail_step(pool, flow, "jobs[2]")
    assert counts(pool, ALPHA) == {"open": 2}


def test_results_are_kept(pool: PoolApp) -> None:
    flow = post_flow(pool, [A, B])
    post_result(pool, flow, "jobs[0]", {"x": 1})
    fail_step(pool, flow, "jobs[1]")
    step = entries_of(pool, flow)["jobs[0]"]["steps"][0]
    assert pool.get(step["_links"]["get_result"]).json["result"] == {"x": 1}


def test_a_flow_of_a_deleted_job_is_still_shown(pool: PoolApp) -> None:
    flow = post_flow(pool, [{**B, "while": ALWAYS}], [B])
    post_result(pool, flow, "dependent.jobs[0]", {})
    post_result(pool, flow, "jobs[0]", {})
    pool.delete(BETA, headers=pool.owner, status=204)
    assert entries_of(pool, flow)["jobs[0]"]["steps"] == []


def test_releasing_a_failed_variable_does_not_revive_a_failed_flow(pool: PoolApp) -> None:
    flow = post_flow(pool, [{**B, "variable": f"{BETA}/variables/one"}])
    fail_step(pool, flow, "jobs[0]")
    pool.patch_json(f"{BETA}/variables/one", {"state": "open"}, headers=pool.owner, status=200)
    pool.post_json(f"{BETA}/variables/one/results", {"x": 1}, status=201)
    assert get_flow(pool, flow)["state"] == "failed"


def test_after_the_release_the_flow_can_run_again(pool: PoolApp) -> None:
    flow = post_flow(pool, [{**B, "variable": f"{BETA}/variables/one"}])
    fail_step(pool, flow, "jobs[0]")
    pool.patch_json(f"{BETA}/variables/one", {"state": "open"}, headers=pool.owner, status=200)
    again = pool.post(flow, headers=pool.owner, status=201).headers["Location"]
    post_result(pool, again, "jobs[0]", {"x": 1})
    assert get_flow(pool, again)["result"] == {"x": 1}


def test_getting_a_failed_flow_changes_nothing(pool: PoolApp) -> None:
    flow = started(pool, "jobs[0]", **{"if": "() => 1"})
    before = documents(pool)
    get_flow(pool, flow)
    assert documents(pool) == before
