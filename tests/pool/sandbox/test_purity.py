"""Pure sources: which they are, and that none of them changes the context in which it runs, whatever is in a result."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from pool.sandbox import engine, purity, tokens
from tests.pool.sandbox.test_equality import KEEPING

DEMO = sorted(Path(__file__).parents[3].glob("data/jobs/*/validate_*.js"))
PURE = [
    "(variable, result) => result === variable.n * 2",
    "(v, result) => result === v.n ? {valid: true} : {valid: false, reason: `not ${v.n}`}",
    "function (v, r) { let sum = 0; for (const x of r.list) sum += x; return sum === v.sum; }",
    "(v, r) => { const seen = {}; for (const x of r) { if (seen[x]) return false; seen[x] = true; } return true; }",
    "(v, r) => { const seen = new Set(); r.forEach((x) => seen.add(x)); return seen.size === r.length; }",
    "(v, r) => { const counts = new Map(); for (const w of r) counts.set(w, (counts.get(w) ?? 0) + 1); return true; }",
    "(v, r) => { const seen = Object.create(null); seen[r] = 1; return Object.keys(seen).length === 1; }",
    "(v, r) => { const rest = r.map(Number); while (rest.length > 1) rest.pop(); return rest[0] === v.n; }",
    "(v, r) => Object.keys(r).sort().join() === 'a,b'",
    "(v, r) => [...r].sort().reverse().every((x, i) => x === i)",
    "(v, r) => { let [a, b] = r; [a, b] = [b, a]; return a < b; }",
    "(v, r) => { let i = 0; do { i++; } while (i < 9 && !r[i]); return --i < v.n; }",
    "(v, r) => { function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); } return fib(v.n) === r; }",
    "(v, r) => { const square = (x) => x * x; const twice = x => 2 * x; return square(r) === twice(v.n); }",
    "(v, r) => { try { return BigInt(r) === 2n; } catch (error) { return error.message.length < 0; } }",
    "(v, r) => { const t = new Uint8Array(9).fill(1); t[r] ^= 1; return t[v.n] === 0; }",
    "(v, r) => { const list = []\n for (const x of r) list.push(x)\n return list.length > 0 }",
    "(v, r) => { const table = {a: [1]}; return table[r[0]] === 1 || 'b' in table; }",
    "(v, {list = [], ...rest}) => { for (const key in rest) if (!list.includes(key)) return false; return true; }",
    "(v, r) => { switch (typeof r) { case 'string': return /^[a-z]+$/.test(r); default: return false; } }",
    "(v, r) => { for (var i = 0, n = 0; i < 3; i++) { n += i; } for (i = 0; i < 3; i++) n--; return n === v.n; }",
    "(v, r) => { let [a, b = 1] = r, c; for (let i = 0; i < 2; i++) { c = i; a += () => { b = i; }; } return a; }",
    "(v, r) => { let n; try { n = r.x; } catch (error) { error = 1; } const f = () => { n = 2; }; f(); return n; }",
    "function f(v, r, n = 1) { function add(x) { x += 1; n = x; } add(r); return n === v.n; }",
    "(v, r) => { const {x: a, ...b} = r\n const c = [b]\n c.push(a)\n if (c.length > 1) return true\n return false }",
    "(v, r) => r.new / r.of / r.in + r.let?.[0] > 1 || Array.from(r).sort()[0] === (v.n) / 2",
    "(v, r) => Math.random() < 2 && new Date(0).getTime() === 0 && parseInt(r, 10) >= 0",
]
IMPURE = [
    "(v, r) => { table[r].count = 1; }",
    "(v, r) => { const table = {}; table[r].count = 1; }",
    "(v, r) => { const table = {}; table[r][v] = 1; }",
    "(v, r) => { const table = {}; table[r].push(v); }",
    "(v, r) => { const table = {}; const row = table[r]; row.push(v); }",
    "(v, r) => { let t = {}; t[r] = 1; }",
    "(v, r) => { const t = {a: v}.a; t[r] = 1; }",
    "(v, r) => { const t = [v].at(0); t.x = 1; }",
    "(v, r) => { const t = v.list; t.sort(); }",
    "(v, r) => { const t = v.t || {}; t.x = 1; }",
    "(v, r) => { const t = {}; { const t = v.t; t.x = 1; } }",
    "(v, r) => { const t = {}; const f = (t) => { t.x = 1; }; f(v); }",
    "(v, r) => { r.x = 1; }",
    "(v, r) => { r.x++; }",
    "(v, r) => { ++r.x; }",
    "(v, r) => { let x = v\n++r.y }",
    "(v, r) => { [r.x] = [1]; }",
    "(v, r) => { ({x: r.x} = v); }",
    "(v, r) => { for (r.x of [1]); }",
    "(v, r) => { for (r.x in {a: 1}); }",
    "(v, r) => { for (const x of r) for (v.y of x); }",
    "(v, r) => { delete r.x; }",
    "(v, r) => { count = 1; }",
    "(v, r) => { count++; }",
    "(v, r) => { for (i = 0; i < 3; i++); }",
    "(v, r) => { Math = 1; }",
    "(v, r) => { var Math; Math = 1; }",
    "(v, r) => { Math.x = 1; }",
    "(v, r) => { Array.prototype.x = 1; }",
    "(v, r) => Object.assign(v, r)",
    "(v, r) => Object.defineProperty(v, 'x', {value: 1})",
    "(v, r) => { const f = v[r]; return f(1); }",
    "(v, r) => ((f) => f(1))(v[r])",
    "(v, r) => { const f = (x) => x; f = v[r]; return f(1); }",
    "(v, r) => v.check(r)",
    "(v, r) => [].push.apply(v, r)",
    "(v, r) => v[r]`text`",
    "(v, r) => v`text`",
    "(v, r) => new v(r)",
    "(v, r) => new v.x",
    "(v, r) => [1].map(v.sort).sort(1).x.sort()",
    "async (v, r) => r === 1",
    "(v, r) => Promise.resolve(1)",
    "(v, r) => Symbol.for('x')",
    "(v, r) => new WeakMap()",
    "(v, r) => console.log(r)",
    "(v, r) => { class A { static n = 1; } return A.n; }",
    "function () { return this.n; }",
    "function () { return arguments[0]; }",
    "function* (v) { yield v; }",
    "(v, r) => { label: for (;;) { debugger; } }",
    "(v, r) => ({ get x() { return 1; } })",
    "(v, r) => { const o = { f(x) { return x; } }; return o.f(r); }",
    "(v, r) => v?.(r)",
    "(v, r) => { r ||= {}; r.x ??= 1; }",
    "((f) => f)((v, r) => true)",
    "((v, r) => true)",
    "[Math.random()].map((salt) => (v, r) => salt)[0]",
    "(v, r) => Math.random(), (v, r) => true",
    "function (v, r) { return true; } + Math.random()",
    "5",
    "(v, r) => { if (v) {} /a/.test(r); }",
    "(v, r) => { let é = 1; return é; }",
    # Variables that are known elsewhere: here they are global ones.
    "(v, r) => { const f = (data) => data; try { data = r; return data === r; } catch (error) { return false; } }",
    "(v, r) => { { let escape = 1; } escape = r; }",
    "(v, r) => { for (let i = 0; i < 1; i++) {} i = r; }",
    "(v, r) => { try {} catch (data) {} data = r; }",
    "(v, r) => { function f(data) {} data++; }",
    "(v, r) => { const {data: x} = r; data = x; }",
    "(v, r) => { const {x = data} = r; data = x; }",
    "(v, r) => { let x = r\n if (x) x, data = 1; }",
    "(v, r) => { { const escape = {}; } escape[r] = 1; }",
    "(v, r) => { const {x = (data = 1), [data]: y} = r; data = x; }",
    # Parameters of methods, which no rule reads.
    "(v, r) => { const t = {}; const check = (x) => x; const o = { check(t) { t.x = 1; } }; r.map(o.check); }",
    "(v, r) => { const t = {}; const o = { of(t) { t.x = 1; } }; o.of(r); }",
    "(v, r) => { const t = {}; const f = t => { t.x = 1; }; f(r); }",
    "(v, r) => { const t = {}; const f = function* (t) { t.x = 1; }; r.map(f); }",
    # Methods of the source that return what is not new.
    "(v, r) => { const t = {}; const o = { from: (key) => t[key] }; const row = o.from(r); row.x = 1; }",
    "(v, r) => { const t = {}; const from = (key) => t[key]; const o = { from }; o.from(r).sort(); }",
    "(v, r) => { const o = {}; o.map = (key) => v[key]; const row = o.map(r); row.x = 1; }",
    "(v, r) => { const sort = [].sort; sort.x = 1; }",
    # Built-in functions that are called by others.
    "(v, r) => { const t = {}; r.map((key) => t[key]).forEach(Object.freeze); }",
    "(v, r) => { const t = {a: []}; v.list.forEach(t[r].push, t[r]); }",
    "(v, r) => { const t = {}; t?.[r].push(1); }",
    "(v, r) => { const of = {}; of[r].push(1); }",
    "(v, r) => { const t = {}; t[r].let[0] = 1; }",
    "(v, r) => { const t = {}; function f() {} ;[f] = [t[r]]; f(1); }",
    "(v, r) => { try { v.x.y; } catch (error) { return error.stack; } }",
]
# What these rules take for a text or for code is not what the engine does.
MISREAD = [
    "(v, r) => { const t = {}; if (r) /[`]/.test(r); t[r].x = 1; if (r) /[`]/.test(r); }",
    "(v, r) => { const t = {}; while (v.n-- > 0) /'/.test(r), t[r].x = '/'; }",
    "(v, r) => { const t = {}; <!-- `\n t[r].x = 1; <!-- `\n }",
    "(v, r) => { const t = {};\n--> `\n t[r].x = 1;\n--> `\n }",
    "(v, r) => { const t = {}; return v.of / (t[r].x = 1) / 2; }",
    "(v, r) => { const t = {}, of = 1; return of / (t[r].x = 1) / 2; }",
]
KEPT = [source for name, source in KEEPING.items() if "pattern" not in name]
# Places where code that reads by a name of a result's comes upon what is built in.
NAMES = ["__proto__", "constructor", "prototype", "toString", "push", "map", "length", "0", "a", "__defineSetter__"]
RESULTS: list[Any] = [
    *NAMES,
    NAMES,
    [NAMES, NAMES],
    [[["x"]]],
    {name: [1] for name in NAMES},
    {name: {name: 1} for name in NAMES},
    [{name: name} for name in NAMES],
    {"list": NAMES, "counts": NAMES, "rows": NAMES, "factors": NAMES, "count": 1, "hashes": [1], "hash": 1},
    {"list": {"push": 1, "sort": 1}, "n": "__proto__"},
    0, -1, 1.5, 1e300, "", "12", True, None, [], {},
]  # fmt: skip
# All that can be reached from the global object: each object's prototype, whether it can be extended, and its members.
FINGERPRINT = """() => {
  const numbers = new Map(), queue = [];
  const shown = (value) => {
    if (Object(value) !== value) return `${typeof value} ${String(value)}`;
    if (!numbers.has(value)) {
      numbers.set(value, numbers.size);
      queue.push(value);
    }
    return numbers.get(value);
  };
  shown(globalThis);
  const found = [];
  for (const one of queue) {
    found.push(shown(Object.getPrototypeOf(one)), Object.isExtensible(one));
    for (const key of Reflect.ownKeys(one)) {
      const {value, get, set, ...attributes} = Object.getOwnPropertyDescriptor(one, key);
      found.push(String(key), shown(value), shown(get), shown(set), JSON.stringify(attributes));
    }
  }
  return [numbers.size, found.join()];
}"""


def is_pure(source: str) -> bool:
    try:
        return purity.is_pure(tokens.tokens_of(source))
    except tokens.Unknown:
        return False


@pytest.fixture(scope="module")
def made() -> engine.BytecodeEngine:
    found = engine.make_engine(1 << 20)
    assert isinstance(found, engine.BytecodeEngine)
    return found


def call(context: engine.BytecodeContext, code: bytes, *arguments: Any) -> Any:
    request = {"args": list(arguments), "seed": 5, "maxValue": 1 << 20, "maxConsole": 0, "lossy": True}
    kind, content = context.call(code, json.dumps(request).encode(), is_verdict=False)
    return kind, json.loads(content)


def variable_of(source: str) -> Any:
    """Of a demo job, one that its functions accept; for others one with which they go on."""
    return {"n": 2, "list": NAMES, "strings": ["a"], "number": "15", "size": 4, "rows": [0], "from": 2, "to": 9}


@pytest.mark.parametrize("source", PURE)
def test_a_source_that_writes_to_what_it_has_made_is_pure(source: str) -> None:
    assert is_pure(source)


@pytest.mark.parametrize("path", DEMO, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_functions_of_the_demo_jobs_are_pure(path: Path) -> None:
    assert is_pure(path.read_text())


@pytest.mark.parametrize("source", [*IMPURE, *MISREAD, *KEPT])
def test_a_source_that_may_write_to_anything_else_is_not(source: str) -> None:
    assert not is_pure(source)


@pytest.mark.parametrize("source", [*PURE, *(path.read_text() for path in DEMO)])
def test_no_result_makes_a_pure_source_change_its_context(made: engine.BytecodeEngine, source: str) -> None:
    function = made.function(source.encode())
    assert function.needs.kept
    fingerprint = made.function(FINGERPRINT.encode()).code
    kept = made.context(function.needs._replace(intrinsics=made.everything.intrinsics), print)
    before = call(kept, fingerprint)
    for result in RESULTS:
        fresh = made.context(function.needs._replace(kept=False), print)
        alone = call(fresh, function.code, variable_of(source), result, {})
        fresh.close()
        kind, content = call(kept, function.code, variable_of(source), result, {})
        # A call that fails is made again, in a fresh context.
        assert (kind, content if kind == "value" else alone[1]) == alone
    assert call(kept, fingerprint) == before
    kept.close()


@pytest.mark.parametrize(
    "source",
    [
        "(v, r) => { const a = v" + " in v" * 3900 + "; }",
        "(v, r) => {" + "".join(f"function f{number}(){{}}" for number in range(1150)) + "}",
        "(v, r) => {" + "const a=1\n" * 1900 + "}",
        "(v, r) => {" + "if(v)/[/*]/\n;" * 1500 + "}",
        "(v, r) => {" + "[v" * 5000 + "]=1" * 4900 + "}",
        "(v, r) => {" + "v.in/[" * 3000 + "}",
    ],
    ids=lambda source: source[11:40],
)
def test_to_read_a_source_takes_a_time_that_grows_with_its_length(source: str) -> None:
    assert len(source) <= 31_000
    started = time.process_time()
    is_pure(source[:20_000])
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize("source", [PURE[3], "() => { Array.prototype.at.x = 1; }", "() => { delete Math.abs; }"])
def test_the_fingerprint_of_a_context_shows_a_change(made: engine.BytecodeEngine, source: str) -> None:
    context = made.context(made.everything, print)
    fingerprint = made.function(FINGERPRINT.encode()).code
    before = call(context, fingerprint)
    assert before[1][0] > 500
    call(context, made.function(source.encode()).code, {}, NAMES)
    assert (call(context, fingerprint) == before) == (source == PURE[3])
    context.close()


@pytest.mark.parametrize(
    "source",
    [
        "() => { undeclared = 1; return 1; }",
        "() => { Object.prototype.x = 1; return 1; }",
        "(v, r) => { r[v].push(1); }",
    ],
)
def test_a_kept_context_does_not_let_a_source_add_to_what_all_calls_share(
    made: engine.BytecodeEngine, source: str
) -> None:
    context = made.context(made.everything._replace(kept=True), print)
    fingerprint = made.function(FINGERPRINT.encode()).code
    before = call(context, fingerprint)
    call(context, made.function(source.encode()).code, "__proto__", [])
    assert call(context, fingerprint) == before
    context.close()
