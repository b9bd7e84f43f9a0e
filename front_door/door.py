"""The event loop of a process and its threads: connections are received from, served, and sent to."""

from __future__ import annotations

import heapq
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.http.message import Request

from front_door import refusals
from front_door.acceptor import Acceptor
from front_door.backlog import Backlog
from front_door.budget import Budget
from front_door.connection import Connection, Phase
from front_door.exchange import Application, Exchange
from front_door.framing import BodyTooLarge, Framer
from front_door.limits import Limits
from resources.errors import Problem

SWEEP_SECONDS = 0.5
# For a client to read the last response while it is still sending.
CLOSING_SECONDS = 5.0
# A stopping worker keeps its idle connections for so long: a request may be on its way.
STOP_IDLE_SECONDS = 1.0
# At the limit on connections so many make room at once.
ROOM_SHARE = 100
_ONCE = select.EPOLLONESHOT
READABLE, WRITABLE = select.EPOLLIN | _ONCE, select.EPOLLOUT | _ONCE


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
    ) -> None:
        self._application, self._acceptor, self._cfg, self._log = application, acceptor, cfg, log
        self._limits, self._threads = limits, threads
        self._poll = select.epoll()
        self._wake_up = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll.register(self._wake_up, select.EPOLLIN)
        self._calls: deque[Callable[[], object]] = deque()
        self._connections: dict[int, Connection] = {}
        self._backlog: Backlog[Exchange] = Backlog()
        self._budget = Budget(limits.memory)
        self._next_sweep = 0.0
        self.is_stopping = False
        self.requests = 0

    def start(self) -> None:
        self._acceptor.open(self._poll)
        for number in range(self._threads):
            # Daemons: a stopping worker does not wait for a thread that hangs.
            threading.Thread(target=self._serve, name=f"request-{number}", daemon=True).start()

    def stop(self) -> None:
        """Accepts no more connections, and closes them as they become idle. `is_empty` is true in the end."""
        self.is_stopping = True
        self._acceptor.close()
        last = time.monotonic() + STOP_IDLE_SECONDS
        for connection in list(self._connections.values()):
            if connection.phase is Phase.IDLE:
                connection.deadline = min(connection.deadline, last)

    @property
    def is_empty(self) -> bool:
        return not self._connections

    def close(self) -> None:
        self._backlog.close(self._threads)
        for connection in list(self._connections.values()):
            connection.socket.close()
        self._poll.close()
        os.close(self._wake_up)

    def wake(self) -> None:
        """Ends a wait of the loop, from a thread or a signal's handler."""
        os.eventfd_write(self._wake_up, 1)

    # The loop

    def turn(self) -> None:
        """Waits for events, at most until the next sweep, and handles them."""
        now = time.monotonic()
        wait = min(self._next_sweep, self._acceptor.resumes_at) - now
        for descriptor, _ in self._poll.poll(max(0.0, wait)):
            self._handle(descriptor)
        self._acceptor.set_count(len(self._connections))
        now = time.monotonic()
        self._acceptor.resume(now)
        if now >= self._next_sweep:
            self._sweep(now)
            self._next_sweep = now + SWEEP_SECONDS

    def _handle(self, descriptor: int) -> None:
        connection = self._connections.get(descriptor)
        if connection is not None:
            self._on_event(connection)
        elif descriptor == self._wake_up:
            self._run_calls()
        else:
            self._accept(descriptor)

    def _run_calls(self) -> None:
        os.eventfd_read(self._wake_up)
        while self._calls:
            self._calls.popleft()()

    def _call(self, action: Callable[[], object]) -> None:
        """Lets the loop do something, from a thread."""
        self._calls.append(action)
        self.wake()

    def _accept(self, descriptor: int) -> None:
        for sock, peer, local in self._acceptor.accept(descriptor, len(self._connections)):
            if len(self._connections) >= self._limits.connections:
                self._make_room()
            self._add(sock, peer, local)

    def _add(self, sock: socket.socket, peer: Any, local: Any) -> None:
        framer = Framer(self._cfg, peer, self._limits)
        connection = Connection(sock, peer, local, framer)
        connection.begin(Phase.IDLE, time.monotonic(), self._limits.grace)
        self._connections[connection.descriptor] = connection
        self._poll.register(connection.descriptor, READABLE)

    def _make_room(self) -> None:
        """Closes the connections that have been idle for longest, first those that never sent a request."""
        idle = [one for one in self._connections.values() if one.phase in (Phase.IDLE, Phase.RECEIVING)]
        count = 1 + len(idle) // ROOM_SHARE
        for connection in heapq.nsmallest(count, idle, key=_usefulness):
            self._close(connection)

    def _on_event(self, connection: Connection) -> None:
        if connection.phase in (Phase.IDLE, Phase.RECEIVING):
            self._receive(connection)
        elif connection.phase is Phase.SENDING:
            self._send(connection)
        elif connection.phase is Phase.CLOSING:
            self._discard(connection)

    def _wait_for(self, connection: Connection, event: int) -> None:
        """The last act on a connection before another thread may have it."""
        try:
            self._poll.modify(connection.descriptor, event)
        except (OSError, ValueError):
            self._close(connection)

    # Receiving

    def _receive(self, connection: Connection) -> None:
        try:
            content = connection.receive()
        except OSError:
            self._close(connection)
            return
        if content is None:
            self._wait_for(connection, READABLE)
        elif content:
            self._on_received(connection, content)
        elif connection.phase is Phase.IDLE:
            self._close(connection)
        else:
            self._advance(connection, is_end=True)

    def _on_received(self, connection: Connection, content: bytes) -> None:
        now = time.monotonic()
        if connection.phase is Phase.IDLE:
            connection.begin(Phase.RECEIVING, now, self._limits.grace)
        connection.framer.received += content
        connection.moved += len(content)
        connection.deadline = self._limits.extended(connection.deadline, now, len(content))
        self._advance(connection)

    def _advance(self, connection: Connection, is_end: bool = False) -> None:
        """Passes the next request on, if it is complete."""
        try:
            request = connection.framer.take(is_end)
        except (ParseException, BodyTooLarge) as ex:
            self._refuse(connection, refusals.problem_of(ex))
            return
        if request is None:
            self._await_more(connection)
        else:
            self._pass_on(connection, request)

    def _await_more(self, connection: Connection) -> None:
        if connection.framer.expects_continue():
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.flush()
        self._budget.set_held(connection, len(connection.framer.received))
        self._wait_for(connection, READABLE)
        if self._budget.is_exceeded:
            self._relieve()

    def _pass_on(self, connection: Connection, request: Request) -> None:
        self.requests += 1
        connection.requests += 1
        connection.phase = Phase.BUSY
        self._budget.set_held(connection, connection.framer.body_size + len(connection.framer.received))
        self._backlog.put(Exchange(connection, request, time.monotonic(), self._limits))

    def _go_on(self, connection: Connection) -> None:
        """Continues with what had been received behind the last request."""
        connection.begin(Phase.RECEIVING, time.monotonic(), self._limits.grace)
        self._advance(connection)

    # In the threads

    def _serve(self) -> None:
        while (exchange := self._backlog.take()) is not None:
            if exchange.waits_until < time.monotonic():
                exchange.refuse(refusals.overloaded(), is_last=self.is_stopping)
            else:
                exchange.run(self._application, self._cfg, self._log, self.is_stopping)
            self._after(exchange)

    def _after(self, exchange: Exchange) -> None:
        connection = exchange.connection
        is_sent = connection.flush()
        if is_sent and exchange.is_complete:
            self._finish(exchange)
        elif is_sent:
            self._continue(exchange)
        else:
            self._hand_over(exchange)

    def _hand_over(self, exchange: Exchange) -> None:
        """Lets the loop send the rest."""
        connection = exchange.connection
        connection.exchange = exchange
        connection.acknowledged()
        connection.begin(Phase.SENDING, time.monotonic(), self._limits.grace)
        self._budget.set_held(connection, connection.unsent + len(connection.framer.received))
        self._wait_for(connection, WRITABLE)
        if self._budget.is_exceeded:
            self._call(self._relieve)

    def _continue(self, exchange: Exchange) -> None:
        """Lets a thread go on with a stream."""
        exchange.connection.phase = Phase.BUSY
        exchange.waits_until = float("inf")
        self._backlog.put(exchange)

    def _finish(self, exchange: Exchange) -> None:
        connection = exchange.connection
        connection.exchange = None
        if not exchange.keeps_connection:
            self._linger(connection)
            return
        received = len(connection.framer.received)
        self._budget.set_held(connection, received)
        if received:
            self._call(lambda: self._go_on(connection))
            return
        is_last = self.is_stopping
        connection.begin(Phase.IDLE, time.monotonic(), STOP_IDLE_SECONDS if is_last else self._limits.keepalive)
        self._wait_for(connection, READABLE)

    # Sending and closing

    def _send(self, connection: Connection) -> None:
        exchange = connection.exchange
        is_sent = connection.flush()
        self._budget.set_held(connection, connection.unsent + len(connection.framer.received))
        if exchange is None or connection.is_broken:
            self._close(connection)
        elif not is_sent:
            self._wait_for(connection, WRITABLE)
        elif exchange.is_complete:
            self._finish(exchange)
        else:
            self._continue(exchange)

    def _refuse(self, connection: Connection, problem: Problem) -> None:
        connection.sendall(refusals.response(problem, is_last=True))
        connection.flush()
        self._linger(connection)

    def _linger(self, connection: Connection) -> None:
        connection.framer.received.clear()
        self._budget.set_held(connection, 0)
        try:
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(connection)
            return
        connection.begin(Phase.CLOSING, time.monotonic(), CLOSING_SECONDS)
        self._wait_for(connection, READABLE)

    def _discard(self, connection: Connection) -> None:
        try:
            content = connection.receive()
        except OSError:
            content = b""
        if content == b"":
            self._close(connection)
        else:
            self._wait_for(connection, READABLE)

    def _close(self, connection: Connection) -> None:
        if connection.phase is Phase.CLOSED:
            return
        connection.phase = Phase.CLOSED
        self._connections.pop(connection.descriptor, None)
        self._budget.set_held(connection, 0)
        exchange, connection.exchange = connection.exchange, None
        if exchange is not None:
            exchange.close()
        connection.socket.close()

    # Timeouts and overload

    def _sweep(self, now: float) -> None:
        for connection in list(self._connections.values()):
            if connection.phase is Phase.SENDING:
                self._note_progress(connection, now)
            if connection.deadline < now and connection.phase is not Phase.BUSY:
                self._expire(connection)
        for exchange in self._backlog.refused(now):
            exchange.refuse(refusals.overloaded(), is_last=self.is_stopping)
            self._after(exchange)

    def _note_progress(self, connection: Connection, now: float) -> None:
        count = connection.acknowledged()
        connection.moved += count
        connection.deadline = self._limits.extended(connection.deadline, now, count)

    def _expire(self, connection: Connection) -> None:
        if connection.phase is Phase.RECEIVING:
            self._refuse(connection, refusals.timed_out(self._limits.grace))
        else:
            self._close(connection)

    def _relieve(self) -> None:
        """Frees memory."""
        now = time.monotonic()
        for connection in self._budget.giving_way(list(self._connections.values()), now):
            if connection.phase is Phase.RECEIVING:
                self._refuse(connection, refusals.out_of_memory())
            else:
                self._close(connection)


def _usefulness(connection: Connection) -> tuple[bool, bool, float]:
    return connection.phase is not Phase.IDLE, connection.requests > 0, connection.since


def listeners_of(sockets: Sequence[Any]) -> list[socket.socket]:
    """The plain sockets inside gunicorn's."""
    return [getattr(one, "sock", one) for one in sockets]
