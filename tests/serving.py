"""Servers on ports of their own: gunicorn, which tests can kill and start again, and the app in the tests' process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gunicorn.config import Config as GunicornConfig
from gunicorn.glogging import Logger

from front_door.acceptor import Acceptor
from front_door.connection import Phase
from front_door.door import Door
from front_door.limits import Limits
from front_door.shares import Shares
from resources.error_page import BusyPage

ROOT = Path(__file__).parents[1]
TIMEOUT = 20.0
# Of a server in this process.
THREADS = 8

App = Callable[..., Iterable[bytes]]


def wait_until(condition: Callable[[], Any], seconds: float = TIMEOUT, interval: float = 0.02) -> Any:
    """Polls until the condition returns a true value, and returns that value; fails after the timeout."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {seconds} s: {condition}")
        time.sleep(interval)
    return value


class Served:
    """A pool at a URL (without a slash at its end). `data` is its directory; `key` is the operator's."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    @property
    def key(self) -> str:
        return (self.data / "secrets" / "operator.key").read_text().strip()

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=TIMEOUT) as response:
            return json.load(response)

    def post(self, path: str, document: Any, method: str = "POST") -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        body = json.dumps(document).encode()
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return json.load(response)

    def accepted(self, job: str, limit: int = 1000) -> dict[str, Any]:
        """The accepted results of a job by variable, page by page; fails if a variable has two."""
        found: dict[str, Any] = {}
        path = f"{job}/results?limit={limit}"
        while path:
            page = self.get(path)
            for item in page["_embedded"]["items"]:
                assert item["variable"] not in found
                found[item["variable"]] = item["result"]
            path = page["_links"].get("next")
        return found


class LocalServer(Served):
    """The app in threads of this process: starts in milliseconds, for tests that need HTTP but no process of its own.

    It can be stopped and started again on the same port.
    """

    def __init__(self, app: App, data: Path) -> None:
        super().__init__(data)
        self.app = app
        self._served = app
        self._server: DoorServer | None = None

    def start(self) -> None:
        self._served = self.app
        self._server = DoorServer(self._respond, listening(self._port), THREADS)
        self._server.start()

    def _respond(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self._served(environ, start_response)

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def refuse_leases(self, detail: str) -> None:
        """Responds to requests for leases as a pool that requires a newer client."""
        self._served = _refusing_leases(self.app, detail)


def _refusing_leases(app: App, detail: str) -> App:
    problem = {"type": "urn:comp-pool:outdated", "title": "Bad Request", "status": 400, "detail": detail}

    def refusing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].endswith("/variables"):
            return app(environ, start_response)
        start_response("400 Bad Request", [("Content-Type", "application/problem+json")])
        return [json.dumps(problem).encode()]

    return refusing


class DoorServer:
    """The front door before an application, in threads of this process."""

    def __init__(self, application: App, listener: socket.socket, threads: int, limits: Limits | None = None) -> None:
        busy_page = lambda request, problem: BusyPage("Pool").page_for(dict(request.headers), "", problem)  # noqa: E731
        self._listener, self.address = listener, listener.getsockname()
        shares, cfg = Shares(), GunicornConfig()
        acceptor = Acceptor([listener], shares, shares.claim())
        # By limit.
        self.refusals: Counter[str] = Counter()
        count_refusal = lambda limit: self.refusals.update([limit])  # noqa: E731
        self.door = Door(application, acceptor, cfg, Logger(cfg), limits or Limits(), threads, count_refusal, busy_page)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._has_to_stop = False

    def start(self) -> None:
        self.door.start()
        self._thread.start()

    def _run(self) -> None:
        while not self._has_to_stop:
            self.door.turn()
        self.door.stop()
        while not self.door.is_empty:
            self._on_stopping()
            self.door.turn()

    def _on_stopping(self) -> None:
        """Closes idle connections at once: a page keeps its own open."""
        for connection in list(self.door.traffic.connections.values()):
            if connection.phase is Phase.IDLE:
                self.door.traffic.close(connection)

    def begin_stop(self) -> None:
        self._has_to_stop = True
        self.door.wake()

    def has_stopped(self) -> bool:
        """Waits until the last request has its response."""
        self._thread.join(TIMEOUT)
        return not self._thread.is_alive()

    def stop(self) -> None:
        self.begin_stop()
        assert self.has_stopped()
        self.door.close()
        self._listener.close()


def listening(port: int = 0) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


class Server(Served):
    """Gunicorn with two workers. `code` is the directory of the version that the next start serves."""

    def __init__(self, directory: Path, **settings: str) -> None:
        super().__init__(directory / "pool")
        self.code = ROOT
        # Of its processes, besides the settings.
        self.environment: dict[str, str] = {}
        self._directory, self._log = directory, directory / "server.log"
        self._settings = {"DATA": str(self.data), "BIND": f"127.0.0.1:{self._port}", "WORKERS": "2", **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {f"COMP_POOL_{name}": value for name, value in self._settings.items()}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "python:server"],
                cwd=self._directory,
                env={**os.environ, **environment, "PYTHONPATH": str(self.code), **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self.is_up)

    def is_up(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self.get("/health")["ready"])
        return False

    def stop(self) -> None:
        """Stops the server as an operator does, and waits until it has exited."""
        self._terminate(signal.SIGTERM)

    def kill(self) -> None:
        """Kills all processes of the server at once, so that none can clean up."""
        self._terminate(signal.SIGKILL)

    def _terminate(self, number: int) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)
        self._process.wait(TIMEOUT)
        self._process = None

    def processes(self) -> list[int]:
        """The living processes of the server, including sandbox child processes."""
        assert self._process is not None
        group = self._process.pid
        return [int(path.name) for path in Path("/proc").glob("[0-9]*") if _group_of(path) == group]

    @property
    def log(self) -> str:
        return self._log.read_text()


def _group_of(process: Path) -> int | None:
    with contextlib.suppress(OSError):
        return int((process / "stat").read_text().rsplit(")", 1)[1].split()[2])
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
