"""The front door: what slow clients cost the others, how many connections are served, and how much memory they take.

The load generator runs on the same machine: compare the figures of one run with each other.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import statistics
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from bench import http, load, pools, proxies, slow_clients
from bench.volunteers import Crowd

VOLUNTEERS, SLOW = 5000, 1000
# Enough that all of the runs, also those through the proxies, find something to compute.
VARIABLES = 150_000
SECONDS, WARM_UP = 6.0, 5.0
# Until slow clients are connected, and hold what they can hold.
GATHER, GATHER_MANY = 2.0, 6.0
CONNECTIONS, REQUESTS, ALTERNATIONS = 32, 2000, 3
THREADS = (4, 8, 16)
RESULTS, READERS = 10, 8
# 1 MiB that takes twenty times as much once it is parsed.
LARGE = b"[" + b",".join([b"[]"] * 349_000) + b"]"


def run(options: Namespace) -> None:
    print(json.dumps(measure(options), indent=2))


def measure(options: Namespace) -> dict[str, Any]:
    return {
        # Of the machine: latencies are those of an idle one only if it is small.
        "load": round(os.getloadavg()[0], 1),
        "threads": threads(options),
        "slow_clients": beside_slow_clients(options),
        "large_results": large_results(options),
        "volunteers": volunteers(options),
    }


def _leases() -> Iterator[bytes]:
    while True:
        name = random.getrandbits(128)
        yield b"GET /jobs/plain/variables HTTP/1.1\r\nHost: 127.0.0.1\r\nVolunteer: %032x\r\n\r\n" % name


def _lease_rate(port: int, requests: int = REQUESTS) -> load.Load:
    return load.run(port, itertools.islice(_leases(), requests), CONNECTIONS)


def _pool(options: Namespace, stack: ExitStack, variables: int, **settings: str) -> tuple[int, Path]:
    root = stack.enter_context(pools.directory(options.directory))
    defaults = {"TRUSTED": http.LOOPBACK, "PROXIES": "127.0.0.1"}
    port = stack.enter_context(http.server(root, Path(options.checkout or http.ROOT), **{**defaults, **settings}))
    http.load(port, root, variables, ["plain"])
    return port, root


def threads(options: Namespace) -> dict[str, Any]:
    """Leases a second, and the processor time of one in microseconds, by the number of threads."""
    found: dict[str, Any] = {}
    for count in THREADS:
        with ExitStack() as stack:
            port, _ = _pool(options, stack, 2 * REQUESTS, THREADS=str(count))
            _lease_rate(port, 300)
            measured = _lease_rate(port)
            found[str(count)] = {"per_second": round(measured.rate), "microseconds": round(measured.microseconds)}
    return found


def beside_slow_clients(options: Namespace) -> dict[str, Any]:
    """Leases a second beside slow clients, as a ratio to the rate without them: the median of some alternations."""
    found = {}
    with ExitStack() as stack:
        port, root = _pool(options, stack, 12 * REQUESTS)
        _post_large(port, root, 1, b'"%b"' % (b"x" * 1_000_000))
        kinds: dict[str, Callable[[], AbstractContextManager[None]]] = {
            "32 dripping heads": lambda: slow_clients.dripping(port, 32),
            "64 half heads": lambda: slow_clients.half_heads(port, 64),
            "40 readers that do not read": lambda: slow_clients.not_reading(port, 40, "/jobs/large/results"),
        }
        _lease_rate(port, 300)
        for name, slow in kinds.items():
            found[name] = round(statistics.median(_ratio_beside(port, slow) for _ in range(ALTERNATIONS)), 2)
    return found


def _ratio_beside(port: int, slow: Callable[[], AbstractContextManager[None]]) -> float:
    without = _lease_rate(port, REQUESTS // 2).rate
    with slow():
        time.sleep(GATHER)
        return _lease_rate(port, REQUESTS // 2).rate / without


def _post_large(port: int, root: Path, count: int, result: bytes) -> None:
    key = (root / "secrets" / "operator.key").read_text().strip()
    connection, owner = http.Connection("127.0.0.1", port), {"Authorization": f"Bearer {key}"}
    job = {"name": "large", "execute_function": "(variable, context) => context"}
    http.send(connection, "POST", "/jobs", json.dumps(job).encode(), **owner)
    for number in range(count):
        variable = f"/jobs/large/variables/v{number}"
        http.send(connection, "PUT", variable, b"{}", **owner)
        http.send(connection, "POST", f"{variable}/results", result)
    connection.close()


def large_results(options: Namespace) -> dict[str, Any]:
    """The memory of one worker, in megabytes, before and while eight readers read ten results of 1 MiB."""
    with ExitStack() as stack:
        port, root = _pool(options, stack, 1, WORKERS="1")
        _post_large(port, root, RESULTS, LARGE)
        before = _peak_megabytes()
        readers = [threading.Thread(target=_read_all, args=(port,)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        return {"before_mb": before, "after_mb": _peak_megabytes()}


def _read_all(port: int) -> None:
    connection = http.Connection("127.0.0.1", port)
    path = "/jobs/large/results"
    while path:
        connection.request("GET", path)
        response = connection.getresponse()
        page = json.load(response)
        # A busy pool refuses, and the reader tries again.
        path = path if response.status == 503 else page["_links"].get("next")
    connection.close()


def _peak_megabytes() -> int:
    """The greatest memory that a process of the server has had."""
    peaks = []
    for pid in load.descendants(os.getpid()):
        status = Path(f"/proc/{pid}/status").read_text()
        peaks += [int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")]
    return max(peaks)


def volunteers(options: Namespace) -> dict[str, Any]:
    """Latencies for 5,000 volunteers at half of the rate that saturates the pool, by what is before it."""
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        port, _ = _pool(options, stack, VARIABLES)
        saturation = _saturation(port)
        found["saturation_per_second"] = round(saturation)
        think = 2 * VOLUNTEERS / saturation
        found["direct"] = _with_and_without_slow_clients(port, think)
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in proxies.available():
            with proxies.PROXIES[name](port, directory) as proxy_port:
                through = 2 * VOLUNTEERS / _saturation(proxy_port)
                found[name] = _with_and_without_slow_clients(proxy_port, through)
    return found


def _connections_by_process() -> list[int]:
    """Of those with many: the workers of the pool, and a proxy."""
    counts = [_open_sockets(pid) for pid in load.descendants(os.getpid())]
    return sorted(count for count in counts if count > VOLUNTEERS // 10)


def _open_sockets(pid: int) -> int:
    return sum(_is_socket(descriptor) for descriptor in Path(f"/proc/{pid}/fd").iterdir())


def _is_socket(descriptor: Path) -> bool:
    try:
        return os.readlink(descriptor).startswith("socket:")
    except FileNotFoundError:
        return False


def _saturation(port: int) -> float:
    crowd = Crowd(port, CONNECTIONS, 0.001)
    crowd.run(1.0)
    rate = crowd.run(3.0).rate
    crowd.close()
    return rate


def _with_and_without_slow_clients(port: int, think: float) -> dict[str, Any]:
    servers, crowd = load.descendants(os.getpid()), Crowd(port, VOLUNTEERS, think)
    crowd.run(WARM_UP)
    alone = _measured(crowd, servers)
    by_process = _connections_by_process()
    with slow_clients.dripping(port, SLOW), slow_clients.silent(port, SLOW):
        crowd.run(GATHER_MANY)
        beside = _measured(crowd, servers)
    crowd.close()
    figures = {"alone": alone, "beside_slow_clients": beside, "connections_by_process": by_process}
    return {"think_seconds": round(think, 1), **figures}


def _measured(crowd: Crowd, servers: Sequence[int]) -> dict[str, Any]:
    """Also the processor time of the servers per request, which other work on the machine hardly changes."""
    before = load.processor_seconds(servers)
    figures = crowd.run(SECONDS)
    microseconds = (load.processor_seconds(servers) - before) / max(1, figures.statuses.total()) * 1e6
    return {**figures.summary(), "server_microseconds": round(microseconds)}
