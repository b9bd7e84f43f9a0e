"""The server: gunicorn's settings (the names below), and the start and stop of a pool around its workers.

`comp-pool serve` and gunicorn.conf.py both use this module.
"""

from __future__ import annotations

import os
import sys
from types import FrameType

from gunicorn.http.message import Request

from app import App, Pool, create_app
from config import Config
from data import demo
from front_door.exchange import mount_of
from front_door.limits import Limits
from resources.error_page import BusyPage
from resources.errors import Problem

if sys.platform == "linux":
    from front_door.worker import FrontDoorWorker as Worker
else:
    from gunicorn.workers.gthread import ThreadWorker as Worker

_config = Config.from_environ()
# Of this process.
_pools: list[Pool] = []
_busy_page = BusyPage(_config.name)


class PoolWorker(Worker):
    limits = Limits(
        # Falcon responds to larger bodies without reading them.
        body=max(_config.max_document, _config.max_bulk),
        connections=_config.connections,
        memory=_config.transfer_memory,
        grace=_config.silence,
        rate=_config.min_rate,
    )

    def count_refusal(self, limit: str) -> None:
        for pool in _pools:
            pool.refusals.count(limit)

    def busy_page(self, request: Request, problem: Problem) -> bytes | None:
        return _busy_page.page_for(dict(request.headers), mount_of(request), problem)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Requests that wait for results respond now.
        for pool in _pools:
            pool.stream.waiters.is_stopping = True
        super().handle_exit(sig, frame)


wsgi_app = "server:application()"
proc_name = "comp-pool"
bind = _config.bind
workers = _config.workers or os.cpu_count() or 1
worker_class = PoolWorker
threads = _config.threads
timeout = 60
# A worker may be validating a result: the volunteer still gets the response.
graceful_timeout = 30
# The control socket is not used here, and would be one more way in.
control_socket_disable = True
# New connections wait here while the workers are busy; the kernel's own limit is usually 4096.
backlog = 4096


def application() -> App:
    """The WSGI application of one worker.

    It opens the pool before the first request: a worker that replaces a dead one recovers what that one left.
    """
    pool = Pool(_config)
    pool.serve()
    _pools.append(pool)
    return create_app(pool=pool)


def on_starting(_server: object) -> None:
    start(_config)


def child_exit(_server: object, worker: PoolWorker) -> None:
    if sys.platform == "linux":
        worker.release()


def on_exit(_server: object) -> None:
    stop(_config)


def start(config: Config) -> None:
    """Once before the workers: recovery, the operator's key, the demo.

    After a power cut a worker repairs what is left, beside service.
    """
    pool = Pool(config)
    try:
        pool.store.maintenance.prepare()
        if pool.store.maintenance.mark_started():
            _print("The machine went down while the pool was running: its documents are checked beside service.")
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
