"""What volunteering in a browser promises beyond the page: WebAssembly, WebGPU by choice alone, other sites, tabs that
are hidden."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pool.sandbox import Sandbox
from tests import json_variables
from tests.browser.visiting import Visitor, counts, post_busy_job, post_job, wait_for_count
from tests.conftest import local_server
from tests.data.demo import execute, job_of, post_demo
from tests.serving import Served

SEES_GPU = "() => ({ result: { gpu: typeof navigator.gpu, usage: typeof GPUBufferUsage } })"
# In a hidden tab timers all but stop, and nothing is drawn.
HIDDEN = """for (const name of ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback"]) {
  globalThis[name] = () => 0;
}"""
VOLUNTEER_ELSEWHERE = """async (pool) => {
  const { volunteer } = await import(`${pool}/client/js/index.js`);
  globalThis.seen = [];
  globalThis.helper = volunteer(pool, { onunit: (unit) => seen.push(unit), onerror: (error) => seen.push(error) });
  await helper.start();
}"""


def results(server: Served, job: str) -> list[Any]:
    return [item["result"] for item in server.get(f"{job}/results")["_embedded"]["items"]]


@pytest.fixture(scope="module")
def computed(lasting_server: Served, shared_page: Page) -> Served:
    """A pool whose jobs a visitor has computed: of WebAssembly, of any JSON, and one whose result loses something."""
    job = post_demo(lasting_server, "prime-factors", 2)
    any_json = json_variables.post_json_variables(lasting_server)
    fields = {"execute_function": "() => ({ result: [NaN] })", "settings": {"lossy": True}}
    lossy = post_job(lasting_server, "Lossy", 1, **fields)
    Visitor(shared_page, lasting_server).start()
    for path, count in ((job, 2), (lossy, 1), (any_json, len(json_variables.VALUES))):
        wait_for_count(lasting_server, path, done=count)
    return lasting_server


def test_a_webassembly_job_is_computed(computed: Served) -> None:
    assert counts(computed, "/jobs/prime-factors")["done"] == 2


def test_a_variable_is_any_json(computed: Served) -> None:
    assert json_variables.results(computed, "/jobs/any") == json_variables.expected()


def test_a_result_is_as_json_writes_it(computed: Served) -> None:
    assert results(computed, "/jobs/lossy") == [[None]]


@dataclass
class Visit:
    """A pool with jobs for the graphics card, and the page of a visitor who has computed what the visitor allows."""

    server: Served
    page: Page
    demo: str
    seen: dict[bool, list[Any]]  # The results of SEES_GPU, by whether its job requires the card.


@pytest.fixture(scope="module", params=[True, False], ids=["allowed", "not allowed"])
def visit(
    request: pytest.FixtureRequest, shared_page: Page, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox
) -> Iterator[Visit]:
    server = local_server(tmp_path_factory.mktemp("gpu"), sandbox)
    # By the name that makes a place secure, and with that WebGPU possible.
    server.url = server.url.replace("127.0.0.1", "localhost")
    demo = post_demo(server, "points-in-a-ball", 1)
    seeing = {
        required: post_job(server, name, count=1, execute_function=SEES_GPU, requirements={"webgpu": required})
        for required, name in ((True, "Requires"), (False, "Requires nothing"))
    }
    visitor = Visitor(shared_page, server)
    shared_page.get_by_label("Allow the graphics card").set_checked(request.param)
    visitor.start()
    for job in [demo, *seeing.values()] if request.param else [seeing[False]]:
        wait_for_count(server, job, done=1)
    expect(shared_page.get_by_role("status").first).not_to_have_text("Computing.")
    yield Visit(server, shared_page, demo, {required: results(server, job) for required, job in seeing.items()})
    shared_page.goto("about:blank")  # Without a server the page would log errors.
    server.stop()


allowed = pytest.mark.parametrize("visit", [True], indirect=True, ids=["allowed"])
not_allowed = pytest.mark.parametrize("visit", [False], indirect=True, ids=["not allowed"])


@allowed
def test_a_webgpu_job_is_computed_where_the_visitor_allows_it(visit: Visit) -> None:
    (result,) = results(visit.server, visit.demo)
    assert result == execute(job_of("points-in-a-ball"), [next(iter(job_of("points-in-a-ball").own.values()))])[0]


@not_allowed
def test_a_webgpu_job_is_not_served_where_the_visitor_does_not_allow_it(visit: Visit) -> None:
    state = counts(visit.server, visit.demo)
    assert (state["open"], state["leased"], state["done"]) == (1, 0, 0)
    assert visit.seen[True] == []


@allowed
def test_a_job_that_requires_the_graphics_card_has_it(visit: Visit) -> None:
    assert visit.seen[True] == [{"gpu": "object", "usage": "object"}]


def test_a_job_that_does_not_require_the_graphics_card_has_none(visit: Visit) -> None:
    assert visit.seen[False] == [{"gpu": "undefined", "usage": "undefined"}]


@pytest.fixture
def hidden(server: Served, page: Page) -> Visitor:
    """A visitor whose tab is in the background."""
    page.add_init_script(HIDDEN)
    return Visitor(page, server)


def test_a_hidden_tab_computes_its_share_of_the_time(hidden: Visitor) -> None:
    job = post_busy_job(hidden.server, count=3, milliseconds=50)
    hidden.start()
    wait_for_count(hidden.server, job, done=3)


def test_in_a_hidden_tab_a_unit_is_ended_at_its_deadline(hidden: Visitor) -> None:
    job = post_busy_job(hidden.server, settings={"lease_seconds": 1})
    hidden.start()
    wait_for_count(hidden.server, job, leased=1)
    hidden.server.post(job, {"state": "paused"}, "PATCH")
    wait_for_count(hidden.server, job, leased=0)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of another site, with an empty page."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>elsewhere</title>")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}/"
        site.shutdown()


def test_a_page_of_another_site_volunteers_with_the_pool_s_client(server: Served, page: Page, elsewhere: str) -> None:
    job = post_job(server, count=5)
    page.goto(elsewhere)
    page.evaluate(VOLUNTEER_ELSEWHERE, server.url)
    wait_for_count(server, job, done=5)
    assert {unit["outcome"] for unit in page.evaluate("seen")} == {"accepted"}
