"""What requests that concern all jobs cost with 10, 100, 1,000 and 10,000 of them: each should cost the same.

Every second job has work, and one in ten of those a measured run time. The app is called in this process, without a
server, so that nothing but the pool is measured.
"""

from __future__ import annotations

import itertools
import statistics
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from falcon import testing

from app import Pool, create_app
from bench import pools
from config import Config
from storage.base import Document, Store

SIZES = (10, 100, 1000, 10_000)
REPEATS = 60
FUNCTION = "(variable, context) => { context.result = variable.x; return context; }"
Figures = dict[str, Any]
Request = Callable[[], testing.Result]
# What happens before each request, unmeasured.
Before = Callable[[], object]


def run(options: Namespace) -> None:
    figures = measure(options)
    for name, milliseconds in figures["milliseconds"].items():
        print(f"  {name:<28}" + "".join(f"{size:>6}: {value:8.2f} ms" for size, value in milliseconds.items()))
    print(f"  bytes of /metrics: {figures['metrics_bytes']}")
    print(f"  first requests of a process, in milliseconds: {figures['first_milliseconds']}")


def measure(options: Namespace) -> Figures:
    figures: Figures = {"milliseconds": {}, "metrics_bytes": {}, "first_milliseconds": {}}
    with pools.directory(options.directory) as root:
        pool = Pool(Config(data=root / "pool", fsync=False, demo=False))
        pool.open()
        for previous, size in zip((0, *SIZES), SIZES, strict=False):
            make_jobs(pool.store, previous, size)
            figures["first_milliseconds"][size] = _first_request(root / "pool")
            _measure_size(pool, size, figures)
        pool.close()
    return figures


def make_jobs(store: Store, first: int, end: int) -> None:
    for number in range(first, end):
        job_id = f"job-{number:06}"
        store.jobs.create(job_id, _job(store, job_id))
        if number % 2 == 0:
            store.variables.add(job_id, {name: _variable(store, job_id, name) for name in ("a", "b")})
        if number % 20 == 0:
            store.results.accept(job_id, "a", pools.result(job_id, "a"))


def _job(store: Store, job_id: str) -> Document:
    return {
        "id": job_id,
        "uid": job_id,
        "name": job_id,
        "created": store.clock.now_text(),
        "state": "open",
        "metadata": {"name": job_id, "owner": f"owner {job_id[-2:]}"},
        "settings": {"lease_seconds": 60},
        "requirements": {},
        "execute_function": FUNCTION,
        "key": "0" * 64,
    }


def _variable(store: Store, job_id: str, name: str) -> Document:
    return {"job": job_id, "id": name, "created": store.clock.now_text(), "data": {"x": 1}}


def _client(pool: Pool) -> testing.TestClient:
    return testing.TestClient(create_app(pool=pool), headers={"Host": "localhost"})


def _first_request(data: Path) -> float:
    """Milliseconds of the first request of a process that was started with so many jobs, its start included."""
    started = time.perf_counter()
    pool = Pool(Config(data=data, fsync=False, demo=False))
    pool.serve()
    _client(pool).simulate_get("/jobs")
    elapsed = time.perf_counter() - started
    pool.close()
    return round(elapsed * 1000, 1)


def _measure_size(pool: Pool, size: int, figures: Figures) -> None:
    client = _client(pool)
    # All is loaded and counted by and by.
    for _ in range(2 + size // 250):
        for path in ("/jobs", "/jobs/scheduled/short-first", "/metrics"):
            client.simulate_get(path)
    for name, (before, request) in _requests(pool, client, size).items():
        milliseconds = [_milliseconds(before, request) for _ in range(REPEATS)]
        figures["milliseconds"].setdefault(name, {})[size] = round(statistics.median(milliseconds), 2)
    figures["metrics_bytes"][size] = len(client.simulate_get("/metrics").content)


def _milliseconds(before: Before, request: Request) -> float:
    before()
    started = time.perf_counter()
    response = request()
    elapsed = time.perf_counter() - started
    assert response.status_code in (200, 201), response.text
    return elapsed * 1000


def _requests(pool: Pool, client: testing.TestClient, size: int) -> dict[str, tuple[Before, Request]]:
    deep = f"job-{size - 11 if size > 11 else 0:06}"
    number = itertools.count(size * 1000)
    key = {"Authorization": f"Bearer {Path(pool.config.data, 'secrets', 'operator.key').read_text().strip()}"}

    def post() -> testing.Result:
        document = {"name": f"posted {next(number)}", "execute_function": FUNCTION, "state": "paused"}
        return client.simulate_post("/jobs", json=document, headers=key)

    def lease() -> None:
        # What other volunteers do meanwhile, in another job each time.
        job_id = f"job-{(next(number) * 20) % size:06}"
        leased = pool.store.leases.lease(job_id, 60.0)
        assert leased is not None
        pool.store.leases.give_back(job_id, leased.variable_id, leased.identity)

    def get(path: str, **params: str | int) -> Request:
        return lambda: client.simulate_get(path, params=params)

    requests = {
        "GET /jobs": get("/jobs"),
        "GET /jobs, of one owner": get("/jobs", owner="owner 02"),
        "short-first": get("/jobs/scheduled/short-first"),
        "GET /jobs/index": get("/jobs/index", limit=10),
        "GET /jobs/index, last page": get("/jobs/index", limit=10, cursor=deep),
        "GET /metrics": get("/metrics"),
        "GET /": lambda: client.simulate_get("/", headers={"Accept": "text/html"}),
        "POST /jobs": post,
    }
    quiet = {name: (bool, request) for name, request in requests.items()}
    return quiet | {f"{name}, others lease": (lease, requests[name]) for name in ("short-first", "GET /metrics")}
