"""Helpers for tests of the front page: jobs to compute, and a visitor who presses buttons."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.serving import Served, wait_until

DOUBLE = "function (variable, context) { context.result = variable.x * 2; return context; }"
# Runs long enough for a test to look at an active unit: `ms` of the variable. It blocks its thread, but leaves the
# processor to the tests.
BUSY = """function (variable, context) {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  Atomics.wait(new Int32Array(buffer), 0, 0, variable.ms);
  context.result = variable.ms;
  return context;
}"""
THROW = "function () { throw new Error('no such harbour'); }"


def post_job(server: Served, name: str = "Doubling", count: int = 0, **fields: Any) -> str:
    """Posts a job with `count` variables to double; returns its path."""
    job = {"name": name, "execute_function": DOUBLE, **fields}
    path = str(server.post("/jobs", job)["_links"]["self"])
    for number in range(count):
        server.post(f"{path}/variables", {"x": number})
    return path


def post_busy_job(server: Served, name: str = "Busy", count: int = 1, milliseconds: int = 60_000, **fields: Any) -> str:
    """Posts a job whose units take `milliseconds`; returns its path."""
    path = post_job(server, name, execute_function=BUSY, **fields)
    for _ in range(count):
        server.post(f"{path}/variables", {"ms": milliseconds})
    return path


def counts(server: Served, job: str) -> dict[str, int]:
    """The job's variables by their state."""
    return dict(server.get(f"{job}/progress")["variables"])


def wait_for_count(server: Served, job: str, **expected: int) -> None:
    # Each look costs the processor as much as a request of a page.
    wait_until(lambda: expected.items() <= counts(server, job).items(), interval=0.05)


class Visitor:
    """A visitor of the front page."""

    def __init__(self, page: Page, server: Served) -> None:
        self.page, self.server = page, server
        self.requests: list[str] = []
        page.context.on("request", lambda request: self.requests.append(request.url))
        self.goto()

    def goto(self, path: str = "/") -> None:
        self.page.goto(self.server.url + path)
        expect(self.by_id("content")).to_be_visible()
        self.unfold()

    def unfold(self) -> None:
        """Opens what is folded: on a phone most of the page, elsewhere the errors."""
        self.page.evaluate("for (const fold of document.querySelectorAll('.fold')) fold.open = true")

    def by_id(self, name: str) -> Locator:
        return self.page.locator(f"#{name}")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def press(self, name: str) -> None:
        self.button(name).click()

    def start(self) -> None:
        self.press("Start computing")

    def expect_status(self, text: str) -> None:
        expect(self.page.get_by_role("status").first).to_have_text(text)

    def expect_units(self, count: int) -> None:
        expect(self.by_id("units")).to_have_text(str(count))

    def card(self, name: str) -> Locator:
        """A job's card, scrolled into view: only visible cards are refreshed."""
        heading = self.page.get_by_role("heading", name=name, exact=True)
        card = self.page.get_by_role("listitem").filter(has=heading)
        card.scroll_into_view_if_needed()
        return card

    def worker(self, number: int) -> Locator:
        return self.by_id("worker-list").get_by_role("listitem").nth(number - 1)

    def error(self, text: str | re.Pattern[str]) -> Locator:
        return self.by_id("error-list").get_by_role("listitem").filter(has_text=text)

    def choose(self, label: str, value: int) -> None:
        self.page.get_by_label(label, exact=True).fill(str(value))

    def stored(self) -> Any:
        text = self.page.evaluate("localStorage.getItem('comp-pool')")
        return text and json.loads(text)

    def leases(self) -> list[str]:
        """The requests for a lease so far."""
        return [url for url in self.requests if url.endswith("/variables")]


def plain(text: str) -> str:
    """Without the marks that isolate the direction of names."""
    return re.sub("[\u2068\u2069]", "", text)
