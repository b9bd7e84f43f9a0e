"""Volunteers of the previous version go on after an upgrade of the pool."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app import Pool, create_app
from config import Config
from pool.sandbox import Sandbox
from tests.server import previous
from tests.serving import LocalServer, Server, wait_until


@pytest.mark.parametrize("start", [previous.start_work, previous.start_node])
def test_a_volunteer_of_the_previous_version_goes_on_after_an_upgrade(
    previous_server: Server, previous_code: Path, start: Callable[[Path, str, int], subprocess.Popen[str]]
) -> None:
    with start(previous_code, f"{previous_server.url}/", previous.UNITS) as volunteer:
        try:
            wait_until(lambda: previous.done(previous_server) >= 3)
            previous.upgrade(previous_server)
            before = previous.done(previous_server)
            output, _ = volunteer.communicate(timeout=60)
        finally:
            volunteer.kill()
    assert before < previous.UNITS
    assert (volunteer.returncode, previous.done(previous_server)) == (0, previous.UNITS), output


@pytest.mark.parametrize("start", [previous.start_work, previous.start_node])
def test_a_volunteer_of_the_previous_version_says_why_a_later_pool_refuses_it(
    tmp_path: Path, sandbox: Sandbox, previous_code: Path, start: Callable[[Path, str, int], subprocess.Popen[str]]
) -> None:
    pool = Pool(Config(data=tmp_path / "pool", fsync=False), sandbox)
    pool.open()
    app = previous.RefusingApp(create_app(pool=pool))
    server = LocalServer(app, tmp_path / "pool")
    server.start()
    server.post("/jobs", {"name": "Squares", "execute_function": previous.SQUARE})
    app.refuses = True
    with start(previous_code, f"{server.url}/", 1) as volunteer:
        assert volunteer.stdout is not None
        line = volunteer.stdout.readline()
        volunteer.kill()
    server.stop()
    assert previous.RefusingApp.DETAIL in line
