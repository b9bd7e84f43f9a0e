"""Nothing is computed before consent; then computing resumes at every visit until it is paused or forgotten."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.visiting import Visitor, counts, post_busy_job, post_job, wait_for_count
from tests.serving import Served


def test_nothing_is_leased_or_stored_before_the_start_and_then_everything_is_computed(
    server: Served, page: Page
) -> None:
    job = post_job(server, count=12)
    visitor = Visitor(page, server)
    expect(visitor.card("Doubling")).to_contain_text("0 of 12 units done")
    visitor.expect_status("Nothing runs until you press the button.")
    assert visitor.leases() == []
    assert counts(server, job)["leased"] == 0
    assert page.evaluate("localStorage.length") == 0

    visitor.start()
    visitor.expect_units(12)
    # The counts match the pool's.
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


def test_a_pause_ends_the_leases_and_lasts_until_it_resumes(server: Served, page: Page) -> None:
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

    # At the next visit too.
    visitor.requests.clear()
    page.reload()
    visitor.expect_status("Paused.")
    expect(visitor.card("Busy")).to_contain_text(f"{done} of 60 units done")
    assert visitor.leases() == []

    visitor.press("Resume")
    wait_for_count(server, job, done=60)
    visitor.expect_units(60 - done)


def test_leaving_returns_the_leases_and_it_resumes_at_the_next_visit_with_a_notice(server: Served, page: Page) -> None:
    job, busy = post_job(server, count=4), post_busy_job(server)
    visitor = Visitor(page, server)
    visitor.choose("Cores to use", 2)
    visitor.start()
    visitor.expect_units(4)
    # Else the page may not have received its lease yet.
    expect(visitor.by_id("worker-list")).to_contain_text("Busy")
    volunteer = visitor.stored()["volunteer"]
    page.goto("about:blank")
    wait_for_count(server, busy, leased=0, open=1)

    server.post(busy, {"state": "paused"}, "PATCH")
    server.post(f"{job}/variables", {"x": 5})
    visitor.goto()
    expect(page.get_by_text("You were computing last time")).to_be_visible()
    visitor.expect_units(1)
    expect(visitor.by_id("total")).to_have_text("5")
    assert visitor.stored()["volunteer"] == volunteer


def test_stop_and_forget_deletes_everything_at_once(server: Served, page: Page) -> None:
    job = post_busy_job(server)
    visitor = Visitor(page, server)
    expect(visitor.button("Stop and forget")).to_be_hidden()
    visitor.start()
    wait_for_count(server, job, leased=1)
    first = visitor.stored()["volunteer"]
    visitor.press("Stop and forget")
    visitor.expect_status("Nothing runs until you press the button.")
    wait_for_count(server, job, leased=0)
    assert page.evaluate("localStorage.length") == 0
    expect(visitor.button("Stop and forget")).to_be_hidden()
    expect(visitor.by_id("activity")).to_be_hidden()
    expect(visitor.button("Start computing")).to_be_focused()
    page.reload()
    expect(visitor.button("Start computing")).to_be_visible()

    visitor.start()
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert visitor.stored()["volunteer"] != first
