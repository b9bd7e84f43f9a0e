"""The worker class of gunicorn: the life of a process around its door."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, ClassVar

from gunicorn.config import Config
from gunicorn.http.message import Request
from gunicorn.workers import base

from front_door.acceptor import Acceptor
from front_door.door import SWEEP_SECONDS, Door, listeners_of
from front_door.limits import Limits, affordable_connections
from front_door.shares import Shares
from resources.errors import Problem

# A new process has its parent's handlers until it has its own: a signal that came in between would be lost, and the
# parent wait for the graceful timeout. It stays pending instead.
_HELD_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


def _let_signals_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_SIGNALS)


os.register_at_fork(after_in_parent=_let_signals_through)


class FrontDoorWorker(base.Worker):
    """A subclass sets `limits`, may count refusals, and has a page for browsers when the process is busy."""

    limits: ClassVar[Limits] = Limits()
    # Made in the parent, which all workers have in common.
    shares: ClassVar[Shares] = Shares()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._slot = self.shares.claim()
        self._door: Door | None = None
        # The parent is about to fork.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_SIGNALS)

    def init_signals(self) -> None:
        super().init_signals()
        _let_signals_through()

    @classmethod
    def check_config(cls, cfg: Config, _log: object) -> None:
        if cfg.is_ssl:
            raise RuntimeError("the pool speaks plain http: TLS ends at a proxy before it")

    def release(self) -> None:
        """In the parent, once the process has ended."""
        self.shares.release(self._slot)

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        if self._door is not None:
            self._door.wake()

    def run(self) -> None:
        door = self._door = self._make_door()
        door.start()
        while self.alive and self._has_parent() and door.requests < self.max_requests:
            self._turn(door)
        door.stop()
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while not door.is_empty and time.monotonic() < deadline:
            self._turn(door)
        door.close()

    def _make_door(self) -> Door:
        threads = self.cfg.threads
        limits = self.limits
        connections = affordable_connections(limits.connections, threads)
        limits = Limits(**{**vars(limits), "connections": connections})
        acceptor = Acceptor(listeners_of(self.sockets), self.shares, self._slot)
        return Door(self.wsgi, acceptor, self.cfg, self.log, limits, threads, self.count_refusal, self.busy_page)

    def count_refusal(self, limit: str) -> None:
        """Called each time that a limit costs somebody a request or a connection. It must not wait."""

    def busy_page(self, _request: Request, _problem: Problem) -> bytes | None:
        """The page of this problem, if the request is a browser's for a page. It must not wait."""
        return None

    def _turn(self, door: Door) -> None:
        door.turn()
        self._beat()

    _next_beat = 0.0

    def _beat(self) -> None:
        """Shows the parent that the process lives."""
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + SWEEP_SECONDS
            self.notify()

    def _has_parent(self) -> bool:
        return self.ppid == os.getppid()
