"""A context has only what a source may reach by the names in it: which is what a source finds where all is there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pool.sandbox import engine
from pool.sandbox.needs import Needs
from tests.engines.npm_packages import NAMES, jobs
from tests.pool.sandbox.test_equality import DEADLY, PROGRAMS

EVERYTHING = [
    "() => eval('Date')",
    "() => Function('return this')()",
    "() => ''.sub.constructor('return Date')()",
    "(x) => x['constructor']",
    "() => globalThis[name]",
    "function () { return this; }",
    "function () { return this[name]; }",
    "(x) => x[x.method](36)",
    "(x) => x[x.method]?.(36)",
    "(x) => x[x.method] // a comment\n(36)",
    "(x) => x[x.method].call(x, 36)",
    "() => D\\u0061te.now()",
    "() => Reflect.ownKeys(Math)",
    "() => import('fs')",
    "() => new TextEncoder()",
    "() => typeof crypto",
]
FEW = [
    "(variable, result) => result === variable.n * 2",
    "(v) => { class A { constructor(x) { this.x = x; } } return new A(v).x; }",
    "(v) => v.list.filter((x) => Array.isArray(x)).map((x, i) => Math.abs(x[i])).join()",
    "async (v) => { await null; return JSON.stringify(v).toString(); }",
    "(v, result) => result === v.n ? {valid: true} : {valid: false, reason: `not ${v.n}`}",
    "(v) => Object.entries(v).every(([key, value]) => Number.isFinite(value) && key in v)",
    "(v) => v ? 'import with this' : `a constructor ${v}` // eval",
]


@pytest.fixture(scope="module")
def made() -> engine.BytecodeEngine:
    found = engine.make_engine(1 << 20)
    assert isinstance(found, engine.BytecodeEngine)
    return found


def needs(made: engine.BytecodeEngine, source: str) -> Needs:
    return made.function(source.encode()).verdict_needs


@pytest.mark.parametrize("source", EVERYTHING)
def test_a_source_that_reaches_what_it_does_not_name_gets_everything(made: engine.BytecodeEngine, source: str) -> None:
    assert needs(made, source) == made.everything


@pytest.mark.parametrize("source", FEW)
def test_a_common_source_gets_the_core_of_the_language_alone(made: engine.BytecodeEngine, source: str) -> None:
    assert needs(made, source)[:-1] == Needs(("BaseObjects", "JSON", "Promise", "BigInt"), ())[:-1]


@pytest.mark.parametrize(
    ("source", "intrinsic"),
    [
        ("(v) => new Date(v)", "Date"),
        ("(v) => v / 2", "RegExp"),
        ("(v) => v.match('a')", "RegExp"),
        ("(v) => new WeakMap()", "MapSet"),
        ("(v) => new Float32Array(v)", "TypedArrays"),
        ("(v) => v.toString(36)", "TypedArrays"),
        ("(v) => new Proxy(v, {})", "Proxy"),
        ("(v) => new WeakRef(v)", "WeakRef"),
        ("(v) => ({valid: true, result: v})", "RegExp"),
    ],
)
def test_a_name_brings_its_part_of_the_language(made: engine.BytecodeEngine, source: str, intrinsic: str) -> None:
    found = needs(made, source)
    assert intrinsic in found.intrinsics
    assert found != made.everything


@pytest.mark.parametrize(
    "source",
    [
        "(v) => Math[v.name]",
        "() => Object.values(Math)",
        "() => { const { random } = Math; return random; }",
        "() => Array.from([1], Math.random)",
    ],
)
def test_random_numbers_are_repeatable_however_they_are_reached(made: engine.BytecodeEngine, source: str) -> None:
    assert len(made.everything.sections) - 1 in needs(made, source).sections


def outcome(
    made: engine.BytecodeEngine, source: str, arguments: list[Any], is_everything: bool, is_verdict: bool = False
) -> tuple[Any, ...]:
    """The response and console output; AGAIN as in the child."""
    lines: list[str] = []
    try:
        function = made.function(source.encode())
    except engine.Thrown as ex:
        return ex.response
    found = made.everything if is_everything else function.verdict_needs if is_verdict else function.needs
    context = made.context(found._replace(kept=False), lines.append)
    given = arguments
    request = {"args": given, "seed": 5, "maxValue": 1 << 20, "maxConsole": 1000, "lossy": False}
    response = context.call(function.code, json.dumps(request).encode(), is_verdict)
    context.close()
    if response == engine.AGAIN:
        assert not lines
        return outcome(made, source, arguments, is_everything=True, is_verdict=True)
    return (*response, "".join(lines))


def assert_same(made: engine.BytecodeEngine, source: str, *arguments: Any, is_verdict: bool = False) -> None:
    few, all_ = (outcome(made, source, list(arguments), is_all, is_verdict) for is_all in (False, True))
    assert few == all_, source


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in DEADLY])
def test_programs_that_keep_something_or_are_hostile_find_what_is_in_a_whole_context(
    made: engine.BytecodeEngine, name: str
) -> None:
    assert_same(made, PROGRAMS[name], 1)
    assert_same(made, PROGRAMS[name], 1, is_verdict=True)


@pytest.mark.parametrize("name", NAMES)
def test_packages_find_what_is_in_a_whole_context(made: engine.BytecodeEngine, name: str) -> None:
    job = jobs()[name]
    assert_same(made, job["validate_result"], job["variable"], {"x": 1}, {}, is_verdict=True)


# Of each global and of the prototypes: names and kinds. `now` is another at each call.
MEMBERS = """() => Object.getOwnPropertyNames(globalThis).sort().flatMap((name) => {
  const holder = Object(globalThis[name]);
  const of = (kind, from) => Object.getOwnPropertyNames(from).map((member) => [kind, name, member]);
  return [['global', name, name], ...of('static', holder), ...of('method', Object(holder.prototype))];
}).filter(([, , member]) => /^\\w+$/.test(member) && member !== 'now')"""
SHOWN = """const shown = (run) => {
    try { const value = run(); return [typeof value, String(value), JSON.stringify(value)].join(); }
    catch (ex) { return String(ex); }
  };"""
VALUES = {
    "": "['text a b', 255.5, -7, true, [3, 1, [2]], {a: 1}, 12n, (x) => x]",
    "Date": "[new Date(86400000)]",
    "RegExp": "[/a(b)?/g]",
    "Map": "[new Map([[1, 2]])]",
    "Set": "[new Set([1, 2])]",
    "ArrayBuffer": "[new ArrayBuffer(8), new DataView(new ArrayBuffer(8))]",
    "Uint8Array": "[new Uint8Array([3, 1, 2])]",
    "Promise": "[Promise.resolve(1)]",
}
CALLS = {
    "global": "typeof {name}",
    "static": "{name}.{member}(0.3, 36, 2)",
    "method": "value.{member}(36, -1)",
}


def test_each_built_in_that_a_source_names_is_what_it_is_in_a_whole_context(made: engine.BytecodeEngine) -> None:
    members = json.loads(outcome(made, MEMBERS, [], is_everything=True)[1])
    assert len(members) > 800
    for kind, name, member in members:
        call = CALLS[kind].format(name=name, member=member)
        values = VALUES.get(name, VALUES[""]) if kind == "method" else "[0]"
        assert_same(made, f"() => {{ {SHOWN}\n  return {values}.map((value) => shown(() => {call})); }}")


@pytest.mark.parametrize(
    "source",
    [
        "() => { const d = new Date(0), set = d[`set${'UTCMinutes'}`]; set.call(d, 1, NaN); return d.getTime(); }",
        "(v) => { if (v) /'/.test(v); const d = new Date(0); if (v) /'/.test(v); return d; }",
        "(v) => { <!-- `\n const d = new Date(0); <!-- `\n return d; }",
    ],
)
def test_names_are_found_wherever_the_code_goes_on(made: engine.BytecodeEngine, source: str) -> None:
    assert_same(made, source, [1, 2])


@pytest.mark.parametrize(
    "source",
    [
        "(variable, result) => result",
        "(variable, result) => ({...result})",
        "(variable, result) => ({valid: true, result: new Map()})",
        "(variable, result) => ({valid: true, result, reason: ''})",
        "(variable, result) => ({valid: true, result: [result, new Date(0)]})",
    ],
)
def test_a_verdict_that_replaces_the_result_is_examined_however_it_is_made(
    made: engine.BytecodeEngine, source: str
) -> None:
    posted = {"valid": True, "result": "\ud800"}
    assert_same(made, source, {}, posted, is_verdict=True)
    assert_same(made, source, {}, {"valid": True, "result": [1]}, is_verdict=True)
