"""The event loop of a process and its threads."""

from __future__ import annotations

import heapq
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from socket import socket
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http.message import Request

from front_door import refusals, traffic
from front_door.acceptor import Acceptor
from front_door.connection import Connection, Phase
from front_door.exchange import Application, Exchange
from front_door.framing import Framer
from front_door.limits import Limits
from front_door.traffic import Action, CountRefusal, Traffic
from resources.errors import Problem

SWEEP_SECONDS = 0.5
# At the limit on connections so many make room at once.
ROOM_SHARE = 100
# The page of a problem for a browser, or None for all others. It must not wait.
BusyPage = Callable[[Request, Problem], bytes | None]
# Of connections that may have to make room.
_USE = {Phase.CLOSING: 0, Phase.IDLE: 1, Phase.RECEIVING: 2}


class Door:
    """`turn` is one round of the loop, for the main thread of the process; `start` starts the threads."""

    def __init__(
        self,
        application: Application,
        acceptor: Acceptor,
        cfg: Config,
        log: Logger,
        limits: Limits,
        threads: int,
        count_refusal: CountRefusal,
        busy_page: BusyPage,
    ) -> None:
        self._busy_page = busy_page
        self._application, self._acceptor, self._cfg, self._log = application, acceptor, cfg, log
        self._limits, self._threads = limits, threads
        self._poll = select.epoll()
        self._wake_up = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll.register(self._wake_up, select.EPOLLIN)
        self._calls: deque[tuple[Action, Connection]] = deque()
        self.traffic = Traffic(self._poll, limits, log, self._call, count_refusal)
        self._next_sweep = 0.0

    def start(self) -> None:
        self._acceptor.open(self._poll)
        for number in range(self._threads):
            # Daemons: a stopping worker does not wait for a thread that hangs.
            threading.Thread(target=self._serve, name=f"request-{number}", daemon=True).start()

    @property
    def requests(self) -> int:
        """How many have come so far."""
        return self.traffic.requests

    @property
    def is_stopping(self) -> bool:
        return self.traffic.is_stopping

    @property
    def is_empty(self) -> bool:
        return not self.traffic.connections

    def stop(self) -> None:
        """Accepts no more connections, and closes them as they become idle. `is_empty` is true in the end."""
        self.traffic.is_stopping = True
        self._acceptor.close()
        last = time.monotonic() + traffic.STOP_IDLE_SECONDS
        for connection in list(self.traffic.connections.values()):
            if connection.phase is Phase.IDLE:
                connection.deadline = min(connection.deadline, last)

    def close(self) -> None:
        self.traffic.backlog.close(self._threads)
        for connection in list(self.traffic.connections.values()):
            connection.socket.close()
        self._poll.close()
        os.close(self._wake_up)

    def wake(self) -> None:
        """Ends a wait of the loop, from a thread or a signal's handler."""
        os.eventfd_write(self._wake_up, 1)

    # The loop

    def turn(self) -> None:
        """Waits for events, at most until the next sweep, and handles them."""
        wait = min(self._next_sweep, self._acceptor.resumes_at) - time.monotonic()
        for descriptor, _ in self._poll.poll(max(0.0, wait)):
            self._handle(descriptor)
        self._acceptor.set_count(len(self.traffic.connections))
        now = time.monotonic()
        self._acceptor.resume(now)
        if now >= self._next_sweep:
            self._sweep(now)
            self._next_sweep = now + SWEEP_SECONDS

    def _handle(self, descriptor: int) -> None:
        connection = self.traffic.connections.get(descriptor)
        if connection is not None:
            self.traffic.guarded(self.traffic.on_event, connection)
        elif descriptor == self._wake_up:
            self._run_calls()
        elif descriptor in self._acceptor:
            self._accept(descriptor)

    def _run_calls(self) -> None:
        os.eventfd_read(self._wake_up)
        while self._calls:
            self.traffic.guarded(*self._calls.popleft())

    def _call(self, action: Action, connection: Connection) -> None:
        self._calls.append((action, connection))
        self.wake()

    def _accept(self, descriptor: int) -> None:
        for sock, peer, local in self._acceptor.accept(descriptor, len(self.traffic.connections)):
            if len(self.traffic.connections) >= self._limits.connections:
                self._make_room()
            self.traffic.add(Connection(sock, peer, local, Framer(self._cfg, peer, self._limits)))

    def _make_room(self) -> None:
        """Closes the connections that have been idle for longest, first those that never sent a request."""
        idle = [one for one in self.traffic.connections.values() if one.phase in _USE]
        count = 1 + len(idle) // ROOM_SHARE
        for connection in heapq.nsmallest(count, idle, key=_usefulness):
            self.traffic.count_refusal("connections")
            self.traffic.close(connection)

    def _sweep(self, now: float) -> None:
        self.traffic.expire(now)
        for exchange in self.traffic.backlog.refused(now):
            self.traffic.guarded(partial(self._refuse, exchange), exchange.connection)

    def _refuse(self, exchange: Exchange, _connection: Connection) -> None:
        """No thread was free in time."""
        self.traffic.count_refusal("threads")
        problem = refusals.overloaded()
        is_for_people = exchange.request.method in ("GET", "HEAD")
        page = self._busy_page(exchange.request, problem) if is_for_people else None
        exchange.refuse(problem, is_last=self.is_stopping, page=page)
        self.traffic.respond(exchange)

    # The threads

    def _serve(self) -> None:
        while (exchange := self.traffic.backlog.take()) is not None:
            self.traffic.guarded(partial(self._respond, exchange), exchange.connection)

    def _respond(self, exchange: Exchange, connection: Connection) -> None:
        if exchange.waits_until < time.monotonic():
            self._refuse(exchange, connection)
            return
        exchange.run(self._application, self._cfg, self._log, self.is_stopping)
        self.traffic.respond(exchange)


def _usefulness(connection: Connection) -> tuple[int, bool, float]:
    return _USE[connection.phase], connection.requests > 0, connection.since


def listeners_of(sockets: Sequence[Any]) -> list[socket]:
    """The plain sockets inside gunicorn's."""
    return [getattr(one, "sock", one) for one in sockets]
