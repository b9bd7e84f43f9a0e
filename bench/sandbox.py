"""What JavaScript on the server costs: calls by kind, and results with and without a validator beside bare Falcon.

The load generator runs on the same machine and takes part of its time: compare the ratios.
"""

from __future__ import annotations

import json
import statistics
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import http, load, pools
from pool.sandbox import Sandbox

SOURCE = "(variable, result) => result === undefined || result === variable.n * 2"
# A source of the size of decimal.js: many functions, of which one is called.
LIBRARY_FUNCTIONS = 900
CONNECTIONS = (1, 8, 16, 64)
OWN_JOBS = {"plain": {}, "validated": {"validate_result": SOURCE, "validate_variable": "() => true"}}
Figures = dict[str, Any]


def library_source() -> str:
    body = "const t = [x, y, z]; for (let i = 0; i < 3; i++) t[i] = t[i] * 2 + i; return t.filter(Boolean).join('-');"
    functions = "\n".join(f"function f{number}(x, y, z) {{ {body} }}" for number in range(LIBRARY_FUNCTIONS))
    return f"(() => {{ {functions}\nreturn (variable, result) => f1(1, 2, 3) !== '' && result === variable.n * 2; }})()"


def best(act: Callable[[], object], times: int, units: int = 1) -> float:
    """Microseconds per unit: the median of five runs, since other work on the machine only adds."""
    runs = []
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(times):
            act()
        runs.append((time.perf_counter() - started) / times / units * 1e6)
    return round(statistics.median(runs), 1)


def measure_calls() -> Figures:
    """Microseconds by kind of call, with the pipe to the child and back, and the child's memory."""
    sandbox, library = Sandbox(), library_source()
    try:
        arguments, many = [{"n": 1}, 2], [[{"n": number}, 2 * number] for number in range(64)]
        sandbox.call(SOURCE, arguments)
        first = time.perf_counter()
        sandbox.call(library, arguments)
        first = time.perf_counter() - first
        figures: Figures = {
            "small function": best(lambda: sandbox.call(SOURCE, arguments), 200),
            "small function, one of 64 in a batch": best(lambda: list(sandbox.call_many(SOURCE, many)), 10, 64),
            f"library of {len(library) // 1000} kB": best(lambda: sandbox.call(library, arguments), 50),
            "the library's first call, which compiles it": round(first * 1e6, 1),
        }
        return {"microseconds": figures, "child_megabytes": child_megabytes()}
    finally:
        sandbox.close()


def child_megabytes() -> float:
    """The largest resident memory of this process's sandbox children."""
    sizes = [0]
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            status = Path(f"/proc/{pid}/status").read_text()
            sizes += [int(line.split()[1]) for line in status.split("\n") if line.startswith("VmRSS")]
    return round(max(sizes) / 1024, 1)


def results_of(job: str, ids: Iterator[tuple[str, int]]) -> Iterator[bytes]:
    for variable, number in ids:
        yield load.post(f"/jobs/{job}/variables/{variable}/results", b"%d" % (2 * number))


def post_jobs(port: int, root: Path, count: int) -> dict[str, Iterator[tuple[str, int]]]:
    """Posts the jobs with `count` variables each; returns the ids and numbers of these."""
    key = (root / "secrets" / "operator.key").read_text().strip()
    owner, ndjson = {"Authorization": f"Bearer {key}"}, {"Content-Type": "application/x-ndjson"}
    lines = "\n".join(f'{{"n": {number}}}' for number in range(count)).encode()
    connection = http.Connection("127.0.0.1", port)
    found = {}
    for name, functions in OWN_JOBS.items():
        job = {"name": name, "execute_function": "(variable, context) => context", **functions}
        http.send(connection, "POST", "/jobs", json.dumps(job).encode(), **owner)
        posted = json.loads(http.send(connection, "POST", f"/jobs/{name}/variables", lines, **owner, **ndjson))
        found[name] = iter([(identity, number) for number, identity in enumerate(posted["ids"])])
    connection.close()
    return found


def take(items: Iterator[Any], count: int) -> Iterator[Any]:
    return iter([item for item, _ in zip(items, range(count), strict=False)])


