"""`check` names what marks flows wrongly, and mends it so that a second check finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.flat import FlatStore
from storage.flow_store import ReservedVariable, RunningFlows, UsedJob
from tests.storage.helpers import JOB, add, job

FLOW = {"id": "f1", "jobs": [JOB], "levels": []}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(root: Path) -> Iterator[FlatStore]:
    """A job, two of whose variables a running flow has taken."""
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    add(store, "a", "b")
    store.flows.create("f1", FLOW)
    store.flows.add_reference(UsedJob(JOB), "f1")
    store.flows.write_once("f1", "0/started", {"skipped": []})
    for name in "ab":
        store.flows.add_reference(ReservedVariable(JOB, name), "f1")
    yield store
    store.close()


def mended(store: FlatStore) -> list[tuple[str, str]]:
    """What a check finds; asserts that a repair finds the same, and leaves nothing to find."""
    found = [(finding.where, finding.problem) for finding in store.maintenance.check(repair=False)]
    assert [(finding.where, finding.problem) for finding in store.maintenance.check(repair=True)] == found
    assert list(store.maintenance.check(repair=False)) == []
    return found


def test_a_flow_that_runs_is_as_it_should_be(store: FlatStore) -> None:
    assert mended(store) == []


def test_a_flow_that_has_ended_is_as_it_should_be(store: FlatStore) -> None:
    store.flows.write_once("f1", "outcome", {"state": "done"})
    for name in "ab":
        store.flows.remove_reference(ReservedVariable(JOB, name), "f1")
    store.flows.remove_reference(UsedJob(JOB), "f1")
    store.flows.write_once("f1", "0/merged", {"result": {}})
    store.flows.remove_reference(RunningFlows(), "f1")
    assert mended(store) == []


def test_a_flow_that_is_done_without_a_result_goes_on_where_it_lacks_one(store: FlatStore) -> None:
    store.flows.write_once("f1", "outcome", {"state": "done"})
    store.flows.remove_reference(RunningFlows(), "f1")
    problems = [finding.problem for finding in store.maintenance.check(repair=True)]
    assert problems[0].startswith("is done, and 0/merged.json is")
    assert store.flows.references(RunningFlows()) == ["f1"]
    assert store.flows.read("f1", "outcome") is None


def test_a_running_flow_without_its_mark_is_marked(store: FlatStore, root: Path) -> None:
    (root / "flows" / "f1" / "running").unlink()
    assert ("flow f1", "has not ended, and is not marked as running") in mended(store)
    assert store.flows.references(RunningFlows()) == ["f1"]


def test_a_job_gets_to_know_the_flow_that_uses_it(store: FlatStore) -> None:
    store.flows.remove_reference(UsedJob(JOB), "f1")
    assert mended(store) == [("flow f1", f"job {JOB}, which it uses, has no reference to it")]
    assert store.flows.references(UsedJob(JOB)) == ["f1"]


def test_a_job_forgets_a_flow_that_does_not_run(store: FlatStore) -> None:
    store.flows.add_reference(UsedJob(JOB), "f2")
    assert mended(store) == [(JOB, "has a reference to flow f2, which does not run")]
    assert store.flows.references(UsedJob(JOB)) == ["f1"]


def test_what_was_taken_for_a_flow_that_does_not_run_is_let_go(store: FlatStore) -> None:
    store.flows.remove_reference(ReservedVariable(JOB, "b"), "f1")
    store.flows.add_reference(ReservedVariable(JOB, "b"), "f2")
    assert mended(store) == [(JOB, "b is reserved for flow f2, which does not run")]
    assert [store.flows.references(ReservedVariable(JOB, name)) for name in "ab"] == [["f1"], []]


def test_a_damaged_document_is_set_aside(store: FlatStore, root: Path) -> None:
    (root / "flows" / "f1" / "0" / "started.json").write_text("{")
    assert mended(store) == [("flow f1", "0/started.json is damaged")]
    assert (root / "damaged" / "flows" / "f1" / "0" / "started.json").read_text() == "{"


def test_a_flow_without_its_tree_is_set_aside(store: FlatStore, root: Path) -> None:
    (root / "flows" / "f1" / "flow.json").unlink()
    assert mended(store)[0] == ("flow f1", "flow.json is missing or damaged")
    assert (root / "damaged" / "flows" / "f1" / "0" / "started.json").exists()
    assert store.flows.references(UsedJob(JOB)) == []


def test_files_of_other_programs_are_passed_over(store: FlatStore, root: Path) -> None:
    (root / "flows" / ".DS_Store").write_text("")
    (root / "flows" / "f1" / "notes.txt").write_text("")
    assert mended(store) == []
