"""Volunteers of the previous version go on after an upgrade of the pool."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import MakeLocalServer
from tests.server import previous
from tests.serving import Server, wait_until


@pytest.mark.parametrize("start", [previous.start_work, previous.start_node])
def test_a_volunteer_of_the_previous_version_goes_on_after_an_upgrade(
    previous_server: Server, previous_code: Path, start: Callable[[Path, str, int], subprocess.Popen[str]]
) -> None:
    with start(previous_code, f"{previous_server.url}/", previous.UNITS) as volunteer:
        try:
            wait_until(lambda: previous.done(previous_server) >= 3)
            previous.upgrade(previous_server)
            # It would compute `{}`.
            previous_server.post("/jobs", {"name": "Any JSON", "execute_function": "(x) => ({ result: typeof x })"})
            previous_server.post("/jobs/any-json/variables", 5)
            before = previous.done(previous_server)
            output, _ = volunteer.communicate(timeout=60)
        finally:
            volunteer.kill()
    assert before < previous.UNITS
    assert (volunteer.returncode, previous.done(previous_server)) == (0, previous.UNITS), output
    assert previous_server.get("/jobs/any-json/progress")["variables"]["done"] == 0


@pytest.mark.parametrize("start", [previous.start_work, previous.start_node])
def test_a_volunteer_of_the_previous_version_says_why_a_later_pool_refuses_it(
    make_local_server: MakeLocalServer,
    previous_code: Path,
    start: Callable[[Path, str, int], subprocess.Popen[str]],
) -> None:
    server = make_local_server()
    server.post("/jobs", {"name": "Squares", "execute_function": previous.SQUARE})
    server.refuse_leases("this pool requires a newer client: update comp-pool")
    with start(previous_code, f"{server.url}/", 1) as volunteer:
        assert volunteer.stdout is not None
        line = volunteer.stdout.readline()
        volunteer.kill()
    assert "this pool requires a newer client: update comp-pool" in line
