"""The demo flows on a real server, computed to the right answer by native volunteers."""

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
    """A pool with its demo flows, of which the jobs that no flow uses are paused."""
    server = make_server(FSYNC="0")
    pause_others(server, FLOW_JOBS)
    return server


@pytest.fixture
def volunteers(demo: Server, tmp_path: Path) -> Iterator[None]:
    """Two native volunteers, who take whatever job the pool gives them."""
    command = [sys.executable, "-m", "comp_pool", "work", demo.url, "--workers", "2"]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    with (tmp_path / "volunteers.log").open("ab") as log:
        started = [subprocess.Popen(command, env=environment, stdout=log, stderr=log) for _ in range(2)]
    yield
    for process in started:
        process.kill()
        process.wait()


def named(server: Server, name: str) -> str:
    """The path of the newest flow with that name."""
    items = server.get("/flows")["_embedded"]["items"]
    return str(next(item["_links"]["self"] for item in items if item["name"] == name))


def ended(server: Server, path: str) -> Flow:
    """The flow, when it has ended."""

    def has_ended() -> Flow | None:
        flow: Flow = server.get(path)
        return flow if flow["state"] != "running" else None

    found: Flow = wait_until(has_ended, 40)
    return found


def entries(flow: Flow) -> dict[str, tuple[str, int]]:
    """State and number of iterations of each entry, by path."""
    found, level = {}, flow
    while level:
        found |= {entry["path"]: (entry["state"], entry["iterations"]) for entry in level["jobs"]}
        level = level.get("dependent", {})
    return found


@pytest.mark.usefixtures("volunteers")
def test_segments_are_counted_and_summed(demo: Server) -> None:
    flow = ended(demo, named(demo, "Primes below a million"))
    assert (flow["state"], flow["result"]) == ("done", {"primes": 78_498, "segments": 20})
    assert set(entries(flow).values()) == {("done", 1)}
    assert flow["entries"]["total"] == flow["entries"]["done"] == 21


@pytest.mark.usefixtures("volunteers")
def test_a_root_is_refined_until_it_settles(demo: Server) -> None:
    flow = ended(demo, named(demo, "Square root of two"))
    digits = flow["result"]["root"].replace(".", "")
    assert flow["state"] == "done"
    assert int(digits) == math.isqrt(2 * 10 ** (2 * (len(digits) - 1)))
    (state, iterations) = entries(flow)["jobs[0]"]
    assert state == "done"
    assert iterations > 3


@pytest.mark.usefixtures("volunteers")
def test_a_prime_takes_one_branch(demo: Server) -> None:
    flow = ended(demo, named(demo, "Prime or not"))
    assert flow["state"] == "done"
    assert flow["result"] == {"number": "2147483647", "next": "2147483659", "gap": 12}
    assert [entries(flow)[f"jobs[{place}]"][0] for place in (0, 1)] == ["skipped", "done"]


@pytest.mark.usefixtures("volunteers")
def test_a_composite_number_takes_the_other_branch(demo: Server) -> None:
    tree = json.loads((data.FLOWS / "prime-or-not.json").read_text(encoding="utf-8"))
    tree["dependent"]["jobs"][0]["variable"] = COMPOSITE
    posted = demo.post("/flows", tree)
    flow = ended(demo, posted["_links"]["self"])
    assert flow["state"] == "done"
    assert flow["result"]["factors"] == ["641", "6700417"]
    assert [entries(flow)[f"jobs[{place}]"][0] for place in (0, 1)] == ["done", "skipped"]
