"""The widget on another site: consent first, the same sandbox, and no traces on the site's own page."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Error, FrameLocator, Locator, Page, expect

from tests.browser.conftest import MakePage, lasting_page
from tests.browser.firefox import Firefox
from tests.browser.test_page_access import findings
from tests.browser.visiting import counts, post_busy_job, post_job, wait_for_count
from tests.serving import Served, wait_until

HOST_PAGE = """<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>A site</title>
<style>{rules}</style><h1>A site</h1>
<p>Before</p>{script}<p>After</p></html>"""
NUMBERS = itertools.count()
POLL_SECONDS = 0.02
# Between two presses of a button that takes none in the first second of its window.
PRESS_SECONDS = 0.25
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
    headers: Mapping[str, str] = {}

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SiteHandler)
        threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def show(
        self, pool: Served, attributes: str = "async", name: str = "127.0.0.1", rules: str = "", times: int = 1
    ) -> str:
        """The address of a page with the widget's script; takes the attributes of its element, and rules of CSS."""
        script = f'<script src="{pool.url}/widget.js" {attributes}></script>'
        self.html = HOST_PAGE.format(script=script * times, rules=rules)
        return f"http://{name}:{self.server_port}/"

    def embed(self, pool: Served, page: Page, *args: str, **options: Any) -> Page:
        page.goto(self.show(pool, *args, **options))
        return page


class SiteHandler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html")
        for header in self.server.headers.items():
            self.send_header(*header)
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


def ask(page: Page, button: str = "Start computing") -> Page:
    """The window that the widget opens."""
    with page.expect_popup() as popup:
        widget(page).get_by_role("button", name=button).click()
    return popup.value


def agree(window: Page, button: str = "Start computing", key: str = "") -> None:
    """Presses the button until the window has been open for long enough to take it for an answer, and closes."""
    answer = window.get_by_role("button", name=button)

    def is_closed_by_pressing() -> bool:
        with contextlib.suppress(Error):
            answer.press(key) if key else answer.click()
        return window.is_closed()

    wait_until(is_closed_by_pressing, interval=PRESS_SECONDS)


def press_until(page: Page, shown: Locator) -> None:
    """Presses the button of a widget without a site around it, until it takes the press."""
    hint = page.get_by_text("has just come to the front")

    page.get_by_role("button", name="Start computing").click()

    def is_taken() -> bool:
        if hint.is_visible():
            page.get_by_role("button").first.click()
        return not hint.is_visible()

    wait_until(is_taken, interval=PRESS_SECONDS)
    expect(shown).to_be_visible()


def start(page: Page, button: str = "Start computing") -> None:
    agree(ask(page, button), button)


@dataclass
class Consented:
    """A site whose visitor has consented; its page without the widget had these traces."""

    page: Page
    pool: Served
    site: Site
    job: str
    traces: list[Any]

    def visit(self) -> None:
        self.site.embed(self.pool, self.page, 'data-owner="consented, nobody" async')

    def done(self) -> int:
        return counts(self.pool, self.job)["done"]

    def expect_nothing_to_compute(self) -> None:
        expect(widget(self.page).locator("#status")).to_contain_text("There is nothing to compute right now")


@pytest.fixture(scope="module")
def consented(lasting_server: Served, site: Site, chromium: Browser) -> Iterator[Consented]:
    """Each test leaves the widget as it finds it: waiting for work, with a fifth of the time."""
    post_job(lasting_server, "Others", count=2, metadata={"owner": "others"})
    job = post_job(lasting_server, "Consented", count=2, metadata={"owner": "consented"})
    with lasting_page(chromium) as page:
        without = site.embed(lasting_server, page, 'data-owner="consented, nobody" type="text/plain"')
        consented = Consented(page, lasting_server, site, job, without.evaluate(TRACES))
        consented.visit()
        start(page)
        expect(widget(page).get_by_text("2 units done")).to_be_visible()
        consented.expect_nothing_to_compute()
        yield consented


def test_nothing_is_leased_before_the_visitor_of_the_site_consents(lasting_server: Served, embedded: Page) -> None:
    expect(widget(embedded).get_by_text("One job for")).to_be_visible()
    expect(widget(embedded).locator("#status")).to_contain_text("Nothing runs until you agree in a window of this pool")
    assert counts(lasting_server, "/jobs/doubling")["open"] == 1


def test_it_computes_after_consent(consented: Consented) -> None:
    assert consented.done() >= 2


def test_the_sites_page_gets_one_frame_and_nothing_else(consented: Consented) -> None:
    consented.visit()
    consented.expect_nothing_to_compute()
    traces = consented.page.evaluate(TRACES)
    assert consented.page.locator("iframe").count() == 1
    assert traces[0] == consented.traces[0].replace('type="text/plain"', 'async=""')
    assert traces[1:] == consented.traces[1:]


