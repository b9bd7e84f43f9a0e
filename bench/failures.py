"""What failing units cost: simulated volunteers with the clients' pauses, by a clock that jumps from event to event.

Three cases: a poison pill among 1,000 units; a black hole (fails at once, always) among ten volunteers; a job of
100,000 units that always throws. `python -m bench.failures` runs in the version on the path: two can be compared.
"""

from __future__ import annotations

import heapq
import itertools
import json
import os
import tempfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from webtest import TestApp  # type: ignore[import-untyped]

from app import Pool, create_app
from config import Config
from storage.clock import ManualClock

UNIT_SECONDS, HOURS = 10.0, 24
# The clients' retry policy: after each failure a delay, after three in a row a pause of the job, both doubled.
FIRST_DELAY, FAILURES, FIRST_PAUSE, LONGEST_PAUSE = 0.5, 3, 30.0, 3600.0
Fails = Callable[[int, int], bool]


class Volunteer:
    """One volunteer with one worker; `fails(volunteer, x)` decides about a unit."""

    def __init__(self, app: TestApp, number: int, fails: Fails) -> None:
        self._app, self._number, self._fails = app, number, fails
        self._in_a_row = 0
        self.failures = self.results = self.requests = 0

    def step(self) -> float:
        """Fetches and finishes one unit; returns the seconds until the next step."""
        response = self._send("GET", "/jobs/job/variables")
        if response.status_int != 200:
            return float(response.headers.get("Retry-After", 10))
        unit = response.json
        if self._fails(self._number, unit["x"]):
            return self._report_failure(unit["_links"])
        self._in_a_row = 0
        self.results += 1
        self._send("POST", unit["_links"]["post_result"], unit["x"])
        return UNIT_SECONDS

    def _report_failure(self, links: dict[str, str]) -> float:
        self.failures, self._in_a_row = self.failures + 1, self._in_a_row + 1
        if "post_report" in links:
            self._send(
                "POST", links["post_report"], {"error": {"kind": "threw", "message": "TypeError: x is undefined"}}
            )
        else:
            self._send("DELETE", links["lease"])
        if self._in_a_row < FAILURES:
            return FIRST_DELAY * 2.0 ** (self._in_a_row - 1)
        return min(FIRST_PAUSE * 2.0 ** (self._in_a_row - FAILURES), LONGEST_PAUSE)

    def _send(self, method: str, path: str, value: Any = None) -> Any:
        self.requests += 1
        return self._app.request(
            path,
            method=method,
            body=None if value is None else json.dumps(value).encode(),
            headers={"Volunteer": f"volunteer-number-{self._number:03}", "X-Forwarded-For": f"192.0.2.{self._number}"},
            content_type="application/json",
            environ={"REMOTE_ADDR": "127.0.0.1"},
            status="*",
        )


def simulate(volunteers: int, units: int, fails: Fails, hours: float = HOURS) -> str:
    # In memory where there is one: a hundred thousand files are not what is measured.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as directory:
        clock = ManualClock()
        settings: dict[str, Any] = {"data": Path(directory) / "pool", "fsync": False}
        if hasattr(Config, "proxies"):
            settings["proxies"] = "127.0.0.1"
        pool = Pool(Config(**settings), clock=clock)
        pool.open()
        app = TestApp(create_app(pool=pool))
        key = (Path(directory) / "pool" / "secrets" / "operator.key").read_text().strip()
        owner = {"Authorization": f"Bearer {key}"}
        app.post_json("/jobs", {"name": "job", "execute_function": "(variable, context) => context"}, headers=owner)
        lines = "".join(f'{{"x": {number}}}\n' for number in range(units)).encode()
        app.post("/jobs/job/variables", lines, headers={**owner, "Content-Type": "application/x-ndjson"})
        told = _run(app, clock, [Volunteer(app, number, fails) for number in range(1, volunteers + 1)], owner, hours)
        pool.close()
        return told


def _run(app: TestApp, clock: ManualClock, crowd: list[Volunteer], owner: dict[str, str], hours: float) -> str:
    order = itertools.count()
    # They come one after the other.
    queue = [(number * 7.0, next(order), volunteer) for number, volunteer in enumerate(crowd)]
    heapq.heapify(queue)
    now, end, first_told, paused = 0.0, hours * 3600, None, None
    for steps in itertools.count():
        at, _, volunteer = heapq.heappop(queue)
        if at > end:
            break
        clock.advance(at - now)
        now = at
        heapq.heappush(queue, (at + max(volunteer.step(), 0.1), next(order), volunteer))
        if steps % 50 == 0 or (paused is None and steps < 500):
            progress = app.get("/jobs/job/progress", headers=owner).json
            if first_told is None and progress.get("errors"):
                first_told = at
            if progress["state"] == "paused":
                paused = at
                break
            unfinished = progress["variables"]["open"] + progress["variables"]["leased"]
            if unfinished == 0 or (progress.get("stuck") and unfinished == progress["stuck"]):
                break
    progress = app.get("/jobs/job/progress", headers=owner).json
    failures, requests = sum(one.failures for one in crowd), sum(one.requests for one in crowd)
    told = "never" if first_told is None else f"after {first_told:.0f} s"
    return (
        f"after {now / 3600:.1f} h: {progress['variables']['done']} done, {progress['variables']['failed']} failed, "
        f"{progress.get('stuck', 0)} stuck, job {progress['state']}; "
        f"{failures} failed computations, {requests} requests; owner told {told}"
    )


def run(_options: Namespace) -> None:
    print(f"Failing units, simulated: units of {UNIT_SECONDS:g} s, at most {HOURS} h")
    print(f"  poison pill among 1,000, ten volunteers: {simulate(10, 1000, lambda _, x: x == 500)}")
    print(f"  poison pill among 1,000, one volunteer:  {simulate(1, 1000, lambda _, x: x == 500)}")
    print(f"  black hole among ten, 1,000 units:       {simulate(10, 1000, lambda number, _: number == 1)}")
    print(f"  100,000 that always throw, ten:          {simulate(10, 100_000, lambda *_: True)}")
    print(f"  100,000 that always throw, one:          {simulate(1, 100_000, lambda *_: True)}")


if __name__ == "__main__":
    run(Namespace())
