"""What the pages of two hundred volunteers cost the server: their polls of the pool's status and of a growing picture,
in processor time, beside the cycles (lease and result) that the same time would serve."""

from __future__ import annotations

import hashlib
import json
import os
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench import http, load, pools
from bench.load import Load, Session

PAGES = 200
# Seconds between two polls of a page: client/web/pool-now.js and client/web/render/schedule.js.
INTERVAL = 5.0
# Between two looks at one's credit: client/web/credit/credit.js.
RECORD_INTERVAL = 15.0
# Results of one poll of a large job, as in client/web/render/results-feed.js: a pool at work has always more.
LIMIT = 20
JOB = "/jobs/plain"
CYCLES, ROUNDS, CONNECTIONS = 500, 6, 8
# The figures of a status are counted anew after so many seconds.
STATUS_AGE = 2.1
# As a share of the pool's cycle rate.
GOAL = 0.05


@dataclass
class Page:
    volunteer: str
    etag: str = ""
    cursor: str = ""

    def poll_status(self) -> Session:
        body = yield _get("/status", f'If-None-Match: "{self.etag}"' if self.etag else "")
        self.etag = hashlib.sha256(body).hexdigest()[:20] if body else self.etag

    def poll_record(self) -> Session:
        """What the volunteer is credited with."""
        yield _get("/volunteer", f"Volunteer: {self.volunteer}")

    def poll_results(self) -> Session:
        """More have come than a page takes: the next time it passes some over."""
        place = f"cursor={self.cursor}&limit={LIMIT}" if self.cursor else f"last={LIMIT}"
        body = yield _get(f"{JOB}/results?{place}&inputs=true")
        document = json.loads(body)
        self.cursor = "" if "next" in document["_links"] else document["cursor"]


@dataclass
class Sum:
    """Requests and their processor time."""

    loads: list[Load] = field(default_factory=list)

    @property
    def microseconds(self) -> float:
        requests = sum(one.statuses.total() for one in self.loads)
        return sum(one.processor_seconds for one in self.loads) / requests * 1e6

    @property
    def statuses(self) -> str:
        counts = sum((one.statuses for one in self.loads), start=type(self.loads[0].statuses)())
        return ", ".join(f"{count} times {status}" for status, count in sorted(counts.items()))


def run(options: Namespace) -> None:
    cycles, status, results, records = Sum(), Sum(), Sum(), Sum()
    pages = [Page(_volunteer(number)) for number in range(PAGES)]
    with pools.directory(options.directory) as root, http.server(root, TRUSTED=http.LOOPBACK) as port:
        http.load(port, root, (ROUNDS + 2) * CYCLES, ["plain"])
        _play(port, _cycles())
        for number in range(ROUNDS):
            cycles.loads.append(_play(port, _cycles()))
            time.sleep(STATUS_AGE)
            some = _turn(pages, number)
            status.loads.append(_play(port, (page.poll_status() for page in some)))
            results.loads.append(_play(port, (page.poll_results() for page in some)))
            records.loads.append(_play(port, (page.poll_record() for page in some)))
    _print(cycles, status, results, records)


def _print(cycles: Sum, status: Sum, results: Sum, records: Sum) -> None:
    # A cycle is two requests.
    cycle = 2 * cycles.microseconds
    polls = PAGES / INTERVAL
    cost = polls * (status.microseconds + results.microseconds) + PAGES / RECORD_INTERVAL * records.microseconds
    share = cost / 1e6 / min(2, os.cpu_count() or 1)
    print(f"Processor time of the server, two workers; {PAGES} pages poll every {INTERVAL:g} s")
    print(f"  a cycle (lease and result)                 {cycle:8.0f} µs")
    print(f"  a poll of the status                       {status.microseconds:8.0f} µs   {status.statuses}")
    print(f"  a poll of a picture, {LIMIT} results             {results.microseconds:8.0f} µs   {results.statuses}")
    print(f"  a look at one's credit                     {records.microseconds:8.0f} µs   {records.statuses}")
    print(f"  all pages, each second                     {cost / 1000:8.1f} ms   as much as {cost / cycle:.0f} cycles")
    print(f"  of the pool's cycle rate                   {share:8.1%}      goal: below {GOAL:.0%}")


def _turn(pages: Sequence[Page], number: int) -> list[Page]:
    """Those that poll within the age of one status."""
    count = int(PAGES * STATUS_AGE / INTERVAL)
    return [pages[(number * count + index) % PAGES] for index in range(count)]


def _cycles() -> Iterator[Session]:
    return (_cycle(_volunteer(number % PAGES)) for number in range(CYCLES))


def _volunteer(number: int) -> str:
    return f"volunteer-{number:06}-of-the-benchmark"


def _cycle(volunteer: str) -> Session:
    body = yield load.get(f"{JOB}/variables", volunteer)
    variable = json.loads(body)
    yield load.post(variable["_links"]["post_result"], str(variable["n"] * 2).encode())


def _get(path: str, header: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}{header and chr(13) + chr(10)}\r\n".encode()


def _play(port: int, sessions: Iterator[Session]) -> Load:
    found = load.play(port, sessions, CONNECTIONS)
    assert all(status < 400 and status != 204 for status in found.statuses), found.statuses
    return found
