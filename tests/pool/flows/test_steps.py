"""Steps of a flow: their ids, and the search for the last one."""

from __future__ import annotations

import pytest

from pool.flows.steps import StepId, last_iteration, path_of, step_of, uses_job_variable, variable_of_step
from storage.base import Document, Store
from tests.storage.helpers import JOB, job, variables

FLOW = "20141202090909123456-5f3c9a"
FIRST = StepId(FLOW, 1, 2, 1)


def test_the_id_of_a_step_is_read_as_it_was_written() -> None:
    assert str(FIRST) == f"{FLOW}.1.2.1"
    assert step_of(str(FIRST)) == FIRST
    assert step_of(str(FIRST.at(12))) == StepId(FLOW, 1, 2, 12)
    assert FIRST.at(12).signal == "1.2.12"


@pytest.mark.parametrize(
    "variable_id",
    [
        "one",
        FLOW,
        f"{FLOW}.1.2",
        f"{FLOW}.1.2.3.4",
        f"{FLOW}.1.2.x",
        f"{FLOW}.1.2.-1",
        f"{FLOW}.1.2.{'9' * 10}",
        f"{FLOW}.1.2.3\n",
        f"x{FLOW}.1.2.3",
        "20141202-5f3c9a.1.2.3",
        f"{FLOW.upper()}.1.2.3",
    ],
)
def test_any_other_id_is_of_no_step(variable_id: str) -> None:
    assert step_of(variable_id) is None


@pytest.mark.parametrize(
    ("level", "index", "path"), [(0, 0, "jobs[0]"), (1, 2, "dependent.jobs[2]"), (2, 0, "dependent.dependent.jobs[0]")]
)
def test_the_path_of_an_entry_is_that_in_the_posted_tree(level: int, index: int, path: str) -> None:
    assert path_of(level, index) == path


@pytest.mark.parametrize(
    ("entry", "iteration", "variable_id"),
    [
        ({"variable": "one", "is_own": True}, 1, "one"),
        ({"variable": "one", "is_own": True}, 2, f"{FLOW}.1.2.2"),
        ({"variable": "one", "is_own": False}, 1, f"{FLOW}.1.2.1"),
        ({}, 1, f"{FLOW}.1.2.1"),
    ],
)
def test_only_a_first_step_may_be_a_variable_of_the_job(entry: Document, iteration: int, variable_id: str) -> None:
    assert variable_of_step(entry, FIRST.at(iteration)) == variable_id
    assert uses_job_variable(entry) is entry.get("is_own", False)


@pytest.mark.parametrize("count", [*range(10), 15, 16, 17, 100])
def test_the_last_iteration_is_found(store: Store, count: int) -> None:
    store.jobs.create(JOB, job())
    store.variables.add(JOB, variables(str(FIRST.at(number)) for number in range(1, count + 1)))
    assert last_iteration(store, {"job": JOB}, FIRST) == count


@pytest.mark.parametrize("known", [0, 1, 6, 7])
def test_the_search_begins_at_a_known_iteration(store: Store, known: int) -> None:
    store.jobs.create(JOB, job())
    store.variables.add(JOB, variables(str(FIRST.at(number)) for number in range(1, 8)))
    assert last_iteration(store, {"job": JOB}, FIRST, known) == 7
