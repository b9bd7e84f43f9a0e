"""The steps of flows: variables that volunteers compute like any other, with a starting context."""

from __future__ import annotations

import pytest

from tests.conftest import PoolApp, address
from tests.resources.flow_helpers import (
    ALWAYS,
    NEVER,
    ONCE_MORE,
    Document,
    counts,
    entries_of,
    failure_of,
    get_flow,
    post_flow,
    post_result,
    states_of,
    step_of,
)
from tests.resources.helpers import HAL, documents, problem

ALPHA, BETA = "/jobs/alpha", "/jobs/beta"
A: Document = {"job": ALPHA}
B: Document = {"job": BETA}
NAMED = {**A, "variable": f"{ALPHA}/variables/a"}


@pytest.fixture
def filled(pool: PoolApp) -> PoolApp:
    alpha = pool.post_job("Alpha")
    for name in ("a", "b", "c"):
        pool.post_variable(alpha, name, name=name)
    pool.post_job("Beta")
    return pool


def above(pool: PoolApp, *entries: Document, result: object = None) -> str:
    """Posts a flow whose root entries run, with this result from below; returns its path."""
    flow = post_flow(pool, list(entries), [NAMED])
    post_result(pool, flow, "dependent.jobs[0]", {"x": 1} if result is None else result)
    return flow


# Variables


def test_a_step_is_served_with_its_context(filled: PoolApp) -> None:
    variable = filled.get(step_of(filled, above(filled, B))).json
    assert variable.pop("_embedded") == {"context": {"x": 1}}
    assert variable.pop("_links")
    assert variable == {"x": 1}


def test_a_leased_step_has_its_context(filled: PoolApp) -> None:
    above(filled, B)
    response = filled.get(f"{BETA}/variables", status=200)
    assert response.json["_embedded"] == {"context": {"x": 1}}
    assert int(response.headers["Lease-Seconds"]) > 0


def test_an_extended_lease_has_the_context(filled: PoolApp) -> None:
    above(filled, B)
    lease = filled.lease(BETA)["lease"]
    assert filled.post(lease, status=200).json["_embedded"] == {"context": {"x": 1}}


def test_in_hal_a_step_has_its_context(filled: PoolApp) -> None:
    flow = above(filled, B)
    variable = filled.get(f"{BETA}/variables", headers=HAL).json
    assert variable["_embedded"] == {"context": {"x": 1}}
    assert variable["_links"]["get_flow"] == {"href": flow}


@pytest.mark.parametrize("is_leased", [False, True])
def test_a_step_links_to_its_flow(filled: PoolApp, is_leased: bool) -> None:
    flow = above(filled, B)
    links = filled.lease(BETA) if is_leased else filled.get(step_of(filled, flow)).json["_links"]
    assert links["get_flow"] == flow


def test_the_link_to_the_flow_has_the_mount_prefix(filled: PoolApp) -> None:
    flow = above(filled, B)
    variable = filled.get(step_of(filled, flow), extra_environ={"SCRIPT_NAME": "/pool"}).json
    assert variable["_links"]["get_flow"] == f"/pool{flow}"


def test_named_variables_of_leaves_are_served_unchanged(filled: PoolApp) -> None:
    before = filled.get(NAMED["variable"]).json
    post_flow(filled, [NAMED])
    assert filled.get(NAMED["variable"]).json == before
    assert "_embedded" not in filled.get(f"{ALPHA}/variables").json


def test_a_variable_named_above_the_leaves_is_copied(filled: PoolApp) -> None:
    flow = above(filled, {**A, "variable": f"{ALPHA}/variables/b"})
    variable = filled.get(step_of(filled, flow)).json
    assert (variable["name"], variable["_embedded"]) == ("b", {"context": {"x": 1}})
    assert step_of(filled, flow) != f"{ALPHA}/variables/b"


