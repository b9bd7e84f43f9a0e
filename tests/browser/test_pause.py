"""A volunteer who pauses has the processor back at once, by the operating system's account of Chromium's processes."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page

from tests.browser.processor import seconds_used
from tests.browser.visiting import post_job
from tests.serving import Served, wait_until

LOOPS = "() => { for (;;); }"
START = """async (workers) => {
  const { volunteer } = await import("/client/js/index.js");
  globalThis.helper = volunteer("/", { workers, throttle: 0.1, pauseGrace: 0 });
  await helper.start();
}"""


@pytest.mark.parametrize("workers", [1, 2], ids=["an endless unit", "two endless units"])
def test_nothing_computes_on_after_a_pause(server: Served, page: Page, workers: int) -> None:
    post_job(server, count=workers, execute_function=LOOPS)
    page.goto(f"{server.url}/")
    idle = seconds_used()
    page.evaluate(START, workers)
    wait_until(lambda: seconds_used() - idle > 1.5 * workers)
    page.evaluate("helper.pause()")
    paused = seconds_used()
    time.sleep(0.5)
    assert seconds_used() - paused < 0.15
