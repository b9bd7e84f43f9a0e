"""Fixtures of the client's tests: a pool in this process, and a look at what is left behind."""

from collections.abc import Iterator

import pytest
from client_processes import children
from comp_pool.client import Client
from comp_pool.transport import Patience
from fake_pool import FakePool


@pytest.fixture
def pool() -> Iterator[FakePool]:
    with FakePool() as running:
        yield running


@pytest.fixture
def client(pool: FakePool) -> Iterator[Client]:
    with Client(pool.url, patience=Patience(attempts=3, first_pause=0.001)) as made:
        yield made


@pytest.fixture(autouse=True)
def no_child_is_left_behind() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before
