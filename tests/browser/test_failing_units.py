"""Units that fail in the sandbox of Chromium and Firefox: what a report says of each, whatever its kind."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.serving import LocalServer

CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "client" / "unit-cases.json").read_text("utf-8"))
LINES = "for (let line = 0; line < 1000; line += 1) console.log('line', line);"
STACK = "() => {\n  [1].map(function inner() {\n    null.x;\n  });\n}"
UNITS = {
    **{case["what"]: case["function"] for part in CASES.values() for case in part},
    "prints and returns": "() => { console.log('a', { x: NaN }); return { result: 1 }; }",
    "prints and throws": f"() => {{ {LINES} throw new Error('no luck'); }}",
    "prints and loops": f"() => {{ {LINES} for (;;); }}",
    "prints and searches": "() => { console.log('before'); return /^(a+)+$/.test('a'.repeat(60) + 'b'); }",
    "throws deep inside": STACK,
}
LOSSY = [case["what"] for part in CASES.values() for case in part if case.get("lossy")]
# Milliseconds until they are stopped: those that print need some until what they print arrives.
ENDLESS = {"never ends": 200, "prints and loops": 1000, "prints and searches": 1000}
COMPUTE = """async (units) => {
  const { Client } = await import("/client/js/index.js");
  const { platform } = await import("/client/js/browser/platform.js");
  const executors = await platform.open(await new Client("/").root());
  const executor = executors.create();
  const outcomes = { engine: executors.engine };
  for (const [job, source, timeout, lossy] of units) {
    const unit = { job, source, variable: "{}", context: null, lossy, gpu: false };
    const failed = ({ kind, message, stack, console }) => ({ kind, message, stack, console });
    outcomes[job] = await executor.compute(unit, { timeout }).catch(failed);
  }
  executors.close();
  return outcomes;
}"""
Outcomes = dict[str, Any]


class Window(Protocol):
    """A page of either browser."""

    def goto(self, url: str) -> Any: ...

    def evaluate(self, function: str) -> Any: ...


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def outcomes(request: pytest.FixtureRequest, lasting_server: LocalServer) -> Outcomes:
    """The outcome of each unit, and the engine's name."""
    fixture = {"chromium": "shared_page", "firefox": "firefox"}[request.param]
    window: Window = request.getfixturevalue(fixture)
    window.goto(f"{lasting_server.url}/")
    units = [(name, source, ENDLESS.get(name, 20_000), name in LOSSY) for name, source in UNITS.items()]
    found: Outcomes = json.loads(window.evaluate(f"() => ({COMPUTE})({json.dumps(units)}).then(JSON.stringify)"))
    return {**found, "browser": request.param}


@pytest.mark.parametrize("case", CASES["failures"], ids=lambda case: case["what"])
def test_a_failure_has_a_message_that_names_its_cause(outcomes: Outcomes, case: dict[str, str]) -> None:
    outcome = outcomes[case["what"]]
    assert outcome["kind"] == case["kind"]
    assert re.search(case["message"], outcome["message"])


@pytest.mark.parametrize("case", CASES["results"], ids=lambda case: case["what"])
def test_a_result_becomes_json(outcomes: Outcomes, case: dict[str, Any]) -> None:
    assert json.loads(outcomes[case["what"]]["result"]) == case["result"]


def test_what_a_unit_prints_comes_with_its_result(outcomes: Outcomes) -> None:
    assert outcomes["prints and returns"]["console"] == 'a {"x":"NaN"}\n'


def test_what_a_unit_prints_comes_with_its_error(outcomes: Outcomes) -> None:
    printed = outcomes["prints and throws"]["console"]
    assert printed.startswith("line 0\nline 1\n")
    assert printed.endswith("\nline 999\n")


@pytest.mark.parametrize(("name", "last"), [("prints and loops", "line 99\n"), ("prints and searches", "before\n")])
def test_what_a_unit_that_never_ends_prints_first_arrives(outcomes: Outcomes, name: str, last: str) -> None:
    assert (outcomes[name]["kind"], outcomes[name]["console"].endswith(last)) == ("timeout", True)


def test_the_stack_has_the_lines_of_the_job_alone(outcomes: Outcomes) -> None:
    frames = [line for line in outcomes["throws deep inside"]["stack"].splitlines() if "execute_function.js" in line]
    assert re.search(r"inner.*execute_function\.js:3:\d+", frames[0])
    assert re.search(r"execute_function\.js:2:\d+", frames[-1])
    assert "data:" not in outcomes["throws deep inside"]["stack"]


def test_the_engine_has_a_name_and_a_version(outcomes: Outcomes) -> None:
    name = {"chromium": "Chromium", "firefox": "Firefox"}[outcomes["browser"]]
    assert re.fullmatch(rf"{name} \d+", outcomes["engine"])
