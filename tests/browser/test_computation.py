"""The main job on real input: Chromium on the page of a real gunicorn computes all of two demo jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import MakePage
from tests.conftest import MakeServer
from tests.data.demo import pause_others
from tests.serving import Server, wait_until

JOBS = {"prime-count": 100, "n-queens": 118}
# About a second of work, so that a tab can be killed in the middle of it.
SLOW = """function (variable, context) {
  const end = Date.now() + 1000;
  while (Date.now() < end);
  context.result = variable.n * 2;
  return context;
}"""


def start(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Start computing").click()


def results(server: Server, job: str) -> dict[str, Any]:
    page = server.get(f"/jobs/{job}/results?limit=1000")
    items = [(item["variable"], item["result"]) for item in page["_embedded"]["items"]]
    assert len(items) == len(dict(items))
    return dict(items)


def done(server: Server, job: str) -> int:
    return int(server.get(f"/jobs/{job}/progress")["variables"]["done"])


@pytest.fixture
def demo(make_server: MakeServer) -> Server:
    """A pool with its demo jobs, of which two are open."""
    server = make_server(FSYNC="0")
    pause_others(server, JOBS)
    return server


@pytest.fixture
def computed(demo: Server, page: Page) -> Iterator[tuple[Server, Page]]:
    start(page, demo)
    page.get_by_label("Share of the time").fill("100")
    wait_until(lambda: all(done(demo, job) == count for job, count in JOBS.items()), 60)
    yield demo, page


def test_a_page_computes_two_jobs_and_its_numbers_are_the_server_s(computed: tuple[Server, Page]) -> None:
    server, page = computed
    primes, queens = results(server, "prime-count"), results(server, "n-queens")
    sums = Counter[str]()
    for variable, result in queens.items():
        sums[variable[:3]] += result["count"]
    assert sum(result["count"] for result in primes.values()) == 664_579
    assert sums == {"n08": 92, "n12": 14_200}
    expect(page.locator("#units")).to_have_text("218")
    expect(page.locator("#total")).to_have_text("218")
    for name, text in (("Prime count", "100 of 100"), ("N queens", "118 of 118")):
        card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))
        card.scroll_into_view_if_needed()
        expect(card).to_contain_text(text)


@pytest.fixture
def slow(server: Server) -> Server:
    """A pool with three units of a second, whose leases are short."""
    server.post("/jobs", {"name": "slow", "execute_function": SLOW, "settings": {"lease_seconds": 3}})
    for number in range(3):
        server.post(f"/jobs/slow/variables/unit-{number}", {"n": number}, "PUT")
    return server


def test_what_a_killed_tab_had_begun_another_finishes(slow: Server, make_page: MakePage) -> None:
    doomed = make_page()
    start(doomed, slow)
    expect(doomed.locator("#worker-list")).to_contain_text("computing")
    with pytest.raises(Error):
        doomed.goto("chrome://crash")
    assert slow.get("/jobs/slow/progress")["variables"]["leased"] == 1
    start(make_page(), slow)
    wait_until(lambda: done(slow, "slow") == 3)
    assert results(slow, "slow") == {"unit-0": 0, "unit-1": 2, "unit-2": 4}


def test_what_a_closed_tab_had_begun_is_given_back_at_once(slow: Server, page: Page) -> None:
    slow.post("/jobs/slow", {"settings": {"lease_seconds": 300}}, "PATCH")
    start(page, slow)
    expect(page.locator("#worker-list")).to_contain_text("computing")
    page.goto(f"{slow.url}/health")
    wait_until(lambda: slow.get("/jobs/slow/progress")["variables"]["leased"] == 0)
