"""The page of a job in Chromium: what keeps it current, its states, the owner's errors, and untrusted content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from pool.sandbox import Sandbox
from storage.clock import ManualClock
from tests.browser.conftest import MakePage, lasting_page
from tests.browser.failing import pause, report
from tests.browser.test_page_access import findings
from tests.browser.test_page_hostile import MARKUP, STRANGE
from tests.browser.visiting import post_job
from tests.browser.watched import VOLUNTEERS, Watcher, compute, compute_some, fail, lease, post_tables
from tests.conftest import local_server
from tests.serving import LocalServer

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
EMPTY, RUNNING, FAILING, DONE = ("/jobs/empty", "/jobs/running", "/jobs/failing", "/jobs/done")
HOSTILE = "/jobs/hostile"
# The texts of the tokens; fails unless all texts together are the source.
HIGHLIGHT = """async (source) => {
  const { highlighted } = await import("/client/web/job/code.js");
  const parts = highlighted(source);
  if (parts.map((part) => part.textContent ?? part).join("") !== source) throw new Error("another source");
  return parts.filter((part) => part.textContent !== undefined).map((part) => part.textContent);
}"""
# A page is loaded once for both schemes.
AXE = [(RUNNING, "light"), (RUNNING, "dark"), (FAILING, "light"), (FAILING, "dark")]
AXE += [(path, "light") for path in (EMPTY, DONE, HOSTILE)]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LISTS = ["/jobs/index", "/flows", f"{RUNNING}/results", f"{RUNNING}/variables"]


def post_hostile(server: LocalServer, clock: ManualClock) -> None:
    texts = {"title": {"en": STRANGE}, "owner": STRANGE, "description": {"en": STRANGE}, STRANGE: STRANGE}
    code = f"() => {json.dumps(STRANGE)}"
    functions = {"execute_function": code, "validate_variable": code.replace("() =>", "() => true ||"), "render": code}
    post_job(server, "Hostile", count=2, metadata=texts, settings={"max_errors": 9}, **functions)
    report(server, HOSTILE, STRANGE, stack=STRANGE, console=STRANGE, engine=STRANGE)
    compute(server, clock, HOSTILE, VOLUNTEERS[0], 1, {MARKUP: "\u202e" + MARKUP + "x" * 10_000})
    pause(server, HOSTILE, MARKUP)


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    clock = ManualClock()
    clock.advance(-60)
    return clock


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, clock: ManualClock) -> Iterator[LocalServer]:
    """A pool with a job in each state, and a hostile one."""
    server = local_server(tmp_path_factory.mktemp("watched"), sandbox, clock, trusted="127.0.0.1")
    post_tables(server, "Empty", 0)
    compute_some(server, clock, post_tables(server, "Done", 3), 3)
    fail(server, post_tables(server, "Failing", 4, settings={"max_errors": 1}))
    compute_some(server, clock, post_tables(server, "Running", 20, settings={"lease_seconds": 3600}), 12)
    lease(server, RUNNING, VOLUNTEERS[0])
    post_hostile(server, clock)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def desk_page(chromium: Browser) -> Iterator[Page]:
    with lasting_page(chromium, reduced_motion="reduce", timezone_id="UTC") as page:
        yield page


@pytest.fixture
def desk(furnished: LocalServer, desk_page: Page) -> Watcher:
    return Watcher(desk_page, furnished)


def test_a_running_job_shows_its_facts(desk: Watcher) -> None:
    desk.show(RUNNING)
    expect(desk.page.get_by_role("status").first).to_have_text("Volunteers are computing.")
    expect(desk.by_id("finished")).to_have_text("12 of 20")
    expect(desk.page.get_by_role("progressbar")).to_have_attribute("aria-valuetext", "12 of 20")
    expect(desk.by_id("overall")).to_contain_text("12 done")
    expect(desk.by_id("latest").locator("tbody tr")).to_have_count(10)
    expect(desk.page.get_by_role("img", name="12 results in the last hour")).to_be_visible()
    expect(desk.page.get_by_role("img", name="Half of the latest 12 results")).to_be_visible()
    expect(desk.by_id("code").locator(".token-keyword").first).to_have_text("async")
    assert desk.page.title() == "Computing · \u2068Running\u2069"


def test_highlighting_finds_the_tokens_and_keeps_the_source(desk: Watcher) -> None:
    desk.show(RUNNING)
    source = "return /a[/]b/g.test(a) ? a / 2 / 0x1F : `x${1}`; // 'c'\n'it\\'s' /* open"
    kinds = desk.page.evaluate(HIGHLIGHT, source)
    assert kinds == ["return", "/a[/]b/g", "2", "0x1F", "`x${1}`", "// 'c'", "'it\\'s'", "/* open"]
    for hostile in ("=/[" * 10_000, " " * 40_000 + "/", "/*" * 10_000, "`" * 9_999):
        desk.page.evaluate(HIGHLIGHT, hostile)


def test_the_same_mark_is_the_same_volunteer(desk: Watcher) -> None:
    desk.show(RUNNING)
    marks = desk.by_id("volunteers").locator(".mark").all_inner_texts()
    assert len(set(marks)) == len(marks) > 1
    assert set(desk.by_id("latest").locator(".mark").all_inner_texts()) <= set(marks)
    assert not any(volunteer in desk.page.content() for volunteer in VOLUNTEERS)


def test_a_new_result_appears_by_itself(
    make_page: MakePage, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clock = ManualClock()
    server = local_server(tmp_path_factory.mktemp("growing"), sandbox, clock, trusted="127.0.0.1")
    job = post_tables(server, "Growing", 2)
    page = make_page()
    page.clock.install()
    watcher = Watcher(page, server)
    watcher.goto(job)
    expect(watcher.by_id("finished")).to_have_text("0 of 2")
    expect(watcher.by_id("minutes")).to_be_hidden()
    compute(server, clock, job, VOLUNTEERS[0], 3, {"highest": 512})
    page.clock.run_for(6_000)
    expect(watcher.by_id("finished")).to_have_text("1 of 2")
    expect(watcher.by_id("minutes")).to_be_visible()
    expect(watcher.by_id("latest")).to_contain_text('{"highest":512}')
    with page.expect_response("**/activity") as waited:
        page.clock.run_for(6_000)
    assert waited.value.status == 304
    server.stop()


def test_the_owner_reads_errors_and_tries_again(desk: Watcher) -> None:
    desk.goto(FAILING)
    expect(desk.by_id("errors-note")).to_have_text("0 results rejected · 4 failures reported")
    desk.enter_key()
    group = desk.page.locator(".group").filter(has_text="TypeError")
    expect(group.locator(".badge")).to_have_text("3 times")
    group.get_by_text("Stack and console").click()
    expect(group.get_by_role("group", name="Console output")).to_contain_text("helgoland: no reading")
    group.get_by_role("button", name="Try again").click()
    expect(group).to_contain_text("The unit is open again.")
    desk.page.get_by_role("button", name="Forget the key").click()
    expect(desk.by_id("error-groups")).to_be_hidden()
    expect(desk.page.get_by_label("The owner\u2019s key")).to_be_focused()


def test_a_paused_job_says_why(desk: Watcher) -> None:
    desk.show(HOSTILE)
    expect(desk.by_id("pause-reason")).to_have_text(MARKUP)
    expect(desk.page.get_by_role("status").first).to_have_text("Paused: volunteers get no units.")


def test_hostile_texts_are_text(desk: Watcher) -> None:
    desk.show(HOSTILE)
    desk.enter_key()
    desk.page.get_by_text("Stack and console").click()
    expect(desk.by_id("source").locator("details")).to_have_count(4)
    for folded in desk.by_id("source").locator("summary").all():
        folded.click()
    places = ("#name", "#subtitle", "#description", "#code", "#errors h3", "#errors pre:visible", "#latest")
    for place in (*places, *(f"#source details:nth-child({number}) pre" for number in (1, 2, 4))):
        expect(desk.page.locator(place).first).to_contain_text("</title><img src=x")
    assert desk.page.evaluate("window.hacked") is None
    assert findings(desk.page) == []
    assert desk.page.locator("main img, main script").count() == 0
    desk.page.set_viewport_size({"width": 360, "height": 640})
    assert desk.page.evaluate("document.documentElement.scrollWidth") == 360
    desk.page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize(("path", "scheme"), AXE)
def test_axe_finds_nothing_serious(desk: Watcher, path: str, scheme: Literal["light", "dark"]) -> None:
    desk.page.emulate_media(color_scheme=scheme)
    desk.show(path)
    desk.enter_key()
    assert findings(desk.page) == []


@pytest.mark.parametrize("path", LISTS)
def test_axe_finds_nothing_serious_in_lists(desk: Watcher, path: str) -> None:
    desk.page.goto(desk.server.url + path)
    expect(desk.page.get_by_role("heading", level=1)).to_be_visible()
    for scheme in SCHEMES:
        desk.page.emulate_media(color_scheme=scheme)
        assert findings(desk.page) == [], scheme


def test_a_phone_is_wide_enough(furnished: LocalServer, make_page: MakePage) -> None:
    watcher = Watcher(make_page(reduced_motion="reduce", **PHONE), furnished)
    for path in (RUNNING, FAILING):
        watcher.goto(path)
        assert watcher.page.evaluate("document.documentElement.scrollWidth") == 360
        assert findings(watcher.page) == []


def test_it_shows_the_facts_without_javascript(furnished: LocalServer, make_page: MakePage) -> None:
    page = make_page(java_script_enabled=False)
    page.goto(furnished.url + RUNNING)
    expect(page.locator("#finished")).to_have_text("12 of 20")
    expect(page.get_by_role("img", name="12 results in the last hour")).to_be_visible()
    page.get_by_role("link", name="All results").click()
    expect(page.locator("tbody tr")).to_have_count(12)


def test_it_is_in_the_visitors_language(furnished: LocalServer, make_page: MakePage) -> None:
    watcher = Watcher(make_page(locale="de"), furnished)
    watcher.goto(RUNNING)
    expect(watcher.page.get_by_role("status").first).to_have_text("Freiwillige rechnen.")
    expect(watcher.by_id("description")).to_contain_text("Sagt das Hochwasser kleiner Häfen")
    expect(watcher.page.get_by_role("region", name="Wer rechnet")).to_be_visible()
