"""A kill before any change to the disk, and in the middle of any write: recovery leaves a correct store.

Each operation is run once and its states on disk are recorded; one real kill of each shows that they are what a killed
process leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.base import Document, Finish
from storage.clock import Clock, ManualClock
from storage.errors import NotFound
from storage.flat import FlatStore, counts
from tests.storage.contract_held import held_result, hold
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    fail_variable,
    findings,
    job,
    rejected_result,
    result,
    withdrawal,
)
from tests.storage.snapshots import Snapshot, assert_a_kill_leaves_a_snapshot, record, same_time

LEASE = 600.0
Act = Callable[[FlatStore], object]


@dataclass(frozen=True)
class Operation:
    """`act` on variable `a` of a prepared job; the possible states of `a` if the process was killed, and if not."""

    prepare: Act
    act: Act
    killed: str
    done: str


def open_store(root: Path, clock: Clock | None = None) -> FlatStore:
    return FlatStore(root, fsync=False, clock=clock)


def posted(store: FlatStore) -> None:
    add(store, "a", "b")


def watched(store: FlatStore) -> None:
    posted(store)
    store.changes.watch(JOB)


def lease_variable(store: FlatStore) -> None:
    assert store.leases.lease_variable(JOB, "a", LEASE)


def leased(store: FlatStore) -> None:
    posted(store)
    lease_variable(store)


def expired(store: FlatStore) -> None:
    leased(store)
    advance(store, 2 * LEASE)


def advance(store: FlatStore, seconds: float) -> None:
    assert isinstance(store.clock, ManualClock)
    store.clock.advance(seconds)


def failed(store: FlatStore) -> None:
    posted(store)
    fail_variable(store, "a")


def held(store: FlatStore) -> None:
    posted(store)
    hold(store, "a")


def throw_back(store: FlatStore) -> None:
    (document,) = store.held.of(JOB, "a")
    store.held.throw_back(JOB, "a", [document["id"]], "wrong")


def deadline(store: FlatStore) -> int:
    due = store.leases.next_deadline(JOB)
    assert due is not None
    return due


OPERATIONS = {
    "create_job": Operation(lambda store: None, lambda store: store.jobs.create("new", job("new")), "", ""),
    "delete_job": Operation(failed, lambda store: store.jobs.delete(JOB), "failed absent", "absent"),
    "add one": Operation(lambda store: None, lambda store: add(store, "a"), "absent open", "open"),
    "add one to others": Operation(lambda store: add(store, "b"), lambda store: add(store, "a"), "absent open", "open"),
    "add many": Operation(lambda store: add(store, "b"), lambda store: add(store, *"abcdef"), "absent open", "open"),
    "lease": Operation(
        lambda store: add(store, "a"), lambda store: store.leases.lease(JOB, LEASE), "open leased", "leased"
    ),
    "lease after expiry": Operation(expired, lease_variable, "open leased", "leased"),
    "give_back": Operation(
        leased, lambda store: store.leases.give_back(JOB, "a", deadline(store)), "open leased", "open"
    ),
    "extend": Operation(
        leased, lambda store: store.leases.extend(JOB, "a", deadline(store), 2 * LEASE), "leased", "leased"
    ),
    "accept": Operation(posted, lambda store: accept(store, "a"), "open done", "done"),
    "accept in a watched job": Operation(watched, lambda store: accept(store, "a"), "open done", "done"),
    "add one to a watched job": Operation(watched, lambda store: add(store, "c"), "open", "open"),
    "watch": Operation(posted, lambda store: store.changes.watch(JOB), "open", "open"),
    "accept under a lease": Operation(
        leased, lambda store: store.results.accept(JOB, "a", result("a"), deadline(store)), "leased done", "done"
    ),
    "accept for a failed variable": Operation(failed, lambda store: accept(store, "a"), "failed done", "done"),
    "accept many": Operation(
        posted,
        lambda store: store.results.accept_many(JOB, {name: Finish(result(name)) for name in "ab"}),
        "open done",
        "done",
    ),
    "reject": Operation(posted, lambda store: store.results.reject(JOB, "a", rejected_result("a"), 3), "open", "open"),
    "reject under a lease": Operation(
        leased,
        lambda store: store.results.reject(JOB, "a", rejected_result("a"), 3, deadline(store)),
        "open leased",
        "open",
    ),
    "reject and fail": Operation(posted, lambda store: fail_variable(store, "a"), "open failed", "failed"),
    "reject and fail under a lease": Operation(
        leased, lambda store: fail_variable(store, "a"), "leased failed", "failed"
    ),
    "release": Operation(failed, lambda store: store.results.release(JOB, "a"), "failed open", "open"),
    "withdraw": Operation(
        posted, lambda store: store.results.withdraw(JOB, "a", withdrawal("a")), "open withdrawn", "withdrawn"
    ),
    "withdraw a failed variable": Operation(
        failed, lambda store: store.results.withdraw(JOB, "a", withdrawal("a")), "failed withdrawn", "withdrawn"
    ),
    "hold": Operation(posted, lambda store: hold(store, "a"), "open held", "held"),
    "hold under a lease": Operation(
        leased,
        lambda store: store.held.hold_many(JOB, {"a": Finish(held_result("a"), deadline(store))}),
        "leased held",
        "held",
    ),
    "hold many": Operation(posted, lambda store: hold(store, "a", "b"), "open held", "held"),
    "want more": Operation(held, lambda store: store.held.want_more(JOB, "a", 1), "held open", "open"),
    "accept what is held": Operation(held, lambda store: accept(store, "a"), "held done", "done"),
    "withdraw what is held": Operation(
        held, lambda store: store.results.withdraw(JOB, "a", withdrawal("a")), "held withdrawn", "withdrawn"
    ),
    "throw back": Operation(held, throw_back, "held open", "open"),
    "park": Operation(held, lambda store: store.held.park(JOB, "a"), "held failed", "failed"),
    "update_job": Operation(
        posted, lambda store: store.jobs.update(JOB, lambda document: {**document, "state": "closed"}), "open", "open"
    ),
    "counts": Operation(posted, lambda store: store.counts.get(JOB), "open", "open"),
}


@pytest.fixture(autouse=True)
def _tally_of_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "LINES_PER_SNAPSHOT", 1)


@pytest.fixture
def root(memory_path: Path) -> Path:
    return memory_path / "data"


def prepared(root: Path, prepare: Act) -> FlatStore:
    """A newly opened store with a job, prepared by another process."""
    store = open_store(root, ManualClock())
    store.jobs.create(JOB, job())
    prepare(store)
    store.close()
    return open_store(root, store.clock)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_killed_at_any_call_is_recovered(root: Path, operation: Operation) -> None:
    store = prepared(root, operation.prepare)
    recording = record(root, lambda: operation.act(store))
    assert recording.killed
    for snapshot in recording.killed:
        assert_is_recovered(snapshot, root, store.clock, operation.killed)
    assert_is_recovered(recording.done, root, store.clock, operation.done)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_snapshot_of_an_operation_is_what_a_killed_process_leaves(root: Path, operation: Operation) -> None:
    store = prepared(root, operation.prepare)
    assert_a_kill_leaves_a_snapshot(root, lambda: operation.act(store), lambda copy: recover(copy, store.clock))


def recover(root: Path, clock: Clock) -> FlatStore:
    """Opens and recovers a store as the next process does, at the time of the kill."""
    store = open_store(root, same_time(clock))
    store.maintenance.recover()
    store.maintenance.housekeep(lambda: None)
    store.maintenance.finish_housekeeping()
    return store


def assert_is_recovered(snapshot: Snapshot, root: Path, clock: Clock, states: str) -> None:
    """`states` are the possible ones of variable `a`; empty if there is none."""
    store = recover(snapshot.restore(root), clock)
    assert findings(store) == []
    assert not states or state(store) in states.split()
    assert_is_usable(store, root)


def assert_is_usable(store: FlatStore, root: Path) -> None:
    """Asserts that the counts are correct, and that all variables can be finished."""
    compare_counts(store, root)
    lease_and_finish_all(store)
    compare_counts(store, root)
    assert findings(store) == []
    store.close()


def state(store: FlatStore) -> str:
    try:
        return store.variables.state(JOB, "a")
    except NotFound:
        return "absent"


def compare_counts(store: FlatStore, root: Path) -> None:
    """Compares the counts and the list of variables with the files."""
    for job_id in store.jobs.ids():
        job_directory = root / "jobs" / job_id
        on_disk = sorted(path.stem for path in job_directory.glob("variables/*/*.json"))
        counts = store.counts.get(job_id)
        assert sorted(item["variable"] for item in store.variables.page(job_id, None, 10_000).items) == on_disk
        states = Counter(store.variables.state(job_id, name) for name in on_disk)
        finished = (counts.posted, counts.accepted, counts.failed, counts.withdrawn)
        assert finished == (len(on_disk), states["done"], states["failed"], states["withdrawn"])
        assert counts.rejected == len(list(job_directory.glob("rejected/*/*/*.json")))


def lease_and_finish_all(store: FlatStore) -> None:
    """Asserts that each unfinished variable can be leased and finished, once, after all leases have expired."""
    advance(store, 3 * LEASE)
    for job_id in store.jobs.ids():
        counts = store.counts.get(job_id)
        for item in store.variables.page(job_id, None, 10).items:
            store.results.release(job_id, item["variable"])
            held_ids = [document["id"] for document in store.held.of(job_id, item["variable"])]
            store.held.throw_back(job_id, item["variable"], held_ids, "wrong")
        unfinished = counts.posted - counts.accepted - counts.withdrawn
        leases = [store.leases.lease(job_id, LEASE) for _ in range(unfinished)]
        names = [lease.variable_id for lease in leases if lease]
        assert len(set(names)) == unfinished
        accept(store, *names)
        assert store.leases.lease(job_id, LEASE) is None
        counts = store.counts.get(job_id)
        assert (counts.accepted + counts.withdrawn, counts.open, counts.leased) == (counts.posted, 0, 0)


def test_a_killed_creation_leaves_a_whole_job_or_none(memory_path: Path) -> None:
    root, document = memory_path / "data", job(padding="x" * 100_000)
    recording = record(memory_path, lambda: open_store(root).jobs.create(JOB, document))
    for snapshot in recording.killed:
        assert jobs_after_recovery(snapshot, root) in ([], [document])
    assert jobs_after_recovery(recording.done, root) == [document]


def jobs_after_recovery(snapshot: Snapshot, root: Path) -> list[Document]:
    snapshot.restore(root.parent)
    store = recover(root, Clock())
    return [store.jobs.get(name) for name in store.jobs.ids()]


def test_a_killed_recovery_is_completed_by_the_next(root: Path) -> None:
    store = prepared(root, posted)
    killed = record(root, lambda: accept(store, "a")).killed
    # The result has its name, and its follow-ups are missing.
    accepted = next(snapshot for snapshot in killed if snapshot.has(f"jobs/{JOB}/results/*/a.json"))
    accepted.restore(root)
    recording = record(root, lambda: recover(root, store.clock))
    assert len(recording.killed) > 1
    for snapshot in (*recording.killed, recording.done):
        assert_is_recovered(snapshot, root, store.clock, "done")


def test_a_snapshot_of_a_recovery_is_what_a_killed_process_leaves(root: Path) -> None:
    store = prepared(root, posted)
    record(root, lambda: accept(store, "a")).killed[-1].restore(root)
    assert_a_kill_leaves_a_snapshot(root, lambda: recover(root, store.clock), lambda copy: recover(copy, store.clock))
