"""Random programs that the rules find pure: no key in a result makes one change its context, or return there what it
doesn't in a fresh one.
"""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from pool.sandbox import engine
from tests.pool.sandbox.test_purity import FINGERPRINT, call, is_pure

# Few names, so that the same one is declared in several places, or in another than where it is used; some are those of
# built-in functions and methods. Each `<…>` is replaced by one of its alternatives. No loop has a condition: calls
# have no limit of time here.
GRAMMAR = {
    "name": ["a", "b", "t", "f", "k", "a", "b", "t", "f", "k", "r", "escape", "from"],
    "variable": [
        *["const <name> = {};", "const <name> = [];", "let <name> = r;", "let <name> = 1, <name>;"],
        *["const <name> = <function>;"],
    ],
    "key": ["r", "k", "r[0]", "r[1]", "'a'", "0", "a", "b"],
    "place": ["<name>.<name>", "<name>[<key>]", "<name>[<key>]", "<name>[<key>][<key>]", "<name>?.[<key>]", "<name>"],
    "method": ["at", "filter", "find", "forEach", "from", "map", "pop", "push", "slice", "sort", "<name>"],
    "function": [
        *["(<name>) => <value>", "<name> => { <statement> }", "function (<name>) { <statement> return <value>; }"],
    ],
    "call": ["<place>.<method>(<value>)", "<place>.<method>(<value>).<method>(<value>)"],
    "value": [
        *["<name>", "<place>", "<place>", "<call>", "<function>", "{}", "[]", "r", "1", "'constructor'"],
        *["[<value>, <name>]", "({<name>: <value>, <name>})", "({<name>(<name>) { <statement> }})", "<name> / 2"],
        *["(<name> = <value>)", "<name>++"],
        *["typeof <name>", "`${<value>}`", "/['`]/.test(r)", "[...<name>]", "Object.create(<name>)", "Object.freeze"],
    ],
    "statement": [
        *["const <name> = <value>;", "const <name> = {};", "const <name> = {a: []};", "const <name> = <function>;"],
        *["let <name>, <name> = <value>;", "var <name> = <value>\n", "const {<name>, x: <name> = <value>} = <value>\n"],
        *["<place> = <value>;", "<place> = <value>;", "<place> += 1\n", "<place>++;"],
        *["[<name>, <name>] = [<value>, 1];", "catch_: { <statement> } // it's\n"],
        *["<call>;", "<call>\n", "if (<value>) <statement> else <statement>", "if (r) /`/.test(r);", "{ <statement> }"],
        *["for (const <name> of [<value>, r]) { <statement> }", "for (let <name> = 0; false;) { <statement> }"],
        *["for (var <name> in <value>) <statement>", "for (<place> of [<value>]) {}", "try { <statement> } catch {}\n"],
        *["function <name>(<name>, <name> = <value>) { <statement> return <value>; }"],
    ],
}  # fmt: skip
SHORTEST = {"statement": "a = 1;", "value": "r", "place": "t[r]", "function": "(x) => t[x]", "call": "t.at(r)"}
SHARED = [
    *["constructor", "toString", ["constructor", "a"], ["__proto__", "push"], ["a", "constructor"], [["toString"]]],
    *[{"a": "constructor", "__proto__": {"b": "__proto__"}}, 0],
]  # fmt: skip
COUNT = 100


def text(generator: random.Random, symbol: str, depth: int = 0) -> str:
    if depth > 4 and symbol in SHORTEST:
        return SHORTEST[symbol]
    chosen = generator.choice(GRAMMAR[symbol])
    return re.sub("<(\\w+)>", lambda found: text(generator, found[1], depth + 1), chosen)


def program(made: engine.BytecodeEngine, generator: random.Random) -> str:
    """Of random statements those with which it is pure. Most are tried, so that the next ones run too."""
    statements = ["return [typeof a, typeof b, typeof f, typeof k].join(); }"]
    for number in range(20):
        added = text(generator, "variable" if number < 4 else "statement")
        if number >= 4 and generator.random() < 0.8:
            added = f"try {{ {added} }} catch {{}}\n"
        longer = [*statements[:-1], added, statements[-1]]
        if is_pure("(v, r) => { " + "".join(longer)) and is_valid(made, "(v, r) => { " + "".join(longer)):
            statements = longer
    return "(v, r) => { " + "".join(statements)


def is_valid(made: engine.BytecodeEngine, source: str) -> bool:
    try:
        made.function(source.encode())
    except engine.Thrown:
        return False
    return True


@pytest.fixture(scope="module")
def made() -> engine.BytecodeEngine:
    found = engine.make_engine(1 << 20)
    assert isinstance(found, engine.BytecodeEngine)
    return found


def test_no_key_makes_a_program_that_is_pure_change_its_context(made: engine.BytecodeEngine) -> None:
    generator = random.Random(1)
    fingerprint = made.function(FINGERPRINT.encode()).code
    needs = made.everything._replace(kept=True)
    kept = made.context(needs, print)
    before = call(kept, fingerprint)
    ran = 0
    for _ in range(COUNT):
        source = program(made, generator)
        code = made.function(source.encode()).code
        found = [call(kept, code, {}, result) for result in SHARED]
        assert call(kept, fingerprint) == before, source
        assert found == alone(made, code, found), source
        ran += any(kind == "value" for kind, _ in found)
    kept.close()
    assert ran > COUNT / 3


def alone(made: engine.BytecodeEngine, code: bytes, found: list[Any]) -> list[Any]:
    """Outcomes in contexts of their own, which is where calls that failed are made again."""
    return [
        outcome_in_fresh(made, code, result) if kind == "value" else (kind, content)
        for result, (kind, content) in zip(SHARED, found, strict=True)
    ]


def outcome_in_fresh(made: engine.BytecodeEngine, code: bytes, result: Any) -> Any:
    context = made.context(made.everything, print)
    try:
        return call(context, code, {}, result)
    finally:
        context.close()
