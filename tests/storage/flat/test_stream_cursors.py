"""Cursors of a stream after a repair that wrote the lines of a journal in another order."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.errors import InvalidCursor
from storage.flat import FlatStore
from tests.storage.helpers import JOB, accept, add, job


@pytest.mark.parametrize("name", ["events", "variables"])
def test_a_cursor_from_before_a_repair_is_invalid_if_what_it_is_behind_has_changed(tmp_path: Path, name: str) -> None:
    store = FlatStore(tmp_path, fsync=False)
    store.jobs.create(JOB, job())
    add(store, "a", "b", "c")
    accept(store, "a", "b", "c")
    read = store.stream.in_order_of_acceptance if name == "events" else store.stream.in_order_of_input
    cursors = [item["cursor"] for item in read(JOB, None, 10, 1 << 20).items]
    path = tmp_path / "jobs" / JOB / "journal" / f"{name}.ndjson"
    first, second, third = path.read_bytes().splitlines(keepends=True)
    assert len(first) == len(second)
    path.write_bytes(second + first + third)
    for cursor in cursors[:2]:
        with pytest.raises(InvalidCursor):
            read(JOB, cursor, 10, 1 << 20)
    path.write_bytes(first + second + third)
    assert [item["variable"] for item in read(JOB, cursors[1], 10, 1 << 20).items] == ["c"]
