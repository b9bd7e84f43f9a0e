"""Packages from npm as jobs in a volunteer's browser, and their validators at its pool. Random numbers are the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from pool.sandbox import Sandbox
from pool.seeds import unit_seed
from tests.browser.visiting import Visitor, wait_for_count
from tests.conftest import local_server
from tests.engines.npm_packages import NAMES, jobs
from tests.serving import LocalServer

DRAW = """(variable, context) => ({
  result: [context.seed, Math.random(), ...crypto.getRandomValues(new Uint8Array(5)), Math.random()],
})"""


@pytest.fixture(scope="module")
def results(shared_page: Page, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """What one visitor computed of all packages, by name."""
    server = local_server(tmp_path_factory.mktemp("packages"), sandbox)
    paths = {name: post(server, name, jobs()[name]) for name in NAMES}
    paths["draw"] = post(server, "draw", {"execute_function": DRAW, "variable": {}})
    Visitor(shared_page, server).start()
    for path in paths.values():
        wait_for_count(server, path, done=1)
    yield {name: server.get(f"{path}/results")["_embedded"]["items"][0]["result"] for name, path in paths.items()}
    shared_page.goto("about:blank")  # Without a server the page would log errors.
    server.stop()


def post(server: LocalServer, name: str, job: dict[str, Any]) -> str:
    functions = {field: value for field, value in job.items() if field != "variable"}
    path = str(server.post("/jobs", {"name": name, **functions})["_links"]["self"])
    server.post(f"{path}/variables/one", job["variable"], "PUT")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_package_computes_what_its_validator_accepts(results: dict[str, Any], name: str) -> None:
    assert results[name]


def test_random_numbers_are_those_of_the_server(results: dict[str, Any], sandbox: Sandbox) -> None:
    seed = unit_seed("draw", "one")
    assert results["draw"] == sandbox.call(DRAW, [{}, {"seed": seed}], seed=seed).value["result"]
