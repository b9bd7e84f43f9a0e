"""Queues from PyPI at the same work: two processes take tasks, compute twice a number, and store the results.

Their packages are in an environment of their own, made at the first run; what can't be installed is skipped. They run
in the process of their worker, without HTTP, signatures, limits or a validator. The rate of a bare Falcon application
in the same run is the measure for them too.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench import http, load, pools

PACKAGES = ("huey", "persist-queue", "rq")
PROCESSES, TASKS, ROUNDS = 2, 300, 3
# What each syncs for a task, by its own settings.
PEERS = {
    "huey on files": "syncs nothing",
    "huey on SQLite": "syncs each change (fsync=True)",
    "persist-queue": "syncs each change (SQLite in WAL mode, synchronous=FULL)",
    "rq": "syncs each command (redis-server with appendfsync always)",
}
ENVIRONMENT = http.ROOT / ".venv" / "peers"


def python() -> Path | None:
    """The interpreter that has the peers' packages; None if they can't be installed."""
    interpreter = ENVIRONMENT / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    # Done in a moment where they are there.
    install = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  skipped: {', '.join(PACKAGES)} can't be installed: {done.stderr.strip().splitlines()[-1]}")
        return None
    return interpreter


@contextmanager
def redis(directory: Path) -> Iterator[None]:
    """A redis-server that answers when its data are on the disk."""
    socket = directory / "redis.sock"
    settings = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--port", "0"]
    command = ["redis-server", "--dir", str(directory), "--unixsocket", str(socket), *settings]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            if server.poll() is not None:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait()


def rate(interpreter: Path, name: str, directory: Path) -> float:
    """Tasks a second of two processes, without the time in which these start."""
    command = [str(interpreter), "-m", "bench.peer_worker", name, str(directory)]
    subprocess.run([*command, "fill", str(PROCESSES * TASKS + PROCESSES)], check=True, cwd=http.ROOT)
    # An interpreter takes as long to start as some dozens of tasks to do.
    start = _seconds([*command, "work", "1"])
    return PROCESSES * TASKS / max(0.01, _seconds([*command, "work", str(TASKS)]) - start)


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    workers = [subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=http.ROOT) for _ in range(PROCESSES)]
    for worker in workers:
        if worker.wait():
            raise RuntimeError(f"failed: {' '.join(command[1:])}")
    return time.perf_counter() - started


def measure(options: Namespace) -> dict[str, Any]:
    interpreter = python()
    if interpreter is None:
        return {}
    figures: dict[str, Any] = {}
    with pools.directory(options.directory) as root, http.bare(root) as bare:
        for name, synced in PEERS.items():
            if name == "rq" and shutil.which("redis-server") is None:
                print("  rq skipped: there is no redis-server")
                continue
            rates, ratios = zip(*(_round(interpreter, name, root, bare) for _ in range(ROUNDS)), strict=True)
            figures[name] = {
                "per_second": round(statistics.median(rates)),
                "to_bare": round(statistics.median(ratios), 3),
                "durability": synced,
            }
            print(f"  {name}: {figures[name]}", flush=True)
    return figures


def _round(interpreter: Path, name: str, root: Path, bare: int) -> tuple[float, float]:
    with ExitStack() as stack:
        directory = stack.enter_context(pools.directory(str(root)))
        if name == "rq":
            stack.enter_context(redis(directory))
        measured = rate(interpreter, name, directory)
    return measured, measured / load.run(bare, [load.post("/", b"2")] * 1000, 16).rate


def run(options: Namespace) -> None:
    print(f"Queues from PyPI: {PROCESSES} processes, {TASKS} tasks each, median of {ROUNDS} rounds")
    measure(options)
