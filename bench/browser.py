"""Computing in Chromium: the speed-up by a second worker, and the share of time spent in the job's function.

Each unit is a fixed number of steps, not a fixed time: two units on one core take twice as long.
"""

from __future__ import annotations

import json
import urllib.request
import uuid
from argparse import Namespace
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench import http, pools
from tests.browser.chromium import launch

WORK = """function (variable, context) {
  let state = 1;
  for (let step = 0; step < variable.steps; step++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  context.result = state;
  return context;
}"""
# Returns the time at which each unit ended, and the run time of its function.
COMPUTE = """async ({ job, workers, units }) => {
  const { volunteer } = await import("/client/js/index.js");
  const ended = [];
  await new Promise((resolve) => {
    const one = volunteer(location.href, {
      jobs: [job],
      workers,
      onunit: ({ seconds }) => {
        ended.push({ at: performance.now() / 1000, seconds });
        if (ended.length === units) one.stop().then(resolve);
      },
    });
    one.start();
  });
  return ended;
}"""
WARM_UP = 4


def run(options: Namespace) -> None:
    print("Computing in Chromium: units per second, and the share of the workers' time spent in the job's function")
    measure(options)


def measure(options: Namespace) -> dict[str, Any]:
    """The shares of the time in the job's function, by seconds of a unit and number of workers."""
    figures = {}
    with (
        pools.directory(options.directory) as root,
        http.server(root, TRUSTED=http.LOOPBACK) as port,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        for seconds, units in ((1.0, 20), (0.02, 500)):
            figures[f"{seconds} s"] = compare(page, port, root, seconds, units)
        browser.close()
    return figures


def compare(page: Page, port: int, root: Path, seconds: float, units: int) -> dict[str, float]:
    steps = round(seconds * speed(page, port, root))
    rates, shares = {}, {}
    for workers in (1, 2):
        job = post(port, root, steps, (units + WARM_UP) * workers + 4)
        ended = page.evaluate(COMPUTE, {"job": job, "workers": workers, "units": (units + WARM_UP) * workers})
        measured = ended[WARM_UP * workers :]
        elapsed = measured[-1]["at"] - ended[WARM_UP * workers - 1]["at"]
        inside = sum(unit["seconds"] for unit in measured)
        rates[workers] = len(measured) / elapsed
        mean = inside / len(measured)
        share = shares[str(workers)] = round(inside / elapsed / workers, 3)
        print(f"  {workers} worker(s), {mean:.3f} s per unit: {rates[workers]:.2f} units/s, in function {share:.1%}")
    print(f"  speed-up by the second worker: {rates[2] / rates[1]:.2f}")
    return shares


def speed(page: Page, port: int, root: Path) -> float:
    """Steps per second of one worker."""
    steps = 100_000_000
    job = post(port, root, steps, 6)
    ended = page.evaluate(COMPUTE, {"job": job, "workers": 1, "units": 4})
    return float(steps / min(unit["seconds"] for unit in ended))


def post(port: int, root: Path, steps: int, count: int) -> str:
    """Posts a new job with `count` variables; returns its id."""
    job = {"name": f"work {uuid.uuid4()}", "execute_function": WORK}
    posted = send(port, root, "/jobs", "application/json", json.dumps(job))
    lines = "\n".join([json.dumps({"steps": steps})] * count)
    send(port, root, f"/jobs/{posted['id']}/variables", "application/x-ndjson", lines)
    return str(posted["id"])


def send(port: int, root: Path, path: str, content_type: str, body: str) -> Any:
    key = (root / "secrets" / "operator.key").read_text().strip()
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body.encode(), headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)
