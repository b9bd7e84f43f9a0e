"""Requests a second through gunicorn, beside their load generator: each figure also as a share of the bare root's."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import pools

ROOT = Path(__file__).parents[1]
VALIDATOR = "(variable, result) => result === undefined || result === variable.n * 2"
CLIENTS = 3
Connection = http.client.HTTPConnection


def ask(connection: Connection, method: str, path: str, body: bytes | None = None) -> bytes:
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = connection.getresponse()
    content = response.read()
    if response.status >= 300 or response.status == 204:
        raise RuntimeError(f"{method} {path}: {response.status} {content[:200]!r}")
    return content


def get_root(connection: Connection) -> None:
    ask(connection, "GET", "/")


def lease(connection: Connection, job: str = "plain") -> dict[str, object]:
    return dict(json.loads(ask(connection, "GET", f"/jobs/{job}/variables")))


def lease_and_post(connection: Connection, job: str = "plain") -> None:
    variable = lease(connection, job)
    link = variable["_links"]["post_result"]  # type: ignore[index]
    ask(connection, "POST", link, str(variable["n"] * 2).encode())  # type: ignore[operator]


def lease_and_post_validated(connection: Connection) -> None:
    lease_and_post(connection, "validated")


def repeat(port: int, act: Callable[[Connection], object], times: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(times):
        act(connection)
    connection.close()


def rate(port: int, act: Callable[[Connection], object], times: int) -> float:
    """Requests (or cycles) a second, of a few clients at once."""
    clients = [multiprocessing.Process(target=repeat, args=(port, act, times)) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
        if client.exitcode:
            raise RuntimeError("a client failed")
    return CLIENTS * times / (time.perf_counter() - began)


def run(options: Namespace) -> None:
    print(f"Requests a second through gunicorn with 2 workers, {CLIENTS} clients beside it on the same machine")
    with pools.directory(options.directory) as root, server(root) as port:
        load(port, root, 4 * CLIENTS * options.requests)
        bare = rate(port, get_root, options.requests)
        print(f"  the root: {bare:.0f}")
        acts = {"lease": lease, "lease + result": lease_and_post, "validated": lease_and_post_validated}
        for name, act in acts.items():
            found = rate(port, act, options.requests)
            print(f"  {name}: {found:.0f}, ratio to the root {found / bare:.2f}")


@contextmanager
def server(root: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = {"DATA": str(root), "DEMO": "0", "WORKERS": "2", "BIND": f"127.0.0.1:{port}"}
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        **{f"COMP_POOL_{name}": text for name, text in settings.items()},
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "python:server", "--log-level", "warning"]
    process = subprocess.Popen(command, env=environment, cwd=root, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            return get_root(http.client.HTTPConnection("127.0.0.1", port))
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not come up")


def load(port: int, root: Path, count: int) -> None:
    """Posts two jobs, one of them with a validator, and `count` variables each."""
    headers = {"Authorization": f"Bearer {(root / 'secrets' / 'operator.key').read_text().strip()}"}
    for name, functions in {
        "plain": {},
        "validated": {"validate_result": VALIDATOR, "validate_variable": "() => true"},
    }.items():
        connection = http.client.HTTPConnection("127.0.0.1", port)
        job = {"name": name, "execute_function": "(variable, context) => context", **functions}
        connection.request("POST", "/jobs", json.dumps(job), {**headers, "Content-Type": "application/json"})
        connection.getresponse().read()
        lines = "\n".join(f'{{"n": {number}}}' for number in range(count))
        connection.request(
            "POST", f"/jobs/{name}/variables", lines, {**headers, "Content-Type": "application/x-ndjson"}
        )
        response = connection.getresponse()
        if response.status != 201:
            raise RuntimeError(response.read())
        connection.close()
