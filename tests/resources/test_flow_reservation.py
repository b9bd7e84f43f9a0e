"""Leaf entries without a variable reserve open variables of their jobs, each another one."""

from __future__ import annotations

import pytest

from tests.conftest import PoolApp
from tests.resources.flow_helpers import (
    ALWAYS,
    NEVER,
    ONCE_MORE,
    entries_of,
    post,
    post_flow,
    post_result,
    states_of,
    tree,
)
from tests.resources.helpers import documents, problem

ALPHA, BETA = "/jobs/alpha", "/jobs/beta"
E = {"job": ALPHA}


@pytest.fixture
def filled(pool: PoolApp) -> PoolApp:
    """A job with three open variables."""
    alpha = pool.post_job("Alpha")
    for name in ("a", "b", "c"):
        pool.post_variable(alpha, name)
    return pool


def reserved(pool: PoolApp, flow: str) -> list[str]:
    """The ids of the variables that a flow has reserved."""
    entries = entries_of(pool, flow).values()
    return [entry["variable"].rpartition("/")[2] for entry in entries if entry.get("taken")]


def test_a_reserved_variable_is_the_entrys_first_step(filled: PoolApp) -> None:
    entry = entries_of(filled, post_flow(filled, [E]))["jobs[0]"]
    assert entry["taken"] is True
    assert entry["steps"][0]["_links"]["get_variable"] == entry["variable"] == entry["_links"]["get_variable"]


def test_entries_reserve_different_variables(filled: PoolApp) -> None:
    assert sorted(reserved(filled, post_flow(filled, [E, E, E]))) == ["a", "b", "c"]


def test_flows_reserve_different_variables(filled: PoolApp) -> None:
    flows = [post_flow(filled, [E]) for _ in range(3)]
    assert sorted(name for flow in flows for name in reserved(filled, flow)) == ["a", "b", "c"]


def test_a_variable_named_by_the_flow_is_not_reserved(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, {**E, "variable": f"{ALPHA}/variables/b"}, E])
    assert sorted(reserved(filled, flow)) == ["a", "c"]


def test_only_leaves_reserve(filled: PoolApp) -> None:
    assert len(reserved(filled, post_flow(filled, [E, E, E, E], [E]))) == 1


@pytest.mark.parametrize("condition", ["if", "while"])
def test_entries_with_conditions_reserve_too(filled: PoolApp, condition: str) -> None:
    assert len(reserved(filled, post_flow(filled, [{**E, condition: ALWAYS}]))) == 1


def test_only_open_variables_are_reserved(filled: PoolApp) -> None:
    filled.post_json(f"{ALPHA}/variables/a/results", 1, status=201)
    filled.delete(f"{ALPHA}/variables/b", headers=filled.owner, status=204)
    assert reserved(filled, post_flow(filled, [E])) == ["c"]


def test_a_leased_variable_is_not_reserved(filled: PoolApp) -> None:
    leased = filled.lease(ALPHA)["self"].rpartition("/")[2]
    assert sorted([*reserved(filled, post_flow(filled, [E, E])), leased]) == ["a", "b", "c"]


def test_steps_of_other_flows_are_not_reserved(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "while": ONCE_MORE}, E, E])
    for path in ("jobs[0]", "jobs[1]", "jobs[2]"):
        post_result(filled, flow, path, {"x": 1})
    problem(post(filled, {"jobs": [E]}, status=422), 422, "jobs[0].variable")


def test_reserved_variables_are_leased(filled: PoolApp) -> None:
    post_flow(filled, [E, E, E])
    assert {filled.lease(ALPHA)["self"].rpartition("/")[2] for _ in range(3)} == {"a", "b", "c"}


# Too few open variables


def test_a_flow_without_enough_open_variables_is_refused(filled: PoolApp) -> None:
    document = problem(post(filled, tree([E], [E, E, E, E, E]), status=422), 422, "no open variable")
    assert [error["path"] for error in document["errors"]] == [
        "dependent.jobs[3].variable",
        "dependent.jobs[4].variable",
    ]


def test_a_refused_flow_releases_its_reservations(filled: PoolApp) -> None:
    before = documents(filled)
    post(filled, {"jobs": [E, E, E, E]}, status=422)
    assert documents(filled) == before
    assert len(reserved(filled, post_flow(filled, [E, E, E]))) == 3


def test_a_job_without_variables_is_refused(filled: PoolApp) -> None:
    filled.post_job("Beta")
    document = problem(post(filled, {"jobs": [E, {"job": BETA}]}, status=422), 422, "'beta'")
    assert document["errors"][0]["path"] == "jobs[1].variable"


def test_variables_reserved_by_other_flows_are_not_available(filled: PoolApp) -> None:
    post_flow(filled, [E, E, E])
    problem(post(filled, {"jobs": [E]}, status=422), 422, "jobs[0].variable")


def test_a_reserved_variable_can_be_named_by_another_flow(filled: PoolApp) -> None:
    first = post_flow(filled, [E])
    (name,) = reserved(filled, first)
    second = post_flow(filled, [{**E, "variable": f"{ALPHA}/variables/{name}"}])
    post_result(filled, first, "jobs[0]", {"x": 1})
    assert states_of(filled, first) == states_of(filled, second) == {"jobs[0]": "done"}


# Releasing


def test_a_skipped_entry_releases_its_variable(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "if": NEVER}] * 3)
    assert set(states_of(filled, flow).values()) == {"skipped"}
    assert len(reserved(filled, post_flow(filled, [E, E, E]))) == 3


def test_a_failed_flow_releases_its_variables(filled: PoolApp) -> None:
    post_flow(filled, [E, E, {**E, "if": "() => { throw 1; }"}])
    assert len(reserved(filled, post_flow(filled, [E, E, E]))) == 3


# The job's scheduler


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_jobs_scheduler_chooses(pool: PoolApp, size: int) -> None:
    largest = "(context) => context.variables.sort((a, b) => b.data.size - a.data.size)[0].id"
    job = pool.post_job("Alpha", variable_scheduler=largest)
    for number in range(5):
        pool.post_variable(job, f"v{number}", size=number)
    assert reserved(pool, post_flow(pool, [E] * size)) == [f"v{4 - number}" for number in range(size)]


def test_if_the_scheduler_fails_the_choice_is_random(pool: PoolApp) -> None:
    job = pool.post_job("Alpha", variable_scheduler="() => { throw Error('none'); }")
    pool.post_variable(job, "a")
    assert reserved(pool, post_flow(pool, [E])) == ["a"]
