"""Every call is judged as if it were the only one: whatever ran before it, in its batch, its child or its job."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from pool.sandbox import Limits, Outcome, Sandbox, ScriptError, Share
from pool.sandbox.child_process import ChildProcess
from tests.pool.sandbox.test_hostile_javascript import HOSTILE, TAMPERING

# Functions that keep something from one call to the next, wherever it can be kept. Each returns something else at its
# second call in one context.
KEEPING = {
    "a global": "() => (globalThis.count = (globalThis.count ?? 0) + 1)",
    "an implicit global": "() => { try { counted++; } catch { counted = 1; } return counted; }",
    "a closure of the source": "(() => { let count = 0; return () => ++count; })()",
    "a /g regular expression": "(() => { const r = /a/g; return () => [r.test('aa'), r.lastIndex]; })()",
    "a memo": "(() => { const memo = {}; return (x) => (x in memo ? 'known' : (memo[x] = 'new')); })()",
    "a memo on the function": "(() => { const f = (x) => (f[x] ? 'known' : (f[x] = 'new')); return f; })()",
    "a static of its class": "(() => { class A { static n = 0; } return () => ++A.n; })()",
    "a private static": """(() => {
      class A { static #n = 0; static next() { return ++A.#n; } }
      return () => A.next();
    })()""",
    "a generator": """(() => {
      const numbers = (function* () { for (let n = 1; ; n++) yield n; })();
      return () => numbers.next().value;
    })()""",
    "a WeakMap of built-in objects": """(() => {
      const known = new WeakMap();
      return () => { const has = known.has(Array); known.set(Array, 1); return has; };
    })()""",
    "a Set": "(() => { const seen = new Set(); return (x) => { const is = seen.has(x); seen.add(x); return is; }; })()",
    "a registered symbol": "() => (globalThis[Symbol.for('n')] = (globalThis[Symbol.for('n')] ?? 0) + 1)",
    "a property of a built-in function": "() => (Array.prototype.map.n = (Array.prototype.map.n ?? 0) + 1)",
    "a hidden property": """() => {
      const n = (Math.hidden ?? 0) + 1;
      Object.defineProperty(Math, 'hidden', {value: n, configurable: true, enumerable: false});
      return n;
    }""",
    "two swapped methods": """() => {
      [Array.prototype.map, Array.prototype.filter] = [Array.prototype.filter, Array.prototype.map];
      return [1, 2].map((n) => n > 1);
    }""",
    "an attribute of a property": """() => {
      const before = Object.getOwnPropertyDescriptor(Array.prototype.map, 'name').writable;
      Object.defineProperty(Array.prototype.map, 'name', {writable: !before});
      return before;
    }""",
    "a prototype": """() => {
      const before = Object.getPrototypeOf(Math.max) === Function.prototype;
      Object.setPrototypeOf(Math.max, before ? null : Function.prototype);
      return before;
    }""",
    "whether an object can be extended": """() => {
      const before = Object.isExtensible(Map);
      Object.preventExtensions(Map);
      return before;
    }""",
    "a prototype out of the way": """() => {
      const hidden = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
      return (hidden.n = (hidden.n ?? 0) + 1);
    }""",
    "a deleted method": "() => { const has = 'at' in Array.prototype; delete Array.prototype.at; return has; }",
    "a setting of Error": """() => {
      const before = Error.stackTraceLimit;
      Error.stackTraceLimit = 1;
      return String(before);
    }""",
    "the pattern of a regular expression": "() => [typeof RegExp.$1, /(.)/.test('x'), RegExp.lastMatch ?? null]",
    "the callback of a registry": """() => {
      new FinalizationRegistry(() => { globalThis.late = true; }).register({}, 1);
      return typeof late;
    }""",
    "a Promise that waits": """() => {
      const before = typeof done;
      Promise.resolve().then(() => Promise.resolve()).then(() => { globalThis.done = true; });
      return before;
    }""",
    "the console": "() => { const had = console.mine ?? 0; console.mine = 1; console.log('said', had); return had; }",
    "much console output": "() => { console.log('x'.repeat(3000)); return 1; }",
    "memory": "() => { globalThis.buffers = [new ArrayBuffer(60 << 20)]; return 'it fits'; }",
}
QUICK = {
    name: f"function () {{ {HOSTILE[name][0]} }}"
    for name in ("deep recursion", "throwing toJSON", "import", "process.env")
}
QUICK |= {
    "1.5 MB of output": "() => 'x'.repeat(1.5e6)",
    "an error": "function (x) {\n  throw new TypeError('no ' + x);\n}",
    "a promise never settled": "() => new Promise(() => {})",
    "tampering": TAMPERING,
    "no function": "5",
}
# Each of these ends its child process.
DEADLY = {
    "endless loop": "() => { console.log('began'); for (;;); }",
    "endless promise chain": "async () => { for (;;) await null; }",
    "native loop": "() => new Array(2 ** 28).sort().length",
}
HONEST = {
    "honest": "(x) => x * 2",
    "objects of its own": "(x) => { const seen = {}; seen[x] = [x]; return [seen, [2, x].sort()]; }",
    "a variable of a block, assigned outside of it": "(x) => { { let i = 0; } i = x; return i; }",
    "a random number of the source": """(() => {
      const salt = Math.random();
      return (x) => [salt, x];
    })()""",
    "a random number of a default": "(x, salt = Math.random) => typeof salt",
    "async": "async (x) => { await null; return [x]; }",
    "console": "(x) => { console.log('got', {x}); return undefined; }",
}
PROGRAMS = {**KEEPING, **QUICK, **DEADLY, **HONEST}
Judged = tuple[str, Any, str]


@pytest.fixture(scope="module")
def sandbox_() -> Iterator[Sandbox]:
    # One child at a time, so that all calls of a test are made in the same.
    sandbox = Sandbox(Limits(milliseconds=200), max_running=1, queue_seconds=30)
    yield sandbox
    sandbox.close()


def judged(outcome: Outcome | ScriptError) -> Judged:
    if isinstance(outcome, ScriptError):
        return outcome.kind, outcome.message, outcome.console
    return "value", outcome.value, outcome.console


class FreshSandbox(Sandbox):
    """Makes each call in a child that no other call has used."""

    def _release_child(self, child: ChildProcess) -> None:
        child.kill()


def judged_alone() -> dict[str, Judged]:
    """What each program returns in a fresh child."""
    fresh = FreshSandbox(Limits(milliseconds=200), max_running=1)
    found = {name: judged(*fresh.call_many(source, [[1]])) for name, source in PROGRAMS.items()}
    fresh.close()
    return found


def batches(seed: int) -> list[tuple[str, int]]:
    """All programs in any order, each several times, alone or in batches."""
    chance = random.Random(seed)
    found = []
    for name in PROGRAMS:
        counts = [1] if name in DEADLY else [1, 2, 5]
        found += [(name, count) for count in counts]
    chance.shuffle(found)
    return found


def test_calls_of_all_programs_in_any_order_are_those_of_fresh_contexts(sandbox_: Sandbox) -> None:
    expected = judged_alone()
    for number, (name, count) in enumerate(batches(seed=0)):
        share = Share("owner", f"job {number % 3}")
        outcomes = [judged(outcome) for outcome in sandbox_.call_many(PROGRAMS[name], [[1]] * count, share)]
        assert outcomes == [expected[name]] * count, name


def test_the_programs_do_keep_something_where_a_context_is_kept(sandbox_: Sandbox) -> None:
    """The proof of the tests above: twice in one context, nearly every program returns something else."""
    twice = """(() => {{
      const f = ({0}
      );
      return async () => {{ const a = await f(1); for (let n = 9; n--; ) await null; return [a, await f(1)]; }};
    }})()"""
    unseen = set()
    for name, source in KEEPING.items():
        first, second = sandbox_.call(twice.format(source), []).value
        if first == second:
            unseen.add(name)
    # What the engine does not keep at all, or what its memory and console limits alone would show.
    assert unseen == {
        "the pattern of a regular expression",
        "the callback of a registry",
        "much console output",
        "memory",
    }


@pytest.mark.parametrize("deadly", DEADLY)
def test_a_call_that_ends_its_child_costs_no_other_call_of_its_batch_a_verdict(sandbox_: Sandbox, deadly: str) -> None:
    source = f"(x) => {{ if (x === 3) return ({DEADLY[deadly]})(); return x; }}"
    outcomes = [judged(outcome) for outcome in sandbox_.call_many(source, [[x] for x in (1, 2, 3, 4, 5)])]
    assert [outcome[:2] for outcome in outcomes if outcome[0] == "value"] == [("value", x) for x in (1, 2, 4, 5)]
    assert outcomes[2][0] in ("time", "memory")


def test_each_call_of_a_batch_has_its_own_time_limit(sandbox_: Sandbox) -> None:
    source = "() => { const end = Date.now() + 90; while (Date.now() < end); return 1; }"
    outcomes = sandbox_.call_many(source, [[]] * 4)
    assert [judged(outcome) for outcome in outcomes] == [("value", 1, "")] * 4
