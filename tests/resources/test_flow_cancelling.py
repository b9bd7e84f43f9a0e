"""`DELETE /flows/{flow}`: unfinished steps are withdrawn, results stay."""

from __future__ import annotations

import pytest

from storage.flat import FlatStore
from tests.conftest import MakePool, PoolApp
from tests.resources.flow_helpers import (
    ALWAYS,
    Document,
    counts,
    entries_of,
    get_flow,
    post_flow,
    post_result,
    states_of,
    step_of,
    tree,
)
from tests.resources.helpers import documents, other_key, problem

ALPHA, BETA = "/jobs/alpha", "/jobs/beta"
E: Document = {"job": ALPHA}
NAMED = {**E, "variable": f"{ALPHA}/variables/a"}


@pytest.fixture
def filled(pool: PoolApp) -> PoolApp:
    alpha = pool.post_job("Alpha")
    for name in ("a", "b", "c"):
        pool.post_variable(alpha, name)
    pool.post_job("Beta")
    return pool


def cancel(pool: PoolApp, flow: str, status: int = 204) -> None:
    pool.delete(flow, headers=pool.owner, status=status)


def test_a_cancelled_flow_has_the_state_cancelled(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    cancel(filled, flow)
    document = get_flow(filled, flow)
    assert document["state"] == "cancelled"
    assert document["finished"] >= document["created"]
    assert {"result", "failure"}.isdisjoint(document)


def test_the_cancel_link_cancels(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    cancel(filled, get_flow(filled, flow)["_links"]["cancel"])
    assert "cancel" not in get_flow(filled, flow)["_links"]


def test_its_open_variables_are_withdrawn(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [E, E, E]))
    assert counts(filled, ALPHA) == {"withdrawn": 3}


def test_a_flow_that_another_process_advances_is_cancelled_without_waiting(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    store = FlatStore(filled.data, fsync=False)
    with store.flows.lock(flow.rpartition("/")[2]):
        cancel(filled, flow)
        assert get_flow(filled, flow)["state"] == "cancelled"
    cancel(filled, flow)  # In place of the other process, which finds the signal.
    assert counts(filled, ALPHA)["withdrawn"] == 1
    store.close()


def test_its_leased_variables_are_withdrawn(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E, E])
    filled.lease(ALPHA)
    cancel(filled, flow)
    assert counts(filled, ALPHA) == {"withdrawn": 3}


def test_its_own_steps_are_withdrawn(filled: PoolApp) -> None:
    flow = post_flow(filled, [{"job": BETA}, {"job": BETA}], [E])
    post_result(filled, flow, "dependent.jobs[0]", {"x": 1})
    assert counts(filled, BETA) == {"open": 2}
    cancel(filled, flow)
    assert counts(filled, BETA) == {"withdrawn": 2}


def test_the_open_iteration_of_a_while_is_withdrawn(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**NAMED, "while": ALWAYS}])
    post_result(filled, flow, "jobs[0]", 1)
    cancel(filled, flow)
    assert counts(filled, ALPHA) == {"done": 1, "withdrawn": 1, "open": 2}


def test_its_steps_are_not_leased_any_more(filled: PoolApp) -> None:
    flow = post_flow(filled, [{"job": BETA}], [E])
    post_result(filled, flow, "dependent.jobs[0]", {"x": 1})
    cancel(filled, flow)
    filled.get(f"{BETA}/variables", status=204)
    filled.head(f"{BETA}/variables", status=204)


def test_other_variables_stay_open(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [NAMED]))
    assert counts(filled, ALPHA) == {"withdrawn": 1, "open": 2}


def test_results_are_kept(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [NAMED])
    post_result(filled, flow, "dependent.jobs[0]", {"x": 1})
    cancel(filled, flow)
    step = entries_of(filled, flow)["dependent.jobs[0]"]["steps"][0]
    assert filled.get(step["_links"]["get_result"]).json["result"] == {"x": 1}


def test_the_tree_keeps_the_states_of_finished_entries(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [E], [E, E])
    for path in ("dependent.dependent.jobs[0]", "dependent.dependent.jobs[1]"):
        post_result(filled, flow, path, {"x": 1})
    cancel(filled, flow)
    assert list(states_of(filled, flow).values()) == ["cancelled", "cancelled", "done", "done"]


def test_a_withdrawn_step_has_the_state_withdrawn(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    cancel(filled, flow)
    step = entries_of(filled, flow)["jobs[0]"]["steps"][0]
    assert (step["state"], step["_links"].keys()) == ("withdrawn", {"get_variable"})
    assert step["finished"]


def test_a_withdrawn_variable_names_its_flow(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    cancel(filled, flow)
    problem(filled.get(NAMED["variable"], status=410), 410, flow.rpartition("/")[2])


@pytest.mark.parametrize("is_own", [False, True])
def test_a_late_result_is_410(filled: PoolApp, is_own: bool) -> None:
    flow = post_flow(filled, [{"job": BETA}], [E])
    if not is_own:
        post_result(filled, flow, "dependent.jobs[0]", {"x": 1})
    variable = step_of(filled, flow, "dependent.jobs[0]" if is_own else "jobs[0]")
    cancel(filled, flow)
    problem(filled.post_json(f"{variable}/results", 1, status=410), 410, "withdrawn")
    assert get_flow(filled, flow)["state"] == "cancelled"


def test_a_late_result_under_a_lease_is_410(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E, E])
    links = filled.lease(ALPHA)
    cancel(filled, flow)
    problem(filled.post_json(links["post_result"], 1, status=410), 410)
    problem(filled.post(links["lease"], status=409), 409)


# Flows that have ended


def test_cancelling_twice_changes_nothing(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E])
    cancel(filled, flow)
    before = documents(filled)
    cancel(filled, flow)
    assert documents(filled) == before


