"""The worker script of a variable in a real browser: loaded directly, it computes and posts one message."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from storage.flat import FlatStore
from tests.serving import Server

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


def run(page: Page, server: Server, function: str, variable: dict[str, Any]) -> Any:
    """What the one worker of a new job's one variable says."""
    server.post("/jobs", {"name": "direct", "execute_function": function})
    server.post("/jobs/direct/variables/one", variable, "PUT")
    return message(page, server)


def message(page: Page, server: Server) -> Any:
    """The one message of the worker of the variable `one` of the job `direct`."""
    page.goto(f"{server.url}/")
    (heard,) = page.evaluate(RUN, "/jobs/direct/variables/one")
    return heard


def test_it_posts_the_context_with_the_result(server: Server, page: Page) -> None:
    function = "function (variable, context) { context.seen = true; context.result = variable.n ** 2; return context; }"
    assert run(page, server, function, {"n": 12}) == {"context": {"seen": True, "result": 144}}


def test_it_computes_from_the_starting_context_of_a_step(server: Server, page: Page) -> None:
    function = "function (variable, context) { context.result += context.iteration * variable.n; }"
    server.post("/jobs", {"name": "direct", "execute_function": function})
    document = {"job": "direct", "id": "one", "created": "2026-01-01T00:00:00Z", "data": {"n": 10}}
    context = {"result": 7, "iteration": 2}
    FlatStore(server.data).variables.add("direct", {"one": {**document, "context": context}})
    assert message(page, server) == {"context": {"result": 27, "iteration": 2}}


def test_an_async_function_is_waited_for(server: Server, page: Page) -> None:
    assert run(page, server, "async ({ n }) => ({ result: await n })", {"n": 7}) == {"context": {"result": 7}}


def test_a_context_that_can_t_be_sent_is_told_by_its_result(server: Server, page: Page) -> None:
    function = "() => ({ result: [1], helper() {} })"
    assert run(page, server, function, {"n": 1}) == {"context": {"result": [1]}}


def test_it_posts_the_error(server: Server, page: Page) -> None:
    heard = run(page, server, "() => { throw new RangeError('too far'); }", {"n": 1})
    assert heard == {"error": {"kind": "threw", "message": "RangeError: too far"}}


def test_any_text_in_a_variable_arrives_as_it_is(page: Page, server: Server) -> None:
    texts = ["</script><!--", "\u2028\u2029", "\\'\"`${1}", "😀", "__proto__"]
    assert run(page, server, "({ texts }) => ({ result: texts })", {"texts": texts}) == {"context": {"result": texts}}


def test_a_job_finds_only_the_language(page: Page, server: Server) -> None:
    names = ["fetch", "WebSocket", "importScripts", "indexedDB", "caches", "BroadcastChannel"]
    found = "({ names }) => ({ result: names.filter((name) => typeof globalThis[name] !== 'undefined') })"
    assert run(page, server, found, {"names": names}) == {"context": {"result": []}}
