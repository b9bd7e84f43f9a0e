"""What volunteering in a browser promises beyond the page: WebAssembly, WebGPU by choice alone, other sites, tabs that
are hidden."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visiting import Visitor, counts, post_busy_job, post_job, wait_for_count
from tests.data.demo import post_demo
from tests.serving import Server, wait_until

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


def first_result(server: Server, job: str) -> Any:
    wait_until(lambda: counts(server, job)["done"])
    return server.get(f"{job}/results")["_embedded"]["items"][0]["result"]


def local(server: Server) -> Server:
    """By the name that makes a place secure, and with that WebGPU possible."""
    server.url = server.url.replace("127.0.0.1", "localhost")
    return server


def test_a_webassembly_job_is_computed(server: Server, page: Page) -> None:
    job = post_demo(server, "prime-factors", 3)
    Visitor(page, server).start()
    wait_for_count(server, job, done=3)


def test_a_webgpu_job_is_computed_where_the_visitor_allows_it(server: Server, page: Page) -> None:
    job = post_demo(server, "points-in-a-ball", 3)
    visitor = Visitor(page, local(server))
    page.get_by_label("Allow the graphics card").check()
    visitor.start()
    wait_for_count(server, job, done=3)


def test_a_webgpu_job_is_not_served_where_the_visitor_does_not_allow_it(server: Server, page: Page) -> None:
    job = post_demo(server, "points-in-a-ball", 1)
    other = post_job(server, count=1)
    visitor = Visitor(page, local(server))
    visitor.start()
    wait_for_count(server, other, done=1)
    expect(visitor.page.get_by_role("status").first).not_to_have_text("Computing.")
    assert counts(server, job) == {**counts(server, job), "leased": 0, "done": 0}


@pytest.mark.parametrize(
    ("allowed", "required", "seen"),
    [
        (True, True, {"gpu": "object", "usage": "object"}),
        (True, False, {"gpu": "undefined", "usage": "undefined"}),
        (False, False, {"gpu": "undefined", "usage": "undefined"}),
    ],
)
def test_the_graphics_card_is_there_only_where_it_is_allowed_and_required(
    server: Server, page: Page, allowed: bool, required: bool, seen: dict[str, str]
) -> None:
    job = post_job(server, count=1, execute_function=SEES_GPU, requirements={"webgpu": required})
    visitor = Visitor(page, local(server))
    page.get_by_label("Allow the graphics card").set_checked(allowed)
    visitor.start()
    assert first_result(server, job) == seen


@pytest.fixture
def hidden(server: Server, page: Page) -> Visitor:
    """A visitor whose tab is in the background."""
    page.add_init_script(HIDDEN)
    return Visitor(page, server)


def test_a_hidden_tab_computes_its_share_of_the_time(hidden: Visitor) -> None:
    job = post_busy_job(hidden.server, count=3, milliseconds=50)
    hidden.start()
    wait_for_count(hidden.server, job, done=3)


def test_in_a_hidden_tab_a_unit_is_ended_at_its_deadline(hidden: Visitor) -> None:
    job = post_busy_job(hidden.server, settings={"lease_seconds": 2})
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


def test_a_page_of_another_site_volunteers_with_the_pool_s_client(server: Server, page: Page, elsewhere: str) -> None:
    job = post_job(server, count=5)
    page.goto(elsewhere)
    page.evaluate(VOLUNTEER_ELSEWHERE, server.url)
    wait_for_count(server, job, done=5)
    assert {unit["outcome"] for unit in page.evaluate("seen")} == {"accepted"}
