"""Many volunteers with kept-alive connections: each leases a variable, thinks, posts its result, and thinks again."""

from __future__ import annotations

import heapq
import json
import random
import select
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

READ = 65536


@dataclass
class Figures:
    """Latencies in seconds, of each kind of request; `lost` are connections that the server closed."""

    latencies: dict[str, list[float]] = field(default_factory=lambda: {"lease": [], "result": []})
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    seconds: float = 0.0

    def p99(self, kind: str) -> float:
        """In milliseconds."""
        latencies = sorted(self.latencies[kind])
        return 1000 * latencies[int(0.99 * (len(latencies) - 1))] if latencies else 0.0

    @property
    def errors(self) -> int:
        """Responses that are no success. 204 is none: there is no variable for this volunteer now."""
        return sum(count for status, count in self.statuses.items() if status not in (200, 201, 204))

    @property
    def rate(self) -> float:
        return sum(self.statuses.values()) / self.seconds

    def summary(self) -> dict[str, Any]:
        return {
            "per_second": round(self.rate),
            "p99_lease_ms": round(self.p99("lease"), 1),
            "p99_result_ms": round(self.p99("result"), 1),
            "errors": self.errors,
            "lost": self.lost,
        }


class Volunteer:
    def __init__(self, port: int, number: int) -> None:
        self._port, self._name = port, f"{number:032x}"
        self.link = ""
        self.sent_at = 0.0
        self.received = b""
        self._is_new = True
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def kind(self) -> str:
        if self._is_new:
            return "greeting"
        return "result" if self.link else "lease"

    def greet(self) -> None:
        """A first request, so that the connection is one of a volunteer, and not a silent one."""
        self._is_new = True
        self.socket.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def send(self) -> None:
        head = f"Host: 127.0.0.1\r\nVolunteer: {self._name}\r\n"
        if self.link:
            fields = "Content-Type: application/json\r\nContent-Length: 1"
            request = f"POST {self.link} HTTP/1.1\r\n{head}{fields}\r\n\r\n4"
        else:
            request = f"GET /jobs/plain/variables HTTP/1.1\r\n{head}\r\n"
        self.received, self.sent_at = b"", time.perf_counter()
        self.socket.sendall(request.encode())

    def status(self) -> int | None:
        """Of a response that is complete. Raises ConnectionError."""
        chunk = self.socket.recv(READ)
        if not chunk:
            raise ConnectionError("closed")
        self.received += chunk
        head, end, body = self.received.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        if not end or len(body) < length:
            return None
        status, self._is_new = int(head[9:12]), False
        is_lease = status == 200 and not self.link
        self.link = json.loads(body)["_links"].get("post_result", "") if is_lease else ""
        return status


class Crowd:
    """Volunteers in one thread. `think` is the mean time between their requests, in seconds."""

    def __init__(self, port: int, count: int, think: float) -> None:
        self._think, self._poll = think, select.epoll()
        self._volunteers: dict[int, Volunteer] = {}
        self._due: list[tuple[float, int]] = []
        for number in range(count):
            self._add(Volunteer(port, number))

    def _add(self, volunteer: Volunteer) -> None:
        descriptor = volunteer.socket.fileno()
        self._volunteers[descriptor] = volunteer
        self._poll.register(descriptor, select.EPOLLIN)
        volunteer.greet()

    def run(self, seconds: float) -> Figures:
        """Goes on for some seconds, and measures them."""
        figures, started = Figures(), time.perf_counter()
        while (now := time.perf_counter()) < started + seconds:
            while self._due and self._due[0][0] <= now:
                self._send(heapq.heappop(self._due)[1], figures)
            wait = self._due[0][0] - now if self._due else 0.1
            for descriptor, _ in self._poll.poll(min(wait, 0.1)):
                self._receive(descriptor, figures)
        figures.seconds = time.perf_counter() - started
        return figures

    def _send(self, descriptor: int, figures: Figures) -> None:
        try:
            self._volunteers[descriptor].send()
        except ConnectionError:
            self._reconnect(descriptor, figures)

    def _receive(self, descriptor: int, figures: Figures) -> None:
        volunteer = self._volunteers[descriptor]
        kind = volunteer.kind
        try:
            status = volunteer.status()
        except ConnectionError:
            self._reconnect(descriptor, figures)
            return
        if status is not None:
            now = time.perf_counter()
            if kind in figures.latencies:
                figures.latencies[kind].append(now - volunteer.sent_at)
                figures.statuses[status] += 1
            heapq.heappush(self._due, (now + random.expovariate(1 / self._think), descriptor))

    def _reconnect(self, descriptor: int, figures: Figures) -> None:
        figures.lost += 1
        volunteer = self._volunteers.pop(descriptor)
        self._due = [(due, one) for due, one in self._due if one != descriptor]
        heapq.heapify(self._due)
        self._poll.unregister(descriptor)
        volunteer.socket.close()
        volunteer.connect()
        self._add(volunteer)

    def close(self) -> None:
        for volunteer in self._volunteers.values():
            volunteer.socket.close()
        self._poll.close()
