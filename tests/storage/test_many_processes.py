"""Eight processes on one store at once: each variable is lent once, and finished once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import AlreadyFinished
from storage.flat import FlatStore
from tests.storage.helpers import JOB, findings, job, result, variables

PROCESSES = 8
NAMES = [f"v{number:05}" for number in range(20_000)]
Work = Callable[[FlatStore, int], list[str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


def prepare(root: Path, names: list[str]) -> FlatStore:
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    store.variables.add(JOB, variables(names))
    return store


def in_processes(root: Path, work: Work) -> list[list[str]]:
    """What `work` returns in each of eight forked processes that start together."""
    start = time.monotonic() + 0.3
    children = [os.fork() or run(root, number, start, work) for number in range(PROCESSES)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    assert statuses == [0] * PROCESSES
    return [json.loads((root.parent / f"answer-{number}").read_text()) for number in range(PROCESSES)]


def run(root: Path, number: int, start: float, work: Work) -> int:
    status = 1
    try:
        store = FlatStore(root, fsync=False)
        time.sleep(max(0, start - time.monotonic()))
        (root.parent / f"answer-{number}").write_text(json.dumps(work(store, number)))
        status = 0
    finally:
        os._exit(status)


def lease_all(store: FlatStore, _number: int) -> list[str]:
    return [lease.variable_id for lease in iter(lambda: store.leases.lease(JOB, 3600), None)]


def test_each_variable_is_lent_exactly_once(root: Path) -> None:
    store = prepare(root, NAMES)
    answers = in_processes(root, lease_all)
    assert sorted(name for answer in answers for name in answer) == NAMES
    assert store.counts.get(JOB).leased == len(NAMES)
    assert findings(store) == []


def test_each_variable_is_finished_exactly_once(root: Path) -> None:
    names = NAMES[:1000]
    store = prepare(root, names)

    def accept_all(own: FlatStore, number: int) -> list[str]:
        return [name for name in names if wins(own, name, number)]

    answers = in_processes(root, accept_all)
    assert sorted(name for answer in answers for name in answer) == names
    for number, answer in enumerate(answers):
        outcomes = [store.results.outcome(JOB, name) for name in answer]
        assert all(outcome and outcome["result"] == number for outcome in outcomes)
    counts = store.counts.get(JOB)
    assert (counts.accepted, counts.open, store.leases.lease(JOB, 60)) == (len(names), 0, None)
    assert findings(store) == []


def wins(store: FlatStore, name: str, number: int) -> bool:
    try:
        store.results.accept(JOB, name, result(name, number))
    except AlreadyFinished:
        return False
    return True


def test_leases_of_the_slow_are_lent_again_and_all_is_finished_once(root: Path) -> None:
    names = NAMES[:400]
    store = prepare(root, names)

    def volunteer(own: FlatStore, number: int) -> list[str]:
        finished = []
        while own.counts.get(JOB).accepted < len(names):
            lease = own.leases.lease(JOB, 0.05)
            if lease is not None and hash((lease.variable_id, lease.deadline)) % 3 and wins(own, lease.variable_id, 0):
                finished.append(lease.variable_id)
        return finished

    answers = in_processes(root, volunteer)
    assert sorted(name for answer in answers for name in answer) == names
    assert store.counts.get(JOB).open == 0
    assert findings(store) == []