def test_a_repeated_step_has_the_last_result_in_its_context(filled: PoolApp) -> None:
    flow = above(filled, {**B, "while": ALWAYS})
    post_result(filled, flow, "jobs[0]", [7])
    variable = filled.get(step_of(filled, flow)).json
    assert variable["_embedded"] == {"context": {"x": 1, "result": [7], "iteration": 1}}
    assert variable["x"] == 1


def test_a_repeated_leaf_is_a_copy_of_its_variable(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**NAMED, "while": ALWAYS}])
    for number in (1, 2):
        post_result(filled, flow, "jobs[0]", {"number": number})
    variable = filled.get(step_of(filled, flow)).json
    assert variable["name"] == "a"
    assert variable["_embedded"] == {"context": {"result": {"number": 2}, "iteration": 2}}


def test_result_and_iteration_replace_those_from_below(filled: PoolApp) -> None:
    flow = above(filled, {**B, "while": ALWAYS}, result={"result": "below", "iteration": "below", "x": 2})
    assert filled.get(step_of(filled, flow)).json["_embedded"]["context"]["result"] == "below"
    post_result(filled, flow, "jobs[0]", "mine")
    context = filled.get(step_of(filled, flow)).json["_embedded"]["context"]
    assert context == {"x": 2, "result": "mine", "iteration": 1}


def test_the_id_of_a_step_contains_flow_level_index_and_iteration(filled: PoolApp) -> None:
    flow = above(filled, B, {**B, "while": ONCE_MORE})
    post_result(filled, flow, "jobs[1]", 1)
    assert step_of(filled, flow, "jobs[1]") == f"{BETA}/variables/{flow.rpartition('/')[2]}.0.1.2"


def test_a_step_is_in_the_index_of_variables(filled: PoolApp) -> None:
    flow = above(filled, B)
    items = filled.get(f"{BETA}/variables/index").json["_embedded"]["items"]
    assert [(item["_links"]["self"], item["state"]) for item in items] == [(step_of(filled, flow), "open")]


# Conditions


def test_if_gets_the_variable_and_the_merged_result_from_below(filled: PoolApp) -> None:
    check = "(variable, context) => variable.name === 'b' && context.x === 1 && Object.keys(context).length === 1"
    flow = above(filled, {**A, "variable": f"{ALPHA}/variables/b", "if": check}, {**B, "if": NEVER})
    assert states_of(filled, flow) == {"jobs[0]": "running", "jobs[1]": "skipped", "dependent.jobs[0]": "done"}


def test_without_a_variable_the_merged_result_is_the_variable(filled: PoolApp) -> None:
    flow = above(filled, {**B, "if": "(variable, context) => variable.x === 1 && context.x === 1"})
    assert states_of(filled, flow)["jobs[0]"] == "running"


def test_at_a_leaf_the_context_is_empty(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**A, "if": "(variable, context) => Object.keys(context).length === 0"}])
    assert states_of(filled, flow) == {"jobs[0]": "running"}


def test_while_gets_the_last_result_and_the_iteration(filled: PoolApp) -> None:
    check = "(variable, context) => !(context.result === context.iteration && context.x === 1 && variable.x === 1)"
    flow = above(filled, {**B, "while": check})
    for result in (0, 0, 3):
        post_result(filled, flow, "jobs[0]", result)
    assert get_flow(filled, flow)["state"] == "done"
    assert entries_of(filled, flow)["jobs[0]"]["iterations"] == 3


def test_while_is_called_for_a_result_from_before_the_flow(filled: PoolApp) -> None:
    filled.post_json(f"{NAMED['variable']}/results", 5, status=201)
    flow = post_flow(filled, [{**NAMED, "while": "(variable, context) => context.result > 3"}])
    assert entries_of(filled, flow)["jobs[0]"]["iterations"] == 1
    post_result(filled, flow, "jobs[0]", 2)
    assert get_flow(filled, flow)["result"] == {"alpha": 2}


