"""Accessibility of the front page: keyboard, screen reader, phone, dark mode, and checks by axe-core."""

from __future__ import annotations

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
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


def findings(page: Page) -> list[str]:
    """Serious and critical violations found by axe-core."""
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


def show_idle(server: Served, page: Page) -> Visitor:
    visitor = Visitor(page, server)
    expect(visitor.card("Other")).to_contain_text("no units yet")
    return visitor


def show_computing(server: Served, page: Page) -> Visitor:
    visitor = show_idle(server, page)
    page.get_by_label("semprebeta", exact=True).check()
    visitor.start()
    expect(visitor.worker(1)).to_contain_text("Busy")
    return visitor


def show_error(server: Served, page: Page) -> Visitor:
    visitor = show_idle(server, page)
    page.get_by_label("thrower", exact=True).check()
    visitor.start()
    expect(visitor.error("no such harbour").first).to_be_visible()
    return visitor


def show_details(server: Served, page: Page) -> Visitor:
    visitor = show_idle(server, page)
    visitor.card("Other").get_by_text("Details and code").click()
    expect(page.get_by_role("region", name="Code of Other")).to_contain_text("context.result")
    page.get_by_text("Put this on your own site").click()
    return visitor


STATES = [show_idle, show_computing, show_error, show_details]


@pytest.fixture(scope="module", params=STATES)
def desk(request: pytest.FixtureRequest, furnished: Served, chromium: Browser) -> Iterator[Page]:
    """The page in one of its states. Animations would change the measured contrast."""
    with lasting_page(chromium, reduced_motion="reduce") as page:
        yield request.param(furnished, page).page


@pytest.fixture(scope="module", params=STATES)
def phone(request: pytest.FixtureRequest, furnished: Served, chromium: Browser) -> Iterator[Page]:
    with lasting_page(chromium, reduced_motion="reduce", **PHONE) as page:
        yield request.param(furnished, page).page


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
    visitor = show_idle(furnished, page)
    reached = []
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(visitor.button("Start computing")).to_be_focused()
    page.keyboard.press("Enter")
    expect(visitor.button("Pause")).to_be_focused()
    while "SUMMARY" not in reached:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"forget", "throttle", "plugged"} <= set(reached)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Code of Busy")).to_be_visible()


def test_choices_work_by_keyboard(furnished: Served, page: Page) -> None:
    show_idle(furnished, page)
    page.get_by_label("Share of the time").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Share of the time")).to_have_attribute("aria-valuetext", "50%")
    page.get_by_label("Only while plugged in").focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("Only while plugged in")).to_be_checked()


def test_the_state_is_announced_and_single_units_are_not(server: Served, page: Page) -> None:
    post_job(server, count=5)
    visitor = Visitor(page, server)
    live = "[role=status], [role=alert], [aria-live], output"
    assert page.locator(live).evaluate_all("(all) => all.map(({id}) => id)") == ["alert", "status", "jobs-state"]
    page.evaluate(
        """() => {
          window.announced = [];
          const note = () => window.announced.push(document.getElementById("status").textContent);
          new MutationObserver(note).observe(document.getElementById("status"), {childList: true});
        }"""
    )
    visitor.start()
    visitor.expect_units(5)
    visitor.expect_status("There is nothing to compute right now. New work starts automatically.")
    announced = page.evaluate("announced")
    assert announced[:2] == ["Starting…", "Computing."]
    assert len(announced) == 3


def test_reduced_motion_stops_the_animations(server: Served, make_page: MakePage) -> None:
    page = make_page(reduced_motion="reduce")
    post_job(server, count=5)
    visitor = Visitor(page, server)
    visitor.start()
    visitor.expect_units(5)
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.locator(".ripple").count() == 0


def test_without_javascript_it_shows_a_hint(furnished: Served, make_page: MakePage) -> None:
    page = make_page(java_script_enabled=False)
    page.goto(furnished.url)
    expect(page.get_by_role("heading", name="comp-pool")).to_be_visible()
    # With JavaScript switched off by Playwright, noscript is not rendered.
    assert "needs JavaScript, which is switched off" in page.locator("noscript").inner_text()
