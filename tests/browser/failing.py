"""Helpers for tests of the page of a job's errors: reports as of volunteers, and an owner who looks at the page."""

from __future__ import annotations

import json
import urllib.request
from contextlib import closing
from typing import Any

from playwright.sync_api import Locator, Page, expect

from storage.flat import FlatStore
from tests.serving import TIMEOUT, Served

STACK = """TypeError: Cannot read properties of undefined (reading 'level')
    at execute_function.js:3:17
    at Array.map (<anonymous>)
    at execute_function.js:2:33"""
PAUSED = "20 variables failed at 3 different addresses, and none succeeded: see the job's errors"


def report(server: Served, job: str, message: str, kind: str = "threw", stack: str = "", **fields: Any) -> str:
    """Leases a variable, and reports that the function failed with it; returns the variable's path."""
    links = server.get(f"{job}/variables")["_links"]
    body = json.dumps({"error": {"kind": kind, "message": message, "stack": stack}, **fields}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(server.url + links["post_report"], body, headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT):
        return str(links["self"])


def pause(server: Served, job: str, reason: str = PAUSED) -> None:
    """Pauses a job as the pool does when it fails everywhere."""
    paused = {"at": "2014-12-02T10:00:00.000Z", "reason": reason}
    with closing(FlatStore(server.data, fsync=False)) as store:
        store.jobs.update(
            job.removeprefix("/jobs/"), lambda document: {**document, "state": "paused", "paused": paused}
        )


class Owner:
    """The owner of a job, at the page of its errors."""

    def __init__(self, page: Page, server: Served) -> None:
        self.page, self.server = page, server
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))

    @property
    def field(self) -> Locator:
        return self.page.get_by_label("The owner\u2019s key")

    def goto(self, job: str) -> None:
        self.page.goto(f"{self.server.url}{job}/errors")

    def enter(self, key: str) -> None:
        self.field.fill(key)
        self.page.keyboard.press("Enter")

    def show(self, job: str) -> None:
        """Enters the key, unless the tab has it."""
        self.goto(job)
        if self.stored() is None:
            self.enter(self.server.key)
        expect(self.page.locator("#content")).to_be_visible()

    def return_to(self, job: str) -> None:
        """Shows the page as it is when it has loaded; loads it only if it is another one."""
        if self.page.url != f"{self.server.url}{job}/errors":
            self.show(job)
        self.page.evaluate("for (const details of document.querySelectorAll('details')) details.open = false")

    def expect_status(self, text: str) -> None:
        expect(self.page.get_by_role("status")).to_have_text(text)

    def group(self, text: str) -> Locator:
        return self.page.locator(".group").filter(has_text=text)

    def stored(self) -> Any:
        return self.page.evaluate("sessionStorage.getItem('comp-pool key of /')")
