"""The listening sockets of a process: new connections go to the worker that has fewest."""

from __future__ import annotations

import logging
import select
import socket
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any

from front_door.shares import Shares

# A worker that has more connections than another leaves new ones to it for so long. It is no more than that, since the
# other one may hang.
YIELD_SECONDS = 0.01
# After an error such as too many open files.
ERROR_SECONDS = 0.5
AT_ONCE = 16
# Bounds what the kernel holds for a client that does not read. It is doubled by the kernel.
SEND_BUFFER = 1 << 18
log = logging.getLogger("comp-pool")


class Acceptor:
    """`slot` is the process's own in `shares`."""

    def __init__(self, listeners: Sequence[socket.socket], shares: Shares, slot: int) -> None:
        self._listeners = {listener.fileno(): listener for listener in listeners}
        self._shares, self._slot = shares, slot
        self._poll: select.epoll | None = None
        self._is_registered = False
        self.resumes_at = float("inf")
        # Until then a connection that waits has been left to others for long enough.
        self._has_yielded_until = 0.0

    def open(self, poll: select.epoll) -> None:
        self._poll = poll
        for listener in self._listeners.values():
            listener.setblocking(False)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._register()

    def close(self) -> None:
        """Accepts nothing more; connections that wait in the kernel are left to other workers."""
        self._unregister()
        self.resumes_at = float("inf")

    def __contains__(self, descriptor: int) -> bool:
        return descriptor in self._listeners

    def accept(self, descriptor: int, count: int) -> Iterator[tuple[socket.socket, Any, Any]]:
        """New connections with the addresses of both ends. `count` is how many the process has."""
        listener = self._listeners[descriptor]
        for number in range(AT_ONCE):
            self._shares.set(self._slot, count + number)
            if self._shares.is_busier(self._slot) and monotonic() >= self._has_yielded_until:
                self._pause(YIELD_SECONDS)
                return
            self._has_yielded_until = 0.0
            accepted = self._accept(listener)
            if accepted is None:
                return
            yield accepted
        self._shares.set(self._slot, count + AT_ONCE)

    def _accept(self, listener: socket.socket) -> tuple[socket.socket, Any, Any] | None:
        try:
            sock, peer = listener.accept()
        except (BlockingIOError, ConnectionError):
            return None
        except OSError as ex:
            log.warning("no connection can be accepted: %s", ex)
            self._pause(ERROR_SECONDS)
            return None
        return sock, peer, listener.getsockname()

    def _pause(self, seconds: float) -> None:
        self._unregister()
        self.resumes_at = monotonic() + seconds

    def resume(self, now: float) -> None:
        if now >= self.resumes_at:
            self.resumes_at = float("inf")
            # Not longer: a connection that comes later has waited for nobody yet.
            self._has_yielded_until = now + YIELD_SECONDS
            self._register()

    def set_count(self, count: int) -> None:
        self._shares.set(self._slot, count)

    def _register(self) -> None:
        if self._poll is not None and not self._is_registered:
            self._is_registered = True
            for descriptor in self._listeners:
                self._poll.register(descriptor, select.EPOLLIN)

    def _unregister(self) -> None:
        if self._poll is not None and self._is_registered:
            self._is_registered = False
            for descriptor in self._listeners:
                self._poll.unregister(descriptor)
