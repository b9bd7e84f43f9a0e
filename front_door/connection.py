"""A connection: what it has sent, what is to be sent to it, and until when it may take its time."""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import termios
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from front_door.framing import Framer

if TYPE_CHECKING:
    from front_door.exchange import Exchange

HEAD_READ, BODY_READ = 1 << 16, 1 << 18
# Buffers of one system call.
MAX_BUFFERS = 64


class Phase(Enum):
    """What a connection does. `BUSY` alone belongs to a thread, or waits for one."""

    IDLE = auto()
    RECEIVING = auto()
    BUSY = auto()
    SENDING = auto()
    # The last response has been sent: what the client is still sending is discarded, so that it can read that.
    CLOSING = auto()
    CLOSED = auto()


class Connection:
    """A socket that never waits. `held` are the bytes counted in the budget of memory."""

    def __init__(self, sock: socket.socket, peer: Any, local: Any, framer: Framer) -> None:
        sock.setblocking(False)
        self.socket, self.peer, self.local, self.framer = sock, peer, local, framer
        self.descriptor = sock.fileno()
        self.phase = Phase.IDLE
        self.deadline = self.since = 0.0
        self.held = self.unsent = self.moved = self.requests = 0
        self.exchange: Exchange | None = None
        self.is_broken = False
        self._outbox: deque[memoryview] = deque()
        self._taken_by_kernel = self._acknowledged = 0

    @property
    def address(self) -> str:
        """Empty for a Unix socket."""
        return self.peer[0] if isinstance(self.peer, tuple) else ""

    def receive(self) -> bytes | None:
        """What has come, empty at the end, None if there is nothing now. Raises OSError."""
        try:
            return self.socket.recv(BODY_READ if self.framer.is_in_body else HEAD_READ)
        except BlockingIOError:
            return None

    def is_client_gone(self) -> bool:
        """Whether the client has closed its side, asked while a thread has the connection. Nothing is taken from it."""
        poll = select.poll()
        try:
            poll.register(self.socket, select.POLLRDHUP)
        except ValueError:  # The socket is closed: the process stops.
            return True
        return bool(poll.poll(0))

    def sendall(self, content: bytes) -> None:
        """Puts bytes into the outbox; the name is that which gunicorn's Response calls."""
        if content and not self.is_broken:
            self._outbox.append(memoryview(content))
            self.unsent += len(content)

    def flush(self) -> bool:
        """Sends what the kernel takes now; returns whether that was everything. A broken connection takes anything."""
        try:
            while self._outbox and not self.is_broken:
                self._remove(self.socket.sendmsg([*self._outbox][:MAX_BUFFERS]))
        except BlockingIOError:
            return False
        except OSError:
            self.abandon()
        return True

    def _remove(self, count: int) -> None:
        self.unsent -= count
        self._taken_by_kernel += count
        while count:
            first = self._outbox.popleft()
            if len(first) > count:
                self._outbox.appendleft(first[count:])
            count -= min(count, len(first))

    def abandon(self) -> None:
        """Nothing can be sent any more."""
        self.is_broken = True
        self._outbox.clear()
        self.unsent = 0

    def acknowledged(self) -> int:
        """How many bytes the client has taken since the last call: the kernel's buffers are none of its doing."""
        try:
            (waiting,) = struct.unpack("i", fcntl.ioctl(self.descriptor, termios.TIOCOUTQ, b"\0\0\0\0"))
        except OSError:
            return 0
        acknowledged: int = self._taken_by_kernel - waiting
        count, self._acknowledged = acknowledged - self._acknowledged, acknowledged
        return count

    def rate(self, now: float) -> float:
        """Bytes per second that the transfer has made so far."""
        return self.moved / max(now - self.since, 0.001)

    def begin(self, phase: Phase, now: float, seconds: float) -> None:
        self.phase, self.since, self.deadline, self.moved = phase, now, now + seconds, 0
