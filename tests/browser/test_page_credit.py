"""Credit on the front page: a visitor joins a team, computes, comes back, adds a device, and is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pool.credit import DAY
from pool.sandbox import Sandbox
from storage.clock import ManualClock
from tests.browser.conftest import MakePage, lasting_page, open_page, watching
from tests.browser.screenshots import post_demo_job
from tests.browser.test_page_access import PHONE, findings
from tests.browser.visiting import Visitor
from tests.conftest import MakeLocalServer, PoolApp, local_server
from tests.resources.volunteering import change, compute, volunteer
from tests.serving import LocalServer

NAME, TEAM, SHOWN = "Name (optional)", "Team (optional)", "Show me on the leaderboard, to everybody"


def wait_for_noon(clock: ManualClock) -> None:
    clock.advance((DAY / 2 - clock.now_milliseconds()) % DAY / 1000)


class Member(Visitor):
    """A visitor and its place in the pool."""

    def open(self, summary: str) -> None:
        self.page.locator("summary").filter(has_text=summary).click()

    def save(self, name: str, team: str) -> None:
        self.page.get_by_label(NAME).fill(name)
        self.page.get_by_label(TEAM).fill(team)
        self.page.get_by_label(SHOWN).check()
        self.press("Save")

    def figure(self, period: str) -> Locator:
        """The text of one period."""
        return self.by_id("credit").locator("dl > div").filter(has_text=period)

    def compute(self, count: int) -> None:
        """Computes so many tiles, and sees them outlined in the picture."""
        self.start()
        self.expect_units(count)
        expect(self.by_id("result")).to_contain_text(f"You computed {count} of {count} parts", timeout=30_000)
        self.press("Pause")
        self.expect_status("Paused.")


@pytest.fixture
def clocked(make_local_server: MakeLocalServer, clock: ManualClock) -> LocalServer:
    """A pool whose days a test lets pass."""
    wait_for_noon(clock)
    return make_local_server(clock=clock)


def test_a_visitor_has_a_place_and_a_second_device_until_it_is_forgotten(
    make_page: MakePage, clocked: LocalServer, clock: ManualClock
) -> None:
    post_demo_job(clocked, "mandelbrot", 3)
    member = Member(make_page(), clocked)
    member.compute(3)
    member.open("Name and team")
    member.save("Anna", "Sea level")
    expect(member.by_id("credit")).to_contain_text("You are on the leaderboard")

    clock.advance(DAY / 1000)
    member.goto()
    expect(member.figure("Today")).to_contain_text("0 units")
    expect(member.figure("All visits")).to_contain_text("3 units")
    expect(member.figure("All visits")).to_contain_text("place 1")
    member.by_id("credit").get_by_role("link", name="Leaderboard").click()
    expect(member.page.get_by_role("row", name="Anna")).to_contain_text("you")
    expect(member.page.get_by_role("row", name="Anna")).to_contain_text("Sea level")

    member.goto()
    member.open("Another device of yours")
    member.press("Show a code")
    code = member.page.locator(".join-code")
    expect(code).not_to_be_empty()
    second = Member(make_page(), clocked)
    second.open("Another device of yours")
    second.page.get_by_label("Code that your other device shows").fill(code.inner_text())
    second.press("Join")
    expect(second.by_id("credit")).to_contain_text("both devices are one volunteer")
    expect(second.figure("All visits")).to_contain_text("3 units")
    assert second.stored()["volunteer"] == member.stored()["volunteer"]
    assert second.stored()["state"] == "paused"

    second.open("Delete my record")
    second.press("Delete my record")
    second.press("Delete for good")
    expect(second.button("Start computing")).to_be_focused()
    assert second.stored() is None
    assert clocked.get("/leaderboard")["_embedded"]["items"] == []
    member.goto()
    expect(member.figure("All visits")).to_contain_text("0 units")


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Page]:
    """The page of a visitor who has computed nothing, and has opened all there is."""
    server = local_server(tmp_path_factory.mktemp("credit"), sandbox)
    with watching() as watch:
        # What the pool refuses.
        watch.tolerated += ["422", "404"]
        shown = open_page(chromium, watch, **PHONE)
        member = Member(shown, server)
        member.start()
        for summary in ("Name and team", "Another device of yours", "Delete my record"):
            member.open(summary)
        yield shown
        shown.context.close()
    server.stop()


SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def ranked(chromium: Browser, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Page]:
    """A phone, and a pool with a team of two."""
    pool = PoolApp(tmp_path_factory.mktemp("ranked") / "pool", sandbox)
    for name in ("Anna", "Ben"):
        compute(pool, volunteer(name))
        change(pool, volunteer(name), name=name, team="Blue", shown=True)
    server = LocalServer(pool.app, pool.data)
    server.start()
    with lasting_page(chromium, base_url=server.url, **PHONE) as shown:
        yield shown
    server.stop()


def test_a_refusal_is_in_the_visitors_language(page: Page) -> None:
    page.get_by_label(NAME).fill("<b>")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#credit")).to_contain_text("accept this: name: may have letters")


def test_a_wrong_code_is_refused(page: Page) -> None:
    page.get_by_label("Code that your other device shows").fill("22222-22222")
    page.get_by_role("button", name="Join").click()
    expect(page.locator("#credit")).to_contain_text("This code is wrong")


def test_a_deletion_can_be_thought_over(page: Page) -> None:
    page.get_by_role("button", name="Delete my record").click()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Delete my record")).to_be_focused()


def test_axe_finds_nothing_serious(page: Page) -> None:
    assert findings(page) == []


def test_nothing_is_wider_than_a_phone(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ["/leaderboard", "/leaderboard?by=teams", "/status"])
def test_axe_finds_nothing_serious_on_pages_that_the_server_makes(ranked: Page, path: str) -> None:
    for scheme in SCHEMES:
        ranked.emulate_media(color_scheme=scheme)
        ranked.goto(path)
        expect(ranked.get_by_role("table")).to_be_visible()
        assert findings(ranked) == []


def test_a_choice_is_made_by_a_link(ranked: Page) -> None:
    ranked.goto("/leaderboard")
    ranked.get_by_role("link", name="Teams").click()
    expect(ranked.get_by_role("row", name="Blue")).to_contain_text("2")
    ranked.get_by_role("link", name="Blue").click()
    expect(ranked.get_by_role("heading", name="Team Blue")).to_be_visible()
    expect(ranked.get_by_role("row", name="Anna")).to_be_visible()
