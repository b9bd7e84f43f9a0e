"""A real server: gunicorn with two workers on its own port, which tests can kill and start again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TIMEOUT = 20.0


def wait_until(condition: Callable[[], Any], seconds: float = TIMEOUT) -> Any:
    """Polls until the condition returns a true value, and returns that value; fails after the timeout."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {seconds} s: {condition}")
        time.sleep(0.02)
    return value


class Server:
    """`url` has no slash at its end; `key` is the operator's."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.data, self._log = directory / "pool", directory / "server.log"
        self._directory = directory
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._settings = {"DATA": str(self.data), "BIND": f"127.0.0.1:{self._port}", "WORKERS": "2", **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {f"COMP_POOL_{name}": value for name, value in self._settings.items()}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "python:server"],
                cwd=self._directory,
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
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
    def key(self) -> str:
        return (self.data / "secrets" / "operator.key").read_text().strip()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=TIMEOUT) as response:
            return json.load(response)

    def post(self, path: str, document: Any, method: str = "POST") -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        body = json.dumps(document).encode()
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return json.load(response)


def _group_of(process: Path) -> int | None:
    with contextlib.suppress(OSError):
        return int((process / "stat").read_text().rsplit(")", 1)[1].split()[2])
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
