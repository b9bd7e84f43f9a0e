"""The log of activity on disk: lines that are no events, and compactions at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from storage.base import Document
from storage.flat import FlatStore
from storage.flat.activity import FlatActivity
from tests.storage.helpers import run_concurrently

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


def sum_of(events: list[Document]) -> int:
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


def test_a_log_below_its_size_is_not_compacted(open_log: OpenLog, root: Path) -> None:
    log = open_log(max_bytes=1000)
    while size_after_event(log, root) < 1000:
        log.read()
        log.compact(lambda is_new, added: pytest.fail("compacted"))
    log.read()
    log.compact(lambda is_new, added: numbers(1))
    assert size(root) < 20


def size_after_event(log: FlatActivity, root: Path) -> int:
    log.append([{"number": 1}])
    return size(root)


def test_a_log_that_stays_large_is_compacted_when_it_has_doubled(open_log: OpenLog, root: Path) -> None:
    log, compactions = open_log(max_bytes=100), 0
    kept = numbers(*range(50))

    def summarise(_is_new: bool, _added: list[Document]) -> list[Document]:
        nonlocal compactions
        compactions += 1
        return kept

    for _ in range(200):
        log.append([{"number": 1}])
        log.read()
        log.compact(summarise)
    assert 2 <= compactions <= 5


def test_a_compaction_that_another_process_has_done_is_not_repeated(open_log: OpenLog, root: Path) -> None:
    log, other = open_log(), open_log()
    for one in (log, other):
        one.append([{"number": 1}])
        one.read()
    log.compact(lambda is_new, added: numbers(2))
    other.compact(lambda is_new, added: pytest.fail("compacted"))
    assert other.read() == (True, numbers(2))


def test_no_event_is_lost_by_concurrent_compactions(open_log: OpenLog) -> None:
    def run(log: FlatActivity, first: int) -> None:
        known = 0

        def summarise(is_new: bool, added: list[Document]) -> list[Document]:
            return numbers((0 if is_new else known) + sum_of(added))

        for number in range(first, 300, 3):
            log.append([{"number": number}])
            is_new, added = log.read()
            known = (0 if is_new else known) + sum_of(added)
            log.compact(summarise)

    assert run_concurrently([partial(run, open_log(), first) for first in range(3)]) == [None] * 3
    assert sum_of(open_log().read()[1]) == sum(range(300))
