"""The check finds wrong markers, references and documents of flows; after a repair it finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.flat import FlatStore
from storage.flow_store import ReservedVariable, RunningFlows, UsedJob
from tests.storage.helpers import JOB, add, job

FLOW = {"id": "f1", "jobs": [JOB], "levels": []}


@pytest.fixture
def store(root: Path) -> Iterator[FlatStore]:
    """A store with a job and a running flow, which has reserved two of its variables."""
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


def check_and_repair(store: FlatStore) -> list[tuple[str, str]]:
    """The findings of a check. Asserts that a repair finds the same, and that a second check finds nothing."""
    found = [(finding.where, finding.problem) for finding in store.maintenance.check(repair=False)]
    assert [(finding.where, finding.problem) for finding in store.maintenance.check(repair=True)] == found
    assert list(store.maintenance.check(repair=False)) == []
    return found


def test_a_check_of_a_running_flow_finds_nothing(store: FlatStore) -> None:
    assert check_and_repair(store) == []


def test_a_check_of_an_ended_flow_finds_nothing(store: FlatStore) -> None:
    store.flows.write_once("f1", "outcome", {"state": "done"})
    for name in "ab":
        store.flows.remove_reference(ReservedVariable(JOB, name), "f1")
    store.flows.remove_reference(UsedJob(JOB), "f1")
    store.flows.write_once("f1", "0/merged", {"result": {}})
    store.flows.remove_reference(RunningFlows(), "f1")
    assert check_and_repair(store) == []


def test_a_done_flow_without_a_merged_result_runs_again(store: FlatStore) -> None:
    store.flows.write_once("f1", "outcome", {"state": "done"})
    store.flows.remove_reference(RunningFlows(), "f1")
    problems = [finding.problem for finding in store.maintenance.check(repair=True)]
    assert problems[0].startswith("is done, and 0/merged.json is")
    assert store.flows.references(RunningFlows()) == ["f1"]
    assert store.flows.read("f1", "outcome") is None


def test_an_unfinished_flow_without_its_marker_is_marked_as_running(store: FlatStore, root: Path) -> None:
    (root / "flows" / "f1" / "running").unlink()
    assert ("flow f1", "has not ended, and is not marked as running") in check_and_repair(store)
    assert store.flows.references(RunningFlows()) == ["f1"]


def test_a_missing_reference_from_a_job_to_its_flow_is_added(store: FlatStore) -> None:
    store.flows.remove_reference(UsedJob(JOB), "f1")
    assert check_and_repair(store) == [("flow f1", f"job {JOB}, which it uses, has no reference to it")]
    assert store.flows.references(UsedJob(JOB)) == ["f1"]


def test_a_reference_from_a_job_to_a_flow_that_does_not_run_is_removed(store: FlatStore) -> None:
    store.flows.add_reference(UsedJob(JOB), "f2")
    assert check_and_repair(store) == [(JOB, "has a reference to flow f2, which does not run")]
    assert store.flows.references(UsedJob(JOB)) == ["f1"]


def test_a_reservation_for_a_flow_that_does_not_run_is_removed(store: FlatStore) -> None:
    store.flows.remove_reference(ReservedVariable(JOB, "b"), "f1")
    store.flows.add_reference(ReservedVariable(JOB, "b"), "f2")
    assert check_and_repair(store) == [(JOB, "b is reserved for flow f2, which does not run")]
    assert [store.flows.references(ReservedVariable(JOB, name)) for name in "ab"] == [["f1"], []]


def test_a_damaged_document_of_a_flow_is_set_aside(store: FlatStore, root: Path) -> None:
    (root / "flows" / "f1" / "0" / "started.json").write_text("{")
    assert check_and_repair(store) == [("flow f1", "0/started.json is damaged")]
    assert (root / "damaged" / "flows" / "f1" / "0" / "started.json").read_text() == "{"


def test_a_flow_without_its_own_document_is_set_aside(store: FlatStore, root: Path) -> None:
    (root / "flows" / "f1" / "flow.json").unlink()
    assert check_and_repair(store)[0] == ("flow f1", "flow.json is missing or damaged")
    assert (root / "damaged" / "flows" / "f1" / "0" / "started.json").exists()
    assert store.flows.references(UsedJob(JOB)) == []


def test_files_of_other_programs_are_ignored(store: FlatStore, root: Path) -> None:
    (root / "flows" / ".DS_Store").write_text("")
    (root / "flows" / "f1" / "notes.txt").write_text("")
    assert check_and_repair(store) == []
