"""Workspaces: recovery removes the temporary files of dead processes, and leaves those of living ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.errors import NotFound
from storage.flat import FlatStore, journal
from tests.storage.faults import kill_process, survives
from tests.storage.helpers import JOB, add, findings, job, run_concurrently, variable


@pytest.fixture
def store(root: Path) -> FlatStore:
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    add(store, *"abc")
    return store


def leave_temporary_file(root: Path) -> None:
    """Kills a process before it writes the content of a document."""
    store = FlatStore(root, fsync=False)
    assert not survives(lambda: store.variables.add(JOB, {"d": variable("d")}), 1, kill_process, ("write",))


def test_a_check_finds_the_workspace_of_a_dead_process(root: Path, store: FlatStore) -> None:
    leave_temporary_file(root)
    assert findings(store) == ["1 temporary files of dead processes"]


def test_recovery_removes_the_workspace_of_a_dead_process(root: Path, store: FlatStore) -> None:
    leave_temporary_file(root)
    store.maintenance.recover()
    assert findings(store) == []
    with pytest.raises(NotFound):
        store.variables.get(JOB, "d")


def test_recovery_leaves_the_workspace_of_a_living_process(root: Path, store: FlatStore) -> None:
    other = FlatStore(root, fsync=False)
    temporary = other._tree.writer.temporary({"under": "way"})
    store.maintenance.recover()
    assert Path(temporary).exists()
    assert findings(store) == []


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"job": "../../x", "id": "a"}', '{"job": 1, "variable": {}}']
)
def test_recovery_removes_invalid_temporary_files(root: Path, store: FlatStore, content: str) -> None:
    workspace = root / "tmp" / "1-dead"
    (workspace / "directory").mkdir(parents=True)
    (workspace / "x.json").write_text(content)
    store.maintenance.recover()
    assert not workspace.exists()


def test_stores_can_be_opened_during_recovery(root: Path, store: FlatStore) -> None:
    def open_and_write() -> bool:
        opened = FlatStore(root, fsync=False)
        written = opened.maintenance.is_writable()
        opened.close()
        return written

    outcomes = run_concurrently([open_and_write] * 6 + [lambda: store.maintenance.recover() is None] * 6)
    assert outcomes == [True] * 12


def test_closing_removes_a_workspace_opened_by_concurrent_threads(root: Path, store: FlatStore) -> None:
    store.close()
    shared = FlatStore(root, fsync=False)
    assert run_concurrently([shared.maintenance.is_writable] * 8) == [True] * 8
    shared.close()
    assert list((root / "tmp").iterdir()) == []


def test_recovery_of_an_interrupted_batch_reads_each_journal_once(
    root: Path, store: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FlatStore(root, fsync=False)
    many = {f"v{number}": variable(f"v{number}") for number in range(50)}
    # Killed before the first temporary file is removed: recovery finds all of them.
    assert not survives(lambda: other.variables.add(JOB, many), 1, kill_process, ("unlink",))
    read, calls = journal.read, []
    monkeypatch.setattr(journal, "read", lambda *args: (calls.append(args), read(*args))[1])
    store.maintenance.recover()
    assert len(calls) == 2
    assert findings(store) == []
    assert store.counts.get(JOB).posted == 53
