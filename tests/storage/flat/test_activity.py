"""The log of activity on disk: lines that are no events, and compactions at any moment."""

from __future__ import annotations

import errno
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest

from storage.base import Document
from storage.flat import FlatStore
from storage.flat.activity import FlatActivity
from storage.profile_store import Condense
from tests.storage.faults import MUTATING, kill_process, survives
from tests.storage.helpers import run_concurrently
from tests.storage.snapshots import record

OpenLog = Callable[..., FlatActivity]


@pytest.fixture
def open_log(root: Path) -> Iterator[OpenLog]:
    """Opens the log as another process does; it is compacted at this size."""
    stores: list[FlatStore] = []

    def open_one(max_bytes: int = 1) -> FlatActivity:
        stores.append(FlatStore(root, fsync=False))
        stores[-1].activity = FlatActivity(stores[-1]._tree, max_bytes)
        return stores[-1].activity

    yield open_one
    for store in stores:
        store.close()


def numbers(*values: int) -> list[Document]:
    return [{"number": value} for value in values]


def sum_of(events: Iterable[Document]) -> int:
    return sum(event["number"] for event in events)


def size(root: Path) -> int:
    return (root / "activity.ndjson").stat().st_size


def test_a_line_that_is_being_written_is_read_when_it_is_whole(open_log: OpenLog, root: Path) -> None:
    log = open_log()
    log.append([{"number": 1}])
    with (root / "activity.ndjson").open("ab") as stream:
        stream.write(b'{"num')
        stream.flush()
        assert log.read() == (True, numbers(1))
        stream.write(b'ber":2}\n')
        stream.flush()
        assert log.read() == (False, numbers(2))


@pytest.mark.parametrize("line", [b"", b"{", b"1", b"[]", b"null", b"\x00\xff", b"[" * 100_000])
def test_a_line_that_is_no_event_is_passed_over(open_log: OpenLog, root: Path, line: bytes) -> None:
    log = open_log()
    with (root / "activity.ndjson").open("ab") as stream:
        stream.write(line + b"\n")
    log.append([{"number": 1}])
    assert log.read() == (True, numbers(1))


def test_a_removed_log_begins_anew(open_log: OpenLog, root: Path) -> None:
    log = open_log()
    log.append([{"number": 1}])
    log.read()
    (root / "activity.ndjson").unlink()
    log.append([{"number": 2}])
    assert log.read() == (True, numbers(2))


def test_a_log_that_was_cut_short_begins_anew(open_log: OpenLog, root: Path) -> None:
    log = open_log()
    log.append([{"number": 100}])
    log.read()
    (root / "activity.ndjson").write_bytes(b"")
    log.append([{"number": 2}])
    assert log.read() == (True, numbers(2))


def compact(log: FlatActivity, condense: Condense) -> None:
    log.compact(condense)
    log.finish_compaction()


def condense_to_sum(events: Iterable[Document]) -> list[Document]:
    return numbers(sum_of(events))


def test_a_log_below_its_size_is_not_compacted(open_log: OpenLog, root: Path) -> None:
    log = open_log(max_bytes=1000)
    while size_after_event(log, root) < 1000:
        log.read()
        compact(log, lambda _events: pytest.fail("compacted"))
    log.read()
    compact(log, condense_to_sum)
    assert size(root) < 200


def size_after_event(log: FlatActivity, root: Path) -> int:
    log.append([{"number": 1}])
    return size(root)


def test_a_log_that_stays_large_is_compacted_when_it_has_doubled(open_log: OpenLog, root: Path) -> None:
    log, compactions = open_log(max_bytes=100), 0
    kept = numbers(*range(50))

    def condense(_events: Iterable[Document]) -> list[Document]:
        nonlocal compactions
        compactions += 1
        return kept

    for _ in range(200):
        log.append([{"number": 1}])
        log.read()
        compact(log, condense)
    assert 2 <= compactions <= 5


def test_a_compaction_that_another_process_has_done_is_not_repeated(open_log: OpenLog) -> None:
    log, other = open_log(), open_log()
    for one in (log, other):
        one.append([{"number": 1}])
        one.read()
    compact(log, condense_to_sum)
    compact(other, lambda _events: pytest.fail("compacted"))
    assert other.read() == (False, [])


