"""What most tests of the flat store share: a store with a job of three variables, and its directories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storage.flat import FlatStore
from tests.storage.helpers import JOB, add, fail_variable, job


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """On the disk, as a store is: pytest's own may be in memory."""
    with TemporaryDirectory() as directory:
        yield Path(directory)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The directory of the store's documents."""
    return tmp_path / "data"


@pytest.fixture
def store(root: Path) -> FlatStore:
    """A store with one job: variable a is open, b leased, c failed."""
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    add(store, *"abc")
    store.leases.lease_variable(JOB, "b", 60)
    fail_variable(store, "c")
    return store


@pytest.fixture
def job_directory(root: Path) -> Path:
    return root / "jobs" / JOB
