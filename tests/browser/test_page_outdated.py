"""A page that is older than its pool: one line says so, and nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from app import Pool, create_app
from config import Config
from pool.sandbox import Sandbox
from tests.browser.conftest import Watch
from tests.browser.visiting import Visitor, counts, post_busy_job, post_job
from tests.server.previous import RefusingApp
from tests.serving import LocalServer, wait_until

ALERT = "This page is older than the pool. Reload it to go on."


@pytest.fixture
def app(tmp_path: Path, sandbox: Sandbox) -> RefusingApp:
    pool = Pool(Config(data=tmp_path / "pool", fsync=False), sandbox)
    pool.open()
    return RefusingApp(create_app(pool=pool))


@pytest.fixture
def server(app: RefusingApp, tmp_path: Path) -> Iterator[LocalServer]:
    server = LocalServer(app, tmp_path / "pool")
    server.start()
    yield server
    server.stop()


def test_a_page_that_the_pool_no_longer_understands_stops(
    page: Page, server: LocalServer, app: RefusingApp, watch: Watch
) -> None:
    watch.tolerated.append("400")
    job = post_busy_job(server, count=30, milliseconds=100)
    visitor = Visitor(page, server)
    visitor.start()
    wait_until(lambda: counts(server, job)["done"] > 0)
    app.refuses = True
    expect(page.get_by_role("alert")).to_have_text(ALERT)
    expect(visitor.error("This page is older than the pool. Reload it.")).to_contain_text(RefusingApp.DETAIL)


def test_a_page_does_not_compute_in_a_sandbox_of_a_later_version(page: Page, server: LocalServer) -> None:
    job = post_job(server, count=1)

    def of_an_older_version(route: Route) -> None:
        text = route.fetch().text()
        assert "RELAY_VERSION = 1" in text
        route.fulfill(body=text.replace("RELAY_VERSION = 1", "RELAY_VERSION = 0"), content_type="text/javascript")

    page.route("**/sandbox-frame.js", of_an_older_version)
    Visitor(page, server).start()
    expect(page.get_by_role("alert")).to_have_text(ALERT)
    assert counts(server, job)["open"] == 1
