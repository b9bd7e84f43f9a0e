"""`comp-pool map` on many items: memory of client, server and volunteer, while client and server are killed.

`seq N | comp-pool map square.js` with `comp-pool work --workers 2` beside it. At a fifth of the items the client is
killed and run again, at two fifths the server, with all of its processes. The output must have each result once, in
order. Memory is that of the largest process of each side: flat, if it is the same at a tenth of the items and near
their end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import pools
from tests.serving import Server

PERCENT = (10, 25, 50, 75, 95)
KILL_CLIENT, KILL_SERVER = 20, 40
INTERVAL = 0.2


def run(options: Namespace) -> None:
    count = options.variables
    with pools.directory(options.directory) as root, _served(root) as server, _volunteer(server) as volunteer:
        (root / "square.js").write_text("x => x * x\n")
        began = time.monotonic()
        figures = _watch(server, volunteer, root, count)
        seconds = time.monotonic() - began
        _check(root / "out", count)
        print(
            f"comp-pool map, {count} items in {seconds:.0f} s ({count / seconds:.0f}/s), client and server killed once"
        )
        print("  every result once, in order; resident memory of the largest process, in MB:")
        for side, sizes in figures.items():
            shown = ", ".join(f"{percent} %: {size >> 20}" for percent, size in sizes.items())
            print(f"  {side}: {shown}")


@contextmanager
def _served(root: Path) -> Iterator[Server]:
    server = Server(root, DEMO="0", TRUSTED="127.0.0.0/8")
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def _volunteer(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "comp_pool", "work", server.url, "--workers", "2", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _start(server: Server, root: Path, count: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "COMP_POOL_URL": server.url, "COMP_POOL_KEY": server.key}
    lines = subprocess.Popen(["seq", str(count)], stdout=subprocess.PIPE)
    with (root / "out").open("wb") as out:
        command = [sys.executable, "-m", "comp_pool", "map", "square.js"]
        return subprocess.Popen(command, cwd=root, env=environment, stdin=lines.stdout, stdout=out)


def _watch(server: Server, volunteer: Any, root: Path, count: int) -> dict[str, dict[int, int]]:
    figures: dict[str, dict[int, int]] = {"client": {}, "server": {}, "volunteer": {}}
    kills = [KILL_CLIENT, KILL_SERVER]
    client = _start(server, root, count)
    while client.poll() is None:
        time.sleep(INTERVAL)
        done = 100 * _done(server) // count
        if kills and done >= kills[0]:
            if kills.pop(0) == KILL_CLIENT:
                client.kill()
                client.wait()
                client = _start(server, root, count)
            else:
                server.kill()
                server.start()
        for percent in PERCENT:
            if done >= percent and percent not in figures["client"]:
                # After a restart, a process has not its usual size at once.
                time.sleep(1)
                _measure(
                    figures,
                    percent,
                    {"client": [client.pid], "server": server.processes(), "volunteer": [volunteer.pid]},
                )
    if client.returncode:
        raise RuntimeError(f"comp-pool map ended with {client.returncode}")
    return figures


def _done(server: Server) -> int:
    jobs = server.get("/jobs/index")["_embedded"]["items"]
    return int(server.get(jobs[0]["_links"]["progress"])["variables"]["done"]) if jobs else 0


def _measure(figures: dict[str, dict[int, int]], percent: int, processes: dict[str, list[int]]) -> None:
    for side, pids in processes.items():
        figures[side][percent] = max(map(_resident, pids), default=0)


def _resident(pid: int) -> int:
    """Bytes of a process; 0 once it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _check(output: Path, count: int) -> None:
    with output.open() as lines:
        for number, line in enumerate(lines, start=1):
            if int(line) != number**2:
                raise RuntimeError(f"line {number} is {line.strip()}")
    if number != count:
        raise RuntimeError(f"{number} lines in place of {count}")
