"""A real server whose clock is set forth and back while `comp-pool work` computes: libfaketime moves the time."""

from __future__ import annotations

import email.utils
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import ROOT, TIMEOUT, Server, wait_until

HOUR, DAY = 3600, 86_400
# Seconds by which the clock is ahead, one after the other: an hour and a day forth and back from where it was.
SETTINGS = [HOUR, 0, DAY, 0, -HOUR, 0, -DAY, 0]
UNITS = 2000  # More than are computed.
LEASE_SECONDS = 1
SOURCE = """(variable) => {
  const end = Date.now() + 20;
  while (Date.now() < end);
  return { result: variable.n * 2 };
}"""
JOB, LOST = "/jobs/doubling", "/jobs/lost"


def library() -> str:
    """The path of libfaketime."""
    patterns = ("lib*/faketime/libfaketimeMT.so.1", "lib/*/faketime/libfaketimeMT.so.1")
    found = [path for pattern in patterns for path in Path("/usr").glob(pattern)]
    assert found, "libfaketime is missing: on Debian, as root: apt-get install libfaketime"
    return str(found[0])


# With a true monotonic clock libfaketime 0.9.10 fails every `clock_nanosleep`, which is Python's sleep.
SLEEP = """import select, time
time.sleep = lambda seconds: select.poll().poll(seconds * 1000) and None
"""


class HostClock:
    """The time of day of processes that start with its `environment`. As on a host, whose clock is set, the monotonic
    clock does not follow.
    """

    def __init__(self, directory: Path) -> None:
        (directory / "sitecustomize.py").write_text(SLEEP)
        self._path = directory / "faketime"
        self.environment = {
            "PYTHONPATH": f"{directory}:{ROOT}",
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # The times of files stay true, so that the clock is ahead of some, and behind others.
            "NO_FAKE_STAT": "1",
        }
        self.set_ahead(0)

    def set_ahead(self, seconds: int) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(f"{seconds:+d}")
        # At once: an empty file would be the true time.
        new.replace(self._path)


@pytest.fixture
def host_clock(tmp_path: Path) -> HostClock:
    return HostClock(tmp_path)


@pytest.fixture
def server(tmp_path: Path, host_clock: HostClock) -> Iterator[Server]:
    server = Server(tmp_path, DEMO="0", FSYNC="0", TRUSTED="127.0.0.0/8")
    server.environment = host_clock.environment
    server.start()
    post_job(server, "doubling", UNITS)
    post_job(server, "lost", len(SETTINGS))
    yield server
    server.kill()


def post_job(server: Server, name: str, count: int) -> None:
    settings = {"lease_seconds": LEASE_SECONDS}
    server.post("/jobs", {"name": name, "execute_function": SOURCE, "settings": settings})
    lines = "".join(json.dumps({"n": number}) + "\n" for number in range(count))
    headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {server.key}"}
    request = urllib.request.Request(f"{server.url}/jobs/{name}/variables", lines.encode(), headers)
    urllib.request.urlopen(request, timeout=TIMEOUT).close()


def seconds_ahead(server: Server) -> float:
    with urllib.request.urlopen(f"{server.url}/health", timeout=TIMEOUT) as response:
        return email.utils.parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()


def progress(server: Server) -> dict[str, Any]:
    return dict(server.get(f"{JOB}/progress"))


def done(server: Server) -> int:
    return int(progress(server)["variables"]["done"])


def lease_lost(server: Server) -> str | None:
    """Leases a variable of a job that nobody computes."""
    with urllib.request.urlopen(f"{server.url}{LOST}/variables", timeout=TIMEOUT) as response:
        return str(json.load(response)["_links"]["self"]) if response.status == 200 else None


@pytest.fixture
def volunteer(server: Server) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "comp_pool", "work", server.url, "--job", "doubling"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        yield process
        process.kill()


def test_leases_results_and_progress_are_right_while_the_clock_is_set(
    server: Server, host_clock: HostClock, volunteer: subprocess.Popen[str]
) -> None:
    wait_until(lambda: done(server))
    lost = set()
    for seconds in SETTINGS:
        lost.add(lease_lost(server))
        host_clock.set_ahead(seconds)
        assert seconds_ahead(server) == pytest.approx(seconds, abs=5)
        before = done(server)
        # The first of them was leased before the clock was set.
        wait_until(lambda before=before: done(server) >= before + 3)
        now = progress(server)
        assert 0 <= now["mean_run_seconds"] < 1
        assert now["variables"]["failed"] == now["results"]["rejected"] == now["results"]["failures"] == 0
        assert now["results_per_minute"] > 0
        assert now["eta_seconds"] == pytest.approx(60 * now["variables"]["open"] / now["results_per_minute"], rel=0.1)
    volunteer.send_signal(signal.SIGINT)
    out, _ = volunteer.communicate(timeout=TIMEOUT)
    accepted = server.accepted(JOB)
    # Units whose leases the clock has ended in its queue may be computed twice: then the second result is late.
    assert re.search(rf"\b{len(accepted)} accepted, 0 rejected, \d+ late, 0 errors", out)
    assert set(accepted.values()) <= {2 * number for number in range(UNITS)}
    assert len(set(accepted.values())) == len(accepted) == done(server)
    # Whatever was lost is leased again, in its usual time.
    again: set[str | None] = set()
    wait_until(lambda: again.add(lease_lost(server)) or lost <= again)
    assert "Traceback" not in server.log
