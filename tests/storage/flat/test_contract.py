"""The flat store passes the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.clock import ManualClock
from storage.flat import FlatStore
from tests.storage.contract import OpenStore, StoreContract


class TestFlatStore(StoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path, clock: ManualClock) -> Iterator[OpenStore]:
        opened: list[FlatStore] = []

        def open_one() -> FlatStore:
            opened.append(FlatStore(tmp_path / "data", fsync=False, clock=clock))
            return opened[-1]

        yield open_one
        for store in opened:
            store.close()
