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


def results(server: Server) -> dict[str, Any]:
    """The results of finished flows, by name."""
    flows = [server.get(item["_links"]["self"]) for item in server.get("/flows")["_embedded"]["items"]]
    return {flow["name"]: flow["result"] for flow in flows if flow["state"] == "done"}


def test_a_page_computes_map_and_reduce_and_an_iteration_and_a_branch(demo: Server, page: Page) -> None:
    page.goto(demo.url)
    page.get_by_role("button", name="Start computing").click()
    page.get_by_label("Share of the time").fill("100")
    wait_until(lambda: len(results(demo)) == 3, 60)
    found = results(demo)
    root = found["Square root of two"]["root"].replace(".", "")
    assert found["Primes below a million"] == {"primes": 78_498, "segments": 20}
    assert int(root) == math.isqrt(2 * 10 ** (2 * (len(root) - 1)))
    assert found["Prime or not"] == {"number": "2147483647", "next": "2147483659", "gap": 12}
