"""A volunteer's share of the time, by the operating system's account of Chromium's processes."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.browser.firefox import Firefox
from tests.browser.processor import seconds_used
from tests.browser.visiting import Visitor, counts, post_job
from tests.serving import Served, wait_until

LEAVES_TIMERS = """() => {
  const lasting = new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer);
  const loop = () => {
    for (const end = Date.now() + 10; Date.now() < end; );
    Atomics.waitAsync(lasting, 0, 0, 1).value.then(loop);
  };
  loop();
  return { result: 1 };
}"""
START = """async () => {
  const { volunteer } = await import("/client/js/index.js");
  globalThis.helper = volunteer("/", { workers: 1, throttle: 0.2 });
  await helper.start();
}"""
# The milliseconds after which a rest of 300 is confirmed, and the unit after it computed.
FREEZE = """async () => {
  const { SandboxFrame } = await import("/client/js/browser/sandbox-frame.js");
  const { platform } = await import("/client/js/browser/platform.js");
  const frame = await SandboxFrame.open("/sandbox", platform.clock);
  const worker = frame.startWorker({ gpu: false, limit: 100 });
  const compute = (unit) => new Promise((resolve) => {
    worker.onresponse = resolve;
    worker.send({ unit, source: "() => ({ result: 1 })", variable: "{}", context: null });
  });
  await compute(1);
  const started = performance.now();
  const confirmed = new Promise((resolve) => {
    worker.onfrozen = () => resolve(performance.now() - started);
  });
  worker.freeze(300);
  await compute(2);
  const after = [await confirmed, performance.now() - started];
  frame.close();
  return after;
}"""
WINDOW = 3.0
# Without rests they use a core and more. The tests' tool costs processor time in the browser too, for each request.
AT_MOST = 0.34


def test_a_fifth_of_the_time_is_kept(server: Served, page: Page) -> None:
    """By instant units that leave work behind; `python -m bench share` measures all kinds."""
    job = post_job(server, count=1000, execute_function=LEAVES_TIMERS)
    page.goto(f"{server.url}/")
    page.evaluate(START)
    wait_until(lambda: counts(server, job)["done"] > 0)
    started, before, done = time.monotonic(), seconds_used("chrom"), counts(server, job)["done"]
    time.sleep(WINDOW)
    used, elapsed = seconds_used("chrom") - before, time.monotonic() - started
    shown = page.evaluate("helper.totals.used")
    assert used / elapsed < AT_MOST
    assert shown > used / 2
    wait_until(lambda: counts(server, job)["done"] > done)
    page.evaluate("helper.stop()")


def test_the_page_shows_the_time_used_and_draws_no_animation(server: Served, page: Page) -> None:
    post_job(server, count=500, execute_function=LEAVES_TIMERS)
    visitor = Visitor(page, server)
    visitor.start()
    expect(visitor.by_id("time")).not_to_have_text("0 sec", timeout=20_000)
    assert page.evaluate("document.getAnimations().length") == 0


def test_a_worker_is_frozen_in_firefox_too(server: Served, firefox: Firefox) -> None:
    firefox.goto(f"{server.url}/")
    confirmed, computed = firefox.evaluate(FREEZE)
    assert confirmed < computed
    assert computed >= 299
