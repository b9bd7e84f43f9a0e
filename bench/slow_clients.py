"""Clients that cost a server more than themselves: they drip, stop, stay silent, or do not read.

Each kind is one process with many connections, and connects again when the server closes one.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import selectors
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HALF_HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
# Below any minimum rate, but never silent.
DRIP_SECONDS = 1.0
# Many machines don't send at the same moment: so many times in that time some of them do, and some connect.
TURNS, CONNECTS = 20, 10
# A client that does not read has a small window, so that the rest of a response stays with the server.
WINDOW = 4096


def _connect(port: int, window: int | None = None) -> socket.socket:
    sock = socket.socket()
    if window is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    sock.settimeout(5)
    sock.connect(("127.0.0.1", port))
    sock.setblocking(False)
    return sock


class Crowd:
    """`count` connections of one kind; `first` is what each sends, `drip` what it sends each second after that."""

    def __init__(self, port: int, count: int, first: bytes, drip: bytes, reads: bool) -> None:
        self._port, self._count, self._first, self._drip, self._reads = port, count, first, drip, reads
        self._selector = selectors.DefaultSelector()
        self._open: set[socket.socket] = set()

    def run(self) -> None:
        for turn in itertools.count():
            due = time.monotonic() + DRIP_SECONDS / TURNS
            self._connect_missing()
            for sock in list(self._open)[turn % TURNS :: TURNS]:
                with suppress(BlockingIOError):
                    self._send(sock, self._drip)
            while (wait := due - time.monotonic()) > 0:
                self._notice_closed(wait)

    def _connect_missing(self) -> None:
        for _ in range(min(CONNECTS, self._count - len(self._open))):
            with suppress(OSError):
                sock = _connect(self._port, None if self._reads else WINDOW)
                self._open.add(sock)
                if self._reads:
                    self._selector.register(sock, selectors.EVENT_READ)
                self._send(sock, self._first)

    def _send(self, sock: socket.socket, content: bytes) -> None:
        try:
            if content:
                sock.send(content)
        except ConnectionError:
            self._drop(sock)

    def _notice_closed(self, wait: float) -> None:
        if not self._selector.get_map():
            time.sleep(wait)
        for key, _ in self._selector.select(wait):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            try:
                is_open = bool(sock.recv(65536))
            except BlockingIOError:
                is_open = True
            except OSError:
                is_open = False
            if not is_open:
                self._drop(sock)

    def _drop(self, sock: socket.socket) -> None:
        if sock in self._open:
            self._open.discard(sock)
            if self._reads:
                self._selector.unregister(sock)
            sock.close()


@contextmanager
def dripping(port: int, count: int) -> Iterator[None]:
    """Heads that never end, a byte each second."""
    with _crowd(port, count, HALF_HEAD, b"x"):
        yield


@contextmanager
def half_heads(port: int, count: int) -> Iterator[None]:
    with _crowd(port, count, HALF_HEAD, b""):
        yield


@contextmanager
def silent(port: int, count: int) -> Iterator[None]:
    with _crowd(port, count, b"", b""):
        yield


@contextmanager
def not_reading(port: int, count: int, path: str) -> Iterator[None]:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    with _crowd(port, count, request, b"", reads=False):
        yield


@contextmanager
def _crowd(port: int, count: int, first: bytes, drip: bytes, reads: bool = True) -> Iterator[None]:
    process = multiprocessing.Process(target=Crowd(port, count, first, drip, reads).run, daemon=True)
    process.start()
    try:
        yield
    finally:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)
        process.join()
