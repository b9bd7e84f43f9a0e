"""The parts of a pool without HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import Pool
from config import Config
from pool.keys import Caller
from pool.sandbox import Limits, Sandbox
from storage.base import Store
from storage.clock import ManualClock
from storage.flat import FlatStore


@pytest.fixture
def parts(tmp_path: Path, sandbox: Sandbox, clock: ManualClock) -> Iterator[Pool]:
    """A fresh pool, opened."""
    pool = Pool(Config(data=tmp_path / "pool", fsync=False), sandbox, clock)
    pool.open()
    yield pool
    pool.auditor.close()
    pool.store.close()


@pytest.fixture(scope="module")
def module_parts(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Pool]:
    """One pool for all tests of a module, which must not change its documents."""
    pool = Pool(Config(data=tmp_path_factory.mktemp("parts") / "pool", fsync=False), sandbox, ManualClock())
    pool.open()
    yield pool
    pool.store.close()


@pytest.fixture(scope="session")
def impatient() -> Iterator[Sandbox]:
    """A sandbox in which a call soon takes too long."""
    sandbox = Sandbox(Limits(milliseconds=100))
    yield sandbox
    sandbox.close()


@pytest.fixture
def operator(parts: Pool) -> Caller:
    return parts.keys.operator()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    store = FlatStore(tmp_path / "store", fsync=False, clock=clock)
    yield store
    store.close()
