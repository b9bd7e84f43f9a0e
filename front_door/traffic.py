"""What happens on one connection after another event: requests come in, responses go out, and it ends."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.http.message import Request

from front_door import refusals
from front_door.backlog import Backlog
from front_door.budget import Budget
from front_door.connection import Connection, Phase
from front_door.exchange import Exchange
from front_door.framing import BodyTooLarge
from front_door.limits import Limits
from resources.errors import Problem

# For a client to read the last response while it is still sending.
CLOSING_SECONDS = 5.0
# A stopping worker keeps its idle connections for so long: a request may be on its way.
STOP_IDLE_SECONDS = 1.0
_ONCE = select.EPOLLONESHOT
READABLE, WRITABLE = select.EPOLLIN | _ONCE, select.EPOLLOUT | _ONCE
Action = Callable[[Connection], None]
# Is told the name of a limit each time that it costs somebody a request or a connection; it must not wait.
CountRefusal = Callable[[str], None]


class Traffic:
    """The connections of a process by their descriptors. `call` lets the loop do something with one, from a thread."""

    def __init__(
        self,
        poll: select.epoll,
        limits: Limits,
        log: Logger,
        call: Callable[[Action, Connection], None],
        count_refusal: CountRefusal,
    ) -> None:
        self._poll, self._limits, self._log, self._call = poll, limits, log, call
        self.count_refusal = count_refusal
        self.connections: dict[int, Connection] = {}
        self.backlog: Backlog[Exchange] = Backlog()
        self.budget = Budget(limits.memory)
        self.is_stopping = False
        self.requests = 0

    def add(self, connection: Connection) -> None:
        connection.begin(Phase.IDLE, time.monotonic(), self._limits.grace)
        self.connections[connection.descriptor] = connection
        self._poll.register(connection.descriptor, READABLE)

    def guarded(self, action: Action, connection: Connection) -> None:
        """Whatever a client makes fail costs its own connection alone."""
        try:
            action(connection)
        except Exception:
            self._log.exception("a connection failed")
            self.close(connection)

    def on_event(self, connection: Connection) -> None:
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
            self.close(connection)

    # Receiving

    def _receive(self, connection: Connection) -> None:
        try:
            content = connection.receive()
        except OSError:
            self.close(connection)
            return
        if content is None:
            self._wait_for(connection, READABLE)
        elif content:
            self._on_received(connection, content)
        elif connection.phase is Phase.IDLE:
            self.close(connection)
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
            self.refuse(connection, refusals.problem_of(ex))
            return
        if request is None:
            self._await_more(connection)
        else:
            self._pass_on(connection, request)

    def _await_more(self, connection: Connection) -> None:
        if connection.framer.expects_continue():
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.flush()
        self.budget.set_held(connection, len(connection.framer.received))
        self._wait_for(connection, READABLE)
        if self.budget.is_exceeded:
            self._relieve(connection)

    def _pass_on(self, connection: Connection, request: Request) -> None:
        self.requests += 1
        connection.requests += 1
        connection.phase = Phase.BUSY
        self.budget.set_held(connection, connection.framer.body_size + len(connection.framer.received))
        self.backlog.put(Exchange(connection, request, time.monotonic(), self._limits))

    def _go_on(self, connection: Connection) -> None:
        """Continues with what had been received behind the last request."""
        connection.begin(Phase.RECEIVING, time.monotonic(), self._limits.grace)
        self._advance(connection)

    # Responding: in a thread, or in the loop for what the client took only later

    def respond(self, exchange: Exchange) -> None:
        """Sends what a thread has made of the response."""
        is_sent = exchange.connection.flush()
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
        self.budget.set_held(connection, connection.unsent + len(connection.framer.received))
        self._wait_for(connection, WRITABLE)
        if self.budget.is_exceeded:
            self._call(self._relieve, connection)

    def _continue(self, exchange: Exchange) -> None:
        """Lets a thread go on with a stream."""
        exchange.connection.phase = Phase.BUSY
        exchange.waits_until = float("inf")
        self.backlog.put(exchange)

    def _finish(self, exchange: Exchange) -> None:
        connection = exchange.connection
        connection.exchange = None
        if not exchange.keeps_connection:
            self._linger(connection)
            return
        received = len(connection.framer.received)
        self.budget.set_held(connection, received)
        if received:
            self._call(self._go_on, connection)
            return
        seconds = STOP_IDLE_SECONDS if self.is_stopping else self._limits.keepalive
        connection.begin(Phase.IDLE, time.monotonic(), seconds)
        self._wait_for(connection, READABLE)

    def _send(self, connection: Connection) -> None:
        exchange = connection.exchange
        is_sent = connection.flush()
        self.budget.set_held(connection, connection.unsent + len(connection.framer.received))
        if exchange is None or connection.is_broken:
            self.close(connection)
        elif not is_sent:
            self._wait_for(connection, WRITABLE)
        elif exchange.is_complete:
            self._finish(exchange)
        else:
            self._continue(exchange)

    # Closing

    def refuse(self, connection: Connection, problem: Problem) -> None:
        connection.sendall(refusals.response(problem, is_last=True))
        connection.flush()
        self._linger(connection)

    def _linger(self, connection: Connection) -> None:
        connection.framer.received.clear()
        self.budget.set_held(connection, 0)
        try:
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.close(connection)
            return
        connection.begin(Phase.CLOSING, time.monotonic(), CLOSING_SECONDS)
        self._wait_for(connection, READABLE)

    def _discard(self, connection: Connection) -> None:
        try:
            content = connection.receive()
        except OSError:
            content = b""
        if content == b"":
            self.close(connection)
        else:
            self._wait_for(connection, READABLE)

    def close(self, connection: Connection) -> None:
        if connection.phase is Phase.CLOSED:
            return
        connection.phase = Phase.CLOSED
        self.connections.pop(connection.descriptor, None)
        self.budget.set_held(connection, 0)
        exchange, connection.exchange = connection.exchange, None
        if exchange is not None:
            exchange.close()
        connection.socket.close()

    # Limits

    def expire(self, now: float) -> None:
        """Ends the connections that are too slow, or idle for too long."""
        for connection in list(self.connections.values()):
            if connection.phase is Phase.SENDING:
                self._note_progress(connection, now)
            if connection.deadline < now and connection.phase is not Phase.BUSY:
                self._expire(connection)

    def _note_progress(self, connection: Connection, now: float) -> None:
        count = connection.acknowledged()
        connection.moved += count
        connection.deadline = self._limits.extended(connection.deadline, now, count)

    def _expire(self, connection: Connection) -> None:
        if connection.phase in (Phase.RECEIVING, Phase.SENDING):
            self.count_refusal("slow")
        if connection.phase is Phase.RECEIVING:
            self.refuse(connection, refusals.timed_out(self._limits.grace))
        else:
            self.close(connection)

    def _relieve(self, _connection: Connection) -> None:
        """Frees memory, after this connection has taken the last of it."""
        for connection in self.budget.giving_way(list(self.connections.values()), time.monotonic()):
            self.count_refusal("memory")
            if connection.phase is Phase.RECEIVING:
                self.refuse(connection, refusals.out_of_memory())
            else:
                self.close(connection)
