"""The list of the newest flows on the front page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import MakePage
from tests.browser.flowing import answer, post_flow
from tests.browser.test_page_access import PHONE, findings
from tests.browser.test_page_hostile import MARKUP
from tests.browser.visiting import Visitor, post_job
from tests.serving import Served

LATER = 31_000


def post_single(server: Served, name: str | None = None) -> str:
    """Posts a flow with one entry and its own job; returns its path."""
    job = post_job(server, f"Job of {name}")
    server.post(f"{job}/variables", {"n": 1})
    return post_flow(server, [{"job": job}], **({"name": name} if name else {}))


def show(server: Served, page: Page) -> Visitor:
    visitor = Visitor(page, server)
    expect(page.get_by_role("region", name="Flows")).to_be_visible()
    return visitor


def test_a_flow_leads_to_its_page(server: Served, page: Page) -> None:
    post_single(server, "High water")
    show(server, page)
    page.get_by_role("link", name="High water").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("High water")
    page.get_by_role("link", name="comp-pool").click()
    expect(page.get_by_role("link", name="High water")).to_be_visible()


def test_one_without_a_name_shows_its_id(server: Served, page: Page) -> None:
    path = post_single(server)
    show(server, page)
    expect(page.locator(".flow-row a")).to_have_text(path.rsplit("/", 1)[1])


def test_an_empty_list_is_hidden(server: Served, page: Page) -> None:
    with page.expect_response(lambda response: response.url.endswith("/flows")):
        visitor = Visitor(page, server)
    expect(page.get_by_text("Nobody has posted a job yet.")).to_be_visible()
    expect(visitor.by_id("flows")).to_be_hidden()


def test_a_few_are_listed_newest_first(server: Served, page: Page) -> None:
    for number in range(7):
        post_single(server, f"Flow {number}")
    show(server, page)
    expect(page.locator(".flow-row a")).to_have_text([f"Flow {number}" for number in (6, 5, 4, 3, 2)])


def test_the_list_is_refreshed_and_keeps_the_focus(server: Served, page: Page) -> None:
    page.clock.install()
    post_single(server, "First")
    visitor = show(server, page)
    link = page.get_by_role("link", name="First")
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


def test_the_name_of_a_flow_is_text(server: Served, page: Page) -> None:
    post_single(server, f"Name {MARKUP}")
    show(server, page)
    expect(page.locator(".flow-row a")).to_have_text(f"Name {MARKUP}")
    assert page.evaluate("window.hacked") is None


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


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
def test_axe_finds_nothing_serious_in_the_list(server: Served, make_page: MakePage, options: dict[str, object]) -> None:
    post_single(server, "High water")
    assert findings(show(server, make_page(**options)).page) == []


def test_the_list_fits_the_narrowest_phone_and_a_finger(server: Served, make_page: MakePage) -> None:
    post_single(server, "High water along the Elbe and in all its harbours up to Geesthacht, for the whole of 2027")
    page = show(server, make_page(**PHONE)).page
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    heights = page.locator(".flow-row a").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
    assert min(heights) >= 44


def test_a_flow_is_reached_by_keyboard(server: Served, page: Page) -> None:
    path = post_single(server, "High water")
    visitor = show(server, page)
    while not page.evaluate("document.activeElement.closest('.flow-row') !== null"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(visitor.server.url + path)


@pytest.mark.parametrize(
    ("locale", "heading", "state"),
    [("de", "Abläufe", "läuft"), ("es", "Flujos", "en marcha"), ("fr", "Flux", "en cours")],
)
def test_the_list_is_in_the_visitors_language(
    server: Served, make_page: MakePage, locale: str, heading: str, state: str
) -> None:
    post_single(server, "High water")
    page = make_page(locale=locale)
    Visitor(page, server)
    expect(page.get_by_role("region", name=heading)).to_contain_text(state)
