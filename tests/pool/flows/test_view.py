"""The view of a flow: the state of each entry, and times."""

from __future__ import annotations

from typing import Any

import pytest

from pool.flows.steps import StepId
from pool.flows.view import STEPS_SHOWN, EntryView, FlowView, seconds_between
from storage.base import Store
from tests.storage.helpers import JOB, job, variables

FLOW = "20141202090909123456-5f3c9a"
STARTED, FINISHED = "2014-12-02T09:09:09.000Z", "2014-12-02T09:09:19.500Z"
FIRST = StepId(FLOW, 0, 1, 1)


@pytest.mark.parametrize(
    ("started", "finished", "seconds"),
    [
        (STARTED, FINISHED, 10.5),
        (STARTED, STARTED, 0),
        ("2014-12-31T23:59:59.999Z", "2015-01-01T00:00:00.000Z", 0.001),
        (None, FINISHED, None),
        (STARTED, None, None),
    ],
)
def test_the_seconds_between_two_times(started: str | None, finished: str | None, seconds: float | None) -> None:
    assert seconds_between(started, finished) == seconds


@pytest.mark.parametrize(
    ("started", "finished", "state"),
    [
        (None, None, "waiting"),
        ({"at": STARTED, "skipped": []}, None, "running"),
        ({"at": STARTED, "skipped": [0]}, None, "running"),
        ({"at": STARTED, "skipped": [1]}, None, "skipped"),
        ({"at": STARTED, "skipped": []}, {"iterations": 1}, "done"),
    ],
)
def test_the_state_of_an_entry(store: Store, started: Any, finished: Any, state: str) -> None:
    assert EntryView(store, FIRST, {"job": JOB}, started, finished).state == state


def entry_of(store: Store, **options: Any) -> Any:
    started = {"at": STARTED, "skipped": options.pop("skipped", [])}
    view = EntryView(store, FIRST, {"job": JOB, "if": "() => true"}, started, options.pop("finished", None))
    return view.shown(view.state, options.pop("to_owner", False))


def test_a_running_entry_shows_its_latest_steps(store: Store) -> None:
    store.jobs.create(JOB, job())
    store.variables.add(JOB, variables(str(FIRST.at(number)) for number in range(1, STEPS_SHOWN + 4)))
    steps = entry_of(store)["steps"]
    assert [step["iteration"] for step in steps] == list(range(4, STEPS_SHOWN + 4))
    assert steps[0] == {
        "variable": str(FIRST.at(4)),
        "iteration": 4,
        "result": None,
        "state": "open",
        "started": store.variables.get(JOB, str(FIRST.at(4)))["created"],
        "finished": None,
        "run_seconds": None,
    }


def test_a_skipped_entry_finished_when_its_level_started(store: Store) -> None:
    entry = entry_of(store, skipped=[1])
    assert (entry["state"], entry["finished"], entry["seconds"], entry["steps"]) == ("skipped", STARTED, 0, [])


def test_a_finished_entry_has_the_facts_of_its_end(store: Store) -> None:
    store.jobs.create(JOB, job())
    store.variables.add(JOB, variables([str(FIRST)]))
    finished = {"at": FINISHED, "iterations": 1, "result": "r", "finished": FINISHED, "run_seconds": 2.5}
    entry = entry_of(store, finished=finished)
    assert (entry["iterations"], entry["seconds"]) == (1, 10.5)
    (step,) = entry["steps"]
    assert (step["state"], step["result"], step["run_seconds"]) == ("done", "r", 2.5)


def test_an_entry_of_a_deleted_job_has_no_steps(store: Store) -> None:
    assert entry_of(store)["steps"] == []


@pytest.mark.parametrize("to_owner", [True, False])
def test_conditions_are_named_for_all_and_shown_to_the_owner(store: Store, to_owner: bool) -> None:
    entry = entry_of(store, to_owner=to_owner)
    assert entry["conditions"] == ["if"]
    assert ("if" in entry) is to_owner


# Whole flows


def whole(store: Store, outcome: Any, to_owner: bool = True) -> Any:
    document = {"id": FLOW, "name": None, "owner": "me", "created": STARTED, "levels": [[{"job": JOB}, {"job": JOB}]]}
    return FlowView(store, document, outcome, to_owner).whole()


def states(view: Any) -> list[str]:
    return [entry["state"] for entry in view["levels"][0]]


def test_a_running_flow_counts_its_entries_by_state(store: Store) -> None:
    view = whole(store, None)
    assert (view["state"], view["finished"], view["seconds"]) == ("running", None, None)
    assert view["entries"]["total"] == view["entries"]["waiting"] == 2
    assert "failure" not in view
    assert "result" not in view


@pytest.mark.parametrize("to_owner", [True, False])
def test_the_failure_of_a_flow_has_what_only_its_owner_may_see(store: Store, to_owner: bool) -> None:
    private = {"console": "said", "last_refusal": ""}
    outcome = {"state": "failed", "at": FINISHED, "path": "jobs[1]", "reason": "because", "for_owner": private}
    view = whole(store, outcome, to_owner)
    assert (view["state"], view["seconds"], states(view)) == ("failed", 10.5, ["cancelled", "failed"])
    assert view["failure"] == {"path": "jobs[1]", "reason": "because", **({"console": "said"} if to_owner else {})}


def test_nothing_runs_in_a_cancelled_flow(store: Store) -> None:
    view = whole(store, {"state": "cancelled", "at": FINISHED})
    assert (view["state"], states(view)) == ("cancelled", ["cancelled", "cancelled"])
