"""The worker script of a variable in a real browser: loaded directly, it computes and posts one message."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from playwright.sync_api import Page

from storage.flat import FlatStore
from tests.serving import LocalServer

RUN = """async (address) => {
  const heard = [];
  const worker = new Worker(address);
  await new Promise((resolve) => {
    worker.onmessage = ({ data }) => { heard.push(data); setTimeout(resolve, 100); };
    worker.onerror = ({ message }) => { heard.push({ failed: message }); resolve(); };
  });
  worker.terminate();
  return heard;
}"""


class Runner:
    """A page of the pool that starts worker scripts. Each test has a job of its own."""

    def __init__(self, page: Page, server: LocalServer) -> None:
        self._page, self.server = page, server
        self._jobs = itertools.count()
        page.goto(f"{server.url}/")

    def run(self, function: str, variable: dict[str, Any]) -> Any:
        """What the one worker of a new job's one variable says."""
        job = self.post_job(function)
        self.server.post(f"/jobs/{job}/variables/one", variable, "PUT")
        return self.message(job)

    def post_job(self, function: str, **fields: Any) -> str:
        name = f"direct-{next(self._jobs)}"
        self.server.post("/jobs", {"name": name, "execute_function": function, **fields})
        return name

    def message(self, job: str) -> Any:
        """The one message of the worker of a job's variable `one`."""
        (heard,) = self._page.evaluate(RUN, f"/jobs/{job}/variables/one")
        return heard


@pytest.fixture(scope="module")
def runner(lasting_server: LocalServer, shared_page: Page) -> Runner:
    return Runner(shared_page, lasting_server)


def test_it_posts_the_context_with_the_result(runner: Runner) -> None:
    function = "function (variable, context) { context.seen = true; context.result = variable.n ** 2; return context; }"
    assert runner.run(function, {"n": 12}) == {"context": {"seen": True, "result": 144}}


def test_it_computes_from_the_starting_context_of_a_step(runner: Runner) -> None:
    function = "function (variable, context) { context.result += context.iteration * variable.n; }"
    job = runner.post_job(function)
    document = {"job": job, "id": "one", "created": "2026-01-01T00:00:00Z", "data": {"n": 10}}
    context = {"result": 7, "iteration": 2}
    FlatStore(runner.server.data).variables.add(job, {"one": {**document, "context": context}})
    assert runner.message(job) == {"context": {"result": 27, "iteration": 2}}


def test_an_async_function_is_waited_for(runner: Runner) -> None:
    assert runner.run("async ({ n }) => ({ result: await n })", {"n": 7}) == {"context": {"result": 7}}


def test_a_context_that_can_t_be_sent_is_told_by_its_result(runner: Runner) -> None:
    function = "() => ({ result: [1], helper() {} })"
    assert runner.run(function, {"n": 1}) == {"context": {"result": [1]}}


def test_it_posts_the_error(runner: Runner) -> None:
    heard = runner.run("() => { throw new RangeError('too far'); }", {"n": 1})
    assert heard == {"error": {"kind": "threw", "message": "RangeError: too far"}}


def test_its_context_has_what_json_loses_in_a_lossy_job(runner: Runner) -> None:
    assert "error" in runner.run("() => ({ result: [new Map()] })", {})
    job = runner.post_job("() => ({ result: [new Map()] })", settings={"lossy": True})
    runner.server.post(f"/jobs/{job}/variables/one", {}, "PUT")
    assert "context" in runner.message(job)


def test_any_text_in_a_variable_arrives_as_it_is(runner: Runner) -> None:
    texts = ["</script><!--", "\u2028\u2029", "\\'\"`${1}", "😀", "__proto__"]
    assert runner.run("({ texts }) => ({ result: texts })", {"texts": texts}) == {"context": {"result": texts}}


def test_a_job_finds_only_the_language(runner: Runner) -> None:
    names = ["fetch", "WebSocket", "importScripts", "indexedDB", "caches", "BroadcastChannel"]
    found = "({ names }) => ({ result: names.filter((name) => typeof globalThis[name] !== 'undefined') })"
    assert runner.run(found, {"names": names}) == {"context": {"result": []}}
