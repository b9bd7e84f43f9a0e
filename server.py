"""How gunicorn serves the pool: these names are its settings. `comp-pool serve` and gunicorn.conf.py both use them."""

from __future__ import annotations

import os
from typing import Any

import startup
from config import Config

_config = Config.from_environ()

wsgi_app = "app:create_app()"
proc_name = "comp-pool"
bind = _config.bind
workers = _config.workers or os.cpu_count() or 1
# Threads, so that a slow volunteer's connection or a validator at work holds up nobody else.
worker_class = "gthread"
threads = _config.threads
keepalive = 15
timeout = 60
graceful_timeout = 30


control_socket_disable = True


def on_starting(_server: Any) -> None:
    startup.start(_config)


def on_exit(_server: Any) -> None:
    startup.stop(_config)
