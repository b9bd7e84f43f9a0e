"""Units per second of `comp-pool work --workers 2` on trivial units, with its server on the same machine.

With `--checkout`, the client of that version works at the same server before each run. Results are synced to the disk.
The processor time of a unit at the client, its start included, depends less on what else the machine does.
"""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import urllib.request
import uuid
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import http, pools

WORK = "(variable, context) => { context.result = variable.n * 2; }"
RUNS = 3
# The most that an older version computes, which may be slower by far.
OLD_UNITS = 1000

Figures = list[tuple[float, float]]


def run(options: Namespace) -> None:
    print(f"comp-pool work --workers 2, trivial units, {options.units} a run: units a second, median of {RUNS} runs")
    with pools.directory(options.directory) as root, http.server(root, TRUSTED=http.LOOPBACK) as port:
        for kind, functions in http.JOBS.items():
            for name, figures in compare(port, root, functions, options).items():
                rates = sorted(rate for rate, _ in figures)
                processor = statistics.median(seconds for _, seconds in figures)
                print(
                    f"  {kind}, {name}: {statistics.median(rates):.0f} ({rates[0]:.0f} to {rates[-1]:.0f}), "
                    f"processor time of the client {processor * 1e6:.0f} µs a unit"
                )


def figures(options: Namespace) -> dict[str, Any]:
    """Units a second and the client's processor time of a unit, without a validator and with one."""
    with pools.directory(options.directory) as root, http.server(root, TRUSTED=http.LOOPBACK) as port:
        found = {kind: compare(port, root, functions, options) for kind, functions in http.JOBS.items()}
    return {kind: _summary(of_kind["this version"]) for kind, of_kind in found.items()}


def _summary(runs: Figures) -> dict[str, float]:
    summary: dict[str, float] = {
        "per_second": round(statistics.median(rate for rate, _ in runs)),
        "client_microseconds": round(statistics.median(seconds for _, seconds in runs) * 1e6),
    }
    print(f"  {summary}", flush=True)
    return summary


def compare(port: int, root: Path, functions: dict[str, str], options: Namespace) -> dict[str, Figures]:
    versions = dict(_versions(options))
    figures: dict[str, Figures] = {name: [] for name in versions}
    for _ in range(RUNS):
        for name, (checkout, units) in versions.items():
            figures[name].append(measure(port, post(port, root, functions, units), checkout, units))
    return figures


def _versions(options: Namespace) -> Iterator[tuple[str, tuple[Path, int]]]:
    if options.checkout:
        yield options.checkout, (Path(options.checkout), min(OLD_UNITS, options.units))
    yield "this version", (http.ROOT, options.units)


def measure(port: int, job: str, checkout: Path, units: int) -> tuple[float, float]:
    """Computes a job; returns the units per second, by the client's own account, and its processor time of a unit."""
    command = [sys.executable, "-m", "comp_pool", "work", f"http://127.0.0.1:{port}/", "--job", job]
    options = ["--workers", "2", "--units", str(units), "--volunteer-id", uuid.uuid4().hex]
    environment = {**os.environ, "PYTHONPATH": str(checkout / "client" / "python")}
    began = processor_time()
    done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=True)
    totals = done.stdout.splitlines()[-1]
    found = re.match(r"(\d+) accepted, .* units in ([\d.]+) s", totals)
    if found is None or int(found[1]) != units:
        raise RuntimeError(f"not all units were accepted: {totals}")
    return units / float(found[2]), (processor_time() - began) / units


def processor_time() -> float:
    """Seconds of all child processes that have ended: the client's and its own, not the server's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def post(port: int, root: Path, functions: dict[str, str], units: int) -> str:
    """Posts a job; returns its id."""
    key = (root / "secrets" / "operator.key").read_text().strip()
    job = {"name": f"work {uuid.uuid4()}", "execute_function": WORK, **functions}
    job_id = str(json.loads(send(port, key, "/jobs", "application/json", json.dumps(job)))["id"])
    lines = "\n".join(f'{{"n": {number}}}' for number in range(units))
    send(port, key, f"/jobs/{job_id}/variables", "application/x-ndjson", lines)
    return job_id


def send(port: int, key: str, path: str, content_type: str, body: str) -> bytes:
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body.encode(), headers)
    with urllib.request.urlopen(request) as response:
        return bytes(response.read())
