"""The list of jobs on the front page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from pool.jobs import digest_of
from tests.browser.conftest import lasting_page
from tests.browser.failing import PAUSED, pause
from tests.browser.visiting import DOUBLE, Visitor, post_job
from tests.serving import Served


@pytest.fixture(scope="module")
def visitor(lasting_server: Served, chromium: Browser) -> Iterator[Visitor]:
    """A visitor of a pool with one job that needs much."""
    post_job(lasting_server, requirements={"webgpu": True, "memory_mb": 2048})
    with lasting_page(chromium) as page:
        yield Visitor(page, lasting_server)


def test_the_code_that_runs_is_shown(visitor: Visitor) -> None:
    assert not any(url.endswith("/jobs/doubling") for url in visitor.requests)
    visitor.card("Doubling").get_by_text("Details and code").click()
    code = visitor.page.get_by_role("region", name="Code of Doubling")
    # Below its digest.
    expect(code).to_have_text(f"// {digest_of(DOUBLE)}\n{DOUBLE}")


def test_the_owner_finds_the_page_of_errors(visitor: Visitor) -> None:
    link = visitor.card("Doubling").get_by_text("Errors (for its owner)")
    expect(link).to_have_attribute("href", f"{visitor.server.url}/jobs/doubling/errors")


def test_requirements_are_listed(visitor: Visitor) -> None:
    expect(visitor.card("Doubling")).to_contain_text("Needs: graphics card and 2,048 MB of memory")


def test_the_script_of_the_widget_is_shown(visitor: Visitor) -> None:
    visitor.page.get_by_text("Put this on your own site").click()
    script = f'<script src="{visitor.server.url}/widget.js" async></script>'
    expect(visitor.page.get_by_text(script)).to_be_visible()


def test_paused_and_finished_jobs_have_a_badge_and_say_why_the_pool_has_paused_them(server: Served, page: Page) -> None:
    post_job(server, "Paused one", state="paused")
    post_job(server, "Done one", count=1)
    job = post_job(server)
    pause(server, job)
    visitor = Visitor(page, server)
    expect(visitor.card("Paused one")).to_contain_text("paused")
    reason = visitor.card("Doubling").get_by_text("Paused by the pool")
    expect(reason).to_have_text(f"Paused by the pool: \u2068{PAUSED}\u2069")
    visitor.start()
    visitor.expect_units(1)
    expect(visitor.card("Done one")).to_contain_text("finished")

    server.post(job, {"state": "open"}, "PATCH")
    page.reload()
    expect(visitor.card("Doubling")).to_contain_text("no units yet")
    expect(reason).to_be_hidden()


def test_a_job_that_replaces_a_pinned_one_is_not_computed_before_the_visitor_agrees(server: Served, page: Page) -> None:
    post_job(server)
    visitor = Visitor(page, server)
    visitor.card("Doubling").get_by_text("Details and code").click()
    page.get_by_label("Compute this job only with exactly this code").check()
    visitor.start()
    post_job(server, "Next", count=1, execute_function=f"{DOUBLE} ", replaces="Doubling")
    page.reload()
    refusal = "The code of the job \u2068Next\u2069 is not the code you agreed to."
    expect(visitor.by_id("error-list")).to_contain_text(refusal)
    visitor.card("Next").get_by_text("Details and code").click()
    expect(visitor.card("Next")).to_contain_text(f"You agreed to other code of this job ({digest_of(DOUBLE)})")
    visitor.press("Agree to this code")
    visitor.expect_units(1)


def test_many_jobs_are_shown_some_at_a_time(server: Served, page: Page) -> None:
    for number in range(101, 124):
        post_job(server, f"Job {number}")
    Visitor(page, server)
    cards = page.locator("#job-list > li")
    expect(cards).to_have_count(20)
    page.get_by_role("button", name="Show 3 more").click()
    expect(cards).to_have_count(23)
    expect(page.get_by_role("heading", name="Job 121")).to_be_focused()
    expect(page.get_by_role("button", name="more")).to_have_count(0)


def test_an_empty_pool_shows_a_hint_and_no_flows(server: Served, page: Page) -> None:
    with page.expect_response(lambda response: response.url.endswith("/flows")):
        Visitor(page, server)
    expect(page.get_by_text("Nobody has posted a job yet.")).to_be_visible()
    expect(page.locator("#flows")).to_be_hidden()
