"""`make bench`: runs the benchmarks that return figures, and writes these as JSON and as a plot for the docs."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import browser, cycle, front_door, many_jobs, peers, plot, sandbox, targets, trust_speed, work

DOCS = Path(__file__).parents[1] / "docs"
# Each returns a dict of figures. Later benchmarks are added here, and to `charts`.
PARTS: dict[str, Callable[[Namespace], dict[str, Any]]] = {
    "cycle": cycle.measure,
    "work": work.figures,
    "browser": browser.measure,
    "peers": peers.measure,
    "sandbox": sandbox.measure,
    "many_jobs": many_jobs.measure,
    "front_door": front_door.measure,
    "trust": trust_speed.measure,
}


def run(options: Namespace) -> None:
    figures: dict[str, Any] = {"machine": machine()}
    started = time.perf_counter()
    for number, (name, measure) in enumerate(PARTS.items(), start=1):
        print(f"[{number}/{len(PARTS)}] {name}, after {time.perf_counter() - started:.0f} s", flush=True)
        try:
            figures[name] = measure(options)
        except Exception as ex:  # Whatever a part lacks: the figures of the others took minutes.
            print(f"  {name} failed: {ex!r}", flush=True)
    figures["machine"]["load_after"] = round(os.getloadavg()[0], 1)
    figures["targets"] = targets.compare(figures)
    (DOCS / "bench.json").write_text(json.dumps(figures, indent=2) + "\n")
    (DOCS / "bench.svg").write_text(plot.svg(charts(figures)))
    for target in figures["targets"]:
        print(f"  {target['name']}: {target['measured']} (goal: {target['goal']})")
    print(f"{time.perf_counter() - started:.0f} s; see docs/bench.json and docs/bench.svg")


def machine() -> dict[str, Any]:
    version = subprocess.run(["git", "describe", "--always"], capture_output=True, text=True, check=False)
    return {
        "version": version.stdout.strip(),
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "python": sys.version.split()[0],
        "load_before": round(os.getloadavg()[0], 1),
    }


def charts(figures: dict[str, Any]) -> list[list[str]]:
    """Those of the parts that did not fail."""
    found: list[list[str]] = []
    if "cycle" in figures:
        found += _charts_of_cycle(figures["cycle"])
    if "sandbox" in figures:
        found += _charts_of_results(figures["sandbox"]["results"])
    if "many_jobs" in figures:
        found.append(_chart_of_many_jobs(figures["many_jobs"]["milliseconds"]))
    return found


def _charts_of_cycle(sizes: dict[str, Any]) -> list[list[str]]:
    of_size = {f"{int(size):,} variables": of_size["per_second"] for size, of_size in sizes.items()}
    labels = {"lease": "lease", "result": "durable result", "batches, plain": "units in batches of 64"}
    rates = {size: {text: rates[name] for name, text in labels.items()} for size, rates in of_size.items()}
    return [plot.bars("Units a second, by the size of the job", "two server processes, no validator", rates)]


def _charts_of_results(results: dict[str, Any]) -> list[list[str]]:
    labels = {"bare": "bare Falcon", "plain": "durable result", "validated": "validated and durable"}
    rates, processor = (
        {
            f"{connections} connection{'s' if connections != '1' else ''}": {
                label: of_connections[name][key] for key, label in labels.items()
            }
            for connections, of_connections in results.items()
        }
        for name in ("per_second", "processor_microseconds")
    )
    return [
        plot.bars("Requests a second", "two server processes, load generator on the same machine", rates),
        plot.bars("Processor time of the server per request", "microseconds", processor),
    ]


def _chart_of_many_jobs(of_jobs: dict[str, Any]) -> list[str]:
    by_size = {
        f"{size:,} jobs": {name: of_jobs[name][size] * 1000 for name in ("GET /jobs", "short-first", "GET /metrics")}
        for size in many_jobs.SIZES
    }
    return plot.bars("Requests that concern all jobs", "microseconds, in one process without a server", by_size)
