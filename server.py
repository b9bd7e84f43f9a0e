"""How gunicorn serves the pool: these names are its settings. `comp-pool serve` and gunicorn.conf.py both use them."""

from __future__ import annotations

import logging
import os
import socket
import struct
from typing import Any

from gunicorn.workers import gthread

import startup
from config import Config

_config = Config.from_environ()


class PatientWorker(gthread.ThreadWorker):  # type: ignore[misc]
    """Threads, so that a slow connection or a validator at work holds up nobody else; but a connection that falls
    silent in the middle of a request is let go, or a handful of them would hold every thread for good."""

    def init_process(self) -> None:
        logging.getLogger("gunicorn.error").addFilter(_is_no_silence)
        super().init_process()

    def handle(self, conn: Any) -> Any:
        limit = struct.pack("ll", _config.silence, 0)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        return super().handle(conn)


def _is_no_silence(record: logging.LogRecord) -> bool:
    """A connection that was let go is no failure of the server's, and not worth a traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], BlockingIOError))


wsgi_app = "app:create_app()"
proc_name = "comp-pool"
bind = _config.bind
workers = _config.workers or os.cpu_count() or 1
worker_class = PatientWorker
threads = _config.threads
keepalive = 15
timeout = 60
graceful_timeout = 30
control_socket_disable = True
# A connection that says nothing at first waits outside the threads.
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.2


def on_starting(_server: Any) -> None:
    startup.start(_config)


def on_exit(_server: Any) -> None:
    startup.stop(_config)
