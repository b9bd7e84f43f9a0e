"""Short units on the page are leased and posted in batches."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page, Request

from tests.browser.conftest import Watch
from tests.browser.visiting import Visitor, counts, post_busy_job, post_job, wait_for_count
from tests.serving import Served, wait_until

UNITS = 100


def test_many_units_take_few_requests(server: Served, page: Page, watch: Watch) -> None:
    # On a busy machine a prefetch may come before the results that permit it.
    watch.tolerated.append("429")
    job = post_job(server, count=UNITS)
    visitor = Visitor(page, server)
    visitor.requests.clear()
    visitor.start()
    visitor.expect_units(UNITS)
    assert counts(server, job)["done"] == UNITS
    results = server.get(f"{job}/results?limit={UNITS}")["_embedded"]["items"]
    assert sorted(item["result"] for item in results) == [2 * number for number in range(UNITS)]
    paths = [urlsplit(url).path for url in visitor.requests]
    assert len([path for path in paths if path.endswith(("/variables", "/results"))]) < UNITS / 2


def test_a_visitor_who_leaves_takes_no_lease_along(server: Served, page: Page) -> None:
    job = post_busy_job(server, count=22, milliseconds=200)
    visitor = Visitor(page, server)
    leasing: set[Request] = set()
    page.on("request", lambda request: "/variables" in request.url and leasing.add(request))
    page.on("response", lambda response: leasing.discard(response.request))
    visitor.start()
    wait_for_count(server, job, open=0)
    # No response with a lease is on its way, to be lost.
    wait_until(lambda: page.evaluate("true") and not leasing)
    assert counts(server, job)["leased"] > 1
    page.goto("about:blank")
    wait_for_count(server, job, leased=0)
    state = counts(server, job)
    assert state["done"] + state["open"] == 22
