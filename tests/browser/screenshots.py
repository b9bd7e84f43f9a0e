"""Takes the screenshots of the pages in docs/: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, expect, sync_playwright
from py_mini_racer import MiniRacer

import data
from pool.fields import FUNCTIONS
from pool.sandbox import Sandbox
from storage.clock import ManualClock
from tests.browser import failing, flowing, watched
from tests.browser.chromium import launch
from tests.browser.failing import Owner, report
from tests.browser.flowing import FlowVisitor
from tests.browser.posting import Poster
from tests.browser.visiting import Visitor, post_busy_job, post_job
from tests.browser.watched import Watcher
from tests.conftest import PoolApp, local_server
from tests.resources import volunteering
from tests.serving import ROOT, TIMEOUT, LocalServer, Server

DOCS = ROOT / "docs"
DESK = {"viewport": {"width": 1280, "height": 860}}
TALL = {"viewport": {"width": 1280, "height": 1080}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
FOUR_CORES = "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {get: () => 4})"
TIDES = {
    "metadata": {
        "owner": "Harbour Institute",
        "short_description": {"en": "Predicts high water in small harbours, a year ahead, from old tide gauges."},
    }
}
AT_LEAST_30 = re.compile(r"^([3-9]\d|\d{3,})$")
FUSSY = "(variable, result) => result === undefined || {valid: false, reason: 'a level below the sea bed'}"
FAULTY = "function (variable) { return variable.gauges.map((gauge) => gauge.level); }"

Act = Callable[[Visitor], None]
PageAct = Callable[[Server, Page], None]


def post_demo_job(server: Server, name: str, units: int) -> None:
    """Posts a demo job with `units` of its variables, so that the screenshots don't wait for all."""
    folder = data.JOBS / name
    sources = {function: folder / f"{function}.js" for function in FUNCTIONS}
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    job |= {function: path.read_text(encoding="utf-8") for function, path in sources.items() if path.exists()}
    server.post("/jobs", job)
    for line in (folder / "variables.ndjson").read_text(encoding="utf-8").splitlines()[:units]:
        server.post(f"/jobs/{name}/variables", json.loads(line)["variable"])


def compute_as_another(server: Server, name: str, units: int) -> None:
    """Another volunteer's results of a demo job."""
    source = (data.JOBS / name / "execute_function.js").read_text(encoding="utf-8")
    with MiniRacer() as engine:
        for _ in range(units):
            variable = server.get(f"/jobs/{name}/variables")
            result = engine.eval(f"JSON.stringify(({source})({json.dumps(variable)}, {{}}).result)")
            server.post(variable["_links"]["post_result"], json.loads(str(result)))


def furnish(server: Server) -> None:
    """A part of the picture is there, and a part of it is not posted."""
    for name, units in (("mandelbrot", 36), ("n-queens", 24), ("prime-count", 40)):
        post_demo_job(server, name, units)
    compute_as_another(server, "mandelbrot", 18)
    compute_as_another(server, "prime-count", 40)
    post_busy_job(server, "Tide tables", count=0, **TIDES)
    post_job(server, "River levels", state="paused", metadata={"owner": "semprebeta"})


def stay_idle(visitor: Visitor) -> None:
    expect(visitor.by_id("found-list").get_by_role("listitem")).not_to_have_count(0)


def compute(visitor: Visitor) -> None:
    """First the demo jobs, then longer units, so that the workers are busy on the screenshot."""
    visitor.choose("Share of the time", 90)
    visitor.start()
    expect(visitor.by_id("units")).to_have_text(AT_LEAST_30, timeout=30_000)
    visitor.by_id("result-job").select_option("mandelbrot")
    outlined = visitor.by_id("result-view").get_by_text("You computed 18 of 36 parts")
    expect(outlined).to_be_visible(timeout=60_000)
    for _ in range(40):
        visitor.server.post("/jobs/tide-tables/variables", {"ms": 900})
    expect(visitor.worker(1)).to_contain_text("Tide tables", timeout=30_000)
    expect(visitor.worker(2)).to_contain_text("Tide tables", timeout=30_000)


