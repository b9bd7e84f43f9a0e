"""Requests per second through gunicorn, each rate also as a ratio to that of the root document.

The load generator runs on the same machine and takes part of its time: only the ratios are comparable.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import pools

ROOT = Path(__file__).parents[1]
VALIDATOR = "(variable, result) => result === undefined || result === variable.n * 2"
JOBS = {"plain": {}, "validated": {"validate_result": VALIDATOR, "validate_variable": "() => true"}}
CLIENTS = 3
# The load generator stands for many volunteers: its address has no limits.
NDJSON = "application/x-ndjson"
LOOPBACK = "127.0.0.0/8"
Connection = http.client.HTTPConnection
Action = Callable[[Connection], object]


def send(connection: Connection, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
    connection.request(method, path, body, {"Content-Type": "application/json", **headers} if body else headers)
    response = connection.getresponse()
    content = response.read()
    if response.status >= 300 or response.status == 204:
        raise RuntimeError(f"{method} {path}: {response.status} {content[:200]!r}")
    return content


def get_root(connection: Connection) -> None:
    send(connection, "GET", "/")


def lease(connection: Connection, job: str = "plain") -> dict[str, Any]:
    # Each lease is of a volunteer of its own: what a new one may hold is not measured here.
    volunteer = secrets.token_hex(16)
    return dict(json.loads(send(connection, "GET", f"/jobs/{job}/variables", Volunteer=volunteer)))


def lease_and_post(connection: Connection, job: str = "plain") -> None:
    variable = lease(connection, job)
    link = variable["_links"]["post_result"]
    send(connection, "POST", link, str(variable["n"] * 2).encode())


def lease_and_post_validated(connection: Connection) -> None:
    lease_and_post(connection, "validated")


ACTIONS: dict[str, Action] = {
    "lease": lease,
    "lease + result": lease_and_post,
    "lease + validated result": lease_and_post_validated,
}


def repeat(port: int, action: Action, times: int) -> None:
    connection = Connection("127.0.0.1", port)
    for _ in range(times):
        action(connection)
    connection.close()


def rate(port: int, action: Action, times: int) -> float:
    """Actions per second of all clients together."""
    clients = [multiprocessing.Process(target=repeat, args=(port, action, times)) for _ in range(CLIENTS)]
    started = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
        if client.exitcode:
            raise RuntimeError("a client failed")
    return CLIENTS * times / (time.perf_counter() - started)


def run(options: Namespace) -> None:
    print(f"Requests per second: gunicorn with 2 workers, {CLIENTS} clients on the same machine")
    with pools.directory(options.directory) as root, server(root, TRUSTED=LOOPBACK) as port:
        load(port, root, 4 * CLIENTS * options.requests)
        root_rate = rate(port, get_root, options.requests)
        print(f"  root: {root_rate:.0f}")
        for name, action in ACTIONS.items():
            found = rate(port, action, options.requests)
            print(f"  {name}: {found:.0f}, ratio to the root {found / root_rate:.2f}")


@contextmanager
def server(root: Path, checkout: Path = ROOT, **settings: str) -> Iterator[int]:
    """A pool of the version in `checkout`, with settings by their names without COMP_POOL_."""
    port = free_port()
    settings = {"DATA": str(root), "DEMO": "0", "WORKERS": "2", "BIND": f"127.0.0.1:{port}", **settings}
    environment = {
        **os.environ,
        "PYTHONPATH": str(checkout),
        **{f"COMP_POOL_{name}": text for name, text in settings.items()},
    }
    with gunicorn(["-c", "python:server"], environment, root, port):
        yield port


@contextmanager
def bare(root: Path) -> Iterator[int]:
    """A bare Falcon application, in as many processes and threads."""
    port = free_port()
    options = [
        "-w",
        "2",
        "--threads",
        "16",
        "--keep-alive",
        "15",
        "-b",
        f"127.0.0.1:{port}",
        "bench.bare:application()",
    ]
    with gunicorn(options, {**os.environ, "PYTHONPATH": str(ROOT)}, root, port):
        yield port


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def gunicorn(options: list[str], environment: dict[str, str], root: Path, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "gunicorn", *options, "--log-level", "warning"]
    process = subprocess.Popen(command, env=environment, cwd=root, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            return get_root(Connection("127.0.0.1", port))
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start")


def load(port: int, root: Path, count: int, names: Sequence[str] = tuple(JOBS)) -> None:
    """Posts these of the jobs with `count` variables each."""
    key = (root / "secrets" / "operator.key").read_text().strip()
    lines = "\n".join(f'{{"n": {number}}}' for number in range(count)).encode()
    owner, ndjson = {"Authorization": f"Bearer {key}"}, {"Content-Type": "application/x-ndjson"}
    connection = Connection("127.0.0.1", port)
    for name in names:
        job = {"name": name, "execute_function": "(variable, context) => context", **JOBS[name]}
        send(connection, "POST", "/jobs", json.dumps(job).encode(), **owner)
        send(connection, "POST", f"/jobs/{name}/variables", lines, **owner, **ndjson)
    connection.close()
