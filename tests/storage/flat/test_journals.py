"""Journals: incomplete and invalid lines, concurrent writers, and the snapshot of counts made from them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from storage.errors import InvalidCursor
from storage.flat import FlatStore, journal
from storage.flat.writer import Writer
from tests.storage.helpers import JOB, accept, add, findings, run_concurrently


def test_an_incomplete_last_line_is_ignored(job_directory: Path, store: FlatStore) -> None:
    with (job_directory / "journal" / "variables.ndjson").open("a") as stream:
        stream.write('{"variable":"half')
    assert store.counts.get(JOB).posted == 3
    assert store.variables.page(JOB, None, 3).next is not None
    assert store.variables.page(JOB, store.variables.page(JOB, None, 3).next, 3).next is None


def test_events_after_an_incomplete_line_are_read(job_directory: Path, store: FlatStore) -> None:
    for name in ("variables", "events"):
        with (job_directory / "journal" / f"{name}.ndjson").open("a") as stream:
            stream.write('{"variable":"half')
    add(store, "d")
    accept(store, "a")
    assert (store.counts.get(JOB).posted, store.counts.get(JOB).accepted) == (4, 1)
    assert [item["variable"] for item in store.variables.page(JOB, None, 9).items] == ["a", "b", "c", "d"]
    assert findings(store) == []


def test_invalid_lines_at_the_end_end_the_pages(job_directory: Path, store: FlatStore) -> None:
    with (job_directory / "journal" / "variables.ndjson").open("a") as stream:
        stream.write("rubbish\n" * 3)
    cursor, pages = None, 0
    while pages < 10:
        pages += 1
        cursor = store.variables.page(JOB, cursor, 1).next
        if cursor is None:
            break
    assert pages <= 4


INVALID_EVENTS = [
    "[]",
    "null",
    "{}",
    '{"event":["accepted"]}',
    '{"event":"accepted"}',
    '{"event":"accepted","at":5}',
    '{"event":"accepted","at":"yesterday"}',
    '{"event":"accepted","at":"2026-01-01T00:00:00.000Z","run_seconds":"x"}',
    '{"event":"report","function":"f"}',
    '{"event":"report","function":"f","at":"2026-01-01T00:00:00.000Z","message":null}',
    '{"event":"report","function":"f","at":"","message":"x","console":"","errors":"x"}',
]


@pytest.mark.parametrize("event", INVALID_EVENTS)
def test_an_invalid_journal_event_is_not_counted(job_directory: Path, store: FlatStore, event: str) -> None:
    before = store.counts.get(JOB)
    with (job_directory / "journal" / "events.ndjson").open("a") as stream:
        stream.write(f"{event}\n")
    assert store.counts.get(JOB) == before


def test_events_after_an_invalid_one_are_counted(job_directory: Path, store: FlatStore) -> None:
    with (job_directory / "journal" / "events.ndjson").open("a") as stream:
        stream.write("".join(f"{event}\n" for event in INVALID_EVENTS))
    accept(store, "a")
    store.counts.report(JOB, "f", "message", "")
    counts = store.counts.get(JOB)
    assert (counts.posted, counts.accepted, counts.timed_results, counts.run_seconds) == (3, 1, 1, 2.0)
    assert counts.reports["f"]["errors"] == 1


def test_a_cursor_inside_a_line_is_refused(store: FlatStore) -> None:
    with pytest.raises(InvalidCursor):
        store.variables.page(JOB, "5", 1)


def test_lines_of_concurrent_writers_stay_whole(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    writer = Writer(str(tmp_path), fsync=False)
    lines = [{"number": number, "padding": "x" * 5000} for number in range(20)]
    run_concurrently([lambda: [writer.append(path, [line]) for line in lines]] * 8)
    assert len(list(journal.read(path, 0))) == 160


def test_a_line_cut_short_by_a_full_disk_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, writer, write = str(tmp_path / "journal"), Writer(str(tmp_path), fsync=False), os.write
    writer.append(path, [{"number": 1}])
    before = Path(path).read_bytes()

    def write_at_most_20_bytes(descriptor: int, content: bytes) -> int:
        if len(content) < 20:
            raise OSError(28, "No space left on device")
        return write(descriptor, content[:20])

    monkeypatch.setattr(os, "write", write_at_most_20_bytes)
    with pytest.raises(OSError, match="No space"):
        writer.append(path, [{"number": 2, "padding": "x" * 15}])
    assert Path(path).read_bytes() == before


def test_a_snapshot_of_counts_is_stored_and_read(
    job_directory: Path, root: Path, store: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.flat.counts.LINES_PER_SNAPSHOT", 1)
    accept(store, "a")
    before = store.counts.get(JOB)
    snapshot = json.loads((job_directory / "tally.json").read_text())
    assert snapshot["counts"]["accepted"] == 1
    assert FlatStore(root).counts.get(JOB) == before


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"counts": {}}', '{"counts": {"per_minute": {"x": 1}}}'])
def test_an_invalid_snapshot_of_counts_is_ignored(
    job_directory: Path, root: Path, store: FlatStore, content: str
) -> None:
    before = store.counts.get(JOB)
    (job_directory / "tally.json").write_text(content)
    assert FlatStore(root).counts.get(JOB) == before


def test_a_snapshot_of_counts_beyond_its_journal_is_ignored(job_directory: Path, root: Path, store: FlatStore) -> None:
    before = store.counts.get(JOB)
    snapshot = {"counts": {"posted": 99, "per_minute": {}}, "variables_offset": 10**9, "events_offset": 0}
    (job_directory / "tally.json").write_text(json.dumps(snapshot))
    assert FlatStore(root).counts.get(JOB) == before
