"""A door before any WSGI application, in threads of the tests' process."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPResponse
from typing import Any

import pytest

from front_door.exchange import Application
from front_door.limits import Limits
from tests.front_door import applications
from tests.serving import DoorServer

TIMEOUT = 10.0


class _Reader:
    """What HTTPResponse reads from: it would close it, with what has come of the next response."""

    def __init__(self, sock: socket.socket) -> None:
        self._file = sock.makefile("rb")

    def makefile(self, _mode: str) -> _Reader:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        pass

    def end(self) -> None:
        self._file.close()


class Client:
    """A connection to a door."""

    def __init__(self, address: Any) -> None:
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.settimeout(TIMEOUT)
        # Small, so that a client that does not read is noticed soon.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(address)
        self._reader: Any = _Reader(self.socket)

    def send(self, content: bytes) -> Client:
        self.socket.sendall(content)
        return self

    def get(self, path: str = "/", *headers: str, method: str = "GET") -> Client:
        return self.send("\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode())

    def receive(self, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        with HTTPResponse(self._reader, method=method) as response:
            response.begin()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()

    def status(self) -> int:
        return self.receive()[0]

    def is_closed(self) -> bool:
        """Waits for the end of the connection; false if something comes instead."""
        with suppress(ConnectionError):
            return self.socket.recv(1) == b""
        return True

    def close(self) -> None:
        self._reader.end()
        self.socket.close()

    def rest(self) -> bytes:
        """All that comes until the end of the connection."""
        content = b""
        with suppress(ConnectionError):
            while chunk := self.socket.recv(65536):
                content += chunk
        return content


class RunningDoor(DoorServer):
    """A door that runs, and its clients."""

    def __init__(self, listener: socket.socket, application: Application, threads: int, limits: Limits) -> None:
        super().__init__(application, listener, threads, limits)
        self._clients: list[Client] = []
        self.start()

    def client(self) -> Client:
        self._clients.append(Client(self.address))
        return self._clients[-1]

    def _on_stopping(self) -> None:
        """Leaves idle connections to the door."""

    def stop(self) -> None:
        self.begin_stop()
        for client in self._clients:
            client.close()
        super().stop()


MakeDoor = Callable[..., RunningDoor]


def listener(path: str | None = None) -> socket.socket:
    found = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
    found.bind(path or ("127.0.0.1", 0))
    found.listen(128)
    return found


@pytest.fixture
def make_door(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDoor]:
    """Makes a door before an application, with limits by their names."""
    monkeypatch.setattr("front_door.door.SWEEP_SECONDS", 0.02)
    monkeypatch.setattr("front_door.traffic.STOP_IDLE_SECONDS", 0.1)
    doors: list[RunningDoor] = []

    def make(
        application: Application = applications.echo, threads: int = 1, path: str | None = None, **limits: Any
    ) -> RunningDoor:
        changed = dataclasses.replace(Limits(), **limits)
        doors.append(RunningDoor(listener(path), application, threads, changed))
        return doors[-1]

    yield make
    applications.release()
    for door in doors:
        door.stop()


@pytest.fixture
def short_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A path for a Unix socket, which may have about a hundred characters."""
    path = f"/tmp/door-{os.getpid()}.sock"
    yield path
    with suppress(FileNotFoundError):
        os.unlink(path)
