"""Fixtures of the client's tests: a pool in this process, a client, and a check for leaked child processes."""

from collections.abc import Iterator

import pytest
from client_processes import children
from comp_pool.client import Client
from comp_pool.retry_policy import Retries
from fake_pool import FakePool


@pytest.fixture
def pool() -> Iterator[FakePool]:
    with FakePool() as running:
        yield running


@pytest.fixture
def client(pool: FakePool) -> Iterator[Client]:
    with Client(pool.url, retries=Retries(attempts=3, first_delay=0.001)) as client:
        yield client


@pytest.fixture(autouse=True)
def no_leaked_child() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before
