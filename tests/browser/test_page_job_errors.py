"""The page of a job's errors: what its owner reads there, and what happens to the owner's key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from pool.sandbox import Sandbox
from storage.clock import ManualClock
from tests.browser.conftest import MakePage, Watch, lasting_page
from tests.browser.failing import PAUSED, STACK, Owner, pause, report
from tests.browser.test_page_access import findings
from tests.browser.test_page_hostile import MARKUP
from tests.browser.test_page_reports import FAILING
from tests.browser.visiting import Visitor, post_job
from tests.conftest import local_server
from tests.serving import LocalServer, Served, wait_until

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
RIGHT_TO_LEFT = "\u202e"
FUSSY = "(variable, result) => result === undefined || {valid: false, reason: 'negative level'}"
UNKNOWN_KEY = "This pool doesn\u2019t know this key. Check that it is complete, and a key of this pool."
REFUSALS = [
    ({"type": "urn:comp-pool:forbidden"}, "This key belongs to somebody else than the job."),
    ({"type": "urn:comp-pool:blocked", "detail": "too many jobs"}, "Reason: \u2068too many jobs\u2069"),
]
IN_ENGLISH = re.compile(r"^[A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d\d")
UNREACHABLE = re.compile("^The pool can\u2019t be reached. Retrying automatically.")


def fail(server: Served, job: str) -> list[str]:
    """Three variables fail with the same message, one with another; returns their paths."""
    alike = [
        report(server, job, f"TypeError: no level of {n}", stack=STACK, console=f"gauge {n}\n", engine="Chromium 131")
        for n in range(3)
    ]
    return [*alike, report(server, job, "result.x is NaN", "not-json", engine="QuickJS 2025-04-26")]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[LocalServer]:
    """A pool with a job that fails, paused by the pool, an hour after its errors."""
    clock = ManualClock()
    server = local_server(tmp_path_factory.mktemp("failing"), sandbox, clock, trusted="127.0.0.1")
    job = post_job(server, "Tide gauges", count=6, validate_result=FUSSY)
    fail(server, job)
    link = server.get(f"{job}/variables")["_links"]["post_result"]
    with pytest.raises(OSError, match="422"):
        server.post(link, {"level": -3})
    clock.advance(3700)
    pause(server, job)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def hostile_job(furnished: LocalServer) -> str:
    job = post_job(furnished, f"Hostile {MARKUP}", count=1)
    text = f"{MARKUP}{RIGHT_TO_LEFT}{'x' * 10_000}"
    report(furnished, job, text, stack=text, console=text, engine=text)
    return job


@pytest.fixture(scope="module")
def desk_page(chromium: Browser) -> Iterator[Page]:
    with lasting_page(chromium, reduced_motion="reduce", timezone_id="UTC") as page:
        yield page


@pytest.fixture
def desk(furnished: LocalServer, desk_page: Page) -> Owner:
    """The owner at the page of the failing job, with the details closed."""
    owner = Owner(desk_page, furnished)
    owner.return_to("/jobs/tide-gauges")
    return owner


@pytest.fixture
def hostile(furnished: LocalServer, hostile_job: str, desk_page: Page) -> Owner:
    """The owner at the page of a job with hostile errors, with the details open."""
    owner = Owner(desk_page, furnished)
    owner.return_to(hostile_job)
    open_details(owner)
    expect(desk_page.get_by_role("group", name="Whole message")).to_be_visible()
    return owner


@pytest.fixture
def phone(furnished: LocalServer, make_page: MakePage) -> Owner:
    owner = Owner(make_page(reduced_motion="reduce", **PHONE), furnished)
    owner.show("/jobs/tide-gauges")
    return owner


def open_details(owner: Owner) -> None:
    for summary in owner.page.locator("summary").all():
        summary.click()


def refuse(page: Page, problem: dict[str, str]) -> None:
    """Answers requests for the errors in the pool's place."""
    page.route("**/errors", lambda route: route.fulfill(status=403, json=problem))


def mislead(route: Route) -> None:
    """A document whose links lead to another host."""
    document = route.fetch().json()
    for group in document["_embedded"]["items"]:
        group["_links"] = dict.fromkeys(group["_links"], "https://elsewhere.example/")
    route.fulfill(json=document)


# What an owner sees


