"""Eight processes on the same documents at once: each variable is leased once, and finished once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.base import Lease
from storage.errors import AlreadyFinished
from storage.flat import FlatStore
from tests.storage.helpers import JOB, findings, job, result, variables

PROCESSES = 8
NAMES = [f"v{number:05}" for number in range(5_000)]
Work = Callable[[FlatStore, int], list[str]]


@pytest.fixture
def root(memory_path: Path) -> Path:
    return memory_path / "data"


def prepare(root: Path, names: list[str]) -> FlatStore:
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    store.variables.add(JOB, variables(names))
    return store


def in_processes(root: Path, work: Work) -> list[list[str]]:
    """The return values of `work` in eight forked processes that start together."""
    start = time.monotonic() + 0.3
    children = [os.fork() or run(root, number, start, work) for number in range(PROCESSES)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    assert statuses == [0] * PROCESSES
    return [json.loads((root.parent / f"output-{number}.json").read_text()) for number in range(PROCESSES)]


def run(root: Path, number: int, start: float, work: Work) -> int:
    status = 1
    try:
        store = FlatStore(root, fsync=False)
        time.sleep(max(0, start - time.monotonic()))
        (root.parent / f"output-{number}.json").write_text(json.dumps(work(store, number)))
        status = 0
    finally:
        os._exit(status)


def lease_all(store: FlatStore, _number: int) -> list[str]:
    return [lease.variable_id for lease in iter(lambda: store.leases.lease(JOB, 3600), None)]


def test_each_variable_is_leased_exactly_once(root: Path) -> None:
    store = prepare(root, NAMES)
    outputs = in_processes(root, lease_all)
    assert sorted(name for output in outputs for name in output) == NAMES
    assert store.counts.get(JOB).leased == len(NAMES)
    assert findings(store) == []


def test_each_variable_is_finished_exactly_once(root: Path) -> None:
    names = NAMES[:1000]
    store = prepare(root, names)

    def accept_all(own_store: FlatStore, number: int) -> list[str]:
        return [name for name in names if is_accepted(own_store, name, number)]

    outputs = in_processes(root, accept_all)
    assert sorted(name for output in outputs for name in output) == names
    for number, output in enumerate(outputs):
        outcomes = [store.results.outcome(JOB, name) for name in output]
        assert all(outcome and outcome["result"] == number for outcome in outcomes)
    counts = store.counts.get(JOB)
    assert (counts.accepted, counts.open, store.leases.lease(JOB, 60)) == (len(names), 0, None)
    assert findings(store) == []


def is_accepted(store: FlatStore, name: str, number: int) -> bool:
    try:
        store.results.accept(JOB, name, result(name, number))
    except AlreadyFinished:
        return False
    return True


def is_completed(lease: Lease) -> bool:
    """False for about a third of the leases: these expire."""
    return bool(hash((lease.variable_id, lease.deadline)) % 3)


def test_variables_with_expired_leases_are_leased_again_and_finished_once(root: Path) -> None:
    names = NAMES[:400]
    store = prepare(root, names)

    def volunteer(own_store: FlatStore, _number: int) -> list[str]:
        finished = []
        while own_store.counts.get(JOB).accepted < len(names):
            lease = own_store.leases.lease(JOB, 0.05)
            if lease is not None and is_completed(lease) and is_accepted(own_store, lease.variable_id, 0):
                finished.append(lease.variable_id)
        return finished

    outputs = in_processes(root, volunteer)
    assert sorted(name for output in outputs for name in output) == names
    assert store.counts.get(JOB).open == 0
    assert findings(store) == []