def measure_results(directory: str, requests: int, rounds: int = 3) -> Figures:
    """Durable results a second at each number of connections, in turn, and as ratios; refusals; latencies."""
    figures: Figures = {}
    with pools.directory(directory) as root, http.server(root, TRUSTED=http.LOOPBACK) as port, http.bare(root) as bare:
        total = requests * (rounds * len(CONNECTIONS) + 1)
        variables = post_jobs(port, root, total)
        for name, ids in variables.items():
            load.run(port, results_of(name, take(ids, requests)), 16)
        for connections in CONNECTIONS:
            runs: dict[str, list[load.Load]] = {"bare": [], "plain": [], "validated": []}
            for _ in range(rounds):
                runs["bare"].append(load.run(bare, iter([load.post("/", b"2")] * requests), connections))
                for name, ids in variables.items():
                    runs[name].append(load.run(port, results_of(name, take(ids, requests)), connections))
            figures[str(connections)] = summary(runs)
            print(f"  {connections} connections: {describe(figures[str(connections)])}", flush=True)
    return figures


def summary(runs: dict[str, list[load.Load]]) -> Figures:
    rates = {name: statistics.median(run.rate for run in of_name[1:]) for name, of_name in runs.items()}
    return {
        "per_second": {name: round(rate) for name, rate in rates.items()},
        "validated_to_plain": round(
            statistics.median(
                validated.rate / plain.rate for validated, plain in zip(runs["validated"], runs["plain"], strict=True)
            ),
            2,
        ),
        "validated_to_bare": round(rates["validated"] / rates["bare"], 2),
        "plain_to_bare": round(rates["plain"] / rates["bare"], 2),
        # Other work on the machine only adds to it.
        "processor_microseconds": {
            name: round(min(run.microseconds for run in of_name)) for name, of_name in runs.items()
        },
        "refused": sum(count for run in runs["validated"] for status, count in run.statuses.items() if status != 201),
        "milliseconds": {
            name: {"median": round(of_name[-1].milliseconds(0.5), 2), "99 %": round(of_name[-1].milliseconds(0.99), 2)}
            for name, of_name in runs.items()
        },
    }


def describe(figures: Figures) -> str:
    rates = figures["per_second"]
    return (
        f"bare {rates['bare']}, result {rates['plain']}, validated {rates['validated']} a second:"
        f" {figures['validated_to_plain']} of one without validator; {figures['refused']} refused;"
        f" processor time {figures['processor_microseconds']} µs"
    )


def measure_bulk(directory: str, count: int = 2000, rounds: int = 3) -> Figures:
    """Variables a second, posted many at a time, with and without a validator."""
    runs: dict[str, list[load.Load]] = {name: [] for name in OWN_JOBS}
    with pools.directory(directory) as root, http.server(root, TRUSTED=http.LOOPBACK, WORKERS="1") as port:
        key = (root / "secrets" / "operator.key").read_text().strip()
        owner, ndjson = {"Authorization": f"Bearer {key}"}, {"Content-Type": "application/x-ndjson"}
        lines = "\n".join(f'{{"n": {number}}}' for number in range(count)).encode()
        connection = http.Connection("127.0.0.1", port)
        for name, functions in OWN_JOBS.items():
            job = {"name": name, "execute_function": "(variable, context) => context", **functions}
            http.send(connection, "POST", "/jobs", json.dumps(job).encode(), **owner)
        # The first round makes directories.
        for _ in range(1 + rounds):
            for name in OWN_JOBS:
                before, started = load.processor_seconds(), time.perf_counter()
                http.send(connection, "POST", f"/jobs/{name}/variables", lines, **owner, **ndjson)
                seconds = time.perf_counter() - started
                runs[name].append(load.Load(seconds, Counter({201: count}), [], load.processor_seconds() - before))
        connection.close()
    rates = {name: statistics.median(run.rate for run in of_name[1:]) for name, of_name in runs.items()}
    return {
        "per_second": {name: round(rate) for name, rate in rates.items()},
        "validated_to_plain": round(rates["validated"] / rates["plain"], 2),
        "processor_microseconds": {
            name: round(min(run.microseconds for run in of_name)) for name, of_name in runs.items()
        },
    }


def measure(options: Namespace) -> Figures:
    print("Calls of functions on the server", flush=True)
    calls = measure_calls()
    for name, microseconds in calls["microseconds"].items():
        print(f"  {name}: {microseconds:.0f} µs")
    print(f"  memory of a child: {calls['child_megabytes']} MB", flush=True)
    print("Variables posted in bulk, one server process", flush=True)
    bulk = measure_bulk(options.directory)
    print(
        f"  {bulk['per_second']['plain']} a second, validated {bulk['per_second']['validated']};"
        f" processor time {bulk['processor_microseconds']} µs",
        flush=True,
    )
    print("Durable results, two server processes", flush=True)
    return {"calls": calls, "bulk": bulk, "results": measure_results(options.directory, options.requests)}


def run(options: Namespace) -> None:
    measure(options)
