"""A disk that is full at any one call, or from it on: an error, nothing half-written, and it can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import StorageFull
from storage.flat import FlatStore
from tests.storage.faults import FILLING, Countdown, no_room
from tests.storage.helpers import (
    JOB,
    add,
    eventually,
    findings,
    job,
    lease_all,
    park,
    refusal,
    result,
    variables,
    withdrawal,
)

Act = Callable[[FlatStore], object]
RESULT, REFUSAL, WITHDRAWAL, MANY = result("a"), refusal("a"), withdrawal("a"), variables("bcdef")


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
    "accept what has failed": (
        lambda store: park(store, "a"),
        lambda store: store.results.accept(JOB, "a", RESULT),
        state_of("a", "done"),
    ),
    "reject": (
        lambda store: None,
        lambda store: store.results.reject(JOB, "a", REFUSAL, 3),
        lambda store: store.results.rejected(JOB, "a") == [REFUSAL],
    ),
    "reject and park": (
        lambda store: None,
        lambda store: store.results.reject(JOB, "a", REFUSAL, 1),
        state_of("a", "failed"),
    ),
    "release": (lambda store: park(store, "a"), lambda store: store.results.release(JOB, "a"), state_of("a", "open")),
    "withdraw": (
        lambda store: None,
        lambda store: store.results.withdraw(JOB, "a", WITHDRAWAL),
        state_of("a", "withdrawn"),
    ),
    "add_key": (lambda store: None, lambda store: store.keys.add("k", {}), lambda store: store.keys.get("k") == {}),
    "secret": (lambda store: None, lambda store: store.keys.secret("s", lambda: "s"), lambda store: True),
    "update_job": (
        lambda store: None,
        lambda store: store.jobs.update(JOB, lambda document: {**document, "changed": True}),
        lambda store: store.jobs.get(JOB)["changed"],
    ),
}


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize(("prepare", "act", "is_done"), OPERATIONS.values(), ids=OPERATIONS)
def test_a_full_disk_at_any_call(tmp_path: Path, prepare: Act, act: Act, is_done: Act, lasting: bool) -> None:
    struck = 0
    for number in range(1, 200):
        store = FlatStore(tmp_path / str(number), fsync=True)
        store.jobs.create(JOB, job())
        add(store, "a")
        prepare(store)
        before = store.counts.get(JOB)
        with Countdown(number, no_room, lasting).over(FILLING) as countdown:
            refused = is_refused(act, store)
        after = store.counts.get(JOB)
        assert findings(store) == []
        if refused:
            assert (after.posted, after.accepted, after.withdrawn) == (before.posted, before.accepted, before.withdrawn)
            act(store)
        assert is_done(store)
        assert findings(store) == []
        store.close()
        assert findings(FlatStore(tmp_path / str(number))) == []
        struck += countdown.struck
        if not countdown.struck:
            break
    assert struck > 1


def is_refused(act: Act, store: FlatStore) -> bool:
    try:
        act(store)
    except StorageFull:
        return True
    return False


@pytest.fixture
def store(tmp_path: Path) -> FlatStore:
    store = FlatStore(tmp_path / "data", fsync=False)
    store.jobs.create(JOB, job())
    add(store, *"abc")
    return store


def test_a_lease_needs_room_for_a_directory_at_most(store: FlatStore) -> None:
    with Countdown(1, no_room, lasting=True).over(("mkdir",)), pytest.raises(StorageFull):
        store.leases.lease(JOB, 60)
    assert lease_all(store) == ["a", "b", "c"]


def test_a_job_is_deleted_from_a_full_disk(store: FlatStore) -> None:
    with Countdown(1, no_room, lasting=True).over(("write", "link", "mkdir")):
        store.jobs.delete(JOB)
        eventually(lambda: not findings(store))
    assert store.jobs.ids() == []


def test_counting_needs_no_room(store: FlatStore) -> None:
    store.variables.add(JOB, variables(f"v{number}" for number in range(6000)))
    with Countdown(1, no_room, lasting=True).over(("write", "link", "mkdir")):
        assert store.counts.get(JOB).posted == 6003


def test_a_full_disk_is_not_writable(store: FlatStore) -> None:
    with Countdown(1, no_room, lasting=True).over(FILLING), pytest.raises(StorageFull):
        store.maintenance.is_writable()
    assert store.maintenance.is_writable()
