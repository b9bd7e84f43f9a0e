"""A clock that tests can advance, so that none waits for a lease to expire; a pool for tests that change nothing."""

from __future__ import annotations

import time

import pytest

from pool.sandbox import Sandbox
from tests.conftest import PoolApp


class Clock:
    """The pool's clock, `ahead` seconds ahead of the real time."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def advance(self, seconds: float) -> None:
        self.ahead += seconds

    def milliseconds(self) -> int:
        return time.time_ns() // 1_000_000 + int(self.ahead * 1000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr("storage.ids.now_milliseconds", moved.milliseconds)
    return moved


@pytest.fixture(scope="module")
def module_pool(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """One pool for all tests of a module, which must not change its documents."""
    return PoolApp(tmp_path_factory.mktemp("module") / "pool", sandbox)
