"""A load generator: raw requests over many connections from one thread, so that it takes little of the machine."""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
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


def post(path: str, body: bytes) -> bytes:
    """The bytes of a request with a JSON body."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
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


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self.received, self.sent_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def response_status(self) -> int | None:
        """The status of a response that has come completely."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self.received += chunk
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        return int(head[9:12]) if len(body) >= length else None


def run(port: int, requests: Iterator[bytes], connections: int) -> Load:
    """Sends all requests, each connection one after the other."""
    load, selector = Load(), selectors.DefaultSelector()
    processor_before, started = processor_seconds(), time.perf_counter()
    open_connections = []
    for request, _ in zip(requests, range(connections), strict=False):
        connection = Connection(port)
        open_connections.append(connection)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(request)
    busy = len(open_connections)
    while busy:
        for key, _ in selector.select():
            connection = key.data
            status = connection.response_status()
            if status is None:
                continue
            load.latencies.append(time.perf_counter() - connection.sent_at)
            load.statuses[status] += 1
            following = next(requests, None)
            if following is None:
                busy -= 1
                selector.unregister(connection.socket)
            else:
                connection.send(following)
    load.seconds = time.perf_counter() - started
    load.processor_seconds = processor_seconds() - processor_before
    for connection in open_connections:
        connection.socket.close()
    selector.close()
    return load