def finish(visitor: Visitor) -> None:
    """What was found, each in its card."""
    compute(visitor)
    visitor.by_id("found").evaluate("(found) => found.scrollIntoView()")
    expect(visitor.by_id("found-list").get_by_role("img")).to_have_count(3, timeout=60_000)


def fold(visitor: Visitor) -> None:
    """As a phone shows it at first."""
    compute(visitor)
    visitor.page.evaluate("for (const fold of document.querySelectorAll('.fold')) fold.open = false")


def fail(visitor: Visitor) -> None:
    post_job(visitor.server, "Gauge check", count=6, execute_function=FAULTY, metadata={"owner": "semprebeta"})
    visitor.page.reload()
    visitor.unfold()
    visitor.page.get_by_label("semprebeta").check()
    visitor.start()
    expect(visitor.error("Gauge check").first).to_be_visible()


PICTURES: dict[str, tuple[dict[str, Any], Act]] = {
    "page-idle": (DESK, stay_idle),
    "page-computing": (DESK, compute),
    "page-error": (TALL, fail),
    "page-found": (TALL, finish),
    "page-phone": (PHONE, fold),
    "page-dark": ({**DESK, "color_scheme": "dark"}, compute),
}
# Those that show the whole page.
WHOLE = ("page-error", "page-found", "page-phone")


def run_flow(server: Server, page: Page) -> None:
    """Until the model is at its fourth iteration."""
    visitor = FlowVisitor(page, server, flowing.post_tides(server))
    flowing.answer_gauges(server)
    flowing.refine(server, 3)
    server.get("/jobs/tidal-model/variables")
    visitor.expect_finished("14 of 16")
    expect(visitor.entry("Tidal model")).to_contain_text("computing")


def run_flow_early(server: Server, page: Page) -> None:
    visitor = FlowVisitor(page, server, flowing.post_tides(server))
    flowing.answer_gauges(server, 7)
    for _ in range(2):
        server.get("/jobs/tide-gauges/variables")
    visitor.expect_finished("7 of 16")
    expect(visitor.page.locator(".entry[data-state=computing]")).to_have_count(2)


def scroll_through_flow(server: Server, page: Page) -> None:
    run_flow(server, page)
    page.locator("#result").evaluate("(element) => element.scrollIntoView()")


def end_flow(server: Server, page: Page) -> None:
    FlowVisitor(page, server, flowing.post_tides(server))
    flowing.answer_gauges(server)
    flowing.refine(server, 6)
    flowing.tabulate(server)
    expect(page.locator("#result-text")).to_be_visible()


def fail_flow(server: Server, page: Page) -> None:
    FlowVisitor(page, server, flowing.post_tides(server, flowing.NO_NUMBER))
    flowing.answer_gauges(server)
    flowing.refine(server, 1)
    expect(page.locator("#failure")).to_be_visible()


FLOW_PICTURES: dict[str, tuple[dict[str, Any], PageAct]] = {
    "page-flow-running": (DESK, run_flow_early),
    "page-flow-done": (DESK, end_flow),
    "page-flow-failed": (DESK, fail_flow),
    "page-flow-dark": ({**DESK, "color_scheme": "dark"}, run_flow),
    "page-flow-phone": (PHONE, scroll_through_flow),
}


def show_errors(server: Server, page: Page) -> None:
    """A job that fails in two ways and has a rejected result, with the details of the first open."""
    job = post_job(server, "Gauge check", count=5, execute_function=FAULTY, validate_result=FUSSY)
    printed, told = "cuxhaven: 3 readings\nhelgoland: no reading\n", failing.STACK.splitlines()[0]
    for _ in range(3):
        report(server, job, told, stack=failing.STACK, console=printed, engine="Chromium 131")
    unfit = "result.levels[2] is NaN, which JSON cannot represent: use null or a text"
    report(server, job, unfit, "not-json", engine="Firefox 128")
    with contextlib.suppress(HTTPError):
        server.post(server.get(f"{job}/variables")["_links"]["post_result"], {"level": -3})
    owner = Owner(page, server)
    owner.show(job)
    owner.group(told).get_by_text("Stack and console").click()
    expect(page.get_by_role("group", name="Console output")).to_be_visible()