def test_two_processes_do_not_compact_at_once(open_log: OpenLog) -> None:
    log, other = open_log(), open_log()
    log.append([{"number": 1}])
    assert log.read() == other.read()

    def condense(events: Iterable[Document]) -> list[Document]:
        compact(other, lambda _events: pytest.fail("compacted"))
        return condense_to_sum(events)

    compact(log, condense)
    assert open_log().read() == (True, numbers(1))


def test_a_failed_compaction_is_tried_again_when_the_log_has_grown(
    open_log: OpenLog, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(max_bytes=100)
    log.append(numbers(*range(10)))
    log.read()
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        compact(log, condense_to_sum)
    compact(log, lambda _events: pytest.fail("compacted"))
    log.append(numbers(*range(10)))
    log.read()
    compact(log, condense_to_sum)
    assert open_log().read() == (True, numbers(90))
    assert not list(root.glob("tmp/*/*"))


def test_a_store_that_is_closed_leaves_a_compaction_to_others(open_log: OpenLog, root: Path) -> None:
    log, begun = open_log(), threading.Event()

    def condense(events: Iterable[Document]) -> Iterator[Document]:
        begun.set()
        while True:
            yield from numbers(0)

    log.append(numbers(1))
    log.read()
    log.compact(condense)
    assert begun.wait(60)
    log.close()
    assert open_log().read() == (True, numbers(1))
    assert not list(root.glob("tmp/*/*"))


def test_no_event_is_lost_or_read_twice_by_concurrent_compactions(open_log: OpenLog) -> None:
    def run(log: FlatActivity, first: int) -> int:
        known = 0
        for number in range(first, 300, 3):
            log.append([{"number": number}])
            is_new, added = log.read()
            known = (0 if is_new else known) + sum_of(added)
            log.compact(condense_to_sum)
        log.finish_compaction()
        finished.wait(60)
        is_new, added = log.read()
        return (0 if is_new else known) + sum_of(added)

    finished = threading.Barrier(3)
    assert run_concurrently([partial(run, open_log(), first) for first in range(3)]) == [sum(range(300))] * 3
    assert sum_of(open_log().read()[1]) == sum(range(300))


def test_a_compaction_killed_at_any_call_leaves_every_event(memory_path: Path) -> None:
    root = memory_path / "data"
    store, other = opened(root), opened(root)
    store.activity.append(numbers(*range(10)))
    assert store.activity.read() == other.activity.read()

    def condense(events: Iterable[Document]) -> list[Document]:
        other.activity.append(numbers(100))
        return condense_to_sum(events)

    recording = record(root, lambda: compact(store.activity, condense))
    assert other.activity.read() == (False, numbers(100))
    assert len(recording.killed) > 5
    for snapshot in (*recording.killed, recording.done):
        assert_nothing_is_lost(snapshot.restore(memory_path / "copy"))


def opened(root: Path) -> FlatStore:
    store = FlatStore(root, fsync=False)
    store.activity = FlatActivity(store._tree, 1)
    return store


def assert_nothing_is_lost(root: Path) -> None:
    """The event that was added meanwhile may come after the kill."""
    store = opened(root)
    store.maintenance.recover()
    is_new, added = store.activity.read()
    assert (is_new, sum_of(added)) in ((True, 45), (True, 145))
    compact(store.activity, condense_to_sum)
    assert sum_of(opened(root).activity.read()[1]) == sum_of(added)


def test_who_follows_the_log_goes_on_after_a_kill_at_any_call(memory_path: Path) -> None:
    root = memory_path / "data"
    log, known = opened(root).activity, 0

    def compact_elsewhere() -> None:
        other = opened(root).activity
        other.read()
        compact(other, condense_to_sum)

    for nth in itertools.count(1):
        log.append(numbers(1))
        has_survived = survives(compact_elsewhere, nth, kill_process, MUTATING)
        log.append(numbers(1))
        is_new, added = log.read()
        known = (0 if is_new else known) + sum_of(added)
        assert known == sum_of(opened(root).activity.read()[1]) == 2 * nth
        if has_survived:
            break
    assert nth > 5
