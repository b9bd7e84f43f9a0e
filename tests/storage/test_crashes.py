"""`kill -9` before any change to the disk, and in the middle of any write: after recovery all is as it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.errors import NotFound
from storage.flat import FlatStore, counts
from tests.storage.faults import CHANGING, Strike, die, die_in_mid_write, survives
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    eventually,
    findings,
    job,
    park,
    refusal,
    result,
    withdrawal,
)

SHORT = 0.02
MOST_CALLS = 300
Act = Callable[[FlatStore], object]


@dataclass(frozen=True)
class Operation:
    """`act` on variable `a` of a prepared job; the states that `a` may be in when it was killed, and when it wasn't."""

    prepare: Act
    act: Act
    killed: str
    done: str


def one(store: FlatStore) -> None:
    add(store, "a", "b")


def leased(store: FlatStore) -> int:
    one(store)
    lease = store.leases.lease_variable(JOB, "a", SHORT)
    assert lease is not None
    return lease.deadline


def parked(store: FlatStore) -> None:
    one(store)
    park(store, "a")


def deadline(store: FlatStore) -> int:
    due = store.leases.next_deadline(JOB)
    assert due is not None
    return due


OPERATIONS = {
    "create_job": Operation(lambda store: None, lambda store: store.jobs.create("new", job("new")), "", ""),
    "delete_job": Operation(parked, lambda store: store.jobs.delete(JOB), "failed absent", "absent"),
    "add one": Operation(lambda store: None, lambda store: add(store, "a"), "absent open", "open"),
    "add one to others": Operation(lambda store: add(store, "b"), lambda store: add(store, "a"), "absent open", "open"),
    "add many": Operation(lambda store: add(store, "b"), lambda store: add(store, *"abcdef"), "absent open", "open"),
    "lease": Operation(
        lambda store: add(store, "a"), lambda store: store.leases.lease(JOB, 5 * SHORT), "open leased", "open leased"
    ),
    "lease what has run out": Operation(
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
    "accept": Operation(one, lambda store: accept(store, "a"), "open done", "done"),
    "accept under a lease": Operation(
        leased, lambda store: store.results.accept(JOB, "a", result("a"), deadline(store)), "open leased done", "done"
    ),
    "accept what has failed": Operation(parked, lambda store: accept(store, "a"), "failed done", "done"),
    "reject": Operation(one, lambda store: store.results.reject(JOB, "a", refusal("a"), 3), "open", "open"),
    "reject under a lease": Operation(
        leased, lambda store: store.results.reject(JOB, "a", refusal("a"), 3, deadline(store)), "open leased", "open"
    ),
    "reject and park": Operation(one, lambda store: park(store, "a"), "open failed", "failed"),
    "reject and park what is leased": Operation(leased, lambda store: park(store, "a"), "open leased failed", "failed"),
    "release": Operation(parked, lambda store: store.results.release(JOB, "a"), "failed open", "open"),
    "withdraw": Operation(
        one, lambda store: store.results.withdraw(JOB, "a", withdrawal("a")), "open withdrawn", "withdrawn"
    ),
    "withdraw what has failed": Operation(
        parked, lambda store: store.results.withdraw(JOB, "a", withdrawal("a")), "failed withdrawn", "withdrawn"
    ),
    "update_job": Operation(
        one, lambda store: store.jobs.update(JOB, lambda document: {**document, "state": "closed"}), "open", "open"
    ),
    "counts": Operation(one, lambda store: store.counts.get(JOB), "open", "open"),
}
KILLED = [
    pytest.param(operation, strike, names, id=f"{name}, {strike.__name__}")
    for name, operation in OPERATIONS.items()
    for strike, names in ((die, CHANGING), (die_in_mid_write, ("write",)))
]


@pytest.fixture(autouse=True)
def _snapshot_of_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "LINES_PER_SNAPSHOT", 1)


