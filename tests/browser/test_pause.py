"""A volunteer who pauses has the processor back at once, by the operating system's account of Chromium's processes."""

from __future__ import annotations

import time

from playwright.sync_api import Page

from tests.browser.processor import seconds_used
from tests.browser.visiting import post_job
from tests.serving import Served, wait_until

WORKERS = 2
LOOPS = "() => { for (;;); }"
START = """async (workers) => {
  const { volunteer } = await import("/client/js/index.js");
  globalThis.helper = volunteer("/", { workers, throttle: 0.1, pauseGrace: 0 });
  await helper.start();
}"""


def test_nothing_computes_on_after_a_pause(server: Served, page: Page) -> None:
    post_job(server, count=WORKERS, execute_function=LOOPS)
    page.goto(f"{server.url}/")
    idle = seconds_used()
    page.evaluate(START, WORKERS)
    # More than the start takes: both units run.
    wait_until(lambda: seconds_used() - idle > 1.5, interval=0.1)
    asked = time.monotonic()
    page.evaluate("helper.pause()")
    assert time.monotonic() - asked < 10
    paused = seconds_used()
    time.sleep(0.5)
    assert seconds_used() - paused < 0.15