def test_the_frame_follows_its_script_and_has_a_title(embedded: Page) -> None:
    expect(embedded.locator("p:has-text('Before') + script + iframe + p")).to_have_text("After")
    assert (embedded.locator("iframe").get_attribute("title") or "").startswith("Volunteer computing: ")


def test_a_site_can_set_owners(lasting_server: Served, consented: Consented) -> None:
    assert consented.done() >= 2
    assert counts(lasting_server, "/jobs/others")["open"] == 2


def test_a_site_can_set_the_language_and_have_the_picture_of_a_job_grow_once_the_visitor_computes(
    server: Served, embed: Embed
) -> None:
    render = """(results) => ({type: "picture", width: 2, height: 1, palette: ["#ffffff", "#0b6b67"],
      tiles: results.map(({variable, input}) => ({x: input.x, y: 0, width: 1, height: 1, pixels: [1], variable}))})"""
    job = post_job(server, "Tiles", count=2, render=render)
    server.post(server.get(f"{job}/variables")["_links"]["post_result"], 0)
    page = embed('data-picture="tiles" data-lang="de" async')
    shown = widget(page).locator("#picture")
    expect(shown).to_be_hidden()
    start(page, "Mitrechnen")
    expect(shown.locator("canvas")).to_be_visible()
    expect(widget(page).get_by_text("1 Einheit fertig")).to_be_visible()
    assert int(page.locator("iframe").get_attribute("height") or 0) > 300


def test_it_uses_little_by_default(embedded: Page) -> None:
    window = ask(embedded)
    expect(window.locator("#usage")).to_contain_text("20% of the time")
    window.close()


def test_it_resumes_at_the_next_visit(consented: Consented) -> None:
    consented.page.goto("about:blank")
    done = consented.done()
    consented.pool.post(f"{consented.job}/variables", {"x": 2})
    consented.visit()
    expect(widget(consented.page).locator("#status")).to_contain_text("once this widget has been in view")
    expect(widget(consented.page).get_by_text(f"{done + 1} units done")).to_be_visible()
    consented.expect_nothing_to_compute()


# What a hostile site does to a frame so that its visitor does not see it.
TRANSPARENT = "opacity: 0"
TINY = "transform: scale(.05); transform-origin: 0 0"
MASKED = "mask: linear-gradient(transparent, transparent)"
OUTSIDE = "position: fixed; left: -999px"
COVER = (
    "<div style='position: fixed; inset: 0; background: #fff; pointer-events: none'>Click here for your prize!</div>"
)


def hide(page: Page, style: str) -> None:
    page.locator("iframe").evaluate("(frame, style) => { frame.style.cssText += `;${style}`; }", style)


def cover(page: Page) -> None:
    page.evaluate("(cover) => document.body.insertAdjacentHTML('beforeend', cover)", COVER)


def middle_of_button(page: Page) -> tuple[float, float]:
    """As Playwright sees it, which a cover does not keep from clicking."""
    box = widget(page).locator("#toggle").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def hijack_click(page: Page) -> None:
    page.mouse.click(*middle_of_button(page))


def hijack_click_at_the_last_moment(page: Page) -> None:
    """The frame moves under the resting pointer 50 ms before the click."""
    x, y = middle_of_button(page)
    page.mouse.move(x + 400, y)
    hide(page, "position: relative; left: 400px")
    page.wait_for_timeout(50)
    page.mouse.down()
    page.mouse.up()


def hijack_key(page: Page) -> None:
    """The site moves the focus onto the frame's button while its visitor types."""
    page.locator("iframe").evaluate("(frame) => { frame.src += '#toggle'; frame.focus(); }")
    expect(widget(page).locator("#toggle")).to_be_visible()
    expect(widget(page).locator("#toggle")).to_be_focused()
    page.keyboard.press("Enter")


Hijack = Callable[[Page], None]


@pytest.fixture(scope="module")
def victim(lasting_server: Served, site: Site, chromium: Browser) -> Iterator[Page]:
    """The page of a hostile site, whose frame computes for a job of its own."""
    post_job(lasting_server, "Hijacked", count=1, metadata={"owner": "thief"})
    with lasting_page(chromium) as page:
        yield page