def test_a_unit_that_throws_in_a_browser_is_on_the_page(server: Served, make_page: MakePage) -> None:
    job = post_job(server, "Tides", count=1, execute_function=FAILING)
    Visitor(make_page(), server).start()
    wait_until(lambda: server.get(f"{job}/progress")["results"]["failures"])
    owner = Owner(make_page(), server)
    owner.show(job)
    group = owner.group("RangeError: no such harbour")
    group.get_by_text("Stack and console").click()
    expect(group.get_by_role("group", name="Stack")).to_contain_text("execute_function.js:3")
    expect(group.get_by_role("group", name="Console output")).to_have_text("x is 0\n")
    expect(group).to_contain_text("once")
    expect(group).to_contain_text("Chromium")
    assert server.get(str(group.get_by_role("link").get_attribute("href")))["x"] == 0


def test_the_most_frequent_error_is_first(desk: Owner) -> None:
    headings = desk.page.get_by_role("region", name="Errors", exact=True).get_by_role("heading", level=3)
    expect(headings).to_have_text(["TypeError: no level of 2", "result.x is NaN", "negative level"])
    expect(desk.page.locator(".group .badge")).to_have_text(["3 times", "once", "once"])
    desk.expect_status("3 kinds of errors.")


def test_a_group_says_what_failed_where_and_when(desk: Owner) -> None:
    group = desk.group("TypeError")
    expect(group).to_contain_text("The function threw an exception.")
    expect(group.locator("dd")).to_contain_text(["execute_function", "threw", "Chromium 131", IN_ENGLISH, IN_ENGLISH])
    variable = group.get_by_role("link")
    assert "x" in desk.server.get(str(variable.get_attribute("href")))


def test_details_have_stack_and_console(desk: Owner) -> None:
    group = desk.group("TypeError")
    group.get_by_text("Stack and console").click()
    expect(group.get_by_role("group", name="Stack")).to_have_text(STACK)
    expect(group.get_by_role("group", name="Console output")).to_have_text("gauge 2\n")


def test_details_of_a_rejected_result_have_the_result(desk: Owner) -> None:
    group = desk.group("negative level")
    group.get_by_text("Result and console").click()
    shown = group.get_by_role("group", name="Rejected result")
    expect(shown).to_be_visible()
    assert json.loads(shown.inner_text()) == {"level": -3}


def test_the_job_has_its_name_and_counts(desk: Owner) -> None:
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Tide gauges")
    expect(desk.page).to_have_title("Errors · \u2068Tide gauges\u2069")
    counts = ["paused", "0", "1", "4", "5"]
    expect(desk.page.locator(".metric strong")).to_have_text(counts)


def test_a_paused_job_says_why(desk: Owner) -> None:
    expect(desk.page.get_by_role("region", name="Why the job is paused")).to_contain_text(PAUSED)


def test_stuck_variables_are_links(desk: Owner) -> None:
    links = desk.page.locator("#stuck-list").get_by_role("link")
    expect(links).to_have_count(5)
    assert "x" in desk.server.get(str(links.first.get_attribute("href")))


def test_new_errors_appear_by_themselves_and_leave_open_details(server: Served, page: Page) -> None:
    page.clock.install()
    owner = Owner(page, server)
    job = post_job(server, count=3)
    owner.show(job)
    owner.expect_status("No errors.")
    example = report(server, job, "Error: 1", console="first")
    page.clock.run_for(10_000)
    owner.expect_status("One kind of error.")
    page.get_by_text("Stack and console").click()
    console = page.get_by_role("group", name="Console output")
    expect(console).to_have_text("first")
    report(server, job, "Error: 2", console="second")
    with page.expect_response(f"**{job}/errors"):
        page.clock.run_for(10_000)
    expect(page.locator(".group .badge")).to_have_text("2 times")
    expect(console).to_have_text("first")
    expect(page.locator(".group").get_by_role("link")).to_have_attribute("href", example)
    # Unchanged errors are not sent again.
    with page.expect_response(lambda response: response.status == 304):
        page.clock.run_for(10_000)


def test_polling_goes_on_while_the_pool_is_unreachable(server: LocalServer, page: Page, watch: Watch) -> None:
    watch.tolerated.append("ERR_CONNECTION")
    page.clock.install()
    owner = Owner(page, server)
    owner.show(post_job(server))
    server.stop()
    page.clock.run_for(10_000)
    expect(page.get_by_role("status")).to_have_text(UNREACHABLE)
    server.start()
    page.clock.run_for(20_000)
    owner.expect_status("No errors.")


# The key


