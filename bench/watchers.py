"""What 200 pages that watch a job cost the server, beside volunteers who compute it.

Measured is processor time, which other work on the machine hardly changes.

A page polls every five seconds, so there are 40 polls a second; at the goal of 1,400 cycles (lease and result) a second
that is one poll in 35 cycles. Rounds with and without polls alternate. Where the machine is slower, there are fewer
cycles to each document that watchers get, and their share seems greater than it is.
"""

from __future__ import annotations

import itertools
import statistics
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from bench import cycle, http, load, pools
from bench.load import Load, Session

JOB, PAGES, INTERVAL, CYCLES_PER_SECOND = "watched", 200, 5.0, 1400
CYCLES, CONNECTIONS, ROUNDS = 3000, 16, 5
# A round with polls and one without, and a pair of them to warm up.
PARTS = 2 * (1 + ROUNDS)
CYCLES_PER_POLL = round(CYCLES_PER_SECOND / (PAGES / INTERVAL))
ACTIVITY = f"/jobs/{JOB}/activity"


class Watchers:
    """The pages, which poll in turn; each knows the entity tag of what it has."""

    def __init__(self) -> None:
        self._tags = [b""] * PAGES
        self._turn = itertools.cycle(range(PAGES))

    def poll(self) -> Session:
        page = next(self._turn)
        self._tags[page] = (yield _poll(self._tags[page])).etag


def _poll(tag: bytes) -> bytes:
    request = f"GET {ACTIVITY} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n".encode()
    return request + b"If-None-Match: %s\r\n\r\n" % (tag or b'"none"')


def measure(options: Namespace) -> dict[str, Any]:
    with pools.directory(options.directory) as root, http.server(root, TRUSTED=http.LOOPBACK) as port:
        cycle.post_job(port, root, JOB, "validated")
        pools.add_variables(root, JOB, options.large)
        # Each cycle finishes a variable: a small job has shorter rounds.
        watchers, cycles = Watchers(), min(CYCLES, options.large // (PARTS + 1))
        # Both processes count the job for the first time.
        _play(port, (watchers.poll() for _ in range(2 * PAGES)))
        without, with_polls = [], []
        for number in range(1 + ROUNDS):
            pair = _round(port, cycles, None), _round(port, cycles, watchers)
            if number:
                without.append(pair[0])
                with_polls.append(pair[1])
        unchanged = _play(port, (watchers.poll() for _ in range(10 * PAGES)))
    return _figures(options.large, cycles, without, with_polls, unchanged)


def _round(port: int, cycles: int, watchers: Watchers | None) -> Load:
    return _play(port, _sessions(cycles, watchers))


def _sessions(cycles: int, watchers: Watchers | None) -> Iterator[Session]:
    for number in range(cycles):
        yield cycle.lease_and_result(JOB)
        if watchers is not None and number % CYCLES_PER_POLL == 0:
            yield watchers.poll()


def _play(port: int, sessions: Iterator[Session]) -> Load:
    done = load.play(port, sessions, CONNECTIONS)
    failed = sum(count for status, count in done.statuses.items() if status not in (200, 201, 304))
    if failed:
        raise RuntimeError(f"watchers: {dict(done.statuses)}")
    return done


def _figures(size: int, cycles: int, without: list[Load], with_polls: list[Load], unchanged: Load) -> dict[str, Any]:
    per_cycle = statistics.median(run.processor_seconds for run in without) / cycles * 1e6
    extra = statistics.median(
        (polled.processor_seconds - plain.processor_seconds) / cycles * 1e6
        for plain, polled in zip(without, with_polls, strict=True)
    )
    return {
        "variables": size,
        "cycle_microseconds": round(per_cycle),
        "unchanged_poll_microseconds": round(unchanged.microseconds),
        "polls_share_of_processor_time": round(extra / per_cycle, 3),
        "cycles_per_second": round(statistics.median(cycles / run.seconds for run in without)),
    }


def run(options: Namespace) -> None:
    print(f"{PAGES} pages watch a job of {options.large} variables, polling every {INTERVAL:.0f} s")
    for name, figure in measure(options).items():
        print(f"  {name}: {figure}")
