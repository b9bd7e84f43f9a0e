"""Helpers for tests of a job's page: jobs in each of their states, computed by volunteers with names."""

from __future__ import annotations

import json
import random
import urllib.request
from typing import Any

from playwright.sync_api import Locator, Page, expect

from storage.clock import ManualClock
from tests.browser.failing import STACK, report
from tests.browser.visiting import post_job
from tests.serving import TIMEOUT, Served

CODE = """async function (variable, context) {
  // The highest water of each gauge, in centimetres.
  const levels = variable.gauges.map(({ level, unit }) => (unit === "m" ? level * 100 : level));
  const highest = Math.max(...levels, 0);
  if (!/^[a-z]+$/.test(variable.harbour)) throw new Error(`no harbour: ${variable.harbour}`);
  context.result = { harbour: variable.harbour, highest };
  return context;
}"""
ABOUT = {
    "owner": "Harbour Institute",
    "description": {
        "en": "Predicts high water in small harbours, a year ahead, from old tide gauges.",
        "de": "Sagt das Hochwasser kleiner Häfen ein Jahr voraus, aus alten Pegelständen.",
    },
}
FUSSY = (
    "(variable, result) => result === undefined || result.highest > 0 || {valid: false, reason: 'below the sea bed'}"
)
HARBOURS = ("cuxhaven", "helgoland", "wyk", "husum", "stade")
VOLUNTEERS = tuple(f"volunteer-number-{number:04}" for number in range(6))


def post_tables(server: Served, name: str, count: int, **fields: Any) -> str:
    """Posts a job with `count` harbours; returns its path."""
    job = post_job(server, name, execute_function=CODE, metadata=ABOUT, validate_result=FUSSY, **fields)
    for number in range(count):
        server.post(f"{job}/variables/{HARBOURS[number % 5]}-{number:03}", {"harbour": HARBOURS[number % 5]}, "PUT")
    return job


def lease(server: Served, job: str, volunteer: str) -> dict[str, str]:
    request = urllib.request.Request(f"{server.url}{job}/variables", headers={"Volunteer": volunteer})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        return dict(json.load(response)["_links"])


def compute(server: Served, clock: ManualClock, job: str, volunteer: str, seconds: float, result: Any) -> None:
    """A volunteer takes so long for a variable of the job."""
    link = lease(server, job, volunteer)["post_result"]
    clock.advance(seconds)
    headers = {"Content-Type": "application/json", "Volunteer": volunteer, "Run-Seconds": f"{seconds:.6f}"}
    request = urllib.request.Request(server.url + link, json.dumps(result).encode(), headers)
    urllib.request.urlopen(request, timeout=TIMEOUT).close()


def compute_some(server: Served, clock: ManualClock, job: str, count: int, pause: float = 0.0) -> None:
    """Some volunteers take different times for `count` variables of the job, with pauses between them."""
    drawn = random.Random(2030)
    for _ in range(count):
        volunteer = drawn.choices(VOLUNTEERS, (9, 6, 4, 3, 2, 1))[0]
        result = {"harbour": drawn.choice(HARBOURS), "highest": round(drawn.uniform(300, 900), 1)}
        compute(server, clock, job, volunteer, drawn.lognormvariate(0.6, 0.5), result)
        clock.advance(drawn.uniform(0, 2 * pause))


def fail(server: Served, job: str) -> None:
    """Three variables fail with one message, one with another."""
    printed = "cuxhaven: 3 readings\nhelgoland: no reading\n"
    for _ in range(3):
        report(server, job, STACK.splitlines()[0], stack=STACK, console=printed, engine="Chromium 131")
    unfit = "result.highest is NaN, which JSON cannot represent: use null or a text"
    report(server, job, unfit, "not-json", engine="Firefox 128")


class Watcher:
    """Somebody who looks at the page of a job."""

    def __init__(self, page: Page, server: Served) -> None:
        self.page, self.server = page, server

    def goto(self, job: str) -> None:
        """Waits until the script has put the page into the visitor's language, and loaded what it polls."""
        with self.page.expect_response("**/activity"):
            self.page.goto(self.server.url + job)
        expect(self.page.locator("#overall .bar")).to_be_visible()

    def show(self, job: str) -> None:
        """Loads the page unless it is there already, as the test before has left it."""
        if self.page.url != self.server.url + job:
            self.goto(job)

    def by_id(self, name: str) -> Locator:
        return self.page.locator(f"#{name}")

    def enter_key(self) -> None:
        """As the owner; the tab may have the key already."""
        if self.by_id("access").is_visible():
            self.by_id("access").locator("summary").click()
            self.page.get_by_label("The owner\u2019s key").fill(self.server.key)
            self.page.keyboard.press("Enter")
        expect(self.by_id("error-groups")).to_be_visible()
