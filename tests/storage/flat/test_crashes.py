"""SIGKILL before any change to the disk, and in the middle of any write: recovery leaves a correct store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.errors import NotFound
from storage.flat import FlatStore, counts
from tests.storage.faults import MUTATING, Fault, kill_in_mid_write, kill_process, survives
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    eventually,
    fail_variable,
    findings,
    job,
    rejected_result,
    result,
    withdrawal,
)

SHORT = 0.02
MOST_CALLS = 300
Act = Callable[[FlatStore], object]


@dataclass(frozen=True)
class Operation:
    """`act` on variable `a` of a prepared job; the possible states of `a` if the process was killed, and if not."""

    prepare: Act
    act: Act
    killed: str
    done: str


def posted(store: FlatStore) -> None:
    add(store, "a", "b")


def leased(store: FlatStore) -> int:
    posted(store)
    lease = store.leases.lease_variable(JOB, "a", SHORT)
    assert lease is not None
    return lease.deadline


def failed(store: FlatStore) -> None:
    posted(store)
    fail_variable(store, "a")


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
        lambda store: add(store, "a"), lambda store: store.leases.lease(JOB, 5 * SHORT), "open leased", "open leased"
    ),
    "lease after expiry": Operation(
        leased,
        lambda store: eventually(lambda: store.leases.lease_variable(JOB, "a", 5 * SHORT)),
        "open leased",
        "open leased",
    ),
    "give_back": Operation(
        leased, lambda store: store.leases.give_back(JOB, "a", deadline(store)), "open leased", "open"
    ),
    "extend": Operation(
        leased, lambda store: store.leases.extend(JOB, "a", deadline(store), 5 * SHORT), "open leased", "open leased"
    ),
    "accept": Operation(posted, lambda store: accept(store, "a"), "open done", "done"),
    "accept under a lease": Operation(
        leased, lambda store: store.results.accept(JOB, "a", result("a"), deadline(store)), "open leased done", "done"
    ),
    "accept for a failed variable": Operation(failed, lambda store: accept(store, "a"), "failed done", "done"),
    "reject": Operation(posted, lambda store: store.results.reject(JOB, "a", rejected_result("a"), 3), "open", "open"),
    "reject under a lease": Operation(
        leased,
        lambda store: store.results.reject(JOB, "a", rejected_result("a"), 3, deadline(store)),
        "open leased",
        "open",
    ),
    "reject and fail": Operation(posted, lambda store: fail_variable(store, "a"), "open failed", "failed"),
    "reject and fail under a lease": Operation(
        leased, lambda store: fail_variable(store, "a"), "open leased failed", "failed"
    ),
    "release": Operation(failed, lambda store: store.results.release(JOB, "a"), "failed open", "open"),
    "withdraw": Operation(
        posted, lambda store: store.results.withdraw(JOB, "a", withdrawal("a")), "open withdrawn", "withdrawn"
    ),
    "withdraw a failed variable": Operation(
        failed, lambda store: store.results.withdraw(JOB, "a", withdrawal("a")), "failed withdrawn", "withdrawn"
    ),
    "update_job": Operation(
        posted, lambda store: store.jobs.update(JOB, lambda document: {**document, "state": "closed"}), "open", "open"
    ),
    "counts": Operation(posted, lambda store: store.counts.get(JOB), "open", "open"),
}
KILLED = [
    pytest.param(operation, fault, names, id=f"{name}, {fault.__name__}")
    for name, operation in OPERATIONS.items()
    for fault, names in ((kill_process, MUTATING), (kill_in_mid_write, ("write",)))
]


@pytest.fixture(autouse=True)
def _snapshot_of_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "LINES_PER_SNAPSHOT", 1)


@pytest.mark.parametrize(("operation", "fault", "names"), KILLED)
def test_an_operation_killed_at_any_call_is_recovered(
    tmp_path: Path, operation: Operation, fault: Fault, names: tuple[str, ...]
) -> None:
    for nth in range(1, MOST_CALLS):
        root = tmp_path / f"at-{nth}"
        prepared = FlatStore(root, fsync=False)
        prepared.jobs.create(JOB, job())
        operation.prepare(prepared)
        survived = survives(lambda root=root: operation.act(FlatStore(root, fsync=False)), nth, fault, names)
        store = FlatStore(root, fsync=False)
        store.maintenance.recover()
        assert findings(store) == []
        assert state(store) in (operation.done if survived else operation.killed).split() or not operation.done
        compare_counts(store, root)
        lease_and_finish_all(store)
        compare_counts(store, root)
        assert findings(store) == []
        store.close()
        prepared.close()
        if survived:
            assert nth > 1 or fault is kill_in_mid_write
            return
    raise AssertionError(f"killed at each of {MOST_CALLS} calls")


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
    """Asserts that each unfinished variable can be leased and finished, once."""
    for job_id in store.jobs.ids():
        counts = store.counts.get(job_id)
        for item in store.variables.page(job_id, None, 10).items:
            store.results.release(job_id, item["variable"])
        unfinished = counts.posted - counts.accepted - counts.withdrawn
        names = [
            eventually(lambda job_id=job_id: store.leases.lease(job_id, 60)).variable_id for _ in range(unfinished)
        ]
        assert len(set(names)) == unfinished
        accept(store, *names)
        assert store.leases.lease(job_id, 60) is None
        counts = store.counts.get(job_id)
        assert (counts.accepted + counts.withdrawn, counts.open, counts.leased) == (counts.posted, 0, 0)


def test_a_killed_creation_leaves_a_whole_job_or_none(tmp_path: Path) -> None:
    for nth in range(1, MOST_CALLS):
        root = tmp_path / str(nth)
        document = job(padding="x" * 100_000)
        survived = survives(
            lambda root=root, document=document: FlatStore(root, fsync=False).jobs.create(JOB, document),
            nth,
            kill_process,
            MUTATING,
        )
        store = FlatStore(root, fsync=False)
        store.maintenance.recover()
        assert [store.jobs.get(name) for name in store.jobs.ids()] in ([], [document])
        if survived:
            assert store.jobs.ids() == [JOB]
            return


def test_a_killed_recovery_is_completed_by_the_next(tmp_path: Path) -> None:
    for nth in range(1, MOST_CALLS):
        root = tmp_path / str(nth)
        prepared = FlatStore(root, fsync=False)
        prepared.jobs.create(JOB, job())
        posted(prepared)
        prepared.close()
        # Before the 8th call the result is linked, and its follow-up is not complete.
        assert not survives(lambda root=root: accept(FlatStore(root, fsync=False), "a"), 8, kill_process, MUTATING)
        survived = survives(
            lambda root=root: FlatStore(root, fsync=False).maintenance.recover(), nth, kill_process, MUTATING
        )
        store = FlatStore(root, fsync=False)
        store.maintenance.recover()
        assert findings(store) == []
        compare_counts(store, root)
        lease_and_finish_all(store)
        if survived:
            return