@pytest.mark.parametrize(
    ("style", "hijack"),
    [
        (TRANSPARENT, hijack_click),
        (TINY, hijack_click),
        (MASKED, hijack_click),
        ("", cover),
        ("", hijack_click_at_the_last_moment),
        ("", hijack_key),
    ],
)
def test_a_hijacked_press_gives_no_consent(
    lasting_server: Served, site: Site, victim: Page, style: str, hijack: Hijack
) -> None:
    """The pool asks in a window of its own, and only an answer there counts."""
    site.embed(lasting_server, victim, 'data-owner="thief" async', rules=f"iframe {{{style}}}")
    expect(widget(victim).locator("#subtitle")).not_to_be_empty()
    with victim.expect_popup() as window:
        hijack(victim)
        if hijack is cover:
            hijack_click(victim)
    expect(window.value.get_by_text("The site that you came from asks")).to_be_visible()
    window.value.close()
    expect(widget(victim).locator("#status")).to_contain_text("Nothing runs until you agree")
    assert counts(lasting_server, "/jobs/hijacked")["open"] == 1
    assert victim.frames[1].evaluate("localStorage.length") == 0


def test_consent_needs_a_second_in_the_window(lasting_server: Served, embedded: Page) -> None:
    """The second click of a double-click, the first of which opened the window, is none."""
    window = ask(embedded)
    window.get_by_role("button", name="Start computing").click()
    expect(window.get_by_role("status").filter(has_text="This window has just come to the front")).to_be_visible()
    window.close()
    assert counts(lasting_server, "/jobs/doubling")["open"] == 1


def test_axe_finds_nothing_serious_in_the_window(embedded: Page) -> None:
    window = ask(embedded)
    expect(window.locator("#subtitle")).not_to_be_empty()
    assert findings(window) == []
    window.close()


def test_consent_is_given_by_keyboard_for_the_share_that_is_chosen_in_the_window_and_can_be_withdrawn(
    server: Served, embed: Embed
) -> None:
    job = post_busy_job(server)
    page = embed()
    share = widget(page).get_by_label("Share of the time")
    expect(share).to_be_hidden()
    widget(page).get_by_role("button", name="Start computing").focus()
    with page.expect_popup() as popup:
        page.keyboard.press("Enter")
    popup.value.get_by_label("Share of the time").fill("70")
    agree(popup.value, key="Enter")
    wait_for_count(server, job, leased=1)
    expect(widget(page).locator("#usage")).to_contain_text("70% of the time")
    share.fill("50")
    expect(widget(page).locator("#usage")).to_contain_text("50% of the time")
    widget(page).get_by_role("button", name="Stop and forget").click()
    wait_for_count(server, job, leased=0)
    expect(widget(page).get_by_role("button", name="Start computing")).to_be_visible()


def test_a_hidden_widget_does_not_resume(server: Served, site: Site, make_page: MakePage) -> None:
    """Five widgets share the consent that one of them gets. A mask is what Chromium does not notice."""
    styles = {2: TRANSPARENT, 3: TINY, 4: OUTSIDE, 5: MASKED}
    rules = "".join(f"iframe:nth-of-type({number}) {{{text}}}" for number, text in styles.items())
    page = site.embed(server, make_page(viewport={"width": 1280, "height": 1000}), rules=rules, times=5)
    frames = [page.frame_locator("iframe").nth(number) for number in range(5)]
    with page.expect_popup() as popup:
        frames[0].get_by_role("button", name="Start computing").click()
    agree(popup.value)
    expect(frames[0].locator("#status")).to_contain_text("There is nothing to compute right now")
    expect(frames[4].locator("#status")).to_contain_text("Another tab is computing")
    for hidden in frames[1:4]:
        expect(hidden.locator("#status")).to_have_text("It resumes once this widget has been in view for a second.")


def test_a_widget_out_of_sight_asks_again(consented: Consented) -> None:
    """To take a larger share of the time, and to resume; where it is in view it just obeys."""
    page = consented.page
    hide(page, TRANSPARENT)
    widget(page).get_by_role("button", name="Pause").click()
    expect(widget(page).locator("#status")).to_have_text("Paused.")
    with page.expect_popup() as popup:
        widget(page).get_by_label("Share of the time").press("End")
    expect(popup.value.locator("#usage")).to_contain_text("100% of the time")
    popup.value.close()
    expect(widget(page).locator("#usage")).to_contain_text("20% of the time")
    window = ask(page, "Resume")
    expect(widget(page).locator("#status")).to_have_text("Paused.")
    agree(window)
    consented.expect_nothing_to_compute()


def test_a_widget_in_view_resumes_without_a_window(consented: Consented) -> None:
    page = consented.page
    consented.visit()  # It resumes when it has been in view.
    consented.expect_nothing_to_compute()
    widget(page).get_by_role("button", name="Pause").click()
    widget(page).get_by_role("button", name="Resume").click()
    consented.expect_nothing_to_compute()
    widget(page).get_by_label("Share of the time").press("End")
    expect(widget(page).locator("#usage")).to_contain_text("100% of the time")
    assert len(page.context.pages) == 1
    widget(page).get_by_label("Share of the time").fill("20")
    expect(widget(page).locator("#usage")).to_contain_text("20% of the time")


