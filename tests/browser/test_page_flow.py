"""The page of a flow: the tree and its progress, the status, a failure, the result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from storage.clock import ManualClock
from tests.browser import flowing
from tests.browser.conftest import MakePage, Watch, lasting_page
from tests.browser.flowing import FlowVisitor, answer, answer_gauges, post_flow, post_tides, refine, tabulate
from tests.browser.test_page_hostile import MARKUP
from tests.browser.visiting import plain, post_job
from tests.conftest import MakeLocalServer
from tests.serving import LocalServer, Served

OFFERED = "Offered to volunteers."
COMPUTING = "Volunteers are computing."
QUIET = "No volunteer has taken the offered work yet."
HIDE = (
    "Object.defineProperty(document, 'hidden', {get: () => window.isAway, configurable: true}); window.isAway = false"
)
COME_AND_GO = "(isAway) => { window.isAway = isAway; document.dispatchEvent(new Event('visibilitychange')); }"


@pytest.fixture(scope="module")
def clocked_page(chromium: Browser) -> Iterator[Page]:
    """Its clock can be set forward: see FlowVisitor.poll."""
    with lasting_page(chromium) as page:
        page.clock.install()
        page.add_init_script(HIDE)
        yield page


@pytest.fixture
def page(clocked_page: Page, server: LocalServer) -> Iterator[Page]:
    """The same for all tests; it leaves the server before that stops, or it would log errors."""
    yield clocked_page
    clocked_page.goto("about:blank")


@pytest.fixture
def own_page(make_page: MakePage) -> Page:
    """The page of a test that expects errors, or has a pool of its own."""
    page = make_page()
    page.clock.install()
    return page


@pytest.fixture
def tides(server: Served, page: Page) -> FlowVisitor:
    """A flow without results yet."""
    flowing.post_tidal_jobs(server)
    return FlowVisitor(page, server, post_tides(server))


def post_entries(server: Served, count: int) -> str:
    """Posts a flow with `count` entries, and one that takes their merged results; returns its path."""
    segments, total = post_job(server, "Segments"), post_job(server, "Total")
    for number in range(count):
        server.post(f"{segments}/variables/s{number:03}", {"n": number}, "PUT")
    leaf = [{"job": segments, "variable": f"{segments}/variables/s{number:03}"} for number in range(count)]
    return post_flow(server, leaf, [{"job": total}])


def post_single(server: Served, condition: str | None = None, **fields: Any) -> str:
    """Posts a flow with one entry; returns its path."""
    job = post_job(server, "Single")
    server.post(f"{job}/variables", {"n": 1})
    return post_flow(server, [{"job": job, **({"while": condition} if condition else {})}], **fields)


def change(route: Route) -> None:
    """A document as a slow volunteer and a hostile pool would make it; a flow that is done is requested once."""
    document = route.fetch().json() | {"state": "done", "result": None}
    step = document["jobs"][0]["steps"][0]
    times = {"started": "2027-01-01T12:00:00Z", "finished": "2027-01-01T12:01:00Z", "run_seconds": 20}
    step |= {"state": "done", **times}
    step["_links"]["get_variable"] = "//elsewhere.example/"
    document["jobs"][0]["_links"]["get_job"] = "javascript:window.hacked=true"
    document["owner"] = f"Owner \u202e{MARKUP}"
    route.fulfill(json=document)


@pytest.fixture(scope="module")
def changed(lasting_server: Served, chromium: Browser) -> Iterator[FlowVisitor]:
    """A flow without a name, whose document was changed; its one entry is open."""
    path = post_single(lasting_server)
    with lasting_page(chromium) as page:
        page.route(
            f"**{path}",
            lambda route: change(route) if route.request.resource_type == "fetch" else route.continue_(),
        )
        visitor = FlowVisitor(page, lasting_server, path)
        visitor.open("single")
        yield visitor


# Progress


def test_the_tree_fills_as_results_come_in(tides: FlowVisitor) -> None:
    counts = tides.stage(1).locator(".counts li:visible")
    tides.expect_status(OFFERED)
    tides.expect_finished("0 of 16")
    expect(counts).to_have_text(["12 offered"])
    tides.server.get("/jobs/tide-gauges/variables")
    tides.poll()
    tides.expect_status(COMPUTING)
    expect(counts).to_have_text(["1 computing", "11 offered"])
    expect(tides.page.locator(".entry[data-state=computing]")).to_have_count(1)
    answer_gauges(tides.server, 4)
    tides.poll()
    tides.expect_finished("4 of 16")
    expect(tides.stage(1)).to_contain_text("waiting for 8 more")


def test_a_repeated_entry_shows_its_iteration_and_a_finished_flow_its_result(tides: FlowVisitor) -> None:
    answer_gauges(tides.server)
    tides.poll()
    expect(tides.stage(1)).to_contain_text("merged")
    expect(tides.entry("storm-surge")).to_contain_text("skipped")
    state = tides.entry("tidal-model").locator(".state")
    expect(state).to_have_text("Iteration 1 · offered")
    answer(tides.server, "tidal-model", {"amplitude": 1}, 2)
    tides.poll()
    expect(state).to_have_text("Iteration 3 · offered")
    expect(tides.entry("wind-drift").locator(".state")).to_have_text("offered")
    refine(tides.server, 4)
    tides.poll()
    expect(tides.entry("tidal-model")).to_contain_text("done · 6 iterations")
    tabulate(tides.server)
    tides.poll()
    tides.expect_status("Done.")
    assert json.loads(tides.page.get_by_role("region", name="Result").inner_text()) == flowing.TABLE


def test_open_details_keep_focus_and_position_while_the_tree_fills(tides: FlowVisitor) -> None:
    entry = tides.open("hamburg")
    entry.evaluate("(element) => { window.kept = element.querySelector('details'); }")
    link = entry.get_by_role("link", name="Unit (JSON) · Iteration 1")
    link.focus()
    scrolled = tides.page.evaluate("scrollY")
    answer_gauges(tides.server)
    tides.poll()
    expect(entry).to_contain_text("Iteration 1 · done")
    assert entry.evaluate("(element) => element.querySelector('details') === window.kept && window.kept.open")
    expect(link).to_be_focused()
    assert tides.page.evaluate("scrollY") == scrolled > 0


def test_only_the_latest_steps_are_shown(server: Served, page: Page) -> None:
    path = post_single(server, "(variable, context) => context.iteration < 15")
    answer(server, "single", {"x": 1}, 12)
    single = FlowVisitor(page, server, path).open("single")
    expect(single).to_contain_text("Its latest 10 steps:")
    expect(single.locator(".steps li").first).to_contain_text("Iteration 4 · done")
    expect(single.locator(".steps li").last).to_contain_text("Iteration 13 · waiting for a volunteer")
    expect(single.locator(".steps li")).to_have_count(10)


def test_many_entries_are_shown_some_at_a_time(server: Served, page: Page) -> None:
    visitor = FlowVisitor(page, server, post_entries(server, 103))
    entries = visitor.stage(1).locator(".entry")
    expect(entries).to_have_count(50)
    expect(visitor.stage(1).locator(".counts")).to_contain_text("103 offered")
    page.get_by_role("button", name="Show 50 more of 53").click()
    expect(entries).to_have_count(100)
    expect(entries.nth(50).locator("summary")).to_be_focused()
    page.get_by_role("button", name="Show 3 more of 3").click()
    expect(entries).to_have_count(103)
    expect(visitor.stage(1).get_by_role("button")).to_have_count(0)


def test_a_flow_without_a_name_shows_its_id(changed: FlowVisitor) -> None:
    expect(changed.page.get_by_role("heading", level=1)).to_have_text(changed.path.rsplit("/", 1)[1])


def test_details_show_how_long_a_step_waited(changed: FlowVisitor) -> None:
    step = changed.entry("single").locator(".steps .what")
    expect(step).to_have_text("Iteration 1 · done · computed in 20 sec · waited 40 sec")


def test_the_run_time_excludes_waiting(make_local_server: MakeLocalServer, own_page: Page) -> None:
    clock = ManualClock()
    server = make_local_server(clock=clock)
    path = post_single(server)
    leased = server.get("/jobs/single/variables")
    address = server.url + leased["_links"]["post_result"]
    clock.advance(80)
    own_page.request.post(address, data={"x": 1}, headers={"Run-Seconds": "75.5"})
    visitor = FlowVisitor(own_page, server, path)
    expect(visitor.entry("single").locator(".state")).to_have_text("done · computed in 1 min 15 sec")
    assert "1\u00a0min\u00a015\u00a0sec" in visitor.entry("single").locator(".state").inner_text()


# Status


def test_unclaimed_work_is_reported_after_a_while_and_a_long_computation_is_none(server: Served, page: Page) -> None:
    moving = "document.getAnimations().filter(({animationName}) => animationName).length"
    visitor = FlowVisitor(page, server, post_single(server))
    visitor.expect_status(OFFERED)
    assert page.evaluate(moving) == 0
    page.clock.run_for(32_000)
    visitor.expect_status(QUIET)
    server.get("/jobs/single/variables")
    page.clock.run_for(6_000)
    visitor.expect_status(COMPUTING)
    # Only computing entries are animated.
    assert page.evaluate(moving) > 0
    page.clock.run_for(60_000)
    visitor.expect_status(COMPUTING)


def test_a_paused_job_is_named_with_unclaimed_work(server: Served, page: Page) -> None:
    path = post_single(server)
    server.post("/jobs/single", {"state": "paused"}, "PATCH")
    visitor = FlowVisitor(page, server, path)
    visitor.expect_status(OFFERED)
    page.clock.run_for(32_000)
    visitor.expect_status(f"{QUIET} The job \u2068Single\u2069 is paused.")
    page.clock.run_for(60_000)
    assert len([url for url in visitor.requests if url.endswith("/jobs/single")]) == 1


# End


def test_a_failure_is_shown_with_its_path_and_reason(server: Served, page: Page) -> None:
    flowing.post_tidal_jobs(server)
    visitor = FlowVisitor(page, server, post_tides(server, flowing.NO_NUMBER))
    answer_gauges(server)
    answer(server, "tidal-model", {"amplitude": 1})
    visitor.poll()
    visitor.expect_status("Failed.")
    failure = page.get_by_role("region", name="Why it failed")
    expect(failure).to_contain_text("dependent.jobs[0]")
    expect(failure).to_contain_text("while: TypeError")
    expect(visitor.entry("Tidal model")).to_contain_text("failed")
    expect(visitor.entry("Harbour table")).to_contain_text("cancelled")
    expect(visitor.open("Harbour table")).to_contain_text("It never started.")
    expect(page.locator("#result")).to_contain_text("The flow failed before it had a result.")


def test_what_a_flow_waits_for_is_shown(server: Served, page: Page) -> None:
    never = "(variable, result) => result === undefined"
    job = post_job(server, "Fussy", validate_result=never, settings={"max_errors": 1})
    variable = f"{job}/variables/one"
    server.post(variable, {"n": 1}, "PUT")
    flow = post_flow(server, [{"job": job, "variable": variable}])
    with suppress(HTTPError):
        server.post(f"{variable}/results", 1)
    visitor = FlowVisitor(page, server, flow)
    visitor.open("fussy")
    visitor.expect_status("Waits for a failed unit.")
    section = page.get_by_role("region", name="What it waits for")
    expect(section).to_contain_text("jobs[0]")
    expect(section).to_contain_text("has failed after 1 error")
    expect(section).to_contain_text("It goes on when its owner releases the unit")


def test_a_failed_entry_beyond_the_first_page_is_found_in_the_tree(server: Served, page: Page) -> None:
    segments = post_job(server, "Segments")
    for number in range(61):
        server.post(f"{segments}/variables", {"n": number})
    failing = {"job": segments, "while": flowing.NO_NUMBER}
    path = post_flow(server, [*({"job": segments} for _ in range(60)), failing])
    answer(server, "segments", {"x": 1}, 61)
    visitor = FlowVisitor(page, server, path)
    visitor.expect_status("Failed.")
    page.get_by_role("button", name="Show in the tree").click()
    expect(page.locator(".entry").nth(60).locator("summary")).to_be_focused()
    expect(page.locator(".entry").nth(60).locator(".details")).to_contain_text("jobs[60]")


def test_a_cancelled_flow_is_shown_as_cancelled(tides: FlowVisitor) -> None:
    tides.expect_finished("0 of 16")
    owner = {"Authorization": f"Bearer {tides.server.key}"}
    assert tides.page.request.delete(tides.server.url + tides.path, headers=owner).status == 204
    tides.poll()
    tides.expect_status("Cancelled.")
    expect(tides.stage(1)).to_contain_text("not merged")
    expect(tides.page.locator(".entry").first).to_contain_text("cancelled")


def test_a_large_result_is_cut_and_saved_whole(server: Served, page: Page) -> None:
    result = {"digits": "8" * 150_000}
    path = post_single(server)
    answer(server, "single", result)
    visitor = FlowVisitor(page, server, path)
    visitor.expect_status("Done.")
    assert len(page.locator("#result-text").inner_text()) == 100_000
    expect(page.locator("#result")).to_contain_text("This is only the beginning.")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as a file").click()
    assert json.loads(Path(download.value.path()).read_text()) == result


# Polling


def test_polling_pauses_while_the_page_is_hidden_and_ends_with_the_flow(server: Served, page: Page) -> None:
    visitor = FlowVisitor(page, server, post_single(server))
    visitor.expect_status(OFFERED)
    # An unchanged flow is not sent again.
    with page.expect_response(lambda response: response.status == 304):
        visitor.poll()
    page.evaluate(COME_AND_GO, True)
    requests = len(visitor.requests)
    page.clock.run_for(60_000)
    assert len(visitor.requests) == requests
    answer(server, "single", {"x": 1})
    page.evaluate(COME_AND_GO, False)
    visitor.expect_status("Done.")
    requests = len(visitor.requests)
    page.clock.run_for(60_000)
    page.evaluate(COME_AND_GO, False)
    assert len(visitor.requests) == requests


def test_polling_goes_on_while_the_pool_is_unreachable(server: LocalServer, own_page: Page, watch: Watch) -> None:
    watch.tolerated.append("ERR_CONNECTION")
    visitor = FlowVisitor(own_page, server, post_single(server))
    visitor.expect_status(OFFERED)
    server.stop()
    visitor.poll()
    visitor.expect_status(re.compile("be reached. Retrying automatically.$"))
    expect(visitor.entry("single")).to_contain_text("offered")
    server.start()
    own_page.clock.run_for(5_000)
    visitor.expect_status(OFFERED)


def test_the_state_is_announced_and_single_entries_are_not(tides: FlowVisitor) -> None:
    tides.expect_status(OFFERED)
    live = "[role=status], [role=alert], [aria-live], output"
    assert tides.page.locator(live).evaluate_all("(all) => all.map(({id}) => id)") == ["status"]
    tides.page.evaluate(
        """() => {
          window.announced = [];
          const note = () => window.announced.push(document.getElementById("status").textContent);
          new MutationObserver(note).observe(document.getElementById("status"), {childList: true});
        }"""
    )
    answer_gauges(tides.server)
    tides.poll()
    tides.expect_finished("13 of 16")
    refine(tides.server, 6)
    tabulate(tides.server)
    tides.poll()
    tides.expect_status("Done.")
    assert tides.page.evaluate("announced") == [COMPUTING, "Done."]


# Untrusted content


def test_the_name_is_text(server: Served, page: Page) -> None:
    visitor = FlowVisitor(page, server, post_single(server, name=f"Name \u202e{MARKUP}"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Name \u202e{MARKUP}")
    expect(page).to_have_title(f"Running · \u2068Name {MARKUP}\u2069")
    visitor.open("single")
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img, main script").count() == 0


def test_so_is_the_owner(changed: FlowVisitor) -> None:
    assert f"A flow by Owner {MARKUP}, started" in plain(changed.page.locator("#subtitle").inner_text())
    assert changed.page.evaluate("window.hacked") is None


def test_foreign_links_are_text(changed: FlowVisitor) -> None:
    single = changed.entry("single")
    expect(single.locator(".details")).to_contain_text("job")
    links = single.locator("a").evaluate_all("(all) => all.map(({href}) => new URL(href).origin)")
    assert set(links) == {changed.server.url}
