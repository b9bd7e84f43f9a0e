"""The sandbox's relay passes on one response to the running unit, whatever a worker sends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from client import JS

RELAY = (JS / "browser" / "relay.js").read_text(encoding="utf-8")
LIMIT = 1000
# Replaces the worker's script: runs the test's statements for each unit.
WORKER = "(function () { return ({ data }) => { const { unit } = data; %s } })"
# Each script has a frame to itself, so that all are relayed at once.
MEET = """({ relay, workers, limit }) => Promise.all(workers.map(async (worker) => {
  const frame = document.createElement("iframe");
  document.body.append(frame);
  frame.contentWindow.eval(`(${relay})`)(worker, "0");
  const control = new MessageChannel();
  const ready = new Promise((resolve) => { control.port1.onmessage = resolve; });
  frame.contentWindow.postMessage("connect", "*", [control.port2]);
  await ready;
  const { port1, port2 } = new MessageChannel();
  const received = [];
  const finished = new Promise((resolve) => {
    port1.onmessage = ({ data }) => {
      received.push(data);
      if (data.ended || data.unit === 1) setTimeout(resolve, 200);
    };
  });
  control.port1.postMessage({ gpu: false, limit }, [port2]);
  port1.postMessage({ unit: 1, source: "", variable: "{}", context: null });
  if (worker.includes("frozen")) port1.postMessage({ unit: 0, freeze: 10 });
  await finished;
  return received;
}))"""
RESPONSE = {"unit": 1, "seconds": 1, "result": "7"}
FAILURE = {"unit": 1, "seconds": 1, "kind": "threw", "message": "no", "stack": "at f (1:2)"}
PRINT = {"printedBy": 1, "console": "line\n"}
BEHAVIOUR = {
    "a response": f"postMessage({json.dumps(RESPONSE)})",
    "an error": f"postMessage({json.dumps(FAILURE)})",
    "an error without a stack": 'postMessage({ unit, seconds: 1, kind: "threw", message: "no" })',
    "prints": f'postMessage({{ unit, console: "line\\n", ended: true }}); postMessage({json.dumps(RESPONSE)})',
    "other members": 'postMessage({ unit, seconds: 1, result: "7", ended: true, lease: "stolen" })',
    "two responses": 'postMessage({ unit, seconds: 1, result: "7" }); postMessage({ unit, seconds: 1, result: "8" });',
    "a flood": 'for (let sent = 0; sent < 10_000; sent += 1) postMessage({ unit, seconds: 1, result: "7" })',
    "a flood of prints": 'for (let sent = 0; sent < 200; sent += 1) postMessage({ unit, console: "" })',
    "a print after the response": f'postMessage({json.dumps(RESPONSE)}); postMessage({{ unit, console: "late" }});',
    "a confirmed rest": f"postMessage(unit ? {json.dumps(RESPONSE)} : {{ unit, frozen: true, ended: true }})",
    "a rest confirmed twice": f"""if (unit) postMessage({json.dumps(RESPONSE)});
      else for (let sent = 0; sent < 2; sent += 1) postMessage({{ unit, frozen: true }});""",
    "an uncaught error": 'throw new Error("out of turn")',
}
MISBEHAVIOUR = {
    "another's unit": 'postMessage({ unit: unit + 1, seconds: 1, result: "7" })',
    "a response without a unit": 'postMessage({ seconds: 1, result: "7" })',
    "a giant": 'postMessage({ unit, seconds: 1, result: "x".repeat(10_000_000) })',
    "a result over the limit": 'postMessage({ unit, seconds: 1, result: "x".repeat(1001) })',
    "a result that is not text": "postMessage({ unit, seconds: 1, result: { toString: 7 } })",
    "no time": 'postMessage({ unit, result: "7" })',
    "less than no time": 'postMessage({ unit, seconds: -1, result: "7" })',
    "text": 'postMessage("alive")',
    "null": "postMessage(null)",
    "a rest that nobody wanted": 'postMessage({ unit: 0, ["fro" + "zen"]: true })',
    "a port": 'const { port1 } = new MessageChannel(); postMessage("worker", [port1])',
    "a long message": 'postMessage({ unit, seconds: 1, kind: "threw", message: "x".repeat(2001) })',
    "a long stack": 'postMessage({ unit, seconds: 1, kind: "threw", message: "", stack: "x".repeat(4001) })',
    "a long print": 'postMessage({ unit, console: "x".repeat(10_001) })',
    "a print of another's unit": 'postMessage({ unit: unit + 1, console: "x" })',
}


@pytest.fixture(scope="module")
def relayed(shared_page: Page) -> dict[str, Any]:
    """The messages that the page receives from a worker, by what the worker does with the unit."""
    scripts = BEHAVIOUR | MISBEHAVIOUR
    workers = [WORKER % script for script in scripts.values()]
    received = shared_page.evaluate(MEET, {"relay": RELAY, "workers": workers, "limit": LIMIT})
    return dict(zip(scripts, received, strict=True))


def test_a_response_is_passed_on(relayed: dict[str, Any]) -> None:
    assert relayed["a response"] == [RESPONSE]


def test_an_error_is_passed_on(relayed: dict[str, Any]) -> None:
    assert relayed["an error"] == [FAILURE]


def test_an_error_has_a_stack(relayed: dict[str, Any]) -> None:
    assert [message["stack"] for message in relayed["an error without a stack"]] == [""]


def test_a_print_is_passed_on_without_the_member_that_an_older_page_takes_for_a_response(
    relayed: dict[str, Any],
) -> None:
    assert relayed["prints"] == [PRINT, RESPONSE]


def test_prints_are_bounded(relayed: dict[str, Any]) -> None:
    *prints, end = relayed["a flood of prints"]
    assert (len(prints), end["kind"]) == (101, "misbehaved")


def test_nothing_is_printed_after_the_response(relayed: dict[str, Any]) -> None:
    first, second = relayed["a print after the response"]
    assert (first["result"], second["kind"]) == ("7", "misbehaved")


def test_other_members_of_a_response_are_removed(relayed: dict[str, Any]) -> None:
    assert relayed["other members"] == [RESPONSE]


@pytest.mark.parametrize("what", MISBEHAVIOUR)
def test_a_worker_that_sends_this_is_ended(relayed: dict[str, Any], what: str) -> None:
    assert [(message["ended"], message["kind"]) for message in relayed[what]] == [(True, "misbehaved")]


def test_a_second_response_ends_the_worker(relayed: dict[str, Any]) -> None:
    first, second = relayed["two responses"]
    assert (first["result"], second["kind"]) == ("7", "misbehaved")


def test_a_flood_costs_two_messages(relayed: dict[str, Any]) -> None:
    assert [message.get("kind") for message in relayed["a flood"]] == [None, "misbehaved"]


def test_a_confirmed_rest_is_passed_on(relayed: dict[str, Any]) -> None:
    assert relayed["a confirmed rest"] == [RESPONSE, {"frozen": True}]


def test_a_rest_is_confirmed_once(relayed: dict[str, Any]) -> None:
    assert [message.get("kind") for message in relayed["a rest confirmed twice"]] == [None, None, "misbehaved"]


def test_an_uncaught_error_ends_the_worker(relayed: dict[str, Any]) -> None:
    (received,) = relayed["an uncaught error"]
    assert received["kind"] == "crash"
    assert "out of turn" in received["message"]


# Responds to each unit as its source says.
AHEAD_WORKER = """(function () {
  return ({ data }) => {
    if (data.unit === 0) return;
    postMessage({ unit: data.unit, seconds: 1, ...JSON.parse(data.source) });
  };
})"""
# Sends these messages, and returns those that come back.
SEND = """async ({ relay, worker, messages }) => {
  const frame = document.createElement("iframe");
  document.body.append(frame);
  frame.contentWindow.eval(`(${relay})`)(worker, "0");
  const control = new MessageChannel();
  const ready = new Promise((resolve) => { control.port1.onmessage = ({ data }) => resolve(data); });
  frame.contentWindow.postMessage("connect", "*", [control.port2]);
  const { takesNext } = await ready;
  const { port1, port2 } = new MessageChannel();
  const received = [];
  control.port1.postMessage({ gpu: false, limit: 1000 }, [port2]);
  for (const message of messages) {
    const { wait, ...sent } = message;
    const answered = new Promise((resolve) => {
      port1.onmessage = ({ data }) => { received.push(data); resolve(); };
    });
    port1.postMessage(sent);
    if (wait) await answered;
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { takesNext, received };
}"""
SUCCESS, ERROR = '{"result": "7"}', '{"kind": "threw", "message": "no"}'


def relayed_ahead(page: Page, *messages: dict[str, Any], worker: str = AHEAD_WORKER) -> list[Any]:
    """The responses by unit, or the kind of the end, when the page sends these messages."""
    found = page.evaluate(SEND, {"relay": RELAY, "worker": worker, "messages": list(messages)})
    assert found["takesNext"]
    return [message.get("kind") if message.get("ended") else message["unit"] for message in found["received"]]


def unit(number: int, source: str = SUCCESS, **more: Any) -> dict[str, Any]:
    return {"unit": number, "source": source, **more}


def test_units_that_are_sent_ahead_are_relayed_one_after_the_other(shared_page: Page) -> None:
    assert relayed_ahead(shared_page, unit(1), unit(2, after=1), unit(3, after=2)) == [1, 2, 3]


def test_a_unit_may_be_sent_ahead_when_the_one_before_has_its_result_already(shared_page: Page) -> None:
    assert relayed_ahead(shared_page, unit(1, wait=True), unit(2, after=1)) == [1, 2]


def test_after_an_error_no_unit_that_was_sent_ahead_is_relayed(shared_page: Page) -> None:
    assert relayed_ahead(shared_page, unit(1, ERROR, wait=True), unit(2, after=1), unit(3, after=2)) == [1]


def test_a_worker_that_responds_to_a_unit_before_its_turn_is_ended(shared_page: Page) -> None:
    worker = '(function () { return () => postMessage({ unit: 2, seconds: 1, result: "8" }); })'
    assert relayed_ahead(shared_page, unit(1), unit(2, after=1), worker=worker) == ["misbehaved"]
