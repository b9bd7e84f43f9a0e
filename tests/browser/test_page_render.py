"""The result that grows on the front page and on the job's page: drawn from data alone, whatever the job returns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import lasting_page
from tests.browser.drawing import MARKUP, NETWORK, TEXTS, compute, post_picture
from tests.browser.test_page_access import findings
from tests.browser.visiting import Visitor, post_job
from tests.serving import LocalServer, Served

SHOW = "Show what was found"
OUTLINE = [255, 209, 102, 255]
COLOUR = "([x, y]) => [...document.querySelector('#result canvas').getContext('2d').getImageData(x, y, 1, 1).data]"
# A picture of 40 by 10 pixels on a canvas: in these, the middle of a part, and its outline.
SCALE, MIDDLE, EDGE = 20, 100, 3
# What becomes of the renders of hostile jobs, each alone in the sandbox: a kind of error, or what is checked.
RUN = """async (sources) => {
  const { runRender } = await import("/client/web/render/renderer.js");
  const { validated } = await import("/client/web/render/validate.js");
  const run = async (source) => {
    try {
      const { text } = await runRender("/sandbox", source, { results: [], context: {} });
      return JSON.stringify(validated(text).rows ?? null);
    } catch (ex) {
      return ex.kind ?? ex.message;
    }
  };
  const found = await Promise.all(sources.map(run));
  return [found, document.querySelectorAll("iframe").length];
}"""
# How many variables are kept of 600 of one job, and of how many jobs, and how long the stored text is.
REMEMBER = """async () => {
  const { OwnVariables } = await import("/client/web/own-variables.js");
  const own = new OwnVariables("many");
  for (let number = 0; number < 600; number += 1) own.add("first", `v${number}`);
  const ofOne = [own.has("first", "v99"), own.has("first", "v100")];
  for (let job = 0; job < 40; job += 1) {
    for (let number = 0; number < 100; number += 1) own.add(`job-${job}`, `${"x".repeat(90)}${number}`);
  }
  dispatchEvent(new Event("pagehide"));
  const { length } = localStorage.getItem("many");
  own.forget();
  return [...ofOne, length <= 100_000, own.has("job-39", `${"x".repeat(90)}99`), localStorage.length];
}"""
HOSTILE = {
    "() => { for (;;); }": "timeout",
    "() => { throw new Error('no'); }": "threw",
    "() => new Promise(() => {})": "timeout",
    "() => undefined": "no-result",
    "() => ({ type: 'table', columns: ['x'], rows: [[NaN]] })": "not-json",
    "() => ({ type: 'x'.repeat(2e6) })": "too-large",
    "() => ({ type: 'html', html: '<b>' })": "render.type must be one of picture, series, histogram, points, table",
    "() => 1) ((": "code",
    NETWORK: '[["undefined"],["undefined"],["undefined"],["undefined"],["undefined"]]',
}


@pytest.fixture(scope="module")
def pool(lasting_server: LocalServer) -> LocalServer:
    """A pool with a picture of four parts, of which others have computed two."""
    job = post_picture(lasting_server, metadata={"title": {"en": "Four shades"}})
    for column in (0, 1):
        compute(lasting_server, job, column)
    return lasting_server


@pytest.fixture(scope="module")
def asked(pool: LocalServer, chromium: Browser) -> Iterator[Visitor]:
    """A visitor who has agreed to see the result, and not to compute."""
    with lasting_page(chromium, reduced_motion="reduce") as page:
        visitor = Visitor(page, pool)
        expect(visitor.button(SHOW)).to_be_visible()
        assert page.locator("iframe").count() == 0
        visitor.button(SHOW).first.click()
        expect(picture(page)).to_be_visible()
        yield visitor


def picture(page: Page) -> Any:
    return page.get_by_role("img", name="Picture of Four shades. Four shades")


def colours(page: Page, y: int, *columns: int) -> list[Any]:
    """The colours of parts, in their middle or at their edge."""
    return [page.evaluate(COLOUR, [(10 * column + 5) * SCALE, y]) for column in columns]


def test_the_result_is_shown_before_anything_is_computed_or_stored(asked: Visitor) -> None:
    assert colours(asked.page, MIDDLE, 0, 1, 2) == [[0, 0, 0, 255], [60, 60, 60, 255], [0, 0, 0, 0]]
    assert asked.leases() == []
    assert asked.page.evaluate("localStorage.length") == 0


def test_a_job_has_the_name_that_its_owner_gave_it_in_the_visitor_s_language(asked: Visitor) -> None:
    expect(asked.by_id("result-heading")).to_have_text("Four shades")
    expect(asked.by_id("subtitle")).to_contain_text("Four shades")


def test_axe_finds_nothing_serious_beside_the_picture(asked: Visitor) -> None:
    assert findings(asked.page) == []


def test_its_frame_is_removed_afterwards(asked: Visitor) -> None:
    assert asked.page.locator("iframe").count() == 0


def test_hostile_renders_end_in_an_error_and_leave_nothing_behind(asked: Visitor) -> None:
    found, frames = asked.page.evaluate(RUN, list(HOSTILE))
    assert dict(zip(HOSTILE, found, strict=True)) == HOSTILE
    assert frames == 0


def test_what_this_browser_remembers_is_bounded(asked: Visitor) -> None:
    assert asked.page.evaluate(REMEMBER) == [False, True, True, False, 0]


def test_the_picture_is_on_the_job_s_page_too(pool: LocalServer, shared_page: Page) -> None:
    shared_page.goto(f"{pool.url}/jobs/shades")
    shared_page.get_by_role("button", name=SHOW).click()
    expect(picture(shared_page)).to_be_visible()
    expect(shared_page.locator("#name")).to_have_text("Four shades")


def test_what_this_browser_has_computed_is_outlined_until_it_is_forgotten(server: LocalServer, page: Page) -> None:
    job = post_picture(server, metadata={"title": {"en": "Four shades"}})
    for column in (0, 1):
        compute(server, job, column)
    visitor = Visitor(page, server)
    visitor.start()
    visitor.expect_units(2)
    outlined = page.get_by_text("You computed 2 of 4 parts: they are outlined.").first
    expect(outlined).to_be_visible(timeout=20_000)
    assert colours(page, EDGE, 0, 2, 3) == [[0, 0, 0, 255], OUTLINE, OUTLINE]
    expect(visitor.card("Four shades")).to_contain_text("4 of 4 units done")
    expect(visitor.by_id("found-list")).to_contain_text("Four shades")
    page.reload()
    expect(outlined).to_be_visible(timeout=20_000)
    visitor.press("Stop and forget")
    expect(outlined).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0
    expect(visitor.by_id("found-list").get_by_role("button")).to_have_count(0)
    visitor.press("Show it for all jobs")
    expect(visitor.button("Show it for all jobs")).to_be_hidden()
    expect(picture(page).last).to_be_visible()


def test_harmful_renders_show_text_or_a_message_in_their_place(server: LocalServer, page: Page) -> None:
    renders = {"Texts": TEXTS, "Reckless": f"() => {{ throw new Error({MARKUP!r}); }}", "Odd": "() => ({})"}
    for name, render in renders.items():
        compute(server, post_picture(server, render, name, count=2, metadata={"featured": name == "Texts"}), 0)
    visitor = Visitor(page, server)
    expect(visitor.by_id("result-heading")).to_have_text("Texts")  # It is featured.
    visitor.button(SHOW).click()
    expect(page.locator("#result td")).to_have_text(MARKUP)
    visitor.by_id("result-job").select_option("reckless")
    failed = "The job\u2019s function that shows the results has failed"
    expect(page.locator("#result").get_by_text(failed)).to_contain_text(MARKUP)
    visitor.by_id("result-job").select_option("odd")
    expect(page.locator("#result").get_by_text("is not valid")).to_contain_text("render.type must be one of")
    assert page.evaluate("window.hacked") is None


def test_a_finished_job_without_a_render_shows_its_last_results(server: Served, page: Page) -> None:
    post_job(server, count=2)
    visitor = Visitor(page, server)
    visitor.start()
    visitor.expect_units(2)
    expect(visitor.card("Doubling").get_by_role("table")).to_contain_text(re.compile("Unit.*Result"))


def test_what_is_long_is_folded_on_a_phone(pool: LocalServer, chromium: Browser) -> None:
    with lasting_page(chromium, viewport={"width": 390, "height": 844}) as page:
        page.goto(pool.url)
        expect(page.locator("#content")).to_be_visible()
        assert page.locator("#choices-fold[open], #jobs[open]").count() == 0
