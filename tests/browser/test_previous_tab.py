"""A tab that the previous version served goes on after an upgrade of the pool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Watch
from tests.browser.visiting import Visitor
from tests.server import previous
from tests.serving import Server, wait_until


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The previous version's code."""
    return previous.extract(tmp_path_factory.mktemp("previous"))


@pytest.fixture
def server(tmp_path: Path, code: Path) -> Iterator[Server]:
    """The previous version's server, with a job."""
    server = previous.serve(tmp_path, code)
    yield server
    server.kill()


@pytest.fixture
def visitor(page: Page, server: Server, watch: Watch) -> Visitor:
    # While the server is restarted.
    watch.tolerated.append("Failed to load resource")
    return Visitor(page, server)


def test_a_tab_that_computes_goes_on(visitor: Visitor, server: Server) -> None:
    visitor.start()
    wait_until(lambda: previous.done(server) >= 3)
    previous.upgrade(server)
    assert previous.done(server) < previous.UNITS
    wait_until(lambda: previous.done(server) == previous.UNITS, 60)


def test_a_tab_that_starts_after_the_upgrade_computes(visitor: Visitor, server: Server) -> None:
    """It loads the sandbox and the worker of the clock from the present version."""
    previous.upgrade(server)
    visitor.start()
    wait_until(lambda: previous.done(server) == previous.UNITS, 60)
