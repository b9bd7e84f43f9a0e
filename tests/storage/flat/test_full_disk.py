"""A full disk at any one call, or from that call on: an error, nothing half-written, and a retry succeeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from storage.base import Finish
from storage.errors import StorageError, StorageFull
from storage.flat import FlatStore, counts
from tests.storage.faults import ALLOCATING, WRITING, Fault, FaultInjector, disk_error, disk_full, no_descriptor
from tests.storage.helpers import (
    JOB,
    add,
    eventually,
    fail_variable,
    findings,
    job,
    lease_all,
    rejected_result,
    result,
    variables,
    withdrawal,
)

Act = Callable[[FlatStore], object]
HELD = result("a", held="2026-01-01T00:00:00Z")
RESULT, REJECTED, WITHDRAWAL, MANY = result("a"), rejected_result("a"), withdrawal("a"), variables("bcdef")


def state_of(name: str, state: str) -> Act:
    return lambda store: store.variables.state(JOB, name) == state


OPERATIONS: dict[str, tuple[Act, Act, Act]] = {
    "create_job": (
        lambda store: None,
        lambda store: store.jobs.create("new", job("new")),
        lambda store: store.jobs.ids() == [JOB, "new"],
    ),
    "add one": (
        lambda store: None,
        lambda store: store.variables.add(JOB, {"b": MANY["b"]}),
        state_of("b", "open"),
    ),
    "add many": (
        lambda store: None,
        lambda store: store.variables.add(JOB, MANY),
        lambda store: store.counts.get(JOB).posted == 6,
    ),
    "accept": (lambda store: None, lambda store: store.results.accept(JOB, "a", RESULT), state_of("a", "done")),
    "accept for a failed variable": (
        lambda store: fail_variable(store, "a"),
        lambda store: store.results.accept(JOB, "a", RESULT),
        state_of("a", "done"),
    ),
    "accept many": (
        lambda store: None,
        lambda store: store.results.accept_many(JOB, {"a": Finish(RESULT)}),
        state_of("a", "done"),
    ),
    "reject": (
        lambda store: None,
        lambda store: store.results.reject(JOB, "a", REJECTED, 3),
        lambda store: store.results.rejected(JOB, "a") == [REJECTED],
    ),
    "reject and fail": (
        lambda store: None,
        lambda store: store.results.reject(JOB, "a", REJECTED, 1),
        state_of("a", "failed"),
    ),
    "release": (
        lambda store: fail_variable(store, "a"),
        lambda store: store.results.release(JOB, "a"),
        state_of("a", "open"),
    ),
    "withdraw": (
        lambda store: None,
        lambda store: store.results.withdraw(JOB, "a", WITHDRAWAL),
        state_of("a", "withdrawn"),
    ),
    "hold": (
        lambda store: None,
        lambda store: store.held.hold_many(JOB, {"a": Finish(HELD)}),
        lambda store: store.held.of(JOB, "a") == [HELD] and store.variables.state(JOB, "a") == "held",
    ),
    "throw back": (
        lambda store: store.held.hold_many(JOB, {"a": Finish(HELD)}),
        lambda store: store.held.throw_back(JOB, "a", [HELD["id"]], "wrong"),
        state_of("a", "open"),
    ),
    "park": (
        lambda store: store.held.hold_many(JOB, {"a": Finish(HELD)}),
        lambda store: store.held.park(JOB, "a"),
        state_of("a", "failed"),
    ),
    "add_key": (lambda store: None, lambda store: store.keys.add("k", {}), lambda store: store.keys.get("k") == {}),
    "secret": (lambda store: None, lambda store: store.keys.secret("s", lambda: "s"), lambda store: True),
    "update_job": (
        lambda store: None,
        lambda store: store.jobs.update(JOB, lambda document: {**document, "changed": True}),
        lambda store: store.jobs.get(JOB)["changed"],
    ),
}


@pytest.mark.parametrize("repeat", [False, True], ids=["once", "repeatedly"])
@pytest.mark.parametrize(("prepare", "act", "is_done"), OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_that_finds_the_disk_full_at_any_call_can_be_retried(
    memory_path: Path, prepare: Act, act: Act, is_done: Act, repeat: bool
) -> None:
    injected = 0
    for nth in range(1, 200):
        root = memory_path / str(nth)
        store = store_with_a_variable(root)
        prepare(store)
        before = store.counts.get(JOB)
        with FaultInjector(nth, disk_full, repeat).patched(ALLOCATING) as injector:
            is_full = raises(StorageFull, act, store)
        after = store.counts.get(JOB)
        assert findings(store) == []
        if is_full:
            assert (after.posted, after.accepted, after.withdrawn) == (before.posted, before.accepted, before.withdrawn)
            act(store)
        assert is_done(store)
        assert findings(store) == []
        store.close()
        assert findings(FlatStore(root)) == []
        injected += injector.injected
        if not injector.injected:
            break
    assert injected > 1


OTHER_ERRORS = {
    "an error of the disk": (disk_error, WRITING),
    "no descriptor": (no_descriptor, ("open",)),
}


@pytest.mark.parametrize(("fault", "calls"), OTHER_ERRORS.values(), ids=OTHER_ERRORS)
@pytest.mark.parametrize("operation", ["accept", "accept many", "withdraw"])
def test_an_outcome_that_an_error_refuses_at_any_call_can_be_retried(
    memory_path: Path, operation: str, fault: Fault, calls: tuple[str, ...]
) -> None:
    _, act, is_done = OPERATIONS[operation]
    injected = 0
    for nth in range(1, 100):
        root = memory_path / str(nth)
        store = store_with_a_variable(root)
        with FaultInjector(nth, fault).patched(calls) as injector:
            is_refused = raises(StorageError, act, store)
        # A follow-up that failed is no error of the outcome.
        assert (store.results.outcome(JOB, "a") is None) == is_refused
        if is_refused:
            act(store)
        assert is_done(store)
        store.maintenance.recover()
        assert findings(store) == []
        store.close()
        injected += injector.injected
        if not injector.injected:
            break
    assert injected > 1


def store_with_a_variable(root: Path) -> FlatStore:
    store = FlatStore(root, fsync=True)
    store.jobs.create(JOB, job())
    add(store, "a")
    return store


def raises(error: type[StorageError], act: Act, store: FlatStore) -> bool:
    try:
        act(store)
    except error:
        return True
    return False


@pytest.fixture
def store(tmp_path: Path) -> FlatStore:
    store = FlatStore(tmp_path / "data", fsync=False)
    store.jobs.create(JOB, job())
    add(store, *"abc")
    return store


def test_a_lease_that_cannot_make_a_directory_loses_no_variable(store: FlatStore) -> None:
    with FaultInjector(1, disk_full, repeat=True).patched(("mkdir",)), pytest.raises(StorageFull):
        store.leases.lease(JOB, 60)
    assert lease_all(store) == ["a", "b", "c"]


def test_a_job_can_be_deleted_on_a_full_disk(store: FlatStore) -> None:
    with FaultInjector(1, disk_full, repeat=True).patched(("write", "link", "mkdir")):
        store.jobs.delete(JOB)
        eventually(lambda: not findings(store))
    assert store.jobs.ids() == []


def test_counting_works_on_a_full_disk(store: FlatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "LINES_PER_SNAPSHOT", 1)
    with FaultInjector(1, disk_full, repeat=True).patched(ALLOCATING) as injector:
        assert store.counts.get(JOB).posted == 3
    assert injector.injected


def test_a_full_disk_is_not_writable(store: FlatStore) -> None:
    with FaultInjector(1, disk_full, repeat=True).patched(ALLOCATING), pytest.raises(StorageFull):
        store.maintenance.is_writable()
    assert store.maintenance.is_writable()
