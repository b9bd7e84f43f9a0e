"""The fixtures that every part of the contract suite uses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storage.base import Store
from storage.clock import ManualClock
from tests.storage.helpers import JOB, job

OpenStore = Callable[[], Store]


class BaseContract:
    @pytest.fixture
    def clock(self) -> ManualClock:
        """The clock of every store of a test."""
        return ManualClock()

    @pytest.fixture
    def open_store(self, clock: ManualClock) -> OpenStore:
        """Opens one more store on the same documents and by the same clock, with each call. A subclass overrides it."""
        raise NotImplementedError

    @pytest.fixture
    def empty(self, open_store: OpenStore) -> Store:
        return open_store()

    @pytest.fixture
    def store(self, empty: Store) -> Store:
        """A store with one job without variables."""
        empty.jobs.create(JOB, job())
        return empty

    @pytest.fixture
    def other(self, store: Store, open_store: OpenStore) -> Store:
        """Another store object on the same documents."""
        return open_store()
