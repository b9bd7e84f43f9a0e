"""The page of a flow that runs, is done or has failed: what it shows, its accessibility and its languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import flowing
from tests.browser.conftest import MakePage, lasting_page
from tests.browser.flowing import FlowVisitor, answer, answer_gauges, post_tides, refine
from tests.browser.test_page_access import PHONE, findings
from tests.browser.test_page_hostile import MARKUP
from tests.serving import Served

# How many lines a long duration takes, and how wide the page is then.
LINES_AND_WIDTH = """(element) => {
  const shown = element.textContent;
  element.textContent = "23 h 59 min";
  const text = document.createRange();
  text.selectNodeContents(element);
  const found = [text.getClientRects().length, document.documentElement.scrollWidth];
  element.textContent = shown;
  return found;
}"""
STATUS = {"running": "Volunteers are computing.", "done": "Done.", "failed": "Failed."}
RESULT = {
    **flowing.TABLE,
    "factorial": 3.0414093201713378e52,
    "half": 0.5,
    "digits": "14" * 300,
    MARKUP: MARKUP,
}
THROW_MARKUP = f"() => {{ throw new Error({MARKUP!r}); }}"
RUNNING = pytest.mark.parametrize("desk", ["running"], indirect=True)
DONE = pytest.mark.parametrize("desk", ["done"], indirect=True)
FAILED = pytest.mark.parametrize("desk", ["failed"], indirect=True)


@dataclass
class Furnished:
    """A pool with three flows, and their paths by state."""

    server: Served
    paths: dict[str, str]

    def show(self, page: Page, state: str) -> FlowVisitor:
        visitor = FlowVisitor(page, self.server, self.paths[state])
        visitor.open("Tidal model")
        visitor.expect_status(STATUS[state])
        return visitor


@pytest.fixture(scope="module")
def furnished(lasting_server: Served) -> Furnished:
    server = lasting_server
    flowing.post_tidal_jobs(server)
    paths = {"done": post_tides(server)}
    answer_gauges(server)
    refine(server, 6)
    answer(server, "harbour-table", RESULT)
    paths["failed"] = post_tides(server, THROW_MARKUP)
    answer(server, "tidal-model", {"amplitude": 1})
    paths["running"] = post_tides(server)
    refine(server, 3)
    server.get("/jobs/tidal-model/variables")
    return Furnished(server, paths)


@pytest.fixture(scope="module")
def desk_page(chromium: Browser) -> Iterator[Page]:
    with lasting_page(chromium, reduced_motion="reduce") as page:
        yield page


@pytest.fixture(scope="module", params=STATUS)
def desk(request: pytest.FixtureRequest, furnished: Furnished, desk_page: Page) -> FlowVisitor:
    return furnished.show(desk_page, request.param)


@pytest.fixture(scope="module")
def phone_page(chromium: Browser) -> Iterator[Page]:
    with lasting_page(chromium, reduced_motion="reduce", **PHONE) as page:
        yield page


@pytest.fixture(scope="module", params=STATUS)
def phone(request: pytest.FixtureRequest, furnished: Furnished, phone_page: Page) -> Page:
    return furnished.show(phone_page, request.param).page


def test_the_first_stage_is_at_the_bottom(desk: FlowVisitor) -> None:
    headings = desk.page.locator(".stage h3")
    expect(headings).to_have_text(["Stage 3 of 3", "Stage 2 of 3", "Stage 1 of 3"])
    expect(desk.stage(2)).to_contain_text("Takes the merged results of stage 1.")


@RUNNING
def test_name_and_owner_are_shown(desk: FlowVisitor) -> None:
    expect(desk.page.get_by_role("heading", level=1)).to_have_text(flowing.NAME)
    expect(desk.page.locator("#subtitle")).to_contain_text("A flow by")
    expect(desk.page).to_have_title("Running · \u2068High water along the Elbe, 2027\u2069")


def test_conditions_are_marked(desk: FlowVisitor) -> None:
    expect(desk.entry("Tidal model").locator(".conditions")).to_have_text("while")
    expect(desk.entry("Storm surge").locator(".conditions")).to_have_text("if")
    expect(desk.entry("Wind drift").locator(".conditions")).to_have_count(0)


@RUNNING
def test_steps_lead_to_their_variables_and_results(desk: FlowVisitor) -> None:
    model = desk.entry("Tidal model")
    expect(model.locator(".steps li")).to_have_count(4)
    expect(model.locator(".steps li").nth(1)).to_contain_text("Iteration 2 · done")
    expect(model.locator(".steps li").nth(3)).to_contain_text("Iteration 4 · being computed")
    result = model.get_by_role("link", name="result").first.get_attribute("href")
    assert desk.server.get(str(result))["result"] == {"amplitude": 1.72}
    assert model.get_by_role("link", name="job").get_attribute("href") == "/jobs/tidal-model"


@DONE
def test_no_digit_of_a_result_is_lost(desk: FlowVisitor) -> None:
    shown = json.loads(desk.page.get_by_role("region", name="Result").inner_text())
    assert (shown["factorial"], shown["half"]) == (RESULT["factorial"], RESULT["half"])


@DONE
def test_a_result_is_text(desk: FlowVisitor) -> None:
    assert json.loads(desk.page.locator("#result-text").inner_text())[MARKUP] == MARKUP
    assert desk.page.evaluate("window.hacked") is None


@FAILED
def test_a_thrown_error_is_text(desk: FlowVisitor) -> None:
    expect(desk.page.locator("#failure-reason")).to_contain_text(MARKUP)
    assert desk.page.evaluate("window.hacked") is None


# Accessibility


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(desk: FlowVisitor, scheme: Literal["light", "dark"]) -> None:
    desk.page.emulate_media(color_scheme=scheme)
    assert findings(desk.page) == []


def test_axe_finds_nothing_serious_on_a_phone(phone: Page) -> None:
    assert findings(phone) == []


def test_a_flow_is_no_wider_than_the_narrowest_phone(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 320


def test_figures_stand_in_one_line_on_a_phone(phone: Page) -> None:
    assert phone.locator("#time").evaluate(LINES_AND_WIDTH) == [1, 320]


@pytest.mark.parametrize("phone", ["done"], indirect=True)
def test_a_long_line_of_a_result_is_read_without_scrolling(phone: Page) -> None:
    text = phone.locator("#result-text")
    expect(text).to_contain_text(RESULT["digits"])
    assert text.evaluate("(element) => element.scrollWidth === element.clientWidth")


def test_touch_targets_are_large_enough(phone: Page) -> None:
    touched = phone.locator("button:visible, summary:visible, a:visible")
    sizes = touched.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
    assert len(sizes) > 16
    assert min(sizes) >= 44


def test_headings_lead_down_without_a_gap(desk: FlowVisitor) -> None:
    headings = desk.page.locator("h1:visible, h2:visible, h3:visible, h4:visible")
    levels = headings.evaluate_all("(all) => all.map(({tagName}) => Number(tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@RUNNING
def test_reduced_motion_stops_the_animations(desk: FlowVisitor) -> None:
    assert desk.page.evaluate("document.getAnimations().length") == 0


@RUNNING
def test_the_progress_is_accessible(desk: FlowVisitor) -> None:
    bar = desk.page.get_by_role("progressbar", name="Progress")
    expect(bar).to_have_attribute("aria-valuenow", "14")
    expect(bar).to_have_attribute("aria-valuetext", "14 of 16")


def test_a_flow_is_read_by_keyboard(furnished: Furnished, page: Page) -> None:
    FlowVisitor(page, furnished.server, furnished.paths["failed"]).expect_status("Failed.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show in the tree")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".entry[data-state=failed] summary")).to_be_focused()
    link = page.locator(".entry[data-state=failed]").get_by_role("link", name="job")
    expect(link).to_be_visible()
    page.keyboard.press("Tab")
    expect(link).to_be_focused()


# Languages


def test_a_flow_is_in_the_visitors_language(furnished: Furnished, make_page: MakePage) -> None:
    visitor = FlowVisitor(make_page(locale="de"), furnished.server, furnished.paths["done"])
    visitor.expect_status("Fertig.")
    expect(visitor.entry("Storm surge").locator(".state-name")).to_have_text("übersprungen")


def test_without_javascript_a_flow_shows_its_state_and_jobs(furnished: Furnished, make_page: MakePage) -> None:
    page = make_page(java_script_enabled=False)
    page.goto(furnished.server.url + furnished.paths["done"])
    assert "needs JavaScript for that, which is switched off" in page.locator("noscript").inner_text()
    expect(page.get_by_role("heading", level=1)).to_have_text(flowing.NAME)
    expect(page.get_by_role("link", name="Tidal model")).to_be_visible()
    expect(page.locator(".badge").first).to_have_text("done")
