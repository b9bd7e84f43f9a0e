"""The sandbox's relay passes on one response to the running unit, whatever a worker sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from client import JS

RELAY = (JS / "browser" / "relay.js").read_text(encoding="utf-8")
LIMIT = 1000
# Replaces the worker's script: runs the test's statements for each unit.
WORKER = "(function () { return ({ data }) => { const { unit } = data; %s } })"
MEET = """async ({ relay, worker, limit, units }) => {
  (0, eval)(`(${relay})`)(worker, "0");
  const control = new MessageChannel();
  const ready = new Promise((resolve) => { control.port1.onmessage = resolve; });
  postMessage("connect", "*", [control.port2]);
  await ready;
  const { port1, port2 } = new MessageChannel();
  const received = [];
  const finished = new Promise((resolve) => {
    port1.onmessage = ({ data }) => {
      received.push(data);
      if (data.ended || data.unit === units || data.unit === "probe") setTimeout(resolve, 200);
    };
  });
  control.port1.postMessage({ gpu: false, limit }, [port2]);
  for (let unit = 1; unit <= units; unit += 1) port1.postMessage({ unit, source: "", variable: "{}", context: null });
  await finished;
  return received;
}"""


@pytest.fixture(scope="module")
def blank(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def relayed(page: Page, script: str, units: int = 1) -> Any:
    """The messages that the page receives from a worker that runs the script for each unit."""
    page.goto("about:blank")
    return page.evaluate(MEET, {"relay": RELAY, "worker": WORKER % script, "limit": LIMIT, "units": units})


def test_a_response_is_passed_on(blank: Page) -> None:
    assert relayed(blank, 'postMessage({ unit, seconds: 1, result: "7" })') == [
        {"unit": 1, "seconds": 1, "result": "7"}
    ]


def test_an_error_is_passed_on(blank: Page) -> None:
    response = {"unit": 1, "seconds": 1, "kind": "threw", "message": "no"}
    assert relayed(blank, f"postMessage({json.dumps(response)})") == [response]


def test_other_members_of_a_response_are_removed(blank: Page) -> None:
    received = relayed(blank, 'postMessage({ unit, seconds: 1, result: "7", ended: true, lease: "stolen" })')
    assert received == [{"unit": 1, "seconds": 1, "result": "7"}]


MISBEHAVIOUR = {
    "another's unit": 'postMessage({ unit: unit + 1, seconds: 1, result: "7" })',
    "a response without a unit": 'postMessage({ seconds: 1, result: "7" })',
    "a giant": 'postMessage({ unit, seconds: 1, result: "x".repeat(100_000_000) })',
    "a result that is not text": "postMessage({ unit, seconds: 1, result: { toString: 7 } })",
    "no time": 'postMessage({ unit, result: "7" })',
    "less than no time": 'postMessage({ unit, seconds: -1, result: "7" })',
    "text": 'postMessage("alive")',
    "null": "postMessage(null)",
    "a port": 'const { port1 } = new MessageChannel(); postMessage("worker", [port1])',
    "a long message": 'postMessage({ unit, seconds: 1, kind: "threw", message: "x".repeat(501) })',
}


@pytest.mark.parametrize("what", MISBEHAVIOUR)
def test_a_worker_that_sends_this_is_ended(blank: Page, what: str) -> None:
    received = relayed(blank, MISBEHAVIOUR[what])
    assert [(message["ended"], message["kind"]) for message in received] == [(True, "misbehaved")]


def test_a_second_response_ends_the_worker(blank: Page) -> None:
    twice = 'postMessage({ unit, seconds: 1, result: "7" }); postMessage({ unit, seconds: 1, result: "8" });'
    first, second = relayed(blank, twice)
    assert (first["result"], second["kind"]) == ("7", "misbehaved")


def test_a_flood_costs_two_messages(blank: Page) -> None:
    flood = 'for (;;) postMessage({ unit, seconds: 1, result: "7" })'
    assert [message.get("kind") for message in relayed(blank, flood)] == [None, "misbehaved"]


def test_an_uncaught_error_ends_the_worker(blank: Page) -> None:
    (received,) = relayed(blank, 'throw new Error("out of turn")')
    assert received["kind"] == "crash"
    assert "out of turn" in received["message"]
