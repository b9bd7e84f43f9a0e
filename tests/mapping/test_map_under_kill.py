"""`comp-pool map` behind a hostile proxy, while it and the server are killed: each result once, in order."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from comp_pool.client import Client
from comp_pool.retry_policy import Retries

from tests.hostile_proxy import HostileProxy
from tests.mapping.conftest import SQUARE, Helper, square
from tests.serving import Server, wait_until

ITEMS = 240
# Units that are computed before each kill.
STEP = 60
SECONDS = 60.0


class Gate:
    """Lets so many units be computed."""

    def __init__(self) -> None:
        self.units = threading.Semaphore(0)

    def compute(self, value: Any) -> Any:
        self.units.acquire()
        return square(value)


class Mapping:
    """The command in a process of its own, behind the proxy."""

    def __init__(self, proxy: HostileProxy, key: str, directory: Path) -> None:
        self._proxy, self._directory = proxy, directory
        self._environment = {**os.environ, "COMP_POOL_URL": proxy.url, "COMP_POOL_KEY": key}
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        """The first requests are let through: at its start a command stops at a foreign response."""
        self._proxy.is_hostile = False
        posted = self._proxy.methods["PUT"]
        command = [sys.executable, "-m", "comp_pool", "map", "square.js", "-a", "in", "--ahead", "200"]
        with (self._directory / "out").open("wb") as out, (self._directory / "err").open("ab") as err:
            process = subprocess.Popen(command, cwd=self._directory, env=self._environment, stdout=out, stderr=err)
        wait_until(lambda: self._proxy.methods["PUT"] > posted, SECONDS)
        self._proxy.is_hostile = True
        return process

    def __enter__(self) -> Mapping:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.kill()
        self.process = self._start()


def variables(server: Server) -> dict[str, int]:
    (job,) = server.get("/jobs/index")["_embedded"]["items"]
    return dict(server.get(job["_links"]["progress"])["variables"])


def done(server: Server) -> int:
    return variables(server)["done"]


def begin(server: Server, proxy: HostileProxy) -> None:
    """The proxy is hostile from the first lease on. (What a job's variables are is known when it has some.)"""
    wait_until(lambda: variables(server)["total"], SECONDS)
    proxy.is_hostile = False
    with Client(proxy.url + "/", retries=Retries(attempts=1)) as client:
        client.give_back(wait_until(lambda: client.lease(next(client.jobs()))))
    proxy.is_hostile = True


def test_every_result_is_written_once_and_in_order(server: Server, home: Path) -> None:
    (home / "square.js").write_text(SQUARE)
    (home / "in").write_text("".join(f"{number}\n" for number in range(ITEMS)))
    gate = Gate()
    helper = Helper(server.url, gate.compute)
    helper.batch = 5
    with HostileProxy(server) as proxy, Mapping(proxy, server.key, home) as mapping:
        begin(server, proxy)
        helper.start()
        for step in range(1, 4):
            gate.units.release(STEP)
            wait_until(lambda: done(server) >= STEP * step - helper.batch, SECONDS)  # noqa: B023
            if step == 2:
                server.kill()
                server.start()
            else:
                mapping.restart()
        gate.units.release(ITEMS)
        mapping.process.wait(SECONDS)
    helper.end()
    assert mapping.process.returncode == 0, (home / "err").read_text()
    assert (home / "out").read_text().split() == [str(number**2) for number in range(ITEMS)]
    assert done(server) == ITEMS
    assert proxy.given
