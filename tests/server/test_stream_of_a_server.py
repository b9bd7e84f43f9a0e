"""The stream of a job between the processes of a server: waits, restarts, and the stop of a server."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any

from tests.conftest import EXECUTE, MakeServer
from tests.serving import TIMEOUT, Server, wait_until

JOB = "/jobs/stream"
RESULTS = f"{JOB}/results"


def post_job(server: Server, count: int) -> None:
    server.post("/jobs", {"name": "Stream", "execute_function": EXECUTE})
    for number in range(count):
        server.post(f"{JOB}/variables/v{number:02}", {"x": number}, method="PUT")


def finish(server: Server, number: int) -> None:
    """On a connection of its own: either of the two processes serves it."""
    path = f"{server.url}{JOB}/variables/v{number:02}/results"
    request = urllib.request.Request(path, json.dumps(number).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT):
        pass


def follow(server: Server, query: str) -> Iterator[int]:
    """Follows the stream to its end, whatever becomes of the server meanwhile."""
    path: str | None = f"{RESULTS}?{query}"
    while path is not None:
        with contextlib.suppress(OSError, HTTPException):
            page: Any = server.get(path)
            yield from (item["result"] for item in page["_embedded"]["items"])
            path = page["_links"].get("next")


def test_a_stream_has_every_result_once_across_processes_and_a_kill(make_server: MakeServer) -> None:
    server = make_server(DEMO="0", FSYNC="0")
    post_job(server, 12)
    order = [1, 0, 2, 3, 5, 4, 8, 7, 6, 9, 11, 10]
    with ThreadPoolExecutor(2) as executor:
        followers = [
            executor.submit(list, follow(server, f"wait=60&limit=3&order={name}")) for name in ("input", "accepted")
        ]
        for number in order:
            finish(server, number)
            if number == 4:
                server.kill()
                server.start()
        assert [follower.result(TIMEOUT) for follower in followers] == [sorted(order), order]


def has_waited(server: Server, seconds: float) -> bool:
    """Whether the request found a place to wait."""
    with urllib.request.urlopen(f"{server.url}{RESULTS}?wait={seconds}", timeout=TIMEOUT) as response:
        return "Retry-After" not in response.headers


def test_a_server_that_stops_ends_the_waits(make_server: MakeServer) -> None:
    server = make_server(DEMO="0", FSYNC="0", WORKERS="1", THREADS="4")
    post_job(server, 1)
    with ThreadPoolExecutor(1) as executor:
        # The request below takes the one place for a moment.
        waiting = executor.submit(wait_until, lambda: has_waited(server, 60))
        wait_until(lambda: not has_waited(server, 0.001))
        began = time.monotonic()
        server.stop()
        assert waiting.result(TIMEOUT)
    assert time.monotonic() - began < 20
