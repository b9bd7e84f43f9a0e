"""A load generator: raw requests over many connections from one thread, so that it takes little of the machine."""

from __future__ import annotations

import itertools
import os
import selectors
import socket
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Load:
    """What a run measured: `statuses` by number, and the seconds of each request."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    # Of all processes that the benchmark has started, its own aside.
    processor_seconds: float = 0.0

    @property
    def microseconds(self) -> float:
        """Processor time of the servers per request: other work on the machine hardly changes it."""
        return self.processor_seconds / self.statuses.total() * 1e6

    @property
    def rate(self) -> float:
        return self.statuses.total() / self.seconds

    def milliseconds(self, quantile: float) -> float:
        latencies = sorted(self.latencies)
        return 1000 * latencies[min(len(latencies) - 1, int(quantile * len(latencies)))]


def post(path: str, body: bytes, media_type: str = "application/json") -> bytes:
    """The bytes of a request with a body."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def processor_seconds(pids: Sequence[int] | None = None) -> float:
    """Of these processes, or else of the living descendants of this one."""
    return sum(
        int((thread / "schedstat").read_text().split()[0]) / 1e9
        for pid in (descendants(os.getpid()) if pids is None else pids)
        for thread in Path(f"/proc/{pid}/task").iterdir()
    )


def descendants(pid: int) -> list[int]:
    found = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (thread / "children").read_text().split()):
            found += [child, *descendants(child)]
    return found


class Body(bytes):
    """The body of a response, and its entity tag."""

    etag: bytes = b""


# Yields requests one after the other, and gets the body of each response.
Session = Generator[bytes, Body, None]


def get(path: str, volunteer: str = "") -> bytes:
    """The bytes of a GET request."""
    header = f"Volunteer: {volunteer}\r\n" if volunteer else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n".encode()


def single(request: bytes) -> Session:
    yield request


class Connection:
    """Plays one session after the other."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._session: Session | None = None
        self._received = bytearray()
        self.sent_at = 0.0

    def begin(self, session: Session) -> None:
        self._session = session
        self._send(next(session))

    def _send(self, request: bytes) -> None:
        self._received, self.sent_at = bytearray(), time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, Body] | None:
        """The status and the body of a response that has come completely."""
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self._received += chunk
        head, separator, body = bytes(self._received).partition(b"\r\n\r\n")
        if not separator:
            return None
        if len(body) < int(_header(head, b"content-length:") or b"0"):
            return None
        received = Body(body)
        received.etag = _header(head, b"etag:")
        return int(head[9:12]), received

    def proceed(self, body: Body) -> bool:
        """Sends the session's next request; False if it has ended."""
        assert self._session is not None
        try:
            self._send(self._session.send(body))
        except StopIteration:
            return False
        return True


def _header(head: bytes, name: bytes) -> bytes:
    """The value of a header, in lower case; empty without one."""
    lines = head.lower().split(b"\r\n")
    return next((line[len(name) :].strip() for line in lines if line.startswith(name)), b"")


def run(port: int, requests: Iterable[bytes], connections: int) -> Load:
    """Sends all requests, each connection one after the other."""
    return play(port, map(single, requests), connections)


def play(port: int, sessions: Iterator[Session], connections: int) -> Load:
    """Plays all sessions, each connection one after the other."""
    load, selector = Load(), selectors.DefaultSelector()
    processor_before, started = processor_seconds(), time.perf_counter()
    busy = [_opened(port, session, selector) for session in itertools.islice(sessions, connections)]
    while selector.get_map():
        for key, _ in selector.select():
            connection = key.data
            response = connection.receive()
            if response is None:
                continue
            load.latencies.append(time.perf_counter() - connection.sent_at)
            load.statuses[response[0]] += 1
            if not connection.proceed(response[1]):
                _begin_next(connection, sessions, selector)
    load.seconds = time.perf_counter() - started
    load.processor_seconds = processor_seconds() - processor_before
    for connection in busy:
        connection.socket.close()
    selector.close()
    return load


def _opened(port: int, session: Session, selector: selectors.BaseSelector) -> Connection:
    connection = Connection(port)
    selector.register(connection.socket, selectors.EVENT_READ, connection)
    connection.begin(session)
    return connection


def _begin_next(connection: Connection, sessions: Iterator[Session], selector: selectors.BaseSelector) -> None:
    following = next(sessions, None)
    if following is None:
        selector.unregister(connection.socket)
    else:
        connection.begin(following)
