"""Servers on ports of their own: gunicorn, which tests can kill and start again, and the app in the tests' process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

ROOT = Path(__file__).parents[1]
TIMEOUT = 20.0
POLL_SECONDS = 0.02

App = Callable[..., Iterable[bytes]]


def wait_until(condition: Callable[[], Any], seconds: float = TIMEOUT) -> Any:
    """Polls until the condition returns a true value, and returns that value; fails after the timeout."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {seconds} s: {condition}")
        time.sleep(0.02)
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
        self._server: ThreadingServer | None = None

    def start(self) -> None:
        self._server = ThreadingServer(self.app, self._port)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def refuse_leases(self, detail: str) -> None:
        """Responds to requests for leases as a pool that requires a newer client."""
        assert self._server is not None
        self._server.set_app(_refusing_leases(self.app, detail))


def _refusing_leases(app: App, detail: str) -> App:
    problem = {"type": "urn:comp-pool:outdated", "title": "Bad Request", "status": 400, "detail": detail}

    def refusing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].endswith("/variables"):
            return app(environ, start_response)
        start_response("400 Bad Request", [("Content-Type", "application/problem+json")])
        return [json.dumps(problem).encode()]

    return refusing


class ThreadingServer(socketserver.ThreadingMixIn, WSGIServer):
    """Serves a WSGI application from threads of this process, a thread for each connection."""

    daemon_threads = True
    # Otherwise server_close would wait for the connections that a client keeps open.
    block_on_close = False
    request_queue_size = 128

    def __init__(self, app: App, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _QuietHandler)
        self.set_app(app)
        self._thread = threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def server_bind(self) -> None:
        # The inherited one looks its name up in DNS, which may take seconds.
        socketserver.TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A page that is closed aborts its requests.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        pass


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