def test_changes_by_a_condition_have_no_effect(filled: PoolApp) -> None:
    changes = "(variable, context) => { variable.x = context.x = 9; return true; }"
    variable = filled.get(step_of(filled, above(filled, {**B, "if": changes}))).json
    assert (variable["x"], variable["_embedded"]["context"]) == (1, {"x": 1})


# Results


def test_the_validator_gets_the_starting_context(pool: PoolApp) -> None:
    pool.post_variable(pool.post_job("Alpha"), "a")
    check = "(variable, result, context) => result === undefined || result === context.starting_context.x"
    pool.post_job("Beta", validate_result=check)
    flow = above(pool, B, result={"x": 7})
    post_result(pool, flow, "jobs[0]", 8, status=422, **address(1))
    post_result(pool, flow, "jobs[0]", 7)
    assert get_flow(pool, flow)["result"] == {"beta": 7}


def test_for_other_variables_there_is_no_starting_context(pool: PoolApp) -> None:
    check = "(variable, result, context) => result === undefined || !('starting_context' in context)"
    pool.post_variable(pool.post_job("Alpha", validate_result=check), "a")
    post_result(pool, post_flow(pool, [NAMED]), "jobs[0]", 1)


def test_a_validators_replacement_is_merged(pool: PoolApp) -> None:
    replaces = "(variable, result) => result === undefined || ({valid: true, result: {rounded: Math.round(result)}})"
    pool.post_variable(pool.post_job("Alpha", validate_result=replaces), "a")
    flow = post_flow(pool, [NAMED])
    post_result(pool, flow, "jobs[0]", 1.6)
    assert get_flow(pool, flow)["result"] == {"rounded": 2}


def test_a_second_result_for_a_step_is_409(filled: PoolApp) -> None:
    flow = above(filled, {**B, "while": ONCE_MORE})
    variable = step_of(filled, flow)
    post_result(filled, flow, "jobs[0]", 1)
    before = documents(filled)
    problem(filled.post_json(f"{variable}/results", 2, status=409), 409, "finished")
    assert documents(filled) == before


def test_a_result_repeated_under_its_lease_advances_the_flow_once(filled: PoolApp) -> None:
    flow = above(filled, {**B, "while": ALWAYS})
    link = filled.lease(BETA)["post_result"]
    first = filled.post_json(link, 1, status=201).headers["Location"]
    before = documents(filled)
    assert filled.post_json(link, 1, status=201).headers["Location"] == first
    assert documents(filled) == before
    assert entries_of(filled, flow)["jobs[0]"]["iterations"] == 1


def test_a_volunteer_needs_only_the_links(filled: PoolApp) -> None:
    flow = above(filled, B)
    filled.post_json(filled.lease(BETA)["post_result"], {"y": 2}, status=201)
    assert get_flow(filled, flow)["result"] == {"y": 2}


# Reserved ids


def test_ids_of_steps_are_reserved(filled: PoolApp) -> None:
    flow = post_flow(filled, [B], [NAMED]).rpartition("/")[2]
    before = documents(filled)
    problem(filled.put_json(f"{BETA}/variables/{flow}.0.0.2", {"x": 1}, headers=filled.owner, status=422), 422, "flows")
    assert documents(filled) == before


# Merging


def merged(pool: PoolApp, *results: object) -> object:
    """The merged result of a flow with these results of its entries, in their order; posted in reverse."""
    flow = post_flow(pool, [A] * len(results))
    for index in reversed(range(len(results))):
        post_result(pool, flow, f"jobs[{index}]", results[index])
    return get_flow(pool, flow)["result"]


# tests/pool/flows/test_level.py has the table of results and what they merge to.
def test_objects_are_merged_and_any_other_result_is_stored_under_its_jobs_id(filled: PoolApp) -> None:
    assert merged(filled, {"x": 1, "y": 1}, [7], {"x": 2}) == {"x": 2, "y": 1, "alpha": [7]}


