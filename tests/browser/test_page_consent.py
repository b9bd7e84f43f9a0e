"""Nothing is computed before consent; then computing resumes at every visit until it is paused or forgotten."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.visiting import Visitor, counts, post_busy_job, post_job, wait_for_count
from tests.serving import Served


def test_nothing_is_leased_or_stored_before_the_start(server: Served, page: Page) -> None:
    job = post_job(server, count=3)
    visitor = Visitor(page, server)
    expect(visitor.card("Doubling")).to_contain_text("0 of 3 units done")
    visitor.expect_status("Nothing runs until you press the button.")
    assert visitor.leases() == []
    assert counts(server, job)["leased"] == 0
    assert page.evaluate("localStorage.length") == 0


def test_everything_is_computed_and_the_counts_match_the_pools(server: Served, page: Page) -> None:
    job = post_job(server, count=12)
    visitor = Visitor(page, server)
    visitor.start()
    visitor.expect_units(12)
    expect(visitor.by_id("total")).to_have_text("12")
    expect(visitor.by_id("rate")).to_have_text("12")
    expect(visitor.card("Doubling")).to_contain_text("12 of 12 units done")
    assert counts(server, job)["done"] == 12
    results = server.get(f"{job}/results")["_embedded"]["items"]
    assert sorted(item["result"] for item in results) == [2 * number for number in range(12)]


def test_the_status_of_a_worker_names_its_job(server: Served, page: Page) -> None:
    post_busy_job(server, "Tides")
    page.clock.install()
    visitor = Visitor(page, server)
    visitor.start()
    visitor.expect_status("Computing.")
    expect(visitor.worker(1)).to_contain_text("Tides")
    page.clock.run_for(1_000)
    expect(visitor.worker(1)).to_contain_text(re.compile(r"[1-9] sec"))  # It ticks.
    expect(page).to_have_title("Computing · comp-pool")


def test_a_pause_ends_the_leases(server: Served, page: Page) -> None:
    job = post_busy_job(server, count=60, milliseconds=50)
    visitor = Visitor(page, server)
    visitor.start()
    expect(visitor.by_id("units")).not_to_have_text("0")
    visitor.press("Pause")
    visitor.expect_status("Paused.")
    wait_for_count(server, job, leased=0)
    done, leases = counts(server, job)["done"], len(visitor.leases())
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 300))")
    assert (counts(server, job)["done"], len(visitor.leases())) == (done, leases)
    visitor.expect_units(done)


def test_it_resumes_after_a_pause(server: Served, page: Page) -> None:
    post_busy_job(server, count=20, milliseconds=50)
    visitor = Visitor(page, server)
    visitor.start()
    expect(visitor.by_id("units")).not_to_have_text("0")
    visitor.press("Pause")
    visitor.expect_status("Paused.")
    visitor.press("Resume")
    visitor.expect_units(20)


def test_it_resumes_at_the_next_visit_with_a_notice(server: Served, page: Page) -> None:
    job = post_job(server, count=4)
    visitor = Visitor(page, server)
    visitor.start()
    visitor.expect_units(4)
    volunteer = visitor.stored()["volunteer"]
    page.goto("about:blank")
    server.post(f"{job}/variables", {"x": 5})
    visitor.goto()
    expect(page.get_by_text("You were computing last time")).to_be_visible()
    visitor.expect_units(1)
    expect(visitor.by_id("total")).to_have_text("5")
    assert visitor.stored()["volunteer"] == volunteer


def test_a_pause_lasts_until_the_next_visit(server: Served, page: Page) -> None:
    post_job(server, count=2)
    visitor = Visitor(page, server)
    visitor.start()
    visitor.expect_units(2)
    visitor.press("Pause")
    visitor.expect_status("Paused.")
    post_job(server, "More", count=2)
    visitor.requests.clear()
    page.reload()
    visitor.expect_status("Paused.")
    expect(visitor.card("More")).to_contain_text("0 of 2 units done")
    assert visitor.leases() == []


def test_leaving_returns_the_leases(server: Served, page: Page) -> None:
    job = post_busy_job(server)
    visitor = Visitor(page, server)
    visitor.start()
    # Else the page may not have received its lease yet.
    expect(visitor.worker(1)).to_contain_text("computing")
    page.goto("about:blank")
    wait_for_count(server, job, leased=0, open=1)


def test_stop_and_forget_deletes_everything_at_once(server: Served, page: Page) -> None:
    job = post_busy_job(server)
    visitor = Visitor(page, server)
    expect(visitor.button("Stop and forget")).to_be_hidden()
    visitor.start()
    wait_for_count(server, job, leased=1)
    visitor.press("Stop and forget")
    visitor.expect_status("Nothing runs until you press the button.")
    wait_for_count(server, job, leased=0)
    assert page.evaluate("localStorage.length") == 0
    expect(visitor.button("Stop and forget")).to_be_hidden()
    expect(visitor.by_id("activity")).to_be_hidden()
    expect(visitor.button("Start computing")).to_be_focused()
    page.reload()
    expect(visitor.button("Start computing")).to_be_visible()


def test_a_new_start_has_a_new_volunteer_id(server: Served, page: Page) -> None:
    visitor = Visitor(page, server)
    visitor.start()
    first = visitor.stored()
    visitor.press("Stop and forget")
    visitor.start()
    assert visitor.stored()["volunteer"] != first["volunteer"]
    assert re.fullmatch("[0-9a-f]{32}", first["volunteer"])
