"""Units that could crash a browser, on the front page in Chromium and Firefox: each is stopped and listed as an error,
the page stays responsive, and units of other jobs are computed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.chromium import launch
from tests.serving import Served, wait_until

HOSTILE = {
    "endless": "() => { for (;;); }",
    "backtracking": "() => ({ result: /^(a+)+$/.test('a'.repeat(60) + 'b') })",
    "giant": "() => ({ result: 'x'.repeat(100_000_000) })",
    "hoarder": "() => { const hoard = []; for (;;) hoard.push(new Array(1_000_000).fill(0.5)); }",
}
SAYS = {
    "endless": "took too long and was stopped",
    "backtracking": "took too long and was stopped",
    "giant": "returned a result that is too large",
}
# Chromium ends the sandbox's process; in Firefox the unit runs until its timeout.
HOARDED = {"chromium": "The sandbox had to be restarted", "firefox": "took too long and was stopped"}


# One worker that computes all of its time.
CHOOSE = """() => {
  document.querySelector("#workers").value = 1;
  document.querySelector("#throttle").value = 100;
  document.querySelector("#choices").dispatchEvent(new Event("input"));
}"""


class Window(Protocol):
    """A page of either browser. Chromium is driven by CDP, since Playwright drops a page when a frame crashes."""

    def goto(self, url: str) -> None: ...

    def evaluate(self, function: str) -> Any: ...

    def close(self) -> None: ...


class ChromiumWindow:
    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open()

    def _open(self) -> None:
        self._page = self._browser.new_page(locale="en")
        self._session = self._page.context.new_cdp_session(self._page)

    def goto(self, url: str) -> None:
        self.close()
        self._open()
        self._page.goto(url)

    def evaluate(self, function: str) -> Any:
        expression = f"({function})()"
        wanted = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        return self._session.send("Runtime.evaluate", wanted)["result"].get("value")

    def close(self) -> None:
        self._page.close()


@pytest.fixture(scope="module")
def small_chromium(playwright: Playwright) -> Iterator[Browser]:
    """Its heaps are small, so that a heap is exhausted before the machine's memory."""
    browser = launch(playwright, "--js-flags=--max-old-space-size=256")
    yield browser
    browser.close()


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def window(request: pytest.FixtureRequest) -> Iterator[Window]:
    if request.param == "firefox":
        yield request.getfixturevalue("firefox")
    else:
        opened = ChromiumWindow(request.getfixturevalue("small_chromium"))
        yield opened
        opened.close()


def post(server: Served, name: str, function: str, seconds: int = 1) -> None:
    settings = {"lease_seconds": seconds, "max_errors": 1}
    server.post("/jobs", {"name": name, "execute_function": function, "settings": settings})
    server.post(f"/jobs/{name}/variables/one", {"n": 1}, "PUT")


def text(window: Window, selector: str) -> str:
    return str(window.evaluate(f"() => document.querySelector({json.dumps(selector)}).textContent"))


def press(window: Window, selector: str) -> None:
    window.evaluate(f"() => document.querySelector({json.dumps(selector)}).click()")


def start(window: Window, server: Served) -> None:
    """Opens the page and starts one worker that computes all of its time."""
    window.goto(f"{server.url}/?lang=en")
    wait_until(lambda: "Start" in text(window, "#toggle"))
    window.evaluate(CHOOSE)
    press(window, "#toggle")


def is_done(server: Served, job: str) -> bool:
    return bool(server.get(f"/jobs/{job}/progress")["variables"]["done"])


def pause(server: Served, job: str) -> None:
    server.post(f"/jobs/{job}", {"state": "paused"}, "PATCH")


def is_listed(window: Window, name: str) -> bool:
    """Whether the page has listed the error of this hostile job."""
    errors = window.evaluate("() => [...document.querySelectorAll('#error-list li')].map((item) => item.textContent)")
    return any(name in error and SAYS[name] in error for error in errors)


def assert_responds(window: Window) -> None:
    press(window, "#toggle")
    wait_until(lambda: "Paus" in text(window, "#status"))


def test_the_page_lists_the_error_of_each_unit_and_computes_other_jobs(window: Window, server: Served) -> None:
    for name in SAYS:
        # Units that don't end are stopped when their lease ends; a giant result is noticed before.
        post(server, name, HOSTILE[name], seconds=30 if name == "giant" else 1)
    start(window, server)
    missing = set(SAYS)
    while missing:
        name = wait_until(lambda: next((name for name in missing if is_listed(window, name)), None), interval=0.1)
        if len(missing) == len(SAYS):
            post(server, "good", "() => ({ result: 7 })")
        pause(server, name)
        missing.remove(name)
    wait_until(lambda: is_done(server, "good"), interval=0.1)
    assert_responds(window)


def test_exhausted_memory_ends_the_sandbox_and_not_the_page(
    window: Window, server: Served, request: pytest.FixtureRequest
) -> None:
    browser = request.node.callspec.params["window"]
    post(server, "hoarder", HOSTILE["hoarder"], seconds=30 if browser == "chromium" else 1)
    start(window, server)
    wait_until(lambda: HOARDED[browser] in text(window, "#error-list"), 40, 0.1)
    pause(server, "hoarder")
    post(server, "good", "() => ({ result: 7 })")
    wait_until(lambda: is_done(server, "good"), interval=0.1)
    assert_responds(window)


def test_the_page_stays_responsive_while_a_unit_loops(window: Window, server: Served) -> None:
    post(server, "endless", HOSTILE["endless"], seconds=30)
    start(window, server)
    wait_until(lambda: "computing" in text(window, "#worker-list"))
    assert_responds(window)
