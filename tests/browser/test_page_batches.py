"""Short units on the page: leased and posted in batches, within the limits that a pool has for strangers."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.browser.visiting import Visitor, counts, post_busy_job, post_job, wait_for_count
from tests.serving import Served

UNITS = 100


def test_many_units_take_few_requests_and_exceed_no_limit(server: Served, page: Page) -> None:
    """A refused request would be an error on the console, which fails each test."""
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
    visitor.start()
    # From then on no response with a lease can be lost.
    wait_for_count(server, job, open=0)
    assert counts(server, job)["leased"] > 1
    page.goto("about:blank")
    wait_for_count(server, job, leased=0)
    state = counts(server, job)
    assert state["done"] + state["open"] == 22
