"""`DELETE /flows/{flow}`: what the flow waits for is withdrawn, what it has come to is kept."""

from __future__ import annotations

import pytest

from tests.conftest import MakePool, PoolApp
from tests.resources.flow_helpers import (
    ALWAYS,
    Document,
    answer,
    counts,
    entries_of,
    post_flow,
    shown,
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


def test_a_cancelled_flow_says_so(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    cancel(filled, flow)
    document = shown(filled, flow)
    assert document["state"] == "cancelled"
    assert document["finished"] >= document["created"]
    assert {"result", "failure"}.isdisjoint(document)


def test_the_link_cancels(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    cancel(filled, shown(filled, flow)["_links"]["cancel"])
    assert "cancel" not in shown(filled, flow)["_links"]


def test_no_open_variable_is_left_behind(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [E, E, E]))
    assert counts(filled, ALPHA) == {"withdrawn": 3}


def test_nor_is_one_that_is_lent(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E, E])
    filled.lease(ALPHA)
    cancel(filled, flow)
    assert counts(filled, ALPHA) == {"withdrawn": 3}


def test_nor_is_a_step_that_was_made_for_the_flow(filled: PoolApp) -> None:
    flow = post_flow(filled, [{"job": BETA}, {"job": BETA}], [E])
    answer(filled, flow, "dependent.jobs[0]", {"x": 1})
    assert counts(filled, BETA) == {"open": 2}
    cancel(filled, flow)
    assert counts(filled, BETA) == {"withdrawn": 2}


def test_nor_is_a_repeated_one(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**NAMED, "while": ALWAYS}])
    answer(filled, flow, "jobs[0]", 1)
    cancel(filled, flow)
    assert counts(filled, ALPHA) == {"done": 1, "withdrawn": 1, "open": 2}


def test_volunteers_find_nothing_of_it(filled: PoolApp) -> None:
    flow = post_flow(filled, [{"job": BETA}], [E])
    answer(filled, flow, "dependent.jobs[0]", {"x": 1})
    cancel(filled, flow)
    filled.get(f"{BETA}/variables", status=204)
    filled.head(f"{BETA}/variables", status=204)


def test_other_variables_stay_open(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [NAMED]))
    assert counts(filled, ALPHA) == {"withdrawn": 1, "open": 2}


def test_results_are_kept(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [NAMED])
    answer(filled, flow, "dependent.jobs[0]", {"x": 1})
    cancel(filled, flow)
    step = entries_of(filled, flow)["dependent.jobs[0]"]["steps"][0]
    assert filled.get(step["_links"]["get_result"]).json["result"] == {"x": 1}


def test_the_tree_shows_how_far_it_had_come(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [E], [E, E])
    for path in ("dependent.dependent.jobs[0]", "dependent.dependent.jobs[1]"):
        answer(filled, flow, path, {"x": 1})
    cancel(filled, flow)
    assert list(states_of(filled, flow).values()) == ["cancelled", "cancelled", "done", "done"]


def test_a_withdrawn_step_says_so(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    cancel(filled, flow)
    step = entries_of(filled, flow)["jobs[0]"]["steps"][0]
    assert (step["state"], step["_links"].keys()) == ("withdrawn", {"get_variable"})
    assert step["finished"]


def test_its_variable_tells_with_which_flow_it_went(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    cancel(filled, flow)
    problem(filled.get(NAMED["variable"], status=410), 410, flow.rpartition("/")[2])


@pytest.mark.parametrize("is_own", [False, True])
def test_a_volunteers_late_result_is_410(filled: PoolApp, is_own: bool) -> None:
    flow = post_flow(filled, [{"job": BETA}], [E])
    if not is_own:
        answer(filled, flow, "dependent.jobs[0]", {"x": 1})
    variable = step_of(filled, flow, "dependent.jobs[0]" if is_own else "jobs[0]")
    cancel(filled, flow)
    problem(filled.post_json(f"{variable}/results", 1, status=410), 410, "withdrawn")
    assert shown(filled, flow)["state"] == "cancelled"


def test_even_under_a_lease(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E, E])
    links = filled.lease(ALPHA)
    cancel(filled, flow)
    problem(filled.post_json(links["post_result"], 1, status=410), 410)
    problem(filled.post(links["lease"], status=409), 409)


# A second time, and too late


def test_a_second_time_changes_nothing(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E])
    cancel(filled, flow)
    before = documents(filled)
    cancel(filled, flow)
    assert documents(filled) == before


def test_one_that_is_done_is_409(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    answer(filled, flow, "jobs[0]", {"x": 1})
    before = documents(filled)
    problem(filled.delete(flow, headers=filled.owner, status=409), 409, "done")
    assert documents(filled) == before


def test_so_is_one_that_has_failed(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**NAMED, "if": "() => 1"}])
    problem(filled.delete(flow, headers=filled.owner, status=409), 409, "failed")