def test_a_wrong_key_is_refused_and_a_right_one_stays_in_the_tab_until_it_is_forgotten(
    server: Served, page: Page, watch: Watch
) -> None:
    watch.tolerated.append("status of 401")
    owner = Owner(page, server)
    owner.goto(post_job(server, "One"))
    for key in ("a-wrong-key-of-another-pool", "ключ"):
        owner.enter(key)
        owner.expect_status(UNKNOWN_KEY)
        expect(owner.field).to_be_focused()
        expect(owner.field).to_have_attribute("aria-invalid", "true")
        assert owner.stored() is None
    owner.enter(server.key)
    owner.expect_status("No errors.")
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    owner.goto(post_job(server, "Two"))
    owner.expect_status("No errors.")
    assert owner.stored() == server.key
    assert page.evaluate("localStorage.length") == 0
    page.get_by_role("button", name="Forget the key").click()
    owner.expect_status("The key is forgotten. Enter it to see errors again.")
    expect(page.locator("#content")).to_be_hidden()
    expect(owner.field).to_be_focused()
    assert owner.stored() is None
    assert not any(server.key in url for url in owner.requests)


def test_a_key_without_access_is_told_why(server: Served, page: Page, watch: Watch) -> None:
    watch.tolerated.append("status of 403")
    owner = Owner(page, server)
    owner.goto(post_job(server))
    for problem, text in REFUSALS:
        refuse(page, problem)
        owner.enter(server.key)
        expect(page.get_by_role("status")).to_contain_text(text)
        expect(owner.field).to_be_focused()


def test_the_key_is_not_sent_elsewhere(server: Served, page: Page) -> None:
    """A request to another host fails the test by itself."""
    job = post_job(server, count=1)
    report(server, job, "no", console="beginning")
    owner = Owner(page, server)
    owner.goto(job)
    page.route("**/errors", mislead)
    owner.enter(server.key)
    page.get_by_text("Stack and console").click()
    expect(page.get_by_role("group", name="Console output")).to_have_text("beginning")
    expect(page.locator(".group").get_by_role("link")).to_have_count(0)


# Untrusted content


def test_hostile_texts_are_text(hostile: Owner) -> None:
    for name in ("Whole message", "Stack", "Console output"):
        expect(hostile.page.get_by_role("group", name=name, exact=True)).to_contain_text(f"{MARKUP}{RIGHT_TO_LEFT}xxx")
    expect(hostile.page.get_by_role("heading", level=1)).to_have_text(f"Hostile {MARKUP}")
    assert hostile.page.evaluate("window.hacked") is None
    assert hostile.page.locator("main img, main script").count() == 0


def test_direction_controls_end_with_their_text(hostile: Owner) -> None:
    texts = hostile.page.locator(".group .message, .group pre:visible, dd[dir]")
    isolation = texts.evaluate_all("(all) => all.map((one) => getComputedStyle(one).unicodeBidi)")
    assert set(isolation) == {"isolate", "plaintext"}
    assert len(isolation) == 5


def test_long_texts_do_not_widen_the_page(hostile: Owner) -> None:
    hostile.page.set_viewport_size({"width": 360, "height": 640})
    assert hostile.page.evaluate("document.documentElement.scrollWidth") == 360
    assert hostile.page.locator("pre").evaluate_all("(all) => all.every((one) => one.scrollWidth <= one.clientWidth)")
    hostile.page.set_viewport_size({"width": 1280, "height": 720})


# Accessibility


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(desk: Owner, scheme: Literal["light", "dark"]) -> None:
    desk.page.emulate_media(color_scheme=scheme)
    open_details(desk)
    assert findings(desk.page) == []


def test_a_phone_is_wide_enough(phone: Owner) -> None:
    open_details(phone)
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 360
    assert findings(phone.page) == []


def test_headings_lead_down_without_a_gap(desk: Owner) -> None:
    open_details(desk)
    headings = desk.page.locator("h1:visible, h2:visible, h3:visible, h4:visible")
    levels = headings.evaluate_all("(all) => all.map(({tagName}) => Number(tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_everything_works_by_keyboard(furnished: LocalServer, page: Page) -> None:
    owner = Owner(page, furnished)
    owner.goto("/jobs/tide-gauges")
    expect(owner.field).to_be_visible()
    while page.evaluate("document.activeElement.tagName") != "INPUT":
        page.keyboard.press("Tab")
    page.keyboard.type(furnished.key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Tide gauges")).to_be_focused()
    while page.evaluate("document.activeElement.tagName") != "SUMMARY":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Stack")).to_be_visible()


def test_only_the_status_is_announced(desk: Owner) -> None:
    live = "[role=status], [role=alert], [aria-live], output"
    assert desk.page.locator(live).evaluate_all("(all) => all.map(({id}) => id)") == ["status"]


def test_without_javascript_it_shows_a_hint(furnished: LocalServer, make_page: MakePage) -> None:
    page = make_page(java_script_enabled=False)
    page.goto(f"{furnished.url}/jobs/tide-gauges/errors")
    assert "needs JavaScript, which is switched off" in page.locator("noscript").inner_text()
    expect(page.locator("form")).to_be_hidden()
