"""The server: gunicorn's settings (the names below), and the start and stop of a pool around its workers.

`comp-pool serve` and gunicorn.conf.py both use this module.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
from types import FrameType

from gunicorn.workers import gthread

from app import App, Pool, create_app
from config import Config
from data import demo

_config = Config.from_environ()
# Of this process.
_pools: list[Pool] = []


class TimeoutWorker(gthread.ThreadWorker):
    """Threads, so that a slow connection or validator blocks nobody else; with a timeout for each read and write.

    Without one, a few connections that stall in the middle of a request would occupy every thread forever.
    """

    def init_process(self) -> None:
        logging.getLogger("gunicorn.error").addFilter(_is_not_timeout)
        super().init_process()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Requests that wait for results respond now.
        for pool in _pools:
            pool.stream.waiters.is_stopping = True
        super().handle_exit(sig, frame)

    def handle(self, conn: gthread.TConn) -> bool:
        timeout = struct.pack("ll", _config.silence, 0)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
        return super().handle(conn)


def _is_not_timeout(record: logging.LogRecord) -> bool:
    """A timeout of a connection is no failure of the server: its traceback is not logged."""
    return not (record.exc_info and isinstance(record.exc_info[1], BlockingIOError))


wsgi_app = "server:application()"
proc_name = "comp-pool"
bind = _config.bind
workers = _config.workers or os.cpu_count() or 1
worker_class = TimeoutWorker
threads = _config.threads
# Longer than a volunteer usually waits between two requests; then a connection is reused.
keepalive = 15
timeout = 60
# A worker may be validating a result: the volunteer still gets the response.
graceful_timeout = 30
# The control socket is not used here, and would be one more way in.
control_socket_disable = True
# A new connection waits outside the threads until its first bytes arrive.
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.2  # type: ignore[misc]  # a constant: gunicorn has no setting for it


def application() -> App:
    """The WSGI application of one worker.

    It opens the pool before the first request: a worker that replaces a dead one recovers what that one left.
    """
    pool = Pool(_config)
    pool.open()
    _pools.append(pool)
    return create_app(pool=pool)


def on_starting(_server: object) -> None:
    start(_config)


def on_exit(_server: object) -> None:
    stop(_config)


def start(config: Config) -> None:
    """Once before the workers: a repair after a power cut, recovery, the operator's key, the demo."""
    pool = Pool(config)
    try:
        pool.store.maintenance.prepare()
        if pool.store.maintenance.mark_started():
            _print("The machine went down while the pool was running: checking its documents.")
            for finding in pool.store.maintenance.check(repair=True):
                _print(f"{finding.where or 'pool'}: {finding.problem}: {finding.remedy}")
        pool.open()
        if config.demo:
            for line in demo.load(pool, config.data):
                _print(line)
    finally:
        pool.close()


def stop(config: Config) -> None:
    pool = Pool(config)
    pool.store.maintenance.mark_stopped()
    pool.close()


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201
