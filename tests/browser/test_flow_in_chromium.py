"""The demo flows on a real server, computed by the page in Chromium."""

from __future__ import annotations

import math
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import MakeServer
from tests.data.demo import pause_others
from tests.serving import Server, wait_until

FLOW_JOBS = {"prime-gap", "prime-segments", "prime-sum", "prime-test", "square-root"}


@pytest.fixture
def demo(make_server: MakeServer) -> Server:
    """A pool with the demo flows; jobs that no flow uses are paused."""
    server = make_server(FSYNC="0")
    pause_others(server, FLOW_JOBS)
    return server


def listed(server: Server) -> list[dict[str, Any]]:
    return list(server.get("/flows")["_embedded"]["items"])


def results(server: Server) -> dict[str, Any]:
    """The results of flows, by name."""
    flows = [server.get(item["_links"]["self"]) for item in listed(server)]
    return {flow["name"]: flow["result"] for flow in flows}


def test_a_page_computes_map_and_reduce_and_an_iteration_and_a_branch(demo: Server, page: Page) -> None:
    page.goto(demo.url)
    page.get_by_label("Share of the time").fill("100")
    page.get_by_role("button", name="Start computing").click()
    wait_until(lambda: [flow["state"] for flow in listed(demo)] == ["done"] * 3, 60, 0.1)
    found = results(demo)
    root = found["Square root of two"]["root"].replace(".", "")
    assert found["Primes below a million"] == {"primes": 78_498, "segments": 20}
    assert int(root) == math.isqrt(2 * 10 ** (2 * (len(root) - 1)))
    assert found["Prime or not"] == {"number": "2147483647", "next": "2147483659", "gap": 12}
