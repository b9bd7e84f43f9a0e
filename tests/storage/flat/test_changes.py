"""The log of changes on disk: full disks, dead processes, and a log that is emptied."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.flat import FlatStore
from storage.flat.changes import ChangeLog
from tests.storage.helpers import JOB, accept, add, job


@pytest.fixture
def follower(root: Path, store: FlatStore) -> FlatStore:
    """Another process that knows everything so far."""
    follower = FlatStore(root, fsync=False)
    follower.changes.read()
    return follower


def test_a_log_that_grows_large_is_emptied(root: Path, store: FlatStore, follower: FlatStore) -> None:
    log = ChangeLog(store._tree.writer, str(root), max_bytes=100)
    log.read()
    for _ in range(20):
        log.add(JOB)
        log.read()
    assert (root / "changes.ndjson").stat().st_size < 150
    assert follower.changes.read()[0]
    log.close()


def test_the_recovery_of_a_dead_process_tells_that_anything_may_have_changed(
    root: Path, store: FlatStore, follower: FlatStore
) -> None:
    (root / "tmp" / "1-dead").mkdir()
    store.maintenance.recover()
    assert follower.changes.read()[0]


def test_recovery_without_a_dead_process_tells_nothing(store: FlatStore, follower: FlatStore) -> None:
    store.maintenance.recover()
    assert follower.changes.read() == (False, [])


def test_a_full_disk_refuses_no_result_for_the_log(
    store: FlatStore, follower: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.changes.watch(JOB)
    with monkeypatch.context() as patched:
        patched.setattr(store._tree.changes._log, "append", lambda _events: (_ for _ in ()).throw(OSError(28, "full")))
        accept(store, "a")
    assert JOB in store.changes.read()[1]
    assert follower.changes.read() == (False, [])
    store.jobs.create("new", job("new"))
    assert follower.changes.read() == (False, [JOB, "new"])


def test_a_marker_that_somebody_removed_only_silences(store: FlatStore, job_directory: Path) -> None:
    store.changes.read()
    store.changes.watch(JOB)
    (job_directory / "watched").unlink()
    add(store, "x")
    assert store.changes.read() == (False, [])


def test_a_change_is_logged_though_another_thread_has_just_logged_one_of_the_same_job(
    store: FlatStore, follower: FlatStore
) -> None:
    class Racing(set[str]):
        """What is put in is gone at once: the other thread has logged its own change, which was before."""

        def add(self, _job_id: str) -> None: ...

    store._tree.changes._unlogged = Racing()
    store._tree.changes.add(JOB)
    assert follower.changes.read()[1] == [JOB]
