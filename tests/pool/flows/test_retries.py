"""Pending flows: each is drained once, at most once per interval, and kept in memory if the disk is full."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pool.flows.retries import INTERVAL_SECONDS, PendingFlows
from storage.clock import ManualClock
from storage.errors import StorageFull


class RecordedFlows:
    """In place of a store's flows: the pool's inbox."""

    def __init__(self) -> None:
        self.inbox: list[str] = []
        self.is_full = False

    def signal(self, _inbox: str, names: Iterable[str]) -> None:
        if self.is_full:
            raise StorageFull("disk")
        self.inbox += names

    def drain_signals(self, _inbox: str) -> list[str]:
        if self.is_full:
            raise StorageFull("disk")
        drained, self.inbox = self.inbox, []
        return drained


@pytest.fixture
def flows() -> RecordedFlows:
    return RecordedFlows()


@pytest.fixture
def pending(flows: RecordedFlows, clock: ManualClock) -> PendingFlows:
    return PendingFlows(flows, clock)  # type: ignore[arg-type]


def test_pending_flows_are_drained_once(pending: PendingFlows, clock: ManualClock) -> None:
    pending.add(["b", "a", "b"])
    assert pending.drain() == ["a", "b"]
    clock.advance(INTERVAL_SECONDS)
    assert pending.drain() == []


def test_nothing_is_drained_within_the_interval(pending: PendingFlows, clock: ManualClock) -> None:
    pending.drain()
    pending.add(["a"])
    assert pending.drain() == []
    clock.advance(INTERVAL_SECONDS)
    assert pending.drain() == ["a"]


def test_flows_of_other_processes_are_drained_too(pending: PendingFlows, flows: RecordedFlows) -> None:
    flows.inbox.append("theirs")
    assert pending.drain() == ["theirs"]


def test_on_a_full_disk_flows_are_kept_in_memory(
    pending: PendingFlows, flows: RecordedFlows, clock: ManualClock
) -> None:
    flows.inbox.append("stored")
    flows.is_full = True
    pending.add(["a"])
    assert pending.drain() == ["a"]
    pending.add(["b"])
    flows.is_full = False
    clock.advance(INTERVAL_SECONDS)
    assert pending.drain() == ["b", "stored"]
