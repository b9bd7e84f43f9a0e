"""Errors are shown in plain words, and computing resumes as soon as possible."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Watch, lasting_page
from tests.browser.visiting import BUSY, THROW, Visitor, counts, post_busy_job, post_job, wait_for_count
from tests.serving import LocalServer, Served

AWAY = "The pool can\u2019t be reached. Retrying automatically."
BLOCKED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
# How many of 30 errors are listed, and the first of these.
MANY_ERRORS = """async () => {
  const { Language } = await import("/client/web/languages.js");
  const { ErrorList } = await import("/client/web/errors.js");
  const list = document.createElement("ol");
  const errors = new ErrorList(list, new Language());
  for (let number = 0; number < 30; number += 1) errors.add({ kind: "threw", message: `number ${number}` });
  return [list.children.length, list.firstChild.querySelector(".message").textContent];
}"""
# The state of preferences that read this text, and what is stored after the visitor has consented.
READ = """async (text) => {
  const { Preferences } = await import("/client/web/preferences.js");
  localStorage.setItem("read", text);
  const preferences = new Preferences("read", {}, () => {});
  const { state } = preferences;
  preferences.consent();
  return [state, JSON.parse(localStorage.getItem("read")).state];
}"""
# What is stored after consent was withdrawn while the storage was full.
WITHDRAW = """async (action) => {
  const { Preferences } = await import("/client/web/preferences.js");
  const preferences = new Preferences("withdraw", {}, () => {});
  preferences.consent();
  const { setItem } = Storage.prototype;
  Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
  preferences[action]();
  Storage.prototype.setItem = setItem;
  return localStorage.getItem("withdraw");
}"""
OLD = '{"version": 2, "state": "running"}'
DAMAGED = [
    "{",
    "null",
    "[]",
    '"text"',
    OLD,
    '{"version": 1, "state": "running", "volunteer": 1}',
    '{"version": 1, "state": "running", "volunteer": "00112233445566778899aabbccddeeff", "totals": {"units": -1}}',
    '{"version": 1, "state": "running", "volunteer": "00112233445566778899aabbccddeeff",'
    ' "totals": {"units": 1e308, "seconds": 1}}',
]


@pytest.fixture(scope="module")
def idle(lasting_server: Served, chromium: Browser) -> Iterator[Page]:
    """A page of the pool, for tests of its modules."""
    with lasting_page(chromium) as page:
        yield Visitor(page, lasting_server).page


@pytest.fixture
def tolerant(watch: Watch) -> Watch:
    """Chromium logs every failed request itself."""
    watch.tolerated.append("Failed to load resource")
    return watch


def test_errors_of_jobs_are_listed_with_name_and_message_and_counted(server: Served, page: Page) -> None:
    # Two units, since a pool does not serve one again to whom it failed at.
    post_job(server, "Tides", count=2, execute_function=THROW)
    job = post_job(server, "Endless", execute_function=BUSY, settings={"lease_seconds": 2})
    server.post(f"{job}/variables", {"ms": 60_000})
    visitor = Visitor(page, server)
    visitor.choose("Cores to use", 1)
    visitor.start()
    thrown = visitor.error("stopped with an error")
    expect(thrown).to_contain_text("2 times")
    expect(thrown).to_have_count(1)
    expect(thrown).to_contain_text("Tides")
    expect(thrown).to_contain_text("no such harbour")
    expect(visitor.error("took too long and was stopped").first).to_contain_text("Endless")


def test_the_list_of_errors_is_bounded(idle: Page) -> None:
    assert idle.evaluate(MANY_ERRORS) == [20, "number 29"]


@pytest.mark.usefixtures("tolerant")
def test_an_unreachable_pool_is_reported_and_computing_resumes_with_it(server: LocalServer, page: Page) -> None:
    job = post_busy_job(server, milliseconds=500)
    visitor = Visitor(page, server)
    visitor.start()
    wait_for_count(server, job, leased=1)
    server.stop()
    visitor.expect_status(AWAY)
    expect(visitor.error("The pool couldn\u2019t be reached.").first).to_be_visible()
    server.start()
    visitor.expect_units(1)
    visitor.expect_status("There is nothing to compute right now. New work starts automatically.")
    assert counts(server, job)["done"] == 1


@pytest.mark.usefixtures("tolerant")
def test_a_page_with_damaged_preferences_starts_anew_and_loading_the_jobs_can_be_retried(
    server: Served, page: Page
) -> None:
    post_job(server)
    store(page, OLD)
    page.route("**/jobs/index", lambda route: route.abort())
    visitor = Visitor(page, server)
    visitor.expect_status("Nothing runs until you press the button.")
    expect(page.get_by_text("The jobs couldn\u2019t be loaded.")).to_be_visible()
    page.unroute("**/jobs/index")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Doubling")).to_be_visible()
    visitor.start()
    assert visitor.stored()["version"] == 1


def test_a_browser_without_a_sandbox_shows_an_alert_and_leases_nothing(server: Served, page: Page) -> None:
    job = post_job(server, count=1)
    page.add_init_script("if (window === top) { window.kept = MessageChannel; delete window.MessageChannel; }")
    visitor = Visitor(page, server)
    visitor.start()
    expect(page.get_by_role("alert")).to_contain_text("nothing can be computed safely")
    visitor.expect_status("Computing isn\u2019t possible here.")
    assert visitor.leases() == []
    page.evaluate("void (window.MessageChannel = window.kept)")
    visitor.press("Try again")
    wait_for_count(server, job, done=1)
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_preferences_are_ignored(idle: Page, text: str) -> None:
    assert idle.evaluate(READ, text) == ["new", "running"]


def store(page: Page, text: str) -> None:
    """Stores preferences before the page reads them."""
    page.add_init_script(f"if (window === top) localStorage.setItem('comp-pool', {json.dumps(text)})")


def test_invalid_choices_become_the_defaults(server: Served, page: Page) -> None:
    invalid = {"owners": "all", "workers": 1e9, "throttle": 70, "gpu": "yes"}
    totals = {"units": 1, "seconds": 1}
    store(
        page,
        json.dumps({"version": 1, "state": "paused", "volunteer": "0" * 32, "settings": invalid, "totals": totals}),
    )
    visitor = Visitor(page, server)
    visitor.expect_status("Paused.")
    expect(page.get_by_label("Share of the time")).to_have_value("60")
    visitor.press("Resume")
    visitor.expect_status("There is nothing to compute right now. New work starts automatically.")


@pytest.mark.parametrize("script", [BLOCKED, FULL])
def test_without_storage_it_computes_as_long_as_the_page_is_open(server: Served, page: Page, script: str) -> None:
    page.add_init_script(script)
    post_job(server, count=2)
    visitor = Visitor(page, server)
    visitor.start()
    visitor.expect_units(2)
    expect(visitor.by_id("total")).to_have_text("2")
    visitor.press("Stop and forget")
    visitor.expect_status("Nothing runs until you press the button.")


@pytest.mark.parametrize("action", ["pause", "forget"])
def test_a_full_storage_keeps_no_withdrawn_consent(idle: Page, action: str) -> None:
    assert idle.evaluate(WITHDRAW, action) is None


def test_with_a_full_storage_withdrawn_consent_does_not_return(server: Served, page: Page) -> None:
    visitor = Visitor(page, server)
    visitor.start()
    page.evaluate(f"() => {{ {FULL} }}")
    visitor.press("Pause")
    page.reload()
    visitor.expect_status("Nothing runs until you press the button.")
    assert visitor.stored() is None
