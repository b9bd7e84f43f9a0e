"""The life of a unit over HTTP: lease, result, both together, and in batches, in jobs of 10^3 to 10^6 variables.

Each round measures all of them in turn, beside a bare Falcon application in as many processes; the ratios are medians
of the rounds. The load generator runs on the same machine and takes part of its time.
"""

from __future__ import annotations

import json
import os
import random
import re
import statistics
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import http, load, pools
from bench.load import Load, Session

ROUNDS, BATCH = 3, 64
CONNECTIONS, BATCH_CONNECTIONS = 16, 4
CYCLE_CONNECTIONS = (8, 16, 64)
# From this size on there is no job with a validator: filling it would take minutes.
LARGE = 1_000_000
# The link and the number of each variable in a response.
_VARIABLE = re.compile(rb'"post_result":"([^"]+)".*?"n":(\d+)')
Figures = dict[str, Any]
Runs = dict[str, list[Load]]


def _volunteer() -> str:
    return f"{random.getrandbits(128):032x}"


def _lease(job: str, query: str = "") -> bytes:
    # Each lease is of a volunteer of its own: what a new one may hold is not measured here.
    return load.get(f"/jobs/{job}/variables{query}", _volunteer())


def _result(leased: bytes) -> bytes:
    [(link, number)] = _VARIABLE.findall(leased)
    return load.post(link.decode(), b"%d" % (2 * int(number)))


def _leasing(job: str, leased: list[bytes]) -> Session:
    leased.append((yield _lease(job)))


def lease_and_result(job: str) -> Session:
    yield _result((yield _lease(job)))


def _batch(job: str) -> Session:
    leased = yield _lease(job, f"?count={BATCH}")
    lines = (b'{"post_result":"%s","result":%d}' % (link, 2 * int(n)) for link, n in _VARIABLE.findall(leased))
    outcomes = json.loads((yield load.post(f"/jobs/{job}/results", b"\n".join(lines), http.NDJSON)))["outcomes"]
    assert [one["status"] for one in outcomes] == [201] * BATCH, outcomes


class Measurement:
    """The measurements of one size, at a pool and at a bare application."""

    def __init__(self, root: Path, port: int, bare: int, size: int) -> None:
        self._root, self._port, self._bare, self._size = root, port, bare, size
        small = size < 10_000
        self._singles, self._batches = (200, 4) if small else (600, 24)
        self.runs: Runs = defaultdict(list)

    def prepare(self, number: int) -> dict[str, str]:
        """The jobs of a round, by kind. A round finishes most variables of small ones: each has its own."""
        kinds = ("plain",) if self._size >= LARGE else ("plain", "validated")
        jobs = {kind: f"{kind}-{self._size}" + (f"-{number}" if self._size < 10_000 else "") for kind in kinds}
        for kind, job in jobs.items():
            if not (self._root / "jobs" / job).exists():
                post_job(self._port, self._root, job, kind)
                pools.add_variables(self._root, job, self._size)
        return jobs

    def round(self, jobs: dict[str, str]) -> None:
        self._measure("bare GET", self._bare, map(load.single, [load.get("/")] * self._singles))
        leased: list[bytes] = []
        self._measure("lease", self._port, (_leasing(jobs["plain"], leased) for _ in range(self._singles)))
        self._measure("bare POST", self._bare, map(load.single, [load.post("/", b"2")] * self._singles))
        self._measure("result", self._port, map(load.single, map(_result, leased)))
        for kind, job in jobs.items():
            self._measure_cycles(kind, job)
            batches = (_batch(job) for _ in range(self._batches))
            self._measure(f"batches, {kind}", self._port, batches, BATCH_CONNECTIONS)
        if "validated" in jobs:
            self._measure_validated(jobs["validated"])

    def _measure_validated(self, job: str) -> None:
        leased: list[bytes] = []
        load.play(self._port, (_leasing(job, leased) for _ in range(self._singles)), CONNECTIONS)
        self._measure("validated result", self._port, map(load.single, map(_result, leased)))

    def _measure_cycles(self, kind: str, job: str) -> None:
        # In a small job there are not enough variables for several runs.
        for connections in CYCLE_CONNECTIONS if self._size >= 10_000 else (CONNECTIONS,):
            cycles = (lease_and_result(job) for _ in range(self._singles))
            self._measure(f"cycle, {kind}, {connections} connections", self._port, cycles, connections)

    def _measure(self, name: str, port: int, sessions: Iterator[Session], connections: int = CONNECTIONS) -> None:
        done = load.play(port, sessions, connections)
        failed = sum(count for status, count in done.statuses.items() if status not in (200, 201))
        if failed:
            raise RuntimeError(f"{name}: {dict(done.statuses)}")
        self.runs[name].append(done)


