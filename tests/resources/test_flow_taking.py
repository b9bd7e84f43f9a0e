"""Entries at the leaves that name no variable take the next of their jobs, each its own."""

from __future__ import annotations

import pytest

from tests.conftest import PoolApp
from tests.resources.flow_helpers import ALWAYS, NEVER, ONCE_MORE, answer, entries_of, post, post_flow, states_of, tree
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


def taken(pool: PoolApp, flow: str) -> list[str]:
    """The ids of the variables that a flow has taken."""
    entries = entries_of(pool, flow).values()
    return [entry["variable"].rpartition("/")[2] for entry in entries if entry.get("taken")]


def test_a_taken_variable_is_the_entrys_first_step(filled: PoolApp) -> None:
    entry = entries_of(filled, post_flow(filled, [E]))["jobs[0]"]
    assert entry["taken"] is True
    assert entry["steps"][0]["_links"]["get_variable"] == entry["variable"] == entry["_links"]["get_variable"]


def test_entries_take_distinct_ones(filled: PoolApp) -> None:
    assert sorted(taken(filled, post_flow(filled, [E, E, E]))) == ["a", "b", "c"]


def test_so_do_flows(filled: PoolApp) -> None:
    flows = [post_flow(filled, [E]) for _ in range(3)]
    assert sorted(name for flow in flows for name in taken(filled, flow)) == ["a", "b", "c"]


def test_never_one_that_the_flow_names(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, {**E, "variable": f"{ALPHA}/variables/b"}, E])
    assert sorted(taken(filled, flow)) == ["a", "c"]


def test_only_the_leaves_take(filled: PoolApp) -> None:
    assert len(taken(filled, post_flow(filled, [E, E, E, E], [E]))) == 1


@pytest.mark.parametrize("condition", ["if", "while"])
def test_conditions_make_no_difference(filled: PoolApp, condition: str) -> None:
    assert len(taken(filled, post_flow(filled, [{**E, condition: ALWAYS}]))) == 1


def test_only_open_ones_are_taken(filled: PoolApp) -> None:
    filled.post_json(f"{ALPHA}/variables/a/results", 1, status=201)
    filled.delete(f"{ALPHA}/variables/b", headers=filled.owner, status=204)
    assert taken(filled, post_flow(filled, [E])) == ["c"]


def test_one_that_is_lent_is_not_taken(filled: PoolApp) -> None:
    lent = filled.lease(ALPHA)["self"].rpartition("/")[2]
    assert sorted([*taken(filled, post_flow(filled, [E, E])), lent]) == ["a", "b", "c"]


def test_the_steps_of_other_flows_are_not(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "while": ONCE_MORE}, E, E])
    for path in ("jobs[0]", "jobs[1]", "jobs[2]"):
        answer(filled, flow, path, {"x": 1})
    problem(post(filled, {"jobs": [E]}, status=422), 422, "jobs[0].variable")


def test_volunteers_may_still_compute_what_is_taken(filled: PoolApp) -> None:
    post_flow(filled, [E, E, E])
    assert {filled.lease(ALPHA)["self"].rpartition("/")[2] for _ in range(3)} == {"a", "b", "c"}


# Where there is none left


def test_a_flow_is_refused_where_none_is_left(filled: PoolApp) -> None:
    document = problem(post(filled, tree([E], [E, E, E, E, E]), status=422), 422, "no open variable")
    assert [error["path"] for error in document["errors"]] == [
        "dependent.jobs[3].variable",
        "dependent.jobs[4].variable",
    ]


def test_what_a_refused_flow_took_it_gives_back(filled: PoolApp) -> None:
    before = documents(filled)
    post(filled, {"jobs": [E, E, E, E]}, status=422)
    assert documents(filled) == before
    assert len(taken(filled, post_flow(filled, [E, E, E]))) == 3


def test_a_job_without_variables_has_none(filled: PoolApp) -> None:
    filled.post_job("Beta")
    document = problem(post(filled, {"jobs": [E, {"job": BETA}]}, status=422), 422, "'beta'")
    assert document["errors"][0]["path"] == "jobs[1].variable"


def test_what_other_flows_have_taken_is_none(filled: PoolApp) -> None:
    post_flow(filled, [E, E, E])
    problem(post(filled, {"jobs": [E]}, status=422), 422, "jobs[0].variable")


def test_by_name_it_may_be_shared(filled: PoolApp) -> None:
    first = post_flow(filled, [E])
    (name,) = taken(filled, first)
    second = post_flow(filled, [{**E, "variable": f"{ALPHA}/variables/{name}"}])
    answer(filled, first, "jobs[0]", {"x": 1})
    assert states_of(filled, first) == states_of(filled, second) == {"jobs[0]": "done"}


# Giving back


def test_one_that_was_skipped_is_free_again(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "if": NEVER}] * 3)
    assert set(states_of(filled, flow).values()) == {"skipped"}
    assert len(taken(filled, post_flow(filled, [E, E, E]))) == 3


def test_so_is_one_of_a_flow_that_failed(filled: PoolApp) -> None:
    post_flow(filled, [E, E, {**E, "if": "() => { throw 1; }"}])
    assert len(taken(filled, post_flow(filled, [E, E, E]))) == 3


# The job's own scheduler


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_jobs_scheduler_decides_which(pool: PoolApp, size: int) -> None:
    largest = "(context) => context.variables.sort((a, b) => b.data.size - a.data.size)[0].id"
    job = pool.post_job("Alpha", variable_scheduler=largest)
    for number in range(5):
        pool.post_variable(job, f"v{number}", size=number)
    assert taken(pool, post_flow(pool, [E] * size)) == [f"v{4 - number}" for number in range(size)]


def test_one_that_fails_leaves_it_to_chance(pool: PoolApp) -> None:
    job = pool.post_job("Alpha", variable_scheduler="() => { throw Error('none'); }")
    pool.post_variable(job, "a")
    assert taken(pool, post_flow(pool, [E])) == ["a"]
