"""What the owner of a job learns from a volunteer's page, and what the page says of limits and blocks."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.visiting import Visitor, counts, post_job, wait_for_count
from tests.serving import Served, wait_until

FAILING = """function (variable) {
  console.log("x is", variable.x);
  throw new RangeError("no such harbour");
}"""
ENDLESS = "() => { console.warn('before the loop'); for (;;); }"
PRINTING = "({ x }) => { console.info({ x }); return { result: x }; }"
LIMITED = {"type": "urn:comp-pool:limit", "title": "Too Many Requests", "detail": "two leases until a result counts"}
BLOCKED = {"type": "urn:comp-pool:blocked", "title": "Forbidden", "detail": "false results"}


def get_as_owner(server: Served, path: str) -> Any:
    request = urllib.request.Request(server.url + path, headers={"Authorization": f"Bearer {server.key}"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def only_error(server: Served, job: str) -> dict[str, Any]:
    (error,) = wait_until(lambda: get_as_owner(server, f"{job}/errors")["_embedded"]["items"], interval=0.05)
    return dict(error)


def answer_leases(page: Page, status: int, problem: dict[str, str], **headers: str) -> None:
    """Answers requests for leases in the pool's place."""

    def answer(route: Route) -> None:
        types = {"Content-Type": "application/problem+json"}
        route.fulfill(status=status, headers={**types, **headers}, body=json.dumps({**problem, "status": status}))

    page.route(re.compile("/variables$"), answer)


@pytest.fixture
def tolerant(watch: Watch) -> Watch:
    """Chromium logs every failed request itself."""
    watch.tolerated.append("Failed to load resource")
    return watch


@pytest.fixture(scope="module")
def visited(lasting_server: Served, shared_page: Page) -> Served:
    """A pool that a visitor computes for."""
    post_job(lasting_server, "Throws", count=1, execute_function=FAILING)
    post_job(lasting_server, "Endless", count=1, execute_function=ENDLESS, settings={"lease_seconds": 2})
    post_job(lasting_server, "Prints", count=1, execute_function=PRINTING)
    Visitor(shared_page, lasting_server).start()
    return lasting_server


def test_a_unit_that_throws_is_reported_to_its_owner(visited: Served) -> None:
    error = only_error(visited, "/jobs/throws")
    assert (error["kind"], error["message"]) == ("threw", "RangeError: no such harbour")
    assert re.search(r"execute_function\.js:3:\d+\)$", error["stack"])
    assert error["console"] == "x is 0\n"
    assert re.fullmatch(r"Chromium \d+", error["engine"])
    assert counts(visited, "/jobs/throws")["leased"] == 0


def test_a_unit_that_never_ends_is_reported_with_what_it_printed(visited: Served) -> None:
    error = only_error(visited, "/jobs/endless")
    assert (error["kind"], error["console"]) == ("timeout", "before the loop\n")


def test_what_a_successful_unit_prints_is_reported(visited: Served) -> None:
    wait_for_count(visited, "/jobs/prints", done=1)
    reports = wait_until(lambda: get_as_owner(visited, "/jobs/prints/progress")["reports"])
    assert reports["execute_function"]["console"] == '{"x":0}\n'


@pytest.mark.usefixtures("tolerant")
def test_a_blocked_computer_is_told_the_reason_and_a_limit_is_no_outage(server: Served, page: Page) -> None:
    post_job(server, count=1)
    answer_leases(page, 403, BLOCKED)
    visitor = Visitor(page, server)
    visitor.start()
    blocked = "The pool\u2019s operator has blocked this computer."
    expect(page.get_by_role("alert")).to_have_text(f"{blocked} Reason: \u2068false results\u2069")
    expect(visitor.error(blocked)).to_contain_text("false results")
    visitor.expect_status("Computing isn\u2019t possible here.")

    answer_leases(page, 429, LIMITED, **{"Retry-After": "120"})
    visitor.press("Try again")
    expect(visitor.error("The pool limits").first).to_contain_text("two leases until a result counts")
    visitor.expect_status("There is nothing to compute right now. New work starts automatically.")
