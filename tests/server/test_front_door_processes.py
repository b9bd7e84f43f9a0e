"""The front door between the processes of a server: connections are shared, and a process that dies is replaced."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import MakeServer
from tests.serving import ROOT, Server, wait_until


def connect(server: Server, count: int) -> list[http.client.HTTPConnection]:
    """Connections that have had a request."""
    host, port = server.url.removeprefix("http://").split(":")
    connections = [http.client.HTTPConnection(host, int(port), timeout=20) for _ in range(count)]
    for connection in connections:
        get_health(connection)
    return connections


def get_health(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", "/health")
    response = connection.getresponse()
    response.read()
    return response.status


def connections_by_worker(server: Server) -> dict[int, int]:
    """How many sockets each worker has, beside the one that listens."""
    return {pid: _sockets(pid) - 1 for pid in _workers(server)}


def _workers(server: Server) -> list[int]:
    parents = {
        pid: int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]) for pid in processes(server)
    }
    # The parent of all was started by this process; its children are the workers, and theirs are sandbox processes.
    [root] = [pid for pid, parent in parents.items() if parent == os.getpid()]
    return sorted(pid for pid, parent in parents.items() if parent == root)


def processes(server: Server) -> list[int]:
    return [pid for pid in server.processes() if Path(f"/proc/{pid}/stat").exists()]


def _sockets(pid: int) -> int:
    return sum(_target(path).startswith("socket:") for path in Path(f"/proc/{pid}/fd").iterdir())


def _target(path: Path) -> str:
    # A file that the process has closed since it was listed.
    with contextlib.suppress(FileNotFoundError):
        return os.readlink(path)
    return ""


def test_connections_are_shared_and_a_worker_that_is_killed_is_replaced(make_server: MakeServer) -> None:
    server = make_server(DEMO="0", FSYNC="0", WORKERS="2")
    wait_until(lambda: len(_workers(server)) == 2)
    kept = connect(server, 20)
    # More of them where a worker came late, or the machine was too busy for it to take its share in time.
    wait_until(lambda: min(connections_by_worker(server).values()) >= 8 or kept.extend(connect(server, 1)))
    assert len(kept) <= 40
    killed, other = sorted(_workers(server))
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: killed not in _workers(server) and len(_workers(server)) == 2)
    # The new worker has none, and gets them as soon as it is there.
    wait_until(lambda: kept.extend(connect(server, 1)) or min(connections_by_worker(server).values()) > 0)
    assert other in connections_by_worker(server)
    for connection in kept:
        connection.close()


def test_a_worker_that_is_still_starting_receives_the_signal_to_stop(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "from server import *\n"
        "def post_fork(server, worker):\n"
        "    open('forked', 'w').close()\n"
        "    while not os.path.exists('signalled'):\n"
        "        os.sched_yield()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COMP_POOL_BIND": "127.0.0.1:0", "COMP_POOL_WORKERS": "1"}
    command = [sys.executable, "-m", "gunicorn", "-c", "slow.py"]
    log = tmp_path / "log"
    with log.open("wb") as stderr, subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=stderr) as process:
        try:
            wait_until((tmp_path / "forked").exists)
            [worker] = _children(process.pid)
            os.kill(worker, signal.SIGTERM)
            (tmp_path / "signalled").touch()
            wait_until(lambda: f"Worker exiting (pid: {worker})" in log.read_text())
        finally:
            process.send_signal(signal.SIGINT)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