def test_an_unknown_flow_is_404(pool: PoolApp) -> None:
    problem(pool.delete("/flows/nobody", headers=pool.owner, status=404), 404, "nobody")


# Whose


@pytest.mark.parametrize(("key", "status"), [("none", 401), ("wrong", 401), ("foreign", 403)])
def test_only_its_owner_cancels_a_flow(filled: PoolApp, key: str, status: int) -> None:
    headers = {"none": {}, "wrong": {"Authorization": "Bearer " + "x" * 43}, "foreign": other_key(filled)}[key]
    flow = post_flow(filled, [E])
    before = documents(filled)
    problem(filled.delete(flow, headers=headers, status=status), status, "key")
    assert documents(filled) == before


def post_by(pool: PoolApp, key: dict[str, str]) -> str:
    """A flow of somebody's own job."""
    pool.post_json("/jobs", {"name": "Mine", "execute_function": "() => 1"}, headers=key, status=201)
    pool.put_json("/jobs/mine/variables/one", {}, headers=key, status=201)
    return str(pool.post_json("/flows", tree([{"job": "/jobs/mine"}]), headers=key, status=201).headers["Location"])


def test_an_owner_cancels_what_is_theirs(pool: PoolApp) -> None:
    key = other_key(pool)
    pool.delete(post_by(pool, key), headers=key, status=204)


def test_the_operator_cancels_any(pool: PoolApp) -> None:
    cancel(pool, post_by(pool, other_key(pool)))


def test_so_they_do_with_one_that_was_posted_without_a_key(make_pool: MakePool) -> None:
    pool = make_pool(open=True)
    flow = post_by(pool, {})
    problem(pool.delete(flow, status=401), 401, "key")
    cancel(pool, flow)


# What others wait for


def test_what_another_flow_waits_for_is_left_open(filled: PoolApp) -> None:
    flow, other = post_flow(filled, [NAMED]), post_flow(filled, [NAMED])
    cancel(filled, flow)
    answer(filled, other, "jobs[0]", {"x": 1})
    assert shown(filled, other)["result"] == {"x": 1}


def test_the_last_that_waits_for_it_withdraws_it(filled: PoolApp) -> None:
    for flow in [post_flow(filled, [NAMED]), post_flow(filled, [NAMED])]:
        cancel(filled, flow)
    assert counts(filled, ALPHA) == {"withdrawn": 1, "open": 2}


def test_one_that_names_a_step_of_it_has_a_copy(filled: PoolApp) -> None:
    flow = post_flow(filled, [{"job": BETA}], [NAMED])
    answer(filled, flow, "dependent.jobs[0]", {"x": 1})
    other = post_flow(filled, [{"job": BETA, "variable": step_of(filled, flow)}])
    assert step_of(filled, other) != step_of(filled, flow)
    cancel(filled, flow)
    answer(filled, other, "jobs[0]", {"x": 2})
    assert shown(filled, other)["result"] == {"x": 2}


# Posting it again


def test_it_runs_again_with_copies_of_what_was_withdrawn(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    cancel(filled, flow)
    again = filled.post(flow, headers=filled.owner, status=201).headers["Location"]
    variable = step_of(filled, again)
    assert variable != NAMED["variable"]
    assert filled.get(variable).json["x"] == 1
    answer(filled, again, "jobs[0]", {"x": 2})
    assert shown(filled, again)["result"] == {"x": 2}


def test_so_does_the_same_flow_posted_anew(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [NAMED]))
    again = post_flow(filled, [NAMED])
    answer(filled, again, "jobs[0]", {"x": 2})
    assert shown(filled, again)["result"] == {"x": 2}


def test_the_copy_starts_with_an_empty_context(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [NAMED]))
    variable = step_of(filled, post_flow(filled, [NAMED]))
    assert filled.get(variable).json["_embedded"] == {"context": {}}


def test_again_and_again(filled: PoolApp) -> None:
    for _ in range(3):
        cancel(filled, post_flow(filled, [NAMED]))
    assert counts(filled, ALPHA) == {"withdrawn": 3, "open": 2}


def test_what_its_owner_withdrew_stays_so(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    filled.delete(NAMED["variable"], headers=filled.owner, status=204)
    problem(filled.post(flow, headers=filled.owner, status=422), 422, "jobs[0].variable", "withdrawn")


def test_a_cancelled_flow_does_not_hold_what_it_took(filled: PoolApp) -> None:
    cancel(filled, post_flow(filled, [E]))
    assert len(entries_of(filled, post_flow(filled, [E, E]))) == 2
