"""Errors are shown in plain words, and computing resumes as soon as possible."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.visiting import BUSY, THROW, Visitor, counts, post_busy_job, post_job, wait_for_count
from tests.serving import LocalServer, Served

AWAY = "The pool can\u2019t be reached. Retrying automatically."
BLOCKED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
MANY_ERRORS = """async () => {
  const { Language } = await import("/client/web/languages.js");
  const { ErrorList } = await import("/client/web/errors.js");
  const errors = new ErrorList(document.getElementById("error-list"), new Language());
  for (let number = 0; number < 30; number += 1) errors.add({ kind: "threw", message: `number ${number}` });
}"""
DAMAGED = [
    "{",
    "null",
    "[]",
    '"text"',
    '{"version": 2, "state": "running"}',
    '{"version": 1, "state": "running", "volunteer": 1}',
    '{"version": 1, "state": "running", "volunteer": "00112233445566778899aabbccddeeff", "totals": {"units": -1}}',
    '{"version": 1, "state": "running", "volunteer": "00112233445566778899aabbccddeeff",'
    ' "totals": {"units": 1e308, "seconds": 1}}',
]


@pytest.fixture
def tolerant(watch: Watch) -> Watch:
    """Chromium logs every failed request itself."""
    watch.tolerated.append("Failed to load resource")
    return watch


def test_an_error_of_a_job_is_listed_with_name_and_message(server: Served, page: Page) -> None:
    post_job(server, "Tides", count=1, execute_function=THROW)
    visitor = Visitor(page, server)
    visitor.start()
    expect(visitor.error("stopped with an error").first).to_contain_text("Tides")
    expect(visitor.error("stopped with an error").first).to_contain_text("no such harbour")


def test_an_endless_unit_is_listed_as_a_timeout(server: Served, page: Page) -> None:
    job = post_job(server, "Endless", execute_function=BUSY, settings={"lease_seconds": 2})
    server.post(f"{job}/variables", {"ms": 60_000})
    visitor = Visitor(page, server)
    visitor.start()
    expect(visitor.error("took too long and was stopped").first).to_contain_text("Endless")


def test_the_same_error_again_is_counted(server: Served, page: Page) -> None:
    post_job(server, "Tides", count=1, execute_function=THROW, settings={"max_errors": 100})
    visitor = Visitor(page, server)
    visitor.choose("Cores to use", 1)
    visitor.start()
    expect(visitor.error("stopped with an error")).to_contain_text("2 times")
    expect(visitor.error("stopped with an error")).to_have_count(1)


def test_the_list_of_errors_is_bounded(server: Served, page: Page) -> None:
    visitor = Visitor(page, server)
    page.evaluate(MANY_ERRORS)
    errors = visitor.by_id("error-list").locator("li")
    expect(errors).to_have_count(20)
    expect(errors.first).to_contain_text("number 29")


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
def test_loading_the_jobs_can_be_retried(server: Served, page: Page) -> None:
    post_job(server)
    page.route("**/jobs/index", lambda route: route.abort())
    Visitor(page, server)
    expect(page.get_by_text("The jobs couldn\u2019t be loaded.")).to_be_visible()
    page.unroute("**/jobs/index")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Doubling")).to_be_visible()


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
def test_damaged_preferences_are_ignored(lasting_server: Served, page: Page, text: str) -> None:
    visitor = Visitor(page, lasting_server)
    page.evaluate("(text) => localStorage.setItem('comp-pool', text)", text)
    page.reload()
    visitor.expect_status("Nothing runs until you press the button.")
    visitor.start()
    assert visitor.stored()["state"] == "running"


def test_invalid_choices_become_the_defaults(lasting_server: Served, page: Page) -> None:
    visitor = Visitor(page, lasting_server)
    visitor.start()
    visitor.press("Pause")
    visitor.expect_status("Paused.")
    page.evaluate(
        """() => {
          const record = JSON.parse(localStorage.getItem("comp-pool"));
          record.settings = {owners: "all", workers: 1e9, throttle: 70, gpu: "yes"};
          localStorage.setItem("comp-pool", JSON.stringify(record));
        }"""
    )
    page.reload()
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


@pytest.mark.parametrize("button", ["Pause", "Stop and forget"])
def test_with_a_full_storage_withdrawn_consent_does_not_return(lasting_server: Served, page: Page, button: str) -> None:
    visitor = Visitor(page, lasting_server)
    visitor.start()
    page.evaluate(f"() => {{ {FULL} }}")
    visitor.press(button)
    page.reload()
    visitor.expect_status("Nothing runs until you press the button.")
    assert visitor.stored() is None