def post_job(port: int, root: Path, name: str, kind: str) -> None:
    key = (root / "secrets" / "operator.key").read_text().strip()
    job = {"name": name, "execute_function": "(variable, context) => context", **http.JOBS[kind]}
    connection = http.Connection("127.0.0.1", port)
    http.send(connection, "POST", "/jobs", json.dumps(job).encode(), Authorization=f"Bearer {key}")
    connection.close()


def units(name: str, run: Load) -> int:
    """How many units a run has finished: a cycle has two requests, and so has a batch."""
    requests = run.statuses.total()
    if name.startswith("batches"):
        return requests // 2 * BATCH
    return requests // 2 if name.startswith("cycle") else requests


def _median(runs: list[Load], figure: Callable[[Load], float]) -> float:
    return statistics.median(map(figure, runs))


def summary(runs: Runs) -> Figures:
    def rate(name: str) -> Callable[[Load], float]:
        return lambda run: units(name, run) / run.seconds

    bare = {"lease": "bare GET", "result": "bare POST", "validated result": "bare POST"}
    return {
        "per_second": {name: round(_median(of_name, rate(name))) for name, of_name in runs.items()},
        # Of each round, since what else the machine does changes from round to round.
        "to_bare": {
            name: round(statistics.median(a.rate / b.rate for a, b in zip(runs[name], runs[of], strict=True)), 2)
            for name, of in bare.items()
            if name in runs
        },
        # Other work on the machine only adds to it.
        "processor_microseconds": {
            name: round(min(run.processor_seconds / units(name, run) for run in of_name) * 1e6)
            for name, of_name in runs.items()
        },
    }


def megabytes() -> float:
    """The largest resident memory of the pool's server processes."""
    sizes = [0]
    for pid in load.descendants(os.getpid()):
        process = Path(f"/proc/{pid}")
        if b"python:server" in (process / "cmdline").read_bytes():
            lines = (process / "status").read_text().split("\n")
            sizes += [int(line.split()[1]) for line in lines if line.startswith("VmRSS")]
    return round(max(sizes) / 1024, 1)


def measure(options: Namespace) -> Figures:
    figures: Figures = {}
    with (
        pools.directory(options.directory) as root,
        http.server(root, TRUSTED=http.LOOPBACK) as port,
        http.bare(root) as bare,
    ):
        for size in options.sizes:
            print(f"  a job of {size} variables", flush=True)
            figures[str(size)] = _measure_size(Measurement(root, port, bare, size))
    return figures


def _measure_size(bench: Measurement) -> Figures:
    # The first round warms up.
    for number in range(1 + ROUNDS):
        if number == 1:
            bench.runs.clear()
        bench.round(bench.prepare(number))
    figures = {**summary(bench.runs), "server_megabytes": megabytes()}
    for name, text in figures.items():
        print(f"    {name}: {text}", flush=True)
    return figures


def run(options: Namespace) -> None:
    print(f"Units over HTTP: two server processes, medians of {ROUNDS} rounds")
    measure(options)


def parsed_sizes(text: str) -> list[int]:
    return sorted(map(int, text.split(",")))
