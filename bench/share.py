"""The share of a core that the browser of a volunteer with one worker uses, by the operating system's account.

Counted is the processor time of all of Chromium's processes: worker, page, requests, drawing. Chromium runs as a
volunteer runs it, without a tool that watches it. Some jobs leave work behind that goes on after their results.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
import uuid
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Page, Playwright, sync_playwright

from bench import browser, http, pools
from tests.browser.chromium import flags, launch
from tests.browser.processor import seconds_used
from tests.serving import free_port, wait_until

SHARES = (0.2, 0.5, 0.9)
UNIT_SECONDS = (0.001, 0.05, 5.0)
WARM_UP_SECONDS = 4.0
# Whole cycles of computation and rest: at least so long, and so many units. Results are posted at different moments of
# a cycle, so that a window may have one cycle more or less than it should: it lasts until that is little.
MIN_SECONDS = 15.0
MIN_UNITS = 4
MANY_UNITS = 40
MAX_SECONDS = 60.0
POLL_SECONDS = 0.1
TIMEOUT = 240.0

FUNCTION = """function (variable) {
  %s
  let state = 1;
  for (let step = 0; step < variable.steps; step++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return { result: state };
}"""
LEFT_BEHIND = {
    "nothing": "",
    "timers": """const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const lasting = new Int32Array(buffer);
  const loop = () => {
    for (const end = Date.now() + 10; Date.now() < end; );
    Atomics.waitAsync(lasting, 0, 0, 1).value.then(loop);
  };
  Atomics.waitAsync(lasting, 0, 0, 1).value.then(loop);""",
    "promises": "(async () => { for (;;) await null; })();",
}


@dataclass
class Case:
    left_behind: str
    unit_seconds: float
    share: float

    @property
    def name(self) -> str:
        return f"{self.left_behind}/{self.unit_seconds:g}/{self.share:g}"


@dataclass
class Measured:
    left_behind: str
    unit_seconds: float
    share: float
    # Of a core.
    used: float
    units: int
    seconds: float
    # The page's own figure, "computing time".
    shown: str


def run(options: Namespace) -> None:
    print("The share of a core that Chromium uses with one worker, by the operating system's account")
    with (
        pools.directory(options.directory) as root,
        http.server(root, TRUSTED=http.LOOPBACK) as port,
        sync_playwright() as playwright,
    ):
        speed = measure_speed(playwright, port, root)
        measured = [measure(playwright, port, root, speed, case) for case in cases(options.cases)]
    print(json.dumps([asdict(one) for one in measured]))


def cases(prefixes: str) -> Iterator[Case]:
    for left_behind in LEFT_BEHIND:
        for seconds in UNIT_SECONDS:
            for share in SHARES:
                case = Case(left_behind, seconds, share)
                if any(case.name.startswith(prefix) for prefix in prefixes.split(",")):
                    yield case


def measure_speed(playwright: Playwright, port: int, root: Path) -> float:
    """Steps per second of one worker."""
    chromium = launch(playwright)
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    speed = browser.speed(page, port, root)
    chromium.close()
    return speed


def measure(playwright: Playwright, port: int, root: Path, speed: float, case: Case) -> Measured:
    job = post(port, root, case, round(speed * case.unit_seconds))
    with visiting(playwright, port, case.share) as control:
        first = wait_for_unit(port, job, 0)
        time.sleep(WARM_UP_SECONDS)
        first = wait_for_unit(port, job, first)
        started, before = time.monotonic(), seconds_used("chrom")
        last = first
        while not is_representative(time.monotonic() - started, last - first):
            last = wait_for_unit(port, job, last)
        elapsed, used = time.monotonic() - started, seconds_used("chrom") - before
        shown = shown_time(playwright, control)
    send_without_body(port, root, f"/jobs/{job}", "DELETE")
    result = Measured(case.left_behind, case.unit_seconds, case.share, used / elapsed, last - first, elapsed, shown)
    print(
        f"  units of {case.unit_seconds:5g} s that leave {case.left_behind:8} behind, at {case.share:.0%}: "
        f"{result.used:5.1%} of a core, {result.used / case.share:.2f} of the share; {result.units} units in "
        f"{elapsed:.0f} s, {used / result.units * 1000:.1f} ms each; shown: {shown}",
        flush=True,
    )
    return result


def is_representative(seconds: float, units: int) -> bool:
    return seconds >= MIN_SECONDS and units >= MIN_UNITS and (units >= MANY_UNITS or seconds >= MAX_SECONDS)


@contextmanager
def visiting(playwright: Playwright, port: int, share: float) -> Iterator[str]:
    """Chromium with the pool's page, which has been told to compute. Yields the address of its debugging port."""
    with tempfile.TemporaryDirectory() as profile:
        remember(playwright, profile, port, share)
        control = free_port()
        process = subprocess.Popen(
            [
                "chromium",
                "--headless=new",
                *flags(),
                f"--user-data-dir={profile}",
                f"--remote-debugging-port={control}",
                f"http://127.0.0.1:{port}/",
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{control}"
        finally:
            process.terminate()
            process.wait()


def remember(playwright: Playwright, profile: str, port: int, share: float) -> None:
    """Stores what the page remembers of a visitor who computes."""
    settings = {"owners": [], "workers": 1, "throttle": share, "plugged": False, "gpu": False}
    totals = {"units": 0, "seconds": 0}
    visit = {"version": 1, "state": "running", "volunteer": uuid.uuid4().hex, "settings": settings, "totals": totals}
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=shutil.which("chromium"), args=["--headless=new", *flags()]
    )
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/openapi.json")
    page.evaluate("(visit) => localStorage.setItem('comp-pool', JSON.stringify(visit))", visit)
    context.close()


def shown_time(playwright: Playwright, control: str) -> str:
    chromium = playwright.chromium.connect_over_cdp(control)
    page: Page = chromium.contexts[0].pages[0]
    shown = str(page.inner_text("#time"))
    chromium.close()
    return shown


def wait_for_unit(port: int, job: str, before: int) -> int:
    """The number of units that are done, as soon as there are more than before."""

    def done() -> int:
        time.sleep(POLL_SECONDS)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/jobs/{job}/progress") as response:
            return int(json.load(response)["variables"]["done"])

    found = before
    while found <= before:
        found = wait_until(done, TIMEOUT)
    return found


def post(port: int, root: Path, case: Case, steps: int) -> str:
    """Posts a job with more variables than are computed; returns its id."""
    job = {"name": f"share {uuid.uuid4()}", "execute_function": FUNCTION % LEFT_BEHIND[case.left_behind]}
    posted = browser.send(port, root, "/jobs", "application/json", json.dumps(job))
    lines = "\n".join([json.dumps({"steps": steps})] * (40 if case.unit_seconds > 1 else 20_000))
    browser.send(port, root, f"/jobs/{posted['id']}/variables", "application/x-ndjson", lines)
    return str(posted["id"])


def send_without_body(port: int, root: Path, path: str, method: str) -> None:
    key = (root / "secrets" / "operator.key").read_text().strip()
    sent = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {key}"}, method=method
    )
    urllib.request.urlopen(sent).close()
