"""Accessibility of the front page: keyboard, screen reader, phone, dark mode, and checks by axe-core."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import MakePage, lasting_page
from tests.browser.visiting import THROW, Visitor, post_busy_job, post_job
from tests.serving import ROOT, Served

AXE = (ROOT / "client" / "js" / "node_modules" / "axe-core" / "axe.min.js").resolve()
# The sandbox frame shows nothing, and its origin is opaque.
RUN_AXE = "async () => (await axe.run(document, {iframes: false, resultTypes: ['violations']})).violations"
NOTE = """() => {
  window.announced = [];
  const status = document.getElementById("status");
  new MutationObserver(() => window.announced.push(status.textContent)).observe(status, { childList: true });
}"""
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


def findings(page: Page) -> list[str]:
    """Serious and critical violations found by axe-core."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    violations: list[dict[str, Any]] = page.evaluate(RUN_AXE)
    serious = [found for found in violations if found["impact"] in ("serious", "critical")]
    return [f"{found['id']}: {node['html']}" for found in serious for node in found["nodes"]]


@pytest.fixture(scope="module")
def furnished(lasting_server: Served) -> Served:
    """A pool with several kinds of jobs, each with its own owner."""
    post_job(lasting_server, "Other", metadata={"owner": "somebody"}, requirements={"memory_mb": 1})
    post_busy_job(lasting_server, count=20, metadata={"owner": "semprebeta", "description": {"en": "Tides."}})
    patient = {"max_errors": 100}
    post_job(lasting_server, "Thrower", 20, execute_function=THROW, metadata={"owner": "thrower"}, settings=patient)
    return lasting_server


def visit(server: Served, page: Page) -> Visitor:
    visitor = Visitor(page, server)
    expect(visitor.card("Other")).to_contain_text("no units yet")
    return visitor


# The states of the page: each is entered from the first one, and left again.


@contextlib.contextmanager
def idle(visitor: Visitor) -> Iterator[None]:
    yield


@contextlib.contextmanager
def started(visitor: Visitor, owner: str) -> Iterator[None]:
    choice = visitor.page.get_by_label(owner, exact=True)
    choice.check()
    visitor.start()
    yield
    visitor.press("Stop and forget")
    choice.uncheck()


@contextlib.contextmanager
def computing(visitor: Visitor) -> Iterator[None]:
    with started(visitor, "semprebeta"):
        expect(visitor.worker(1)).to_contain_text("Busy")
        yield


@contextlib.contextmanager
def with_an_error(visitor: Visitor) -> Iterator[None]:
    with started(visitor, "thrower"):
        expect(visitor.error("no such harbour").first).to_be_visible()
        yield


@contextlib.contextmanager
def with_details(visitor: Visitor) -> Iterator[None]:
    disclosures = [
        visitor.card("Other").get_by_text("Details and code"),
        visitor.page.get_by_text("Put this on your own"),
    ]
    for disclosure in disclosures:
        disclosure.click()
    expect(visitor.page.get_by_role("region", name="Code of Other")).to_contain_text("context.result")
    yield
    for disclosure in disclosures:
        disclosure.click()


STATES = [idle, computing, with_an_error, with_details]


@pytest.fixture(scope="module")
def desk_visitor(furnished: Served, chromium: Browser) -> Iterator[Visitor]:
    """Animations would change the measured contrast."""
    with lasting_page(chromium, reduced_motion="reduce") as page:
        yield visit(furnished, page)


@pytest.fixture(scope="module", params=STATES)
def desk(request: pytest.FixtureRequest, desk_visitor: Visitor) -> Iterator[Page]:
    """The page in one of its states."""
    with request.param(desk_visitor):
        yield desk_visitor.page


@pytest.fixture(scope="module")
def phone_visitor(furnished: Served, chromium: Browser) -> Iterator[Visitor]:
    with lasting_page(chromium, reduced_motion="reduce", **PHONE) as page:
        yield visit(furnished, page)


@pytest.fixture(scope="module", params=STATES)
def phone(request: pytest.FixtureRequest, phone_visitor: Visitor) -> Iterator[Page]:
    with request.param(phone_visitor):
        yield phone_visitor.page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(desk: Page, scheme: Literal["light", "dark"]) -> None:
    desk.emulate_media(color_scheme=scheme)
    assert findings(desk) == []


def test_axe_finds_nothing_serious_on_a_phone(phone: Page) -> None:
    assert findings(phone) == []


def test_nothing_is_wider_than_the_narrowest_phone(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 320


def test_touch_targets_are_large_enough(phone: Page) -> None:
    touched = phone.locator("button:visible, summary:visible, label.check:visible, input[type=range]:visible")
    sizes = touched.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
    assert len(sizes) > 6
    assert min(sizes) >= 44


def test_headings_lead_down_without_a_gap(desk: Page) -> None:
    headings = desk.locator("h1:visible, h2:visible, h3:visible, h4:visible")
    levels = headings.evaluate_all("(all) => all.map(({tagName}) => Number(tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_dark_page_is_dark(desk: Page) -> None:
    desk.emulate_media(color_scheme="dark")
    assert desk.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 21, 20)"


def test_the_focus_is_visible(desk: Page) -> None:
    desk.locator("#toggle").focus()
    desk.keyboard.press("Tab")
    desk.keyboard.press("Shift+Tab")
    expect(desk.locator("#toggle")).to_be_focused()
    assert desk.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_everything_works_by_keyboard(furnished: Served, page: Page) -> None:
    visitor = visit(furnished, page)
    reached = []
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(visitor.button("Start computing")).to_be_focused()
    page.keyboard.press("Enter")
    expect(visitor.button("Pause")).to_be_focused()
    while not reached or not reached[-1].startswith("Details and code"):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert {"forget", "throttle", "plugged"} <= set(reached)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Code of Busy")).to_be_visible()


def test_choices_work_by_keyboard(furnished: Served, page: Page) -> None:
    visit(furnished, page)
    page.get_by_label("Share of the time").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Share of the time")).to_have_attribute("aria-valuetext", "50%")
    page.get_by_label("Only while plugged in").focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("Only while plugged in")).to_be_checked()


@pytest.fixture(scope="module")
def computed(furnished: Served, chromium: Browser) -> Iterator[Page]:
    """The page after five units; it has noted what its status said."""
    post_job(furnished, "Quick", count=5, metadata={"owner": "quick"})
    with lasting_page(chromium, reduced_motion="reduce") as page:
        visitor = visit(furnished, page)
        page.evaluate(NOTE)
        page.get_by_label("quick", exact=True).check()
        visitor.start()
        visitor.expect_units(5)
        visitor.expect_status("There is nothing to compute right now. New work starts automatically.")
        yield page


def test_the_state_is_announced_and_single_units_are_not(computed: Page) -> None:
    live = "[role=status], [role=alert], [aria-live], output"
    names = computed.locator(live).evaluate_all("(all) => all.map(({id}) => id)")
    of_credit = {"credit-names-status", "credit-devices-status", "credit-delete-status", "credit-code-shown"}
    assert set(names) == {"alert", "status", "jobs-state"} | of_credit
    announced = computed.evaluate("announced")
    assert announced[:2] == ["Starting…", "Computing."]
    assert len(announced) == 3


def test_without_javascript_it_shows_a_hint(furnished: Served, make_page: MakePage) -> None:
    page = make_page(java_script_enabled=False)
    page.goto(furnished.url)
    expect(page.get_by_role("heading", name="comp-pool")).to_be_visible()
    # With JavaScript switched off by Playwright, noscript is not rendered.
    assert "needs JavaScript, which is switched off" in page.locator("noscript").inner_text()