def run_job(server: LocalServer, clock: ManualClock, page: Page) -> None:
    """For most of an hour, and somebody computes."""
    job = watched.post_tables(server, "Tide tables of 2030", 900, settings={"lease_seconds": 3600})
    watched.compute_some(server, clock, job, 520, pause=4.7)
    for volunteer in watched.VOLUNTEERS[:4]:
        watched.lease(server, job, volunteer)
    clock.advance(3)
    Watcher(page, server).goto(job)


def fail_job(server: LocalServer, clock: ManualClock, page: Page) -> None:
    """With the owner's key, and the details of the first error open."""
    job = watched.post_tables(server, "Gauge check", 12, settings={"max_errors": 1})
    clock.advance(2700)
    watched.compute_some(server, clock, job, 6, pause=120.0)
    watched.fail(server, job)
    clock.advance(3)
    watcher = Watcher(page, server)
    watcher.goto(job)
    watcher.enter_key()
    page.get_by_text("Stack and console").first.click()
    expect(page.get_by_role("group", name="Console output")).to_be_visible()


JobAct = Callable[[LocalServer, ManualClock, Page], None]
JOB_PICTURES: dict[str, JobAct] = {"page-job-running": run_job, "page-job-failing": fail_job}


def try_job(server: LocalServer, _clock: ManualClock, page: Page) -> None:
    """The form, with a unit that was tried."""
    poster = Poster(page, server)
    poster.open()
    poster.field("Name").fill("Smallest divisors")
    poster.field("What volunteers read (optional)").fill("Looks for the smallest divisors of large numbers.")
    page.get_by_role("button", name="Example: a long search with a cheap check").click()
    poster.list_units(*(str(10**12 + number) for number in range(1, 200, 2)))
    poster.field("Unit number").fill("20")
    poster.try_unit("accepted")
    # An editor measures its lines when it comes into view.
    for editor in page.locator(".editor:visible").all():
        editor.scroll_into_view_if_needed()
        page.wait_for_timeout(200)
    page.evaluate("scrollTo(0, 0)")


def operate(server: LocalServer, clock: ManualClock, page: Page) -> None:
    """A pool at work, with a job that waits for the operator, and a block."""
    job = watched.post_tables(server, "Tide tables of 2030", 900, settings={"lease_seconds": 3600})
    watched.compute_some(server, clock, job, 240, pause=3.1)
    for volunteer in watched.VOLUNTEERS[:4]:
        watched.lease(server, job, volunteer)
    server.post("/flows", {"name": "Tides of a year", "jobs": [{"job": job}]})
    stranger = {"name": "River levels", "execute_function": FAULTY}
    headers = {"Content-Type": "application/json"}
    urlopen(Request(f"{server.url}/jobs", json.dumps(stranger).encode(), headers), timeout=TIMEOUT).close()
    server.post("/operator/blocks", {"target": "198.51.100.0/24", "reason": "a flood of wrong results: write to us"})
    page.goto(f"{server.url}/operator")
    page.get_by_label("The operator\u2019s key").fill(server.key)
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_visible()


JOB_PICTURES |= {"page-post": try_job, "page-operator": operate}


@contextlib.contextmanager
def fresh(browser: Browser, options: dict[str, Any]) -> Iterator[tuple[Server, Page]]:
    """A new pool for each screenshot."""
    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory), DEMO="0", FSYNC="0", NAME="Tidewater Pool")
        server.start()
        page = browser.new_page(**options)
        try:
            yield server, page
        finally:
            page.close()
            server.kill()


