"""The flat store passes the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.clock import ManualClock
from storage.flat import FlatStore, counts
from tests.storage.contract import OpenStore, StoreContract


class TestFlatStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _frequent_snapshots_of_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(counts, "LINES_PER_SNAPSHOT", 20)

    @pytest.fixture
    def open_store(self, memory_path: Path, clock: ManualClock) -> Iterator[OpenStore]:
        opened: list[FlatStore] = []

        def open_one() -> FlatStore:
            opened.append(FlatStore(memory_path / "data", fsync=False, clock=clock))
            return opened[-1]

        yield open_one
        for store in opened:
            store.close()