def test_a_blocked_window_is_offered_as_a_link(server: Served, embed: Embed) -> None:
    post_job(server, count=1)
    page = embed()
    page.frames[1].evaluate("() => { window.open = () => null; }")
    widget(page).get_by_role("button", name="Start computing").click()
    with page.expect_popup() as popup:
        widget(page).get_by_role("link", name="opens a new tab").filter(has_text="Open 127.0.0.1").click()
    agree(popup.value)
    expect(widget(page).get_by_text("1 unit done")).to_be_visible()


def test_the_window_computes_where_the_site_separates_it_from_the_frame(
    server: Served, site: Site, embed: Embed, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_job(server, count=1)
    monkeypatch.setattr(site, "headers", {"Cross-Origin-Opener-Policy": "same-origin"})
    page = embed(name="localhost")
    with page.context.expect_page() as opened:
        widget(page).get_by_role("button", name="Start computing").click()
    assert opened.value.evaluate("window.opener") is None
    press_until(opened.value, opened.value.get_by_text("1 unit done"))


def test_the_window_computes_where_the_frame_is_gone(server: Served, embed: Embed) -> None:
    post_job(server, count=1)
    page = embed()
    window = ask(page)
    page.locator("iframe").evaluate("(frame) => frame.remove()")
    press_until(window, window.get_by_text("1 unit done"))


def test_consent_for_some_owners_is_none_for_others(server: Served, embed: Embed) -> None:
    job = post_job(server, count=1)
    page = embed('data-owner="nobody" async')
    window = ask(page)
    page.locator("iframe").evaluate("(frame) => { frame.src = frame.src.replace('nobody', 'somebody'); }")
    expect(widget(page).locator("#subtitle")).not_to_be_empty()
    press_until(window, window.get_by_text("There is nothing to compute right now"))
    expect(widget(page).locator("#status")).to_contain_text("Nothing runs until you agree")
    assert counts(server, job)["open"] == 1


def test_it_computes_where_storage_is_blocked(server: Served, embed: Embed) -> None:
    post_job(server, count=1)
    page = embed(name="localhost")  # This Chromium blocks the storage of frames from other sites.
    start(page)
    expect(widget(page).get_by_text("1 unit done")).to_be_visible()
    with pytest.raises(Error, match="SecurityError"):
        page.frames[1].evaluate("localStorage.length")


def test_it_asks_and_resumes_in_firefox(server: Served, site: Site, firefox: Firefox) -> None:
    """Firefox has no version 2 of IntersectionObserver, and separates the storage of frames from that of windows."""
    job = post_job(server, count=1)
    firefox.goto(site.show(server, name="localhost"))
    frame = wait_until(lambda: firefox.find(f"{server.url}/widget"))
    wait_until(lambda: firefox.evaluate("() => document.getElementById('content')?.hidden === false", frame))
    firefox.evaluate("() => document.getElementById('toggle').click()", frame)
    window = wait_until(lambda: firefox.find("#ask"))
    # Repeated, until the window has been open for long enough and closes itself.
    firefox.evaluate("() => { setInterval(() => document.getElementById('toggle').click(), 100); }", window)
    wait_for_count(server, job, done=1)
    wait_until(lambda: firefox.find("#ask") is None)
    firefox.goto("about:blank")
    # Only now: the first visit, which asks for more work, must not lease it while it ends.
    server.post(f"{job}/variables", {"x": 2})
    firefox.goto(site.show(server, name="localhost"))
    wait_for_count(server, job, done=2)
    firefox.goto("about:blank")


def test_it_links_to_the_pools_page(lasting_server: Served, embedded: Page) -> None:
    with embedded.expect_popup() as popup:
        widget(embedded).get_by_role("link", name="What is this?").click()
    wait_until(lambda: popup.value.url == f"{lasting_server.url}/")


@pytest.fixture(scope="module", params=["idle", "done"])
def alone(request: pytest.FixtureRequest, chromium: Browser, lasting_server: Served) -> Iterator[Page]:
    """The widget without a site around it, before and after a unit."""
    owner = f"{request.param}-{next(NUMBERS)}"  # A process may make the same one twice.
    post_job(lasting_server, f"Job of {owner}", count=1, metadata={"owner": owner})
    with lasting_page(chromium, reduced_motion="reduce", viewport={"width": 340, "height": 300}) as page:
        page.goto(f"{lasting_server.url}/widget?owner={owner}")
        expect(page.get_by_text("One job for")).to_be_visible()
        if request.param == "done":
            press_until(page, page.get_by_text("1 unit done"))
        yield page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(alone: Page, scheme: Literal["light", "dark"]) -> None:
    alone.emulate_media(color_scheme=scheme)
    assert findings(alone) == []


def test_nothing_is_wider_than_the_frame(alone: Page) -> None:
    assert alone.evaluate("document.documentElement.scrollWidth") == 340
