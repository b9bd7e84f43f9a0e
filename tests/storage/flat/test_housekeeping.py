"""Housekeeping: what takes long is done beside service, by one process, and continued by another."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from storage.flat import FlatStore, housekeeping, recovery
from storage.flat.housekeeping import remove_tree
from storage.flat.throttle import Throttle
from tests.storage.helpers import (
    JOB,
    add,
    eventually,
    findings,
    job,
    rejected_result,
    result,
    run_concurrently,
    variable,
    variables,
)


@pytest.fixture
def open_store(root: Path) -> Iterator[Callable[[], FlatStore]]:
    opened: list[FlatStore] = []

    def open_one() -> FlatStore:
        opened.append(FlatStore(root, fsync=False))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], FlatStore]) -> FlatStore:
    store = open_store()
    store.jobs.create(JOB, job())
    return store


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """After each piece of work a pause of minutes; `undo` ends it for later work."""
    monkeypatch.setattr(housekeeping, "Throttle", partial(Throttle, turn_seconds=0.0))
    monkeypatch.setattr(housekeeping, "SHARE", 1e-9)
    monkeypatch.setattr(housekeeping, "STORED_SECONDS", 0.0)
    monkeypatch.setattr(housekeeping, "GRACE_SECONDS", 0.0)
    return monkeypatch


def do_all(store: FlatStore, recount: Callable[[], object] = lambda: None) -> None:
    store.maintenance.housekeep(recount)
    store.maintenance.finish_housekeeping()


def trash(root: Path) -> list[Path]:
    return list((root / "trash").iterdir())


def power_cut(root: Path) -> None:
    (root / "running").write_text("another boot")


def test_a_deleted_jobs_files_are_removed(store: FlatStore, root: Path) -> None:
    add(store, *"abc")
    store.jobs.delete(JOB)
    store.maintenance.finish_housekeeping()
    assert trash(root) == []


def test_a_process_that_ends_leaves_the_trash_to_the_next(
    store: FlatStore, root: Path, open_store: Callable[[], FlatStore], slow: pytest.MonkeyPatch
) -> None:
    add(store, *"abc")
    store.jobs.delete(JOB)
    store.close()
    assert trash(root)
    slow.undo()
    do_all(open_store())
    assert trash(root) == []


def test_the_progress_is_told_by_every_process(
    store: FlatStore, open_store: Callable[[], FlatStore], slow: pytest.MonkeyPatch
) -> None:
    add(store, *"abc")
    other = open_store()
    assert other.maintenance.housekeeping() is None
    store.jobs.delete(JOB)
    progress = eventually(other.maintenance.housekeeping)
    assert progress is not None
    assert (progress["task"], progress["removed"]) == ("trash", 1)
    store.close()
    assert other.maintenance.housekeeping() is None


def test_one_process_at_a_time_is_at_work(
    store: FlatStore, root: Path, open_store: Callable[[], FlatStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "RETRY_SECONDS", 0.01)
    at_work, most = [0], [0]
    guard, go_on = threading.Lock(), threading.Event()

    def recount() -> None:
        with guard:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        go_on.wait(10)
        with guard:
            at_work[0] -= 1

    store.maintenance.mark_started()
    others = [open_store() for _ in range(3)]
    for each in (store, *others):
        each.maintenance.housekeep(recount)
    eventually(lambda: most[0])
    go_on.set()
    for each in (store, *others):
        each.maintenance.finish_housekeeping()
    assert most == [1]


def test_a_task_that_fails_stays_pending(store: FlatStore, caplog: pytest.LogCaptureFixture) -> None:
    store.maintenance.mark_started()
    do_all(store, lambda: 1 / 0)
    assert "put off" in caplog.text
    calls: list[str] = []
    do_all(store, lambda: calls.append("again"))
    do_all(store, lambda: calls.append("once more"))
    assert calls == ["again"]


def test_what_cannot_be_removed_keeps_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a/b/c", "a/d", "e"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        (tmp_path / "tree" / name / "file").write_text("")
    ticks: list[int] = []
    remove_tree(f"{tmp_path}/tree", lambda: ticks.append(1))
    assert not (tmp_path / "tree").exists()
    assert len(ticks) == 8
    remove_tree(f"{tmp_path}/missing", lambda: None)
    (tmp_path / "file").write_text("")
    remove_tree(f"{tmp_path}/file", lambda: None)
    assert list(tmp_path.iterdir()) == []


# After the death of processes


def test_many_transactions_of_a_dead_process_are_completed_beside_service(
    store: FlatStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, "a")
    # A document that has its name, and neither marker nor journal line.
    (root / "tmp" / "1-dead").mkdir()
    temporary = store._tree.writer.temporary(variable("b"), sync=False)
    dead = root / "tmp" / "1-dead" / "b.json"
    Path(temporary).rename(dead)
    target = Path(store._tree.job(JOB).variable("b"))
    target.parent.mkdir(exist_ok=True)
    target.hardlink_to(dead)
    monkeypatch.setattr(recovery, "SOON_FILES", 0)
    store.maintenance.recover()
    assert store.counts.get(JOB).posted == 1
    do_all(store)
    assert (store.counts.get(JOB).posted, store.variables.state(JOB, "b")) == (2, "open")
    assert not (root / "tmp" / "1-dead").exists()


# After a power cut


@pytest.fixture
def broken(store: FlatStore, root: Path) -> FlatStore:
    """Two jobs, each with a variable in no queue."""
    store.jobs.create("other", job("other"))
    for name in (JOB, "other"):
        store.variables.add(name, {"a": variable("a", job_id=name)})
        Path(store._tree.job(name).open("a")).unlink()
    store.maintenance.mark_started()
    power_cut(root)
    return store


def test_after_a_power_cut_everything_is_repaired_beside_service(
    broken: FlatStore, caplog: pytest.LogCaptureFixture
) -> None:
    assert broken.maintenance.mark_started()
    broken.maintenance.recover()
    assert len(findings(broken)) == 2
    do_all(broken)
    assert findings(broken) == []
    assert "a is in no queue" in caplog.text
    assert caplog.text.splitlines()[-1].endswith("is done: 2 jobs")
    assert broken.leases.lease(JOB, 60) is not None


def test_a_start_that_is_killed_before_the_repair_leaves_it_pending(broken: FlatStore) -> None:
    assert broken.maintenance.mark_started()
    assert not broken.maintenance.mark_started()
    do_all(broken)
    assert findings(broken) == []


def test_a_repair_that_was_cut_short_continues_behind_the_last_job(broken: FlatStore, root: Path) -> None:
    broken.maintenance.mark_started()
    (root / "housekeeping" / "repair").write_text(JOB)
    do_all(broken)
    assert findings(broken) == ["a is in no queue"]
    assert broken.variables.state("other", "a") == "open"


def test_idle_jobs_of_other_processes_are_ready_after_their_repair(
    broken: FlatStore, open_store: Callable[[], FlatStore]
) -> None:
    follower = open_store()
    follower.changes.read()
    follower.changes.watch(JOB)
    broken.maintenance.mark_started()
    do_all(broken)
    assert JOB in follower.changes.read()[1]


def test_a_repair_beside_service_loses_and_invents_nothing(
    store: FlatStore, root: Path, open_store: Callable[[], FlatStore]
) -> None:
    add(store, *(f"v{number:03}" for number in range(60)))
    repairer, workers = open_store(), [open_store() for _ in range(2)]
    is_done = threading.Event()

    def repair() -> None:
        rounds = 0
        while rounds < 2 or not is_done.is_set():
            power_cut(root)
            repairer.maintenance.mark_started()
            do_all(repairer)
            rounds += 1

    def work(worker: FlatStore) -> None:
        for number in range(60):
            lease = worker.leases.lease(JOB, 60)
            if lease is None:
                continue
            name, identity = lease.variable_id, lease.identity
            if number % 3 == 0:
                worker.leases.give_back(JOB, name, identity)
            elif number % 3 == 1:
                worker.results.reject(JOB, name, rejected_result(name), 2, identity)
                worker.results.release(JOB, name)
            else:
                worker.results.accept(JOB, name, result(name), identity)
            worker.variables.add(JOB, variables([f"w{number % 7}-{name}"]))

    def work_all() -> None:
        run_concurrently([lambda worker=worker: work(worker) for worker in workers])  # type: ignore[misc]
        is_done.set()

    assert run_concurrently([repair, work_all]) == [None, None]
    assert findings(store) == []
    counts = store.counts.get(JOB)
    names = [item["variable"] for item in store.variables.page(JOB, None, 10_000).items]
    assert len(names) == len(set(names)) == counts.posted
    states = [store.variables.state(JOB, name) for name in names]
    assert (counts.accepted, counts.failed) == (states.count("done"), states.count("failed"))


def test_a_journal_that_was_rewritten_is_counted_anew_by_every_process(
    store: FlatStore, root: Path, open_store: Callable[[], FlatStore]
) -> None:
    add(store, *"abc")
    other = open_store()
    assert other.counts.get(JOB).posted == 3
    path = Path(store._tree.job(JOB).variables_journal)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0] * 2, *lines]))
    power_cut(root)
    store.maintenance.mark_started()
    power_cut(root)
    store.maintenance.mark_started()
    do_all(store)
    assert store.counts.get(JOB).posted == other.counts.get(JOB).posted == 3


def test_what_cannot_be_removed_is_not_tried_again_at_once(
    store: FlatStore, root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    remove, refusals = os.rmdir, []

    def refused(path: str) -> None:
        if len(refusals) > 100:  # Without end.
            remove(path)
        refusals.append(path)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("storage.flat.housekeeping.os.rmdir", refused)
    store.jobs.delete(JOB)
    store.maintenance.finish_housekeeping()
    assert len(set(refusals)) == len(refusals)
    assert "put off until the next start: 1 deleted jobs in trash/ cannot be removed" in caplog.text
    assert trash(root)
