"""A volunteer who pauses has the processor back at once, by the operating system's account of Chromium's processes."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.visiting import post_job
from tests.serving import Served, wait_until

LOOPS = "() => { for (;;); }"
LEAVES_A_LOOP = """() => {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  Atomics.waitAsync(new Int32Array(buffer), 0, 0, 300).value.then(() => { for (;;); });
  for (const end = Date.now() + 500; Date.now() < end; );
  return { result: 1 };
}"""
# At this throttle the rest after a unit that leaves a loop is 4.5 s, too short to end its worker.
START = """async (workers) => {
  const { volunteer } = await import("/client/js/index.js");
  globalThis.helper = volunteer("/", { workers, throttle: 0.1, pauseGrace: 0 });
  await helper.start();
}"""
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def stats() -> dict[int, list[str]]:
    """Of each process, the fields of /proc/<process>/stat after the command's name."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # It has ended.
            found[int(path.name)] = (path / "stat").read_text().rpartition(")")[2].split()
    return found


def seconds_used() -> dict[int, float]:
    """The processor time of the processes that the tests have started, the browser's among them, by their ids."""
    fields = stats()
    family = [os.getpid()]
    for parent in family:
        family += [process for process in fields if int(fields[process][1]) == parent]
    return {process: sum(map(int, fields[process][11:13])) / TICKS_PER_SECOND for process in family[1:]}


def used_since(before: dict[int, float]) -> float:
    return sum(seconds - before.get(process, 0.0) for process, seconds in seconds_used().items())


@pytest.mark.parametrize(
    ("function", "workers"),
    [(LOOPS, 1), (LOOPS, 2), (LEAVES_A_LOOP, 1)],
    ids=["an endless unit", "two endless units", "a loop that a unit left behind"],
)
def test_nothing_computes_on_after_a_pause(server: Served, page: Page, function: str, workers: int) -> None:
    post_job(server, count=workers, execute_function=function)
    page.goto(f"{server.url}/")
    idle = seconds_used()
    page.evaluate(START, workers)
    wait_until(lambda: used_since(idle) > 1.5 * workers)
    page.evaluate("helper.pause()")
    paused = seconds_used()
    time.sleep(0.5)
    assert used_since(paused) < 0.15
