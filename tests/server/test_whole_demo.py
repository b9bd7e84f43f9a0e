"""A native volunteer on the whole demo: it completes the jobs and flows that it can compute, then exits."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import data
from pool.sandbox import Sandbox
from tests.conftest import local_server
from tests.data.demo import SLUGS, post_demo
from tests.serving import LocalServer

Flow = dict[str, Any]
NEEDS_WEBGPU = {"points-in-a-ball"}
# The flows name these; of the other jobs' variables, two each are computed.
OWN_VARIABLES = {"prime-segments": 20, "prime-test": 3}
COMPOSITE = "/jobs/prime-test/variables/euler-1732"


@dataclass
class Computed:
    """The pool, the paths of its flows by name, and the volunteer that has computed them."""

    server: LocalServer
    flows: dict[str, str]
    volunteer: subprocess.CompletedProcess[str]

    def flow(self, name: str) -> Flow:
        flow: Flow = self.server.get(self.flows[name])
        return flow

    def progress(self, job: str) -> Any:
        return self.server.get(f"/jobs/{job}/progress")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Computed]:
    """What one worker has computed. (A second one waits for seconds where the first has leased a job's only unit.)

    It stays for two idle seconds: conditions of flows are evaluated in the background, and open a step a moment later.
    """
    directory = tmp_path_factory.mktemp("demo")
    server = local_server(directory, sandbox)
    for name in SLUGS:
        post_demo(server, name, OWN_VARIABLES.get(name, 2))
    flows = {flow["name"]: str(server.post("/flows", flow)["_links"]["self"]) for flow in demo_flows()}
    command = [sys.executable, "-m", "comp_pool", "work", server.url, "--idle-exit", "2"]
    environment = {**os.environ, "XDG_STATE_HOME": str(directory)}
    volunteer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    yield Computed(server, flows, volunteer)
    server.stop()


def demo_flows() -> list[Flow]:
    """The demo flows, and one of them on a composite number."""
    flows = [json.loads(path.read_text(encoding="utf-8")) for path in data.FLOWS.glob("*.json")]
    composite = json.loads((data.FLOWS / "prime-or-not.json").read_text(encoding="utf-8"))
    composite["dependent"]["jobs"][0]["variable"] = COMPOSITE
    return [*flows, {**composite, "name": "Composite"}]


def entries(flow: Flow) -> dict[str, tuple[str, int]]:
    """The state and the number of iterations of each entry, by path."""
    found, level = {}, flow
    while level:
        found |= {entry["path"]: (entry["state"], entry["iterations"]) for entry in level["jobs"]}
        level = level.get("dependent", {})
    return found


def test_the_volunteer_completes_the_jobs_that_it_can_compute(demo: Computed) -> None:
    assert {job for job in SLUGS if demo.progress(job)["complete"]} == set(SLUGS) - NEEDS_WEBGPU
    assert demo.progress("points-in-a-ball")["variables"]["open"] == 2


def test_the_volunteer_exits_with_its_totals(demo: Computed) -> None:
    accepted = sum(demo.progress(job)["results"]["accepted"] for job in SLUGS)
    assert demo.volunteer.returncode == 0
    assert demo.volunteer.stdout.splitlines()[-1].startswith(f"{accepted} accepted, 0 rejected, 0 late, 0 errors; ")


def test_the_primes_of_all_segments_are_summed(demo: Computed) -> None:
    flow = demo.flow("Primes below a million")
    assert (flow["state"], flow["result"]) == ("done", {"primes": 78_498, "segments": 20})
    assert set(entries(flow).values()) == {("done", 1)}
    assert flow["entries"]["total"] == flow["entries"]["done"] == 21


def test_a_square_root_is_iterated_until_it_converges(demo: Computed) -> None:
    flow = demo.flow("Square root of two")
    digits = flow["result"]["root"].replace(".", "")
    assert flow["state"] == "done"
    assert int(digits) == math.isqrt(2 * 10 ** (2 * (len(digits) - 1)))
    (state, iterations) = entries(flow)["jobs[0]"]
    assert state == "done"
    assert iterations > 3


def test_a_prime_number_skips_the_branch_of_factors(demo: Computed) -> None:
    flow = demo.flow("Prime or not")
    assert flow["state"] == "done"
    assert flow["result"] == {"number": "2147483647", "next": "2147483659", "gap": 12}
    assert [entries(flow)[f"jobs[{place}]"][0] for place in (0, 1)] == ["skipped", "done"]


def test_a_composite_number_skips_the_branch_of_gaps(demo: Computed) -> None:
    flow = demo.flow("Composite")
    assert flow["state"] == "done"
    assert flow["result"]["factors"] == ["641", "6700417"]
    assert [entries(flow)[f"jobs[{place}]"][0] for place in (0, 1)] == ["done", "skipped"]
