"""The demo flows on a real server: native volunteers compute the correct results."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import data
from tests.conftest import MakeServer
from tests.data.demo import pause_others
from tests.serving import Server, wait_until

COMPOSITE = "/jobs/prime-test/variables/euler-1732"
FLOW_JOBS = {"prime-factors", "prime-gap", "prime-segments", "prime-sum", "prime-test", "square-root"}
Flow = dict[str, Any]


@pytest.fixture
def demo(make_server: MakeServer) -> Server:
    """A pool with the demo flows. Jobs that no flow uses are paused."""
    server = make_server(FSYNC="0")
    pause_others(server, FLOW_JOBS)
    return server


@pytest.fixture
def volunteers(demo: Server, tmp_path: Path) -> Iterator[None]:
    """Two native volunteers, which compute the jobs that the pool schedules."""
    command = [sys.executable, "-m", "comp_pool", "work", demo.url, "--workers", "2"]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    with (tmp_path / "volunteers.log").open("ab") as log:
        started = [subprocess.Popen(command, env=environment, stdout=log, stderr=log) for _ in range(2)]
    yield
    for process in started:
        process.kill()
        process.wait()


def flow_by_name(server: Server, name: str) -> str:
    """The path of the newest flow with that name."""
    items = server.get("/flows")["_embedded"]["items"]
    return str(next(item["_links"]["self"] for item in items if item["name"] == name))


def wait_for_end(server: Server, path: str) -> Flow:
    """Waits until a flow has ended, and returns it."""

    def has_ended() -> Flow | None:
        flow: Flow = server.get(path)
        return flow if flow["state"] != "running" else None

    found: Flow = wait_until(has_ended, 40)
    return found


def entries(flow: Flow) -> dict[str, tuple[str, int]]:
    """The state and the number of iterations of each entry, by path."""
    found, level = {}, flow
    while level:
        found |= {entry["path"]: (entry["state"], entry["iterations"]) for entry in level["jobs"]}
        level = level.get("dependent", {})
    return found


@pytest.mark.usefixtures("volunteers")
def test_the_primes_of_all_segments_are_summed(demo: Server) -> None:
    flow = wait_for_end(demo, flow_by_name(demo, "Primes below a million"))
    assert (flow["state"], flow["result"]) == ("done", {"primes": 78_498, "segments": 20})
    assert set(entries(flow).values()) == {("done", 1)}
    assert flow["entries"]["total"] == flow["entries"]["done"] == 21


@pytest.mark.usefixtures("volunteers")
def test_a_square_root_is_iterated_until_it_converges(demo: Server) -> None:
    flow = wait_for_end(demo, flow_by_name(demo, "Square root of two"))
    digits = flow["result"]["root"].replace(".", "")
    assert flow["state"] == "done"
    assert int(digits) == math.isqrt(2 * 10 ** (2 * (len(digits) - 1)))
    (state, iterations) = entries(flow)["jobs[0]"]
    assert state == "done"
    assert iterations > 3


@pytest.mark.usefixtures("volunteers")
def test_a_prime_number_skips_the_branch_of_factors(demo: Server) -> None:
    flow = wait_for_end(demo, flow_by_name(demo, "Prime or not"))
    assert flow["state"] == "done"
    assert flow["result"] == {"number": "2147483647", "next": "2147483659", "gap": 12}
    assert [entries(flow)[f"jobs[{place}]"][0] for place in (0, 1)] == ["skipped", "done"]


@pytest.mark.usefixtures("volunteers")
def test_a_composite_number_skips_the_branch_of_gaps(demo: Server) -> None:
    tree = json.loads((data.FLOWS / "prime-or-not.json").read_text(encoding="utf-8"))
    tree["dependent"]["jobs"][0]["variable"] = COMPOSITE
    posted = demo.post("/flows", tree)
    flow = wait_for_end(demo, posted["_links"]["self"])
    assert flow["state"] == "done"
    assert flow["result"]["factors"] == ["641", "6700417"]
    assert [entries(flow)[f"jobs[{place}]"][0] for place in (0, 1)] == ["done", "skipped"]
