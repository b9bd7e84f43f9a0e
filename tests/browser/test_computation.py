"""The main job on real input: Chromium on the page of a real gunicorn computes two demo jobs."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect

from storage.clock import ManualClock
from tests.browser.conftest import MakePage
from tests.conftest import MakeLocalServer, MakeServer
from tests.data.demo import post_demo
from tests.serving import LocalServer, Served, Server, wait_until

UNITS = {"prime-count": 30, "n-queens": 8}
# More than a second, so that a tab can be killed in the middle of it: a page draws once a second. It waits, and leaves
# the processor to the tests.
SLOW = """function (variable, context) {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  Atomics.wait(new Int32Array(buffer), 0, 0, 2500);
  context.result = variable.n * 2;
  return context;
}"""


def start(page: Page, server: Served) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Start computing").click()


def results(server: Served, job: str) -> dict[str, Any]:
    page = server.get(f"/jobs/{job}/results?limit=1000")
    items = [(item["variable"], item["result"]) for item in page["_embedded"]["items"]]
    assert len(items) == len(dict(items))
    return dict(items)


def done(server: Served, job: str) -> int:
    return int(server.get(f"/jobs/{job}/progress")["variables"]["done"])


def leased(server: Served) -> int:
    return int(server.get("/jobs/slow/progress")["variables"]["leased"])


@pytest.fixture
def demo(make_server: MakeServer) -> Server:
    """A pool with two demo jobs."""
    server = make_server(DEMO="0", FSYNC="0")
    for job, count in UNITS.items():
        post_demo(server, job, count)
    return server


def test_a_page_computes_two_jobs_and_its_numbers_are_the_server_s(demo: Server, page: Page) -> None:
    start(page, demo)
    page.get_by_label("Share of the time").fill("100")
    wait_until(lambda: all(done(demo, job) == count for job, count in UNITS.items()), 60, 0.1)
    assert sum(result["count"] for result in results(demo, "prime-count").values()) == 216_816  # Below three million.
    assert sum(result["count"] for result in results(demo, "n-queens").values()) == 92
    expect(page.locator("#units")).to_have_text("38")
    expect(page.locator("#total")).to_have_text("38")
    for name, text in (("Prime count", "30 of 30"), ("N queens", "8 of 8")):
        card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))
        card.scroll_into_view_if_needed()
        expect(card).to_contain_text(text)


@pytest.fixture
def slow(make_local_server: MakeLocalServer, clock: ManualClock) -> LocalServer:
    """A pool with one unit of some seconds."""
    server = make_local_server(clock=clock)
    server.post("/jobs", {"name": "slow", "execute_function": SLOW})
    server.post("/jobs/slow/variables/one", {"n": 7}, "PUT")
    return server


def test_what_a_killed_tab_had_begun_another_finishes(
    slow: LocalServer, clock: ManualClock, make_page: MakePage
) -> None:
    doomed = make_page()
    start(doomed, slow)
    expect(doomed.locator("#worker-list")).to_contain_text("computing")
    with pytest.raises(Error):
        doomed.goto("chrome://crash")
    assert leased(slow) == 1
    clock.advance(2 * slow.get("/jobs/slow")["settings"]["lease_seconds"])
    start(make_page(), slow)
    wait_until(lambda: done(slow, "slow") == 1, interval=0.1)
    assert results(slow, "slow") == {"one": 14}


def test_what_a_closed_tab_had_begun_is_given_back_at_once(slow: LocalServer, page: Page) -> None:
    start(page, slow)
    expect(page.locator("#worker-list")).to_contain_text("computing")
    page.goto(f"{slow.url}/health")
    wait_until(lambda: leased(slow) == 0)
