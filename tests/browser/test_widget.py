"""The widget on another site: consent first, the same sandbox, and no traces on the site's own page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Error, FrameLocator, Page, expect

from tests.browser.conftest import MakePage, lasting_page
from tests.browser.test_page_access import findings
from tests.browser.visiting import counts, post_busy_job, post_job, wait_for_count
from tests.serving import POLL_SECONDS, Served, wait_until

HOST_PAGE = """<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>A site</title><h1>A site</h1>
<p>Before</p>{script}<p>After</p></html>"""
# What a script could leave on the page, apart from the frame.
TRACES = """() => {
  const page = document.documentElement.cloneNode(true);
  for (const frame of page.querySelectorAll("iframe")) frame.remove();
  const names = Object.getOwnPropertyNames(window).filter((name) => !/^\\d+$/.test(name));
  return [page.outerHTML, names.sort().join(), document.cookie, localStorage.length];
}"""


class Site(ThreadingHTTPServer):
    """Another site, on a port of its own; its page is `html`."""

    html = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SiteHandler)
        threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def embed(self, pool: Served, page: Page, attributes: str = "async", name: str = "127.0.0.1") -> Page:
        """Opens the site's page with the widget's script; takes the attributes of its element."""
        self.html = HOST_PAGE.format(script=f'<script src="{pool.url}/widget.js" {attributes}></script>')
        page.goto(f"http://{name}:{self.server_port}/")
        return page


class SiteHandler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.server.html.encode())

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        yield site
        site.shutdown()


@pytest.fixture(scope="module")
def embedded(lasting_server: Served, site: Site, chromium: Browser) -> Iterator[Page]:
    """A page with a widget that nobody has started, for a job of one owner."""
    post_job(lasting_server, count=1, metadata={"owner": "semprebeta"})
    with lasting_page(chromium) as page:
        yield site.embed(lasting_server, page, 'data-owner="semprebeta" async')


Embed = Callable[..., Page]


@pytest.fixture
def embed(server: Served, site: Site, make_page: MakePage) -> Embed:
    return lambda *args, **options: site.embed(server, make_page(), *args, **options)


def widget(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def start(page: Page) -> None:
    widget(page).get_by_role("button", name="Start computing").click()


def test_nothing_is_leased_before_the_visitor_of_the_site_consents(lasting_server: Served, embedded: Page) -> None:
    expect(widget(embedded).get_by_text("One job for")).to_be_visible()
    expect(widget(embedded).get_by_role("status")).to_have_text("Nothing runs until you press the button.")
    assert counts(lasting_server, "/jobs/doubling")["open"] == 1


def test_it_computes_after_consent(server: Served, embed: Embed) -> None:
    job = post_job(server, count=3)
    page = embed()
    start(page)
    expect(widget(page).get_by_text("3 units done")).to_be_visible()
    assert counts(server, job)["done"] == 3


def test_the_sites_page_gets_one_frame_and_nothing_else(server: Served, embed: Embed) -> None:
    post_job(server, count=1)
    without = embed('type="text/plain"').evaluate(TRACES)
    page = embed()
    start(page)
    expect(widget(page).get_by_text("1 unit done")).to_be_visible()
    traces = page.evaluate(TRACES)
    assert page.locator("iframe").count() == 1
    assert traces[0] == without[0].replace('type="text/plain"', 'async=""')
    assert traces[1:] == without[1:]


def test_the_frame_follows_its_script_and_has_a_title(embedded: Page) -> None:
    expect(embedded.locator("p:has-text('Before') + script + iframe + p")).to_have_text("After")
    assert (embedded.locator("iframe").get_attribute("title") or "").startswith("Volunteer computing: ")


def test_a_site_can_set_owners_and_language(server: Served, embed: Embed) -> None:
    theirs = post_job(server, "Theirs", count=2, metadata={"owner": "semprebeta"})
    others = post_job(server, "Others", count=2, metadata={"owner": "somebody"})
    page = embed('data-owner="semprebeta, nobody" data-lang="de" async')
    widget(page).get_by_role("button", name="Mitrechnen").click()
    expect(widget(page).get_by_text("2 Einheiten fertig")).to_be_visible()
    assert (counts(server, theirs)["done"], counts(server, others)["done"]) == (2, 0)


def test_it_uses_little_by_default(embedded: Page) -> None:
    expect(widget(embedded).locator("#usage")).to_contain_text("20% of the time")
    widget(embedded).get_by_label("Share of the time").fill("50")
    expect(widget(embedded).locator("#usage")).to_contain_text("50% of the time")


def test_consent_can_be_withdrawn(server: Served, embed: Embed) -> None:
    job = post_busy_job(server)
    page = embed()
    start(page)
    wait_for_count(server, job, leased=1)
    widget(page).get_by_role("button", name="Stop and forget").click()
    wait_for_count(server, job, leased=0)
    expect(widget(page).get_by_role("button", name="Start computing")).to_be_visible()


def test_it_resumes_at_the_next_visit(server: Served, embed: Embed) -> None:
    job = post_job(server, count=1)
    page = embed()
    start(page)
    expect(widget(page).get_by_text("1 unit done")).to_be_visible()
    server.post(f"{job}/variables", {"x": 2})
    page.reload()
    expect(widget(page).get_by_text("2 units done")).to_be_visible()


def test_it_computes_where_storage_is_blocked(server: Served, embed: Embed) -> None:
    post_job(server, count=1)
    page = embed(name="localhost")  # This Chromium blocks the storage of frames from other sites.
    start(page)
    expect(widget(page).get_by_text("1 unit done")).to_be_visible()
    with pytest.raises(Error, match="SecurityError"):
        page.frames[1].evaluate("localStorage.length")


def test_it_links_to_the_pools_page(lasting_server: Served, embedded: Page) -> None:
    with embedded.expect_popup() as popup:
        widget(embedded).get_by_role("link", name="What is this?").click()
    wait_until(lambda: popup.value.url == f"{lasting_server.url}/")


@pytest.fixture(scope="module", params=["idle", "done"])
def alone(request: pytest.FixtureRequest, chromium: Browser, lasting_server: Served) -> Iterator[Page]:
    """The widget without a site around it, before and after a unit."""
    post_job(lasting_server, f"Job of {request.param}", count=1, metadata={"owner": request.param})
    with lasting_page(chromium, reduced_motion="reduce", viewport={"width": 340, "height": 300}) as page:
        page.goto(f"{lasting_server.url}/widget?owner={request.param}")
        expect(page.get_by_text("One job for")).to_be_visible()
        if request.param == "done":
            page.get_by_role("button", name="Start computing").click()
            expect(page.get_by_text("1 unit done")).to_be_visible()
        yield page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(alone: Page, scheme: Literal["light", "dark"]) -> None:
    alone.emulate_media(color_scheme=scheme)
    assert findings(alone) == []


def test_nothing_is_wider_than_the_frame(alone: Page) -> None:
    assert alone.evaluate("document.documentElement.scrollWidth") == 340
