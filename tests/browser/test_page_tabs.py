"""One tab of a browser computes at a time; all share the preferences."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.visiting import Visitor, post_busy_job, wait_for_count
from tests.serving import Served

ELSEWHERE = "Another tab is computing. This one takes over when you close it."


def both(server: Served, page: Page) -> tuple[Visitor, Visitor, str]:
    """Two tabs; the first one computes."""
    job = post_busy_job(server, count=8)
    first = Visitor(page, server)
    first.choose("Cores to use", 1)
    first.start()
    wait_for_count(server, job, leased=1)
    second = Visitor(page.context.new_page(), server)
    second.expect_status(ELSEWHERE)
    return first, second, job


def test_a_second_tab_does_not_compute_until_the_first_is_closed(server: Served, page: Page) -> None:
    first, second, job = both(server, page)
    wait_for_count(server, job, leased=1)
    first.expect_status("Computing.")
    expect(second.by_id("worker-list").get_by_role("listitem")).to_have_count(0)

    # It can change the choices of the first.
    second.choose("Cores to use", 2)
    wait_for_count(server, job, leased=2)
    expect(first.page.get_by_label("Cores to use")).to_have_value("2")

    # It can pause the first.
    second.press("Pause")
    second.expect_status("Paused.")
    expect(first.button("Resume")).to_be_visible()
    first.expect_status("Pausing once the current units are done.")
    second.press("Resume")
    first.expect_status("Computing.")

    first.page.close()
    second.expect_status("Computing.")
    wait_for_count(server, job, leased=2)


def test_forgetting_in_one_forgets_in_both(server: Served, page: Page) -> None:
    first, second, job = both(server, page)
    second.press("Stop and forget")
    first.expect_status("Nothing runs until you press the button.")
    wait_for_count(server, job, leased=0)
    assert page.evaluate("localStorage.length") == 0
