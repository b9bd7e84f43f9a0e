"""The list of the newest flows on the front page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import lasting_page
from tests.browser.flowing import answer, post_flow
from tests.browser.test_page_access import PHONE, findings
from tests.browser.test_page_hostile import MARKUP
from tests.browser.visiting import Visitor, post_job
from tests.serving import Served

LATER = 31_000
LONG_NAME = "High water along the Elbe and in all its harbours up to Geesthacht, for the whole of 2027"


def post_single(server: Served, name: str | None = None) -> str:
    """Posts a flow with one entry and its own job; returns its path."""
    job = post_job(server, f"Job of {name}")
    server.post(f"{job}/variables", {"n": 1})
    return post_flow(server, [{"job": job}], **({"name": name} if name else {}))


def show(server: Served, page: Page) -> Visitor:
    visitor = Visitor(page, server)
    expect(page.get_by_role("region", name="Flows")).to_be_visible()
    return visitor


@pytest.fixture(scope="module")
def newest(lasting_server: Served) -> list[str]:
    """The texts by which the newest flows are listed, beyond as many older ones; one has no name."""
    names = [f"Flow {number}" for number in range(5)]
    for name in [*names, f"Name {MARKUP}", LONG_NAME]:
        post_single(lasting_server, name)
    return [post_single(lasting_server).rsplit("/", 1)[1], LONG_NAME, f"Name {MARKUP}", "Flow 4", "Flow 3"]


@pytest.fixture(scope="module")
def desk(newest: list[str], lasting_server: Served, chromium: Browser) -> Iterator[Page]:
    with lasting_page(chromium) as page:
        yield show(lasting_server, page).page


@pytest.fixture(scope="module")
def phone(newest: list[str], lasting_server: Served, chromium: Browser) -> Iterator[Page]:
    with lasting_page(chromium, **PHONE) as page:
        yield show(lasting_server, page).page


def test_a_few_are_listed_newest_first_by_name_or_id(desk: Page, newest: list[str]) -> None:
    expect(desk.locator(".flow-row a")).to_have_text(newest)


def test_a_flow_is_reached_by_keyboard(desk: Page, newest: list[str]) -> None:
    desk.locator("#toggle").focus()
    while not desk.evaluate("document.activeElement.closest('.flow-row') !== null"):
        desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name=newest[0])).to_be_focused()


def test_the_name_of_a_flow_is_text(desk: Page) -> None:
    expect(desk.get_by_role("link", name=f"Name {MARKUP}", exact=True)).to_be_visible()
    assert desk.evaluate("window.hacked") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_list(desk: Page, scheme: Literal["light", "dark"]) -> None:
    desk.emulate_media(color_scheme=scheme)
    assert findings(desk) == []


def test_axe_finds_nothing_serious_in_the_list_on_a_phone(phone: Page) -> None:
    assert findings(phone) == []


def test_the_list_fits_the_narrowest_phone_and_a_finger(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 320
    heights = phone.locator(".flow-row a").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
    assert min(heights) >= 44


def test_a_flow_leads_to_its_page(server: Served, page: Page) -> None:
    post_single(server, "High water")
    show(server, page)
    page.get_by_role("link", name="High water", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("High water")
    page.get_by_role("link", name="comp-pool").click()
    expect(page.get_by_role("link", name="High water", exact=True)).to_be_visible()


def test_the_list_is_refreshed_and_keeps_the_focus(server: Served, page: Page) -> None:
    page.clock.install()
    post_single(server, "First")
    visitor = show(server, page)
    link = page.get_by_role("link", name="First", exact=True)
    link.focus()
    expect(page.locator(".flow-row")).to_contain_text("running")
    answer(server, "job-of-first", {"x": 1})
    post_single(server, "Second")
    asked = [url for url in visitor.requests if url.endswith("/flows")]
    page.clock.run_for(LATER)
    expect(page.locator(".flow-row a")).to_have_text(["Second", "First"])
    expect(page.locator(".flow-row").nth(1)).to_contain_text("done")
    expect(link).to_be_focused()
    assert len([url for url in visitor.requests if url.endswith("/flows")]) == len(asked) + 1


def test_a_foreign_link_is_text(server: Served, page: Page) -> None:
    def change(route: Route) -> None:
        document = route.fetch().json()
        document["_embedded"]["items"][0]["_links"]["self"] = "javascript:window.hacked=true"
        route.fulfill(json=document)

    page.route("**/flows", change)
    post_single(server, "High water")
    show(server, page)
    expect(page.locator(".flow-row")).to_contain_text("High water")
    expect(page.locator(".flow-row a")).to_have_count(0)
