"""Fixtures of the client's tests: a pool in this process, a clock, a client, and a check for leaked child processes."""

from collections.abc import Iterator

import pytest
from client_processes import children
from comp_pool.client import Client
from fake_clock import FakeClock
from fake_pool import FakePool


@pytest.fixture
def pool() -> Iterator[FakePool]:
    with FakePool() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(pool: FakePool, clock: FakeClock) -> Iterator[Client]:
    with Client(pool.url, clock=clock) as client:
        yield client


@pytest.fixture(autouse=True)
def no_leaked_child() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before