def test_cancelling_a_done_flow_is_409(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    post_result(filled, flow, "jobs[0]", {"x": 1})
    before = documents(filled)
    problem(filled.delete(flow, headers=filled.owner, status=409), 409, "done")
    assert documents(filled) == before


def test_cancelling_a_failed_flow_is_409(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**NAMED, "if": "() => 1"}])
    problem(filled.delete(flow, headers=filled.owner, status=409), 409, "failed")


def test_cancelling_an_unknown_flow_is_404(pool: PoolApp) -> None:
    problem(pool.delete("/flows/nobody", headers=pool.owner, status=404), 404, "nobody")


# Authorization


@pytest.mark.parametrize(("key", "status"), [("none", 401), ("wrong", 401), ("foreign", 403)])
def test_only_its_owner_cancels_a_flow(filled: PoolApp, key: str, status: int) -> None:
    headers = {"none": {}, "wrong": {"Authorization": "Bearer " + "x" * 43}, "foreign": other_key(filled)}[key]
    flow = post_flow(filled, [E])
    before = documents(filled)
    problem(filled.delete(flow, headers=headers, status=status), status, "key")
    assert documents(filled) == before


def post_by(pool: PoolApp, key: dict[str, str]) -> str:
    """Posts a job and a flow of it with this key; returns the flow's path."""
    pool.post_json("/jobs", {"name": "Mine", "execute_function": "() => 1"}, headers=key, status=201)
    pool.put_json("/jobs/mine/variables/one", {}, headers=key, status=201)
    return str(pool.post_json("/flows", tree([{"job": "/jobs/mine"}]), headers=key, status=201).headers["Location"])


def test_an_owner_cancels_their_own_flow(pool: PoolApp) -> None:
    key = other_key(pool)
    pool.delete(post_by(pool, key), headers=key, status=204)


def test_the_operator_cancels_any_flow(pool: PoolApp) -> None:
    cancel(pool, post_by(pool, other_key(pool)))


def test_only_the_operator_cancels_a_flow_posted_without_a_key(make_pool: MakePool) -> None:
    pool = make_pool(open=True)
    flow = post_by(pool, {})
    problem(pool.delete(flow, status=401), 401, "key")
    cancel(pool, flow)


# Variables of several flows


def test_a_variable_that_another_flow_waits_for_stays_open(filled: PoolApp) -> None:
    flow, other = post_flow(filled, [NAMED]), post_flow(filled, [NAMED])
    cancel(filled, flow)
    post_result(filled, other, "jobs[0]", {"x": 1})
    assert get_flow(filled, other)["result"] == {"x": 1}


def test_the_last_flow_that_waits_for_a_variable_withdraws_it(filled: PoolApp) -> None:
    for flow in [post_flow(filled, [NAMED]), post_flow(filled, [NAMED])]:
        cancel(filled, flow)
    assert counts(filled, ALPHA) == {"withdrawn": 1, "open": 2}


def test_a_flow_that_names_a_step_of_it_keeps_its_copy(filled: PoolApp) -> None:
    flow = post_flow(filled, [{"job": BETA}], [NAMED])
    post_result(filled, flow, "dependent.jobs[0]", {"x": 1})
    other = post_flow(filled, [{"job": BETA, "variable": step_of(filled, flow)}])
    assert step_of(filled, other) != step_of(filled, flow)
    cancel(filled, flow)
    post_result(filled, other, "jobs[0]", {"x": 2})
    assert get_flow(filled, other)["result"] == {"x": 2}


# Running it again


def test_a_new_run_copies_withdrawn_variables(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    cancel(filled, flow)
    again = filled.post(flow, headers=filled.owner, status=201).headers["Location"]
    variable = step_of(filled, again)
    assert variable != NAMED["variable"]
    assert filled.get(variable).json["x"] == 1
    post_result(filled, again, "jobs[0]", {"x": 2})
    assert get_flow(filled, again)["result"] == {"x": 2}


def test_the_same_tree_posted_again_copies_withdrawn_variables(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [NAMED]))
    again = post_flow(filled, [NAMED])
    post_result(filled, again, "jobs[0]", {"x": 2})
    assert get_flow(filled, again)["result"] == {"x": 2}


def test_the_copy_starts_with_an_empty_context(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [NAMED]))
    variable = step_of(filled, post_flow(filled, [NAMED]))
    assert filled.get(variable).json["_embedded"] == {"context": {}}


def test_posting_and_cancelling_can_be_repeated(filled: PoolApp) -> None:
    for _ in range(3):
        cancel(filled, post_flow(filled, [NAMED]))
    assert counts(filled, ALPHA) == {"withdrawn": 3, "open": 2}


def test_a_variable_withdrawn_by_its_owner_is_not_copied(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    filled.delete(NAMED["variable"], headers=filled.owner, status=204)
    problem(filled.post(flow, headers=filled.owner, status=422), 422, "jobs[0].variable", "withdrawn")


def test_a_cancelled_flow_releases_its_reserved_variables(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [E]))
    assert len(entries_of(filled, post_flow(filled, [E, E]))) == 2
