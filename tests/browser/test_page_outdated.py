"""A page that is older than its pool: one line says so, and nothing is computed."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.visiting import Visitor, counts, post_busy_job, post_job, wait_for_count
from tests.serving import LocalServer, wait_until

ALERT = "This page is older than the pool. Reload it to go on."


def test_a_page_that_the_pool_no_longer_understands_stops(server: LocalServer, page: Page, watch: Watch) -> None:
    watch.tolerated.append("400")
    job = post_busy_job(server, count=30, milliseconds=100)
    visitor = Visitor(page, server)
    visitor.start()
    wait_until(lambda: counts(server, job)["done"] > 0)
    server.refuse_leases("the new pool has other links")
    expect(page.get_by_role("alert")).to_have_text(ALERT)
    error = visitor.error("This page is older than the pool. Reload it.")
    expect(error).to_contain_text("the new pool has other links")


def test_a_page_has_loaded_its_modules_before_it_computes(server: LocalServer, page: Page) -> None:
    """After an upgrade of the pool later ones would not fit."""
    job = post_job(server, count=1)
    visitor = Visitor(page, server)
    page.wait_for_load_state("networkidle")
    loaded = len(visitor.requests)
    visitor.start()
    wait_for_count(server, job, done=1)
    later = {url for url in visitor.requests[loaded:] if "/client/" in url}
    assert later <= {f"{server.url}/client/js/browser/clock-worker.js"}


def test_a_page_does_not_compute_in_a_sandbox_of_a_later_version(server: LocalServer, page: Page) -> None:
    job = post_job(server, count=1)

    def of_an_older_version(route: Route) -> None:
        text = route.fetch().text()
        assert "RELAY_VERSION = 1" in text
        route.fulfill(body=text.replace("RELAY_VERSION = 1", "RELAY_VERSION = 0"), content_type="text/javascript")

    page.route("**/bundles/page.js", of_an_older_version)
    Visitor(page, server).start()
    expect(page.get_by_role("alert")).to_have_text(ALERT)
    assert counts(server, job)["open"] == 1
