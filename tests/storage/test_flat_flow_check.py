"""`check` names what marks flows wrongly, and mends it so that a second check finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.flat import FlatStore
from tests.storage.helpers import JOB, add, job

FLOW = {"id": "f1", "jobs": [JOB], "levels": []}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(root: Path) -> Iterator[FlatStore]:
    """A job, two of whose variables a running flow has taken."""
    store = FlatStore(root, fsync=False)
    store.create_job(JOB, job())
    add(store, "a", "b")
    store.create_flow("f1", FLOW)
    store.watch(JOB, "f1")
    store.keep("f1", "0/started", {"skipped": []})
    for name in "ab":
        store.take(JOB, name, "f1")
    yield store
    store.close()


def mended(store: FlatStore) -> list[tuple[str, str]]:
    """What a check finds; asserts that a repair finds the same, and leaves nothing to find."""
    found = [(finding.where, finding.problem) for finding in store.check(repair=False)]
    assert [(finding.where, finding.problem) for finding in store.check(repair=True)] == found
    assert list(store.check(repair=False)) == []
    return found


def test_a_flow_that_runs_is_as_it_should_be(store: FlatStore) -> None:
    assert mended(store) == []


def test_a_flow_that_has_ended_is_as_it_should_be(store: FlatStore) -> None:
    store.keep("f1", "outcome", {"state": "done"})
    for name in "ab":
        store.untake(JOB, name, "f1")
    store.unwatch(JOB, "f1")
    store.keep("f1", "0/merged", {"result": {}})
    store.stop_flow("f1")
    assert mended(store) == []


def test_a_flow_that_is_done_without_a_result_goes_on_where_it_lacks_one(store: FlatStore) -> None:
    store.keep("f1", "outcome", {"state": "done"})
    store.stop_flow("f1")
    problems = [finding.problem for finding in store.check(repair=True)]
    assert problems[0].startswith("is done, and 0/merged.json is")
    assert store.is_running("f1")
    assert store.kept("f1", "outcome") is None


def test_a_running_flow_without_its_mark_is_marked(store: FlatStore, root: Path) -> None:
    (root / "flows" / "f1" / "running").unlink()
    assert ("flow f1", "has not ended, and is not marked as running") in mended(store)
    assert store.is_running("f1")


def test_a_job_gets_to_know_the_flow_that_uses_it(store: FlatStore) -> None:
    store.unwatch(JOB, "f1")
    assert mended(store) == [("flow f1", f"is unknown to job {JOB}, which it uses")]
    assert store.watchers(JOB) == ["f1"]


def test_a_job_forgets_a_flow_that_does_not_run(store: FlatStore) -> None:
    store.watch(JOB, "f2")
    assert mended(store) == [(JOB, "flow f2 is said to use it, and does not run")]
    assert store.watchers(JOB) == ["f1"]


def test_what_was_taken_for_a_flow_that_does_not_run_is_let_go(store: FlatStore) -> None:
    store.untake(JOB, "b", "f1")
    store.take(JOB, "b", "f2")
    assert mended(store) == [(JOB, "b is taken by flow f2, which does not run")]
    assert (store.taker(JOB, "a"), store.taker(JOB, "b")) == ("f1", None)


def test_a_damaged_document_is_set_aside(store: FlatStore, root: Path) -> None:
    (root / "flows" / "f1" / "0" / "started.json").write_text("{")
    assert mended(store) == [("flow f1", "0/started.json is damaged")]
    assert (root / "damaged" / "flows" / "f1" / "0" / "started.json").read_text() == "{"


def test_a_flow_without_its_tree_is_set_aside(store: FlatStore, root: Path) -> None:
    (root / "flows" / "f1" / "flow.json").unlink()
    assert mended(store)[0] == ("flow f1", "flow.json is missing or damaged")
    assert (root / "damaged" / "flows" / "f1" / "0" / "started.json").exists()
    assert store.watchers(JOB) == []


def test_files_of_other_programs_are_passed_over(store: FlatStore, root: Path) -> None:
    (root / "flows" / ".DS_Store").write_text("")
    (root / "flows" / "f1" / "notes.txt").write_text("")
    assert mended(store) == []
