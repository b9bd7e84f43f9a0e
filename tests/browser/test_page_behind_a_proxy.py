"""A whole job at a pool, computed on its page in Chromium behind a proxy that harms half of the requests for JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, Route, expect

from storage.clock import ManualClock
from tests.browser.conftest import Watch
from tests.browser.visiting import Visitor
from tests.conftest import MakeLocalServer
from tests.hostile_proxy import HostileProxy
from tests.serving import LocalServer, Served
from tests.whole_job import LEASE_SECONDS, expect_every_fault, expect_every_result_once, post_whole_job

UNITS = 50
FOREIGN = (
    "Something between this device and the pool responds in its place. If the network requires a login, log in. "
    "Retrying automatically."
)
NOT_LOADED = "This page has not loaded completely."
# Figures of the retry policy: delays in seconds, and batches of two, so that each kind of request gets every fault.
CHANGED = {
    "firstDelay": 0.01,
    "minDelay": 0.01,
    "maxDelay": 0.05,
    "defaultDelay": 0.05,
    "maxRetryAfter": 0.05,
    "maxBatch": 2,
}


def change_policy(route: Route) -> None:
    text = route.fetch().text()
    for name, figure in CHANGED.items():
        text, count = re.subn(rf"^  {name}: [\d.]+,?$", f"  {name}: {figure},", text, flags=re.MULTILINE)
        assert count == 1
    route.fulfill(content_type="text/javascript", body=text)


@dataclass
class Proxied(Served):
    """A pool at the address of a proxy."""

    def __init__(self, proxy: HostileProxy, server: LocalServer) -> None:
        self.data, self.url = server.data, proxy.url


@pytest.fixture
def server(make_local_server: MakeLocalServer, clock: ManualClock) -> LocalServer:
    return make_local_server(clock=clock)


@pytest.fixture
def proxy(server: LocalServer, clock: ManualClock) -> Iterator[HostileProxy]:
    # Leases whose responses were lost expire once there is nothing else to compute.
    with HostileProxy(server, on_idle=lambda: clock.advance(LEASE_SECONDS)) as proxy:
        yield proxy


def test_every_result_arrives_once(server: LocalServer, proxy: HostileProxy, page: Page, watch: Watch) -> None:
    watch.tolerated += ["Failed to load resource", "net::ERR"]
    job = post_whole_job(server, UNITS)
    page.route("**/bundles/page.js", change_policy)
    visitor = Visitor(page, Proxied(proxy, server))
    visitor.start()
    expect(visitor.by_id("units")).to_have_text(str(UNITS), timeout=60_000)
    expect_every_result_once(server, job, UNITS)
    expect(visitor.error("Something else responded in the pool\u2019s place").first).to_be_visible()
    expect_every_fault(proxy)

    proxy.always = "a captive portal"
    visitor.expect_status(FOREIGN)
    page.reload()
    visitor.expect_status(FOREIGN)
    proxy.is_hostile = False
    # After a wait for the pool, and one for work.
    waiting = "There is nothing to compute right now. New work starts automatically."
    expect(page.get_by_role("status").first).to_have_text(waiting, timeout=30_000)


@pytest.mark.parametrize("path", ["/", "/widget"])
def test_a_page_whose_modules_do_not_load_says_so(server: LocalServer, page: Page, watch: Watch, path: str) -> None:
    watch.tolerated.append("Failed to load module script")
    portal = {"status": 200, "content_type": "text/html", "body": "<h1>Log in</h1>"}
    page.route(re.compile("/client/web/bundles/"), lambda route: route.fulfill(**portal))
    page.goto(server.url + path)
    expect(page.get_by_text(NOT_LOADED)).to_be_hidden()
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    expect(page.get_by_text(NOT_LOADED)).to_be_visible()
