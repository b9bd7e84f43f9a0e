"""A small real pool with liars: a server with two processes, a browser, two native volunteers, and two liars.

Each policy computes `prime-count`, without its validator, and a flow, to the last unit, while processes of the server
are killed. Liars always lie, agree with each other, and come back under new ids after 30 units.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench import http as server_of
from bench import pools
from tests.browser.chromium import launch

SOURCE = server_of.ROOT / "data" / "jobs" / "prime-count" / "execute_function.js"
POLICIES: tuple[dict[str, Any], ...] = (
    {"policy": "audit", "idle_seconds": 3},
    {"policy": "quorum", "quorum": 2},
    # Liars at two addresses can't be three volunteers that agree.
    {"policy": "quorum", "quorum": 3, "most": 8},
    {"policy": "adaptive", "quorum": 3, "most": 8},
)
UNITS, SIZE, LIE, LIFETIME = 400, 100_000, {"count": -1, "twins": -1}, 30
# Below ten and forty million, by the number of units.
PRIMES = {100: 664_579, 400: 2_433_654}
RIGHT_FLOW = {"sum": 9_593}
SUM = "(variable, context) => ({result: {sum: variable.add + (context.count ?? 0)}})"
START = """async (jobs) => {
  const { volunteer } = await import("/client/js/index.js");
  globalThis.computed = 0;
  globalThis.working = volunteer(location.href, {jobs, workers: 1, onunit: () => (globalThis.computed += 1)});
  globalThis.working.start();
}"""


class Pool:
    def __init__(self, port: int, root: Path) -> None:
        self.url, self._key = f"http://127.0.0.1:{port}", (root / "secrets" / "operator.key").read_text().strip()

    def send(self, method: str, path: str, document: Any = None, **headers: str) -> Any:
        body = None if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"} | headers
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            content = response.read()
            return json.loads(content) if content else None

    def post(self, path: str, document: Any, method: str = "POST") -> Any:
        return self.persist(lambda: self.send(method, path, document, Authorization=f"Bearer {self._key}"))

    def persist(self, call: Any) -> Any:
        """Repeats while a process of the server is killed."""
        for _ in range(20):
            with contextlib.suppress(OSError, http.client.HTTPException):
                return call()
            time.sleep(0.5)
        return call()


@dataclass(frozen=True)
class Found:
    """What came of a job and its flow; `lies` were posted, of which so many were thrown back."""

    seconds: float
    wrong: int
    accepted: int
    primes: int
    flow: Any
    lies: int
    thrown_back: int
    in_browser: int

    def is_right(self, units: int) -> bool:
        return (self.wrong, self.accepted, self.primes, self.flow) == (0, units, PRIMES[units], RIGHT_FLOW)


class Liar(threading.Thread):
    def __init__(self, pool: Pool, jobs: list[str], number: int) -> None:
        super().__init__(daemon=True)
        self._pool, self._jobs, self._address = pool, jobs, f"198.51.100.{number}"
        self.lies = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        headers: dict[str, str] = {}
        while not self.stopping.is_set():
            if self.lies % LIFETIME == 0:
                headers = {"Volunteer": uuid.uuid4().hex, "X-Forwarded-For": self._address}
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._lie(random.choice(self._jobs), headers)
            self.stopping.wait(0.05)

    def _lie(self, job: str, headers: dict[str, str]) -> None:
        leased = self._pool.send("GET", f"/jobs/{job}/variables", **headers)
        if leased:
            self._pool.send("POST", leased["_links"]["post_result"], LIE, **headers)
            self.lies += 1


def run(options: Namespace) -> None:
    for trust in POLICIES:
        with pools.directory(options.directory) as root:
            print(f"  {trust}: {found_by(root, trust, UNITS)}", flush=True)


def found_by(root: Path, trust: dict[str, Any], units: int, kill_seconds: float = 6) -> Found:
    """What a pool in a new directory comes to under a policy."""
    with (
        server_of.server(root, TRUSTED=server_of.LOOPBACK, PROXIES="127.0.0.1") as port,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        try:
            return compute(Pool(port, root), browser.new_page(), trust, units, kill_seconds)
        finally:
            browser.close()


def compute(pool: Pool, page: Page, trust: dict[str, Any], units: int, kill_seconds: float) -> Found:
    count, total = post_jobs(pool, trust, units)
    flow = post_flow(pool, count, total)
    liars = [Liar(pool, [count, total], number) for number in (1, 2)]
    page.goto(pool.url)
    page.evaluate(START, [count, total])
    started = time.monotonic()
    with natives(pool), killing(pool, kill_seconds):
        for liar in liars:
            liar.start()
        while not is_done(pool, count, flow):
            # Playwright's own loop, so that the page goes on.
            page.wait_for_timeout(500)
            if time.monotonic() - started > 400:
                raise RuntimeError(f"not done: {pool.persist(lambda: pool.send('GET', f'/jobs/{count}/progress'))}")
    seconds = time.monotonic() - started
    for liar in liars:
        liar.stopping.set()
    items = pool.persist(lambda: pool.send("GET", f"/jobs/{count}/results?limit=1000"))["_embedded"]["items"]
    progress = pool.persist(lambda: pool.send("GET", f"/jobs/{count}/progress"))
    return Found(
        seconds=round(seconds),
        wrong=sum(item["result"] == LIE for item in items),
        accepted=len(items),
        primes=sum(item["result"]["count"] for item in items),
        flow=pool.persist(lambda: pool.send("GET", flow)).get("result"),
        lies=sum(liar.lies for liar in liars),
        thrown_back=progress["results"]["rejected"],
        in_browser=page.evaluate("globalThis.computed"),
    )


def post_jobs(pool: Pool, trust: dict[str, Any], units: int) -> tuple[str, str]:
    settings = {"trust": trust, "lease_seconds": 5}
    found = []
    for name, function in (("count", SOURCE.read_text()), ("total", SUM)):
        job = {"name": name, "execute_function": function, "settings": settings}
        found.append(pool.post("/jobs", job)["id"])
    for number in range(units):
        variable = {"from": number * SIZE, "to": (number + 1) * SIZE}
        pool.post(f"/jobs/{found[0]}/variables/v{number:03}", variable, "PUT")
    pool.post(f"/jobs/{found[1]}/variables/one", {"add": 1}, "PUT")
    return found[0], found[1]


def post_flow(pool: Pool, count: str, total: str) -> str:
    """The first count is merged into the sum: 9,592 primes below a hundred thousand."""
    leaf = {"job": f"/jobs/{count}", "variable": f"/jobs/{count}/variables/v000"}
    root = {"job": f"/jobs/{total}", "variable": f"/jobs/{total}/variables/one"}
    return str(pool.post("/flows", {"jobs": [root], "dependent": {"jobs": [leaf]}})["_links"]["self"])


@contextlib.contextmanager
def natives(pool: Pool) -> Iterator[None]:
    command = [sys.executable, "-m", "comp_pool", "work", pool.url, "--volunteer-id"]
    started = [
        # Else both would be one volunteer: the id is stored.
        subprocess.Popen(
            [*command, uuid.uuid4().hex], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        for _ in range(2)
    ]
    try:
        yield
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def killing(pool: Pool, seconds: float) -> Iterator[None]:
    """Kills a process of the server every few seconds: the parent starts another."""
    port, stopping = pool.url.rpartition(":")[2], threading.Event()

    def kill() -> None:
        while not stopping.wait(seconds):
            with contextlib.suppress(ProcessLookupError, IndexError):
                os.kill(random.choice(workers_of(port)), signal.SIGKILL)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def workers_of(port: str) -> list[int]:
    """The processes of the server of this port, without the first, which only starts the others."""
    found = []
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            environment = Path(f"/proc/{entry}/environ").read_bytes()
            command = Path(f"/proc/{entry}/cmdline").read_bytes()
            if b"gunicorn" in command and f"COMP_POOL_BIND=127.0.0.1:{port}".encode() in environment:
                found.append(int(entry))
    return [process for process in found if _parent_of(process) in found]


def _parent_of(process: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def is_done(pool: Pool, count: str, flow: str) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        progress = pool.send("GET", f"/jobs/{count}/progress")
        return bool(progress["complete"]) and pool.send("GET", flow)["state"] == "done"
    return False
