"""The workspaces of processes: what the dead leave in them is found and cleared, what the living hold is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.flat import FlatStore, journal
from tests.storage.faults import die, survives
from tests.storage.helpers import JOB, add, at_once, findings, job, result, variable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(root: Path) -> FlatStore:
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    add(store, *"abc")
    return store


def leave_temporaries(root: Path) -> None:
    """A process that dies with a half-written document."""
    store = FlatStore(root, fsync=False)
    assert not survives(lambda: store.results.accept(JOB, "a", result("a")), 1, die, ("write",))


def test_the_temporaries_of_the_dead_are_found(root: Path, store: FlatStore) -> None:
    leave_temporaries(root)
    assert findings(store) == ["1 temporary files of dead processes"]


def test_the_temporaries_of_the_dead_are_cleared(root: Path, store: FlatStore) -> None:
    leave_temporaries(root)
    store.maintenance.recover()
    assert findings(store) == []
    assert store.variables.state(JOB, "a") == "open"


def test_the_temporaries_of_the_living_are_left(root: Path, store: FlatStore) -> None:
    other = FlatStore(root, fsync=False)
    temporary = other._tree.writer.temporary({"under": "way"})
    store.maintenance.recover()
    assert Path(temporary).exists()
    assert findings(store) == []


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"job": "../../x", "id": "a"}', '{"job": 1, "variable": {}}']
)
def test_rubbish_among_the_temporaries_is_dropped(root: Path, store: FlatStore, content: str) -> None:
    workspace = root / "tmp" / "1-dead"
    (workspace / "directory").mkdir(parents=True)
    (workspace / "x.json").write_text(content)
    store.maintenance.recover()
    assert not workspace.exists()


def test_stores_open_while_another_recovers(root: Path, store: FlatStore) -> None:
    def open_and_write() -> bool:
        opened = FlatStore(root, fsync=False)
        written = opened.maintenance.is_writable()
        opened.close()
        return written

    outcomes = at_once([open_and_write] * 6 + [lambda: store.maintenance.recover() is None] * 6)
    assert outcomes == [True] * 12


def test_threads_that_open_the_workspace_at_once_all_let_go_of_it(root: Path, store: FlatStore) -> None:
    store.close()
    shared = FlatStore(root, fsync=False)
    assert at_once([shared.maintenance.is_writable] * 8) == [True] * 8
    shared.close()
    assert list((root / "tmp").iterdir()) == []


def test_a_bulk_that_was_cut_short_is_recovered_at_the_cost_of_one_reading(
    root: Path, store: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FlatStore(root, fsync=False)
    many = {f"v{number}": variable(f"v{number}") for number in range(50)}
    # Before the first of the temporaries is removed.
    assert not survives(lambda: other.variables.add(JOB, many), 1, die, ("unlink",))
    read, calls = journal.read, []
    monkeypatch.setattr(journal, "read", lambda *args: (calls.append(args), read(*args))[1])
    store.maintenance.recover()
    assert len(calls) == 2
    assert findings(store) == []
    assert store.counts.get(JOB).posted == 53
