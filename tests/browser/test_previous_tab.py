"""A tab that the previous version served goes on after an upgrade of the pool."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Watch
from tests.browser.visiting import Visitor
from tests.server import previous
from tests.serving import Server, wait_until


@pytest.fixture
def visitor(page: Page, previous_server: Server, watch: Watch) -> Visitor:
    # While the server is restarted.
    watch.tolerated.append("Failed to load resource")
    return Visitor(page, previous_server)


def test_a_tab_that_computes_goes_on(visitor: Visitor, previous_server: Server) -> None:
    visitor.start()
    wait_until(lambda: previous.done(previous_server) >= 3, interval=0.1)
    previous.upgrade(previous_server)
    assert previous.done(previous_server) < previous.UNITS
    wait_until(lambda: previous.done(previous_server) == previous.UNITS, 60, 0.1)


def test_a_tab_that_starts_after_the_upgrade_computes(visitor: Visitor, previous_server: Server) -> None:
    """It loads the sandbox and the worker of the clock from the present version."""
    previous.upgrade(previous_server)
    visitor.start()
    wait_until(lambda: previous.done(previous_server) >= 3, interval=0.1)