@pytest.mark.parametrize(("operation", "strike", "names"), KILLED)
def test_killed_at_any_point(tmp_path: Path, operation: Operation, strike: Strike, names: tuple[str, ...]) -> None:
    for number in range(1, MOST_CALLS):
        root = tmp_path / f"at-{number}"
        prepared = FlatStore(root, fsync=False)
        prepared.jobs.create(JOB, job())
        operation.prepare(prepared)
        survived = survives(lambda root=root: operation.act(FlatStore(root, fsync=False)), number, strike, names)
        store = FlatStore(root, fsync=False)
        store.maintenance.recover()
        assert findings(store) == []
        assert state(store) in (operation.done if survived else operation.killed).split() or not operation.done
        compare_counts(store, root)
        finish_everything(store)
        compare_counts(store, root)
        assert findings(store) == []
        store.close()
        prepared.close()
        if survived:
            assert number > 1 or strike is die_in_mid_write
            return
    raise AssertionError("it never ended")


def state(store: FlatStore) -> str:
    try:
        return store.variables.state(JOB, "a")
    except NotFound:
        return "absent"


def compare_counts(store: FlatStore, root: Path) -> None:
    """Counts, and the list of what was posted, against the files."""
    for job_id in store.jobs.ids():
        home = root / "jobs" / job_id
        on_disk = sorted(path.stem for path in home.glob("variables/*/*.json"))
        counts = store.counts.get(job_id)
        assert sorted(item["variable"] for item in store.variables.page(job_id, None, 10_000).items) == on_disk
        states = Counter(store.variables.state(job_id, name) for name in on_disk)
        settled = (counts.posted, counts.accepted, counts.failed, counts.withdrawn)
        assert settled == (len(on_disk), states["done"], states["failed"], states["withdrawn"])
        assert counts.rejected == len(list(home.glob("rejected/*/*/*.json")))


def finish_everything(store: FlatStore) -> None:
    """Each unsettled variable is lent, and finished, once."""
    for job_id in store.jobs.ids():
        counts = store.counts.get(job_id)
        for item in store.variables.page(job_id, None, 10).items:
            store.results.release(job_id, item["variable"])
        unsettled = counts.posted - counts.accepted - counts.withdrawn
        names = [eventually(lambda job_id=job_id: store.leases.lease(job_id, 60)).variable_id for _ in range(unsettled)]
        assert len(set(names)) == unsettled
        accept(store, *names)
        assert store.leases.lease(job_id, 60) is None
        counts = store.counts.get(job_id)
        assert (counts.accepted + counts.withdrawn, counts.open, counts.leased) == (counts.posted, 0, 0)


def test_a_whole_document_of_a_job_is_there_or_none(tmp_path: Path) -> None:
    for number in range(1, MOST_CALLS):
        root = tmp_path / str(number)
        document = job(padding="x" * 100_000)
        survived = survives(
            lambda root=root, document=document: FlatStore(root, fsync=False).jobs.create(JOB, document),
            number,
            die,
            CHANGING,
        )
        store = FlatStore(root, fsync=False)
        store.maintenance.recover()
        assert [store.jobs.get(name) for name in store.jobs.ids()] in ([], [document])
        if survived:
            assert store.jobs.ids() == [JOB]
            return


def test_recovery_that_is_killed_is_recovered(tmp_path: Path) -> None:
    for number in range(1, MOST_CALLS):
        root = tmp_path / str(number)
        prepared = FlatStore(root, fsync=False)
        prepared.jobs.create(JOB, job())
        one(prepared)
        prepared.close()
        # Past the link of the result, and short of the rest.
        assert not survives(lambda root=root: accept(FlatStore(root, fsync=False), "a"), 8, die, CHANGING)
        survived = survives(lambda root=root: FlatStore(root, fsync=False).maintenance.recover(), number, die, CHANGING)
        store = FlatStore(root, fsync=False)
        store.maintenance.recover()
        assert findings(store) == []
        compare_counts(store, root)
        finish_everything(store)
        if survived:
            return