def take(browser: Browser, name: str) -> None:
    options, act = PICTURES[name]
    with fresh(browser, options) as (server, page):
        furnish(server)
        page.add_init_script(FOUR_CORES)
        act(Visitor(page, server))
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=DOCS / f"{name}.png", full_page=name in WHOLE)


def take_flow(browser: Browser, name: str) -> None:
    """The full page, except on the phone, without transitions."""
    options, act = FLOW_PICTURES[name]
    with fresh(browser, {**options, "reduced_motion": "reduce"}) as (server, page):
        flowing.post_tidal_jobs(server)
        act(server, page)
        page.screenshot(path=DOCS / f"{name}.png", full_page=name != "page-flow-phone")


def take_errors(browser: Browser) -> None:
    with fresh(browser, DESK) as (server, page):
        show_errors(server, page)
        page.screenshot(path=DOCS / "page-errors.png", full_page=True)


def take_job(browser: Browser, name: str) -> None:
    """By a clock that tests move: an hour takes seconds."""
    clock, sandbox = ManualClock(), Sandbox()
    clock.advance(-3600)
    with tempfile.TemporaryDirectory() as directory, browser.new_page(**DESK, reduced_motion="reduce") as page:
        settings = {"trusted": "127.0.0.1", "name": "Tidewater Pool", "open": "review"}
        server = local_server(Path(directory), sandbox, clock, **settings)
        JOB_PICTURES[name](server, clock, page)
        page.screenshot(path=DOCS / f"{name}.png", full_page=True)
        server.stop()
    sandbox.close()


def fill_board(pool: PoolApp) -> None:
    """Five volunteers over two days; the second of them is the visitor."""
    people = [("Anna", "Sea Level"), ("Ben", "Sea Level"), ("Chloé", "École Jules Verne"), (None, "Sea Level")]
    for number, (name, team) in enumerate([*people, ("Дмитрий", None)]):
        somebody = volunteering.volunteer(f"person-{number}")
        volunteering.compute(pool, somebody, 14 - 2 * number, seconds=95.0 + 70 * number, job="/jobs/tide-tables")
        volunteering.compute(pool, somebody, 3, seconds=40.0, job="/jobs/river-levels")
        volunteering.change(pool, somebody, name=name, team=team, shown=True)
    volunteering.compute(pool, volunteering.volunteer("somebody-hidden"), 4, job="/jobs/tide-tables")
    pool.clock.advance(60)


VISITOR = {"version": 1, "state": "paused", "settings": {}, "totals": {"units": 0, "seconds": 0}}
BOARD_PICTURES: dict[str, tuple[dict[str, Any], str]] = {
    "page-board": (DESK, "/leaderboard"),
    "page-board-phone": ({**PHONE, "color_scheme": "dark"}, "/leaderboard"),
    "page-status": (DESK, "/status"),
}


def take_boards(browser: Browser) -> None:
    sandbox = Sandbox()
    with tempfile.TemporaryDirectory() as directory:
        pool = PoolApp(Path(directory) / "pool", sandbox, trusted="127.0.0.1", name="Tidewater Pool")
        volunteering.wait_for_noon(pool)
        fill_board(pool)
        server = LocalServer(pool.app, pool.data)
        server.start()
        stored = json.dumps({**VISITOR, **volunteering.volunteer("person-1")}).replace("Volunteer", "volunteer")
        for name, (options, path) in BOARD_PICTURES.items():
            with browser.new_page(**options) as page:
                page.add_init_script(f"localStorage.setItem('comp-pool', {json.dumps(stored)})")
                page.goto(server.url + path)
                if path == "/leaderboard":
                    expect(page.locator("tr.own")).to_be_visible()
                page.screenshot(path=DOCS / f"{name}.png", full_page=True)
        server.stop()
    sandbox.close()


def main() -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for name in PICTURES:
            take(browser, name)
        for name in FLOW_PICTURES:
            take_flow(browser, name)
        take_errors(browser)
        for name in JOB_PICTURES:
            take_job(browser, name)
        take_boards(browser)
        browser.close()


if __name__ == "__main__":
    main()