def test_a_skipped_entry_adds_nothing(filled: PoolApp) -> None:
    flow = above(filled, {**B, "if": NEVER})
    assert get_flow(filled, flow)["result"] == {}


def test_the_last_result_of_a_repeated_entry_is_merged(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**A, "while": ONCE_MORE}])
    post_result(filled, flow, "jobs[0]", {"x": 1, "y": 1})
    post_result(filled, flow, "jobs[0]", {"x": 2})
    assert get_flow(filled, flow)["result"] == {"x": 2}


def test_the_merged_result_from_below_is_not_part_of_the_result(filled: PoolApp) -> None:
    flow = above(filled, B)
    post_result(filled, flow, "jobs[0]", {"y": 2})
    assert get_flow(filled, flow)["result"] == {"y": 2}


def test_any_name_can_be_merged(filled: PoolApp) -> None:
    names = ("__proto__", "constructor", "", "ü", "a/b", "x" * 1000)
    result = {name: number for number, name in enumerate(names)}
    flow = above(filled, {**B, "if": ALWAYS, "while": NEVER}, result=result)
    assert filled.get(step_of(filled, flow)).json["_embedded"]["context"] == result
    post_result(filled, flow, "jobs[0]", result)
    assert get_flow(filled, flow)["result"] == result


# Paused jobs


def test_steps_of_a_paused_job_are_not_leased(filled: PoolApp) -> None:
    filled.patch_json(BETA, {"state": "paused"}, headers=filled.owner, status=200)
    flow = above(filled, B)
    filled.get(f"{BETA}/variables", status=204)
    assert (counts(filled, BETA), get_flow(filled, flow)["state"]) == ({"open": 1}, "running")


def test_steps_of_a_resumed_job_are_leased(filled: PoolApp) -> None:
    filled.patch_json(BETA, {"state": "paused"}, headers=filled.owner, status=200)
    flow = above(filled, B)
    filled.patch_json(BETA, {"state": "open"}, headers=filled.owner, status=200)
    filled.post_json(filled.lease(BETA)["post_result"], {"y": 2}, status=201)
    assert get_flow(filled, flow)["result"] == {"y": 2}


def test_variables_of_a_paused_job_are_reserved(filled: PoolApp) -> None:
    filled.patch_json(ALPHA, {"state": "paused"}, headers=filled.owner, status=200)
    assert states_of(filled, post_flow(filled, [A])) == {"jobs[0]": "running"}


# Several flows


def test_flows_of_the_same_jobs_do_not_mix(filled: PoolApp) -> None:
    flows = [post_flow(filled, [B], [A]) for _ in range(3)]
    for number, flow in enumerate(flows):
        post_result(filled, flow, "dependent.jobs[0]", {"number": number})
    for flow in flows:
        variable = filled.get(step_of(filled, flow)).json
        post_result(filled, flow, "jobs[0]", {"number": variable["number"] * 10})
    assert [get_flow(filled, flow)["result"]["number"] for flow in flows] == [0, 10, 20]


def test_a_failed_flow_does_not_affect_another(filled: PoolApp) -> None:
    failed = post_flow(filled, [{**B, "if": "() => 1"}], [NAMED])
    other = post_flow(filled, [B], [NAMED])
    post_result(filled, other, "dependent.jobs[0]", {"x": 1})
    post_result(filled, other, "jobs[0]", {"x": 2})
    assert failure_of(filled, failed)[0] == "jobs[0]"
    assert get_flow(filled, other)["result"] == {"x": 2}


def test_entries_that_name_the_same_variable_share_its_result(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED, {**NAMED, "while": ONCE_MORE}])
    post_result(filled, flow, "jobs[0]", {"x": 1})
    assert states_of(filled, flow) == {"jobs[0]": "done", "jobs[1]": "running"}
    post_result(filled, flow, "jobs[1]", {"y": 2})
    assert get_flow(filled, flow)["result"] == {"x": 1, "y": 2}
