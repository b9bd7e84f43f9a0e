"""Two demo jobs on a real server (gunicorn with two workers): kills of volunteers and of the server in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.flat import FlatStore
from tests.conftest import MakeServer
from tests.data.demo import execute, job_of, post_demo
from tests.serving import Server, wait_until

PRIMES, QUEENS = "/jobs/prime-count", "/jobs/n-queens"
UNITS = 30  # of each job
Volunteer = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def volunteer(tmp_path: Path) -> Iterator[Volunteer]:
    """Starts a native volunteer of a server for one job."""
    started: list[subprocess.Popen[bytes]] = []

    def start(server: Server, job: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "comp_pool", "work", server.url, "--job", job.rsplit("/", 1)[1], *arguments]
        with (tmp_path / "volunteers.log").open("ab") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def is_complete(server: Server, job: str) -> bool:
    return bool(server.get(f"{job}/progress")["complete"])


def accepted(server: Server, job: str) -> dict[str, Any]:
    """In several pages."""
    return server.accepted(job, limit=10)


def assert_results_are_correct(server: Server) -> None:
    primes, queens = accepted(server, PRIMES), accepted(server, QUEENS)
    assert primes == expected("prime-count")
    assert queens == expected("n-queens")
    assert sum(result["count"] for result in primes.values()) == 216_816  # Primes below three million.
    assert sum(result["count"] for name, result in queens.items() if name.startswith("n08")) == 92
    assert len(list((server.data / "jobs" / "prime-count" / "results").rglob("*.json"))) == UNITS
    for job in (PRIMES, QUEENS):
        assert server.get(f"{job}/progress")["variables"]["done"] == UNITS


def expected(name: str) -> dict[str, Any]:
    """The right results by variable."""
    job = job_of(name)
    variables = dict(list(job.own.items())[:UNITS])
    return dict(zip(variables, execute(job, variables.values()), strict=True))


def shorten_leases(server: Server) -> None:
    for job in (PRIMES, QUEENS):
        server.post(job, {"settings": {"lease_seconds": 2}}, method="PATCH")


def kill_with_a_lease(server: Server, volunteer: Volunteer) -> None:
    """Kills a volunteer in the middle of its units: another one if the first has just uploaded all that it leased."""
    while not server.get(f"{PRIMES}/progress")["variables"]["leased"]:
        doomed = volunteer(server, PRIMES, "--workers", "2")
        results = server.get(f"{PRIMES}/progress")["variables"]["done"]
        wait_until(has_results(server, results + 5))
        os.killpg(doomed.pid, signal.SIGKILL)
        doomed.wait()


def has_results(server: Server, number: int) -> Callable[[], bool]:
    return lambda: server.get(f"{PRIMES}/progress")["variables"]["done"] >= number


def test_kills_of_volunteer_and_server_lose_and_duplicate_no_result(
    make_server: MakeServer, volunteer: Volunteer
) -> None:
    server = make_server(DEMO="0")
    for name in ("prime-count", "n-queens"):
        post_demo(server, name, UNITS)
    shorten_leases(server)
    kill_with_a_lease(server, volunteer)
    for job in (PRIMES, QUEENS):
        volunteer(server, job)
    wait_until(has_results(server, 15))
    acknowledged = accepted(server, PRIMES) | accepted(server, QUEENS)
    server.kill()
    server.start()
    assert (accepted(server, PRIMES) | accepted(server, QUEENS)).items() >= acknowledged.items()
    wait_until(lambda: is_complete(server, PRIMES) and is_complete(server, QUEENS), 90)
    assert_results_are_correct(server)
    assert_check_finds_nothing(server)


def assert_check_finds_nothing(server: Server) -> None:
    server.stop()
    store = FlatStore(server.data)
    assert list(store.maintenance.check(repair=False)) == []
    store.close()


def test_an_acknowledged_result_survives_a_kill_of_the_server(make_server: MakeServer) -> None:
    server = make_server(DEMO="0")
    job = {"name": "Job", "execute_function": "(variable, context) => context"}
    server.post("/jobs", job)
    for number in range(10):
        variable = f"/jobs/job/variables/v{number}"
        server.post(variable, {"number": number}, method="PUT")
        location = server.post(f"{variable}/results", number)["_links"]["self"]
        if number % 5 == 4:
            server.kill()
            server.start()
            assert server.get(location)["result"] == number
    assert server.get("/jobs/job/progress")["variables"]["done"] == 10


def test_no_process_outlives_a_killed_master(server: Server) -> None:
    validator = {"validate_result": "() => { for (;;); }", "validate_variable": "() => true"}
    server.post("/jobs", {"name": "Job", "execute_function": "(variable, context) => context", **validator})
    server.post("/jobs/job/variables/one", {}, method="PUT")
    processes = server.processes()
    assert len(processes) >= 4  # The master, two workers, and at least one sandbox child process.
    os.kill(processes[0], signal.SIGKILL)
    wait_until(lambda: not [pid for pid in processes if is_alive(pid)])


def is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_stopped_server_removes_its_running_mark_and_workspaces(server: Server) -> None:
    server.stop()
    assert "Shutting down: Master" in server.log
    assert not (server.data / "running").exists()
    assert json.dumps(list((server.data / "tmp").iterdir())) == "[]"
