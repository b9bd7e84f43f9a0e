"""What code of jobs sees is alike in every engine: globals, random numbers, web functions, depth of calls."""

from __future__ import annotations

import base64
import itertools
import random
from typing import Any

import pytest

from pool.seeds import unit_seed
from tests.engines.engines import Engines

SEED = unit_seed("example-job", "one")
NAMES = ("server", "python", "node")
# Missing in QuickJS, and named in docs/jobs.md.
ABSENT = {
    "Atomics", "AsyncDisposableStack", "DisposableStack", "Intl", "SharedArrayBuffer", "SuppressedError", "Temporal",
    "WebAssembly",
}  # fmt: skip

DRAW = """(variable, context) => {
  const first = Math.random();
  const bytes = crypto.getRandomValues(new Uint8Array(11));
  const words = crypto.getRandomValues(new Uint32Array(2));
  return [context.seed, first, [...bytes], [...words], Array.from({ length: 5 }, Math.random), Math.random()];
}"""


@pytest.mark.parametrize("engine", ["server", "node"])
def test_globals_are_those_of_v8_but_for_the_documented_ones(engines: Engines, engine: str) -> None:
    # Some can't be deleted from mini-racer's: they are undefined.
    there = "(name) => name === 'undefined' || globalThis[name] !== undefined"
    source = f"() => Object.getOwnPropertyNames(globalThis).filter({there})"
    expected, found = (set(engines.by_name[name](source)) for name in ("python", engine))
    assert expected - found <= ABSENT
    assert found <= expected


@pytest.mark.parametrize("engine", ["server", "node"])
def test_methods_are_those_of_v8_but_for_the_documented_ones(engines: Engines, engine: str) -> None:
    source = """() => Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]/.test(name)).flatMap((name) => {
      const { [name]: holder } = globalThis;
      const own = (of, path) => Reflect.ownKeys(of).map((key) => `${path}.${String(key)}`);
      return [...own(Object(holder), name), ...(holder?.prototype ? own(holder.prototype, `${name}.prototype`) : [])];
    })"""
    expected, found = (set(engines.by_name[name](source)) for name in ("python", engine))
    missing = {name for name in expected - found if name.partition(".")[0] not in ABSENT | {"RegExp"}}
    assert missing - {"Array.fromAsync", "Error.captureStackTrace", "Error.stackTraceLimit"} == {
        "BigInt.prototype.toLocaleString",
        "Date.prototype.toTemporalInstant",
        "Iterator.prototype.Symbol(Symbol.dispose)",
        "JSON.isRawJSON",
        "JSON.rawJSON",
        "Symbol.asyncDispose",
        "Symbol.dispose",
        *(f"Uint8Array.{name}" for name in ("fromBase64", "fromHex")),
        *(f"Uint8Array.prototype.{name}" for name in ("setFromBase64", "setFromHex", "toBase64", "toHex")),
    }


# ---- random numbers


def test_a_unit_has_the_same_random_numbers_in_every_engine(engines: Engines) -> None:
    drawn = [engines.by_name[name](DRAW, seed=SEED) for name in NAMES]
    assert drawn[0] == drawn[1] == drawn[2]
    assert drawn[0][0] == SEED
    # As `sfc32_64` of PractRand, so that a port can be checked.
    assert drawn[0][1] == sfc32_doubles(SEED, 1)[0]


def test_each_unit_begins_its_own_sequence(engines: Engines) -> None:
    for name in NAMES:
        first, other, again = (engines.by_name[name](DRAW, seed=seed) for seed in (SEED, SEED + 1, SEED))
        assert first == again
        assert first[1] != other[1]


def test_code_outside_the_function_draws_the_same_whichever_unit_comes_first(engines: Engines) -> None:
    source = "((drawn) => () => [drawn, Math.random()])(Math.random())"
    for name in NAMES:
        (drawn, first), (again, other) = (engines.as_jobs[name](source, seed=seed) for seed in (1, 2))
        assert drawn == again
        assert first != other


def sfc32_doubles(seed: int, count: int) -> list[float]:
    """A second implementation of the generator, from its description."""
    mask = 0xFFFFFFFF
    a, b, c, counter = 0, seed & mask, seed >> 32, 1

    def draw() -> int:
        nonlocal a, b, c, counter
        drawn = (a + b + counter) & mask
        counter = (counter + 1) & mask
        a = b ^ (b >> 9)
        b = (c + (c << 3)) & mask
        c = ((c << 21 | c >> 11) + drawn) & mask
        return drawn

    for _ in range(12):
        draw()
    return [((draw() >> 5) * 2**26 + (draw() >> 6)) / 2**53 for _ in range(count)]


def test_random_numbers_are_uniform_and_those_of_neighbours_are_independent(engines: Engines) -> None:
    source = """(variable) => {
      const bins = new Array(100).fill(0);
      for (let count = 0; count < 100000; count += 1) bins[Math.floor(Math.random() * 100)] += 1;
      return bins;
    }"""
    bins = engines.by_name["python"](source, seed=SEED)
    # Chi-squared with 99 degrees of freedom: between 61 and 149 but in one of a thousand cases, and always the same.
    assert 61 < sum((count - 1000) ** 2 / 1000 for count in bins) < 149
    firsts = [sfc32_doubles(unit_seed("job", f"v{number}"), 1)[0] for number in range(2000)]
    assert len(set(firsts)) == 2000
    mean = sum(firsts) / 2000
    assert abs(mean - 0.5) < 0.025
    pairs = itertools.pairwise(firsts)
    assert abs(sum((one - mean) * (next_one - mean) for one, next_one in pairs) / 1999 * 12) < 0.08


def test_the_seed_does_not_collide() -> None:
    seeds = {unit_seed(job, f"{number:x}") for job in ("a", "b") for number in range(50_000)}
    assert len(seeds) == 100_000
    assert max(seeds) < 2**53


# ---- web functions, compared with Python's


WEB = """(variable) => {
  const bytes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const tried = (run) => { try { return run(); } catch (ex) { return ex.name; } };
  return variable.cases.map(({ text, latin }) => [
    [...new TextEncoder().encode(text)],
    new TextDecoder().decode(bytes(latin)),
    tried(() => new TextDecoder("utf8", { fatal: true }).decode(bytes(latin))),
    tried(() => new TextDecoder("utf-16le").decode(bytes(latin))),
    btoa(latin),
    atob(btoa(latin)) === latin,
    tried(() => atob(latin)),
    Array.from(latin, (character, index) => decoder(latin, index)).join(""),
    new TextEncoder().encodeInto(text, new Uint8Array(5)),
  ]);
  function decoder(latin, index) {
    if (index === 0) decoder.streaming = new TextDecoder();
    const stream = index < latin.length - 1;
    return decoder.streaming.decode(bytes(latin[index]), { stream });
  }
}"""


def utf8_cases() -> list[dict[str, str]]:
    draw = random.Random(20141202)
    characters = ["a", "é", "中", "😀", "\0", "\ufeff", "z", "ß", "\u07ff", "\u0800", "\uffff", "\U0010ffff"]
    fragments = [
        b"a",
        b"\xc3",
        b"\xa9",
        b"\xf0\x9f",
        b"\x98\x80",
        b"\xed\xa0",
        b"\xe4\xb8\xad",
        b"\xff",
        b"\xc0\x80",
        b"=",
    ]
    fragments += [b"\xf4\x90", b"\xe0\x80", b"\xef\xbb\xbf", b"QUJD", b" ", b"\xf8", b"\xd8\x3d"]
    return [
        {
            "text": "".join(draw.choices(characters, k=draw.randint(0, 6))),
            "latin": b"".join(draw.choices(fragments, k=draw.randint(0, 6))).decode("latin-1"),
        }
        for _ in range(150)
    ]


def expected_of(case: dict[str, str]) -> list[Any]:
    text, content = case["text"], case["latin"].encode("latin-1")

    def decoded(encoding: str, errors: str) -> str:
        try:
            return content.decode(encoding, errors).removeprefix("\ufeff")
        except UnicodeDecodeError:
            return "TypeError"

    return [
        list(text.encode()),
        decoded("utf-8", "replace"),
        decoded("utf-8", "strict"),
        base64.b64encode(content).decode(),
    ]


def test_texts_and_bytes_are_encoded_as_in_python_and_alike_in_every_engine(engines: Engines) -> None:
    cases = utf8_cases()
    outcomes = [engines.by_name[name](WEB, {"cases": cases}) for name in NAMES]
    assert outcomes[0] == outcomes[1] == outcomes[2]
    for case, outcome in zip(cases, outcomes[0], strict=True):
        encoded, lenient, strict, _utf16, base, is_same, _decoded, streamed, _into = outcome
        assert [encoded, lenient, strict, base] == expected_of(case)
        assert is_same
        assert streamed == lenient


CLONES = """() => {
  const circle = { name: "circle" };
  circle.self = circle;
  const map = new Map([[circle, new Set([1])]]);
  const copy = structuredClone({ circle, map, date: new Date(5), bytes: new Uint8Array([1, 2]) });
  const refused = (value) => {
    try { structuredClone(value); return "copied"; } catch (ex) { return `${ex.name} ${ex.code}`; }
  };
  class A { x = 1; }
  const shared = new Uint8Array([1, 2, 3, 4]);
  const views = structuredClone([shared.subarray(1, 3), new DataView(shared.buffer, 2)]);
  const moved = new ArrayBuffer(4);
  const taken = structuredClone(moved, { transfer: [moved] });
  const error = structuredClone(new RangeError("far", { cause: [1] }));
  return [
    copy.circle !== circle, copy.circle.self === copy.circle, copy.map.get(copy.circle).has(1), copy.date.getTime(),
    [...copy.bytes], views[0].buffer === views[1].buffer, [...views[0]], views[1].getUint8(0), moved.byteLength,
    taken.byteLength, error instanceof RangeError, error.message, error.cause, structuredClone(/a/gi).flags,
    structuredClone([1, , 3]).length, 1 in structuredClone([1, , 3]), Object.keys(structuredClone(new A())),
    typeof structuredClone(Object("text")), structuredClone(7n) === 7n, structuredClone(undefined) === undefined,
    refused(() => 1), refused(Symbol()), refused(new WeakMap()), refused({ a: { b: Promise.resolve() } }),
  ];
}"""


def test_structured_clones_are_deep_and_keep_identity(engines: Engines) -> None:
    outcomes = [engines.by_name[name](CLONES) for name in NAMES]
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0] == [
        True, True, True, 5, [1, 2], True, [2, 3], 3, 0, 4, True, "far", [1], "gi", 3, False, ["x"], "object", True,
        True, *["DataCloneError 25"] * 4,
    ]  # fmt: skip


ERRORS = {
    "new TextDecoder('windows-1252')": "RangeError",
    "new TextDecoder('utf-8', {fatal: true}).decode(new Uint8Array([255]))": "TypeError",
    "btoa('中')": "InvalidCharacterError",
    "atob('a')": "InvalidCharacterError",
    "crypto.getRandomValues(new Float32Array(1))": "TypeMismatchError",
    "crypto.getRandomValues([1])": "TypeMismatchError",
    "crypto.getRandomValues(new Uint8Array(65537))": "QuotaExceededError",
}


def test_errors_are_those_of_browsers(engines: Engines) -> None:
    runs = ", ".join(f"() => {source}" for source in ERRORS)
    source = f"() => [{runs}].map((run) => {{ try {{ return run(); }} catch (ex) {{ return ex.name; }} }})"
    for name in NAMES:
        assert engines.by_name[name](source) == [*ERRORS.values()]


# ---- corrections


def test_a_corrected_method_looks_like_a_built_in(engines: Engines) -> None:
    source = """() => [[BigInt, "asUintN"], [BigInt, "asIntN"], [Math, "acosh"], [Math, "cbrt"], [Math, "random"],
      [Number.prototype, "toString"], [RegExp, "escape"], [Date.prototype, "setUTCHours"],
      [Object.getPrototypeOf(Int8Array).prototype, "lastIndexOf"]].map(([holder, name]) => {
        const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(holder, name);
        let isConstructor = true;
        try { new value(); } catch (ex) { isConstructor = !(ex instanceof TypeError); }
        return [value.name, value.length, writable, enumerable, configurable, isConstructor, "prototype" in value];
      })"""
    expected = engines.by_name["python"](source)
    assert engines.server(source) == expected
    assert engines.by_name["node"](source) == expected


def test_as_uint_n_throws_what_it_throws_in_v8(engines: Engines) -> None:
    source = """() => [[-1, 1n], [2 ** 53, 1n], [Infinity, 1n], [1n, 1n], [64, 1], [64, "x"], [64], [], ["8", "257"],
      [1.9, 3n], [NaN, 5n], [64, true], [Symbol(), 1n], [{ valueOf: () => 3 }, 15n], [2 ** 53 - 1, 5n],
      [2 ** 53 - 1, -5n]].map((given) => {
        try { return String(BigInt.asUintN(...given)); } catch (ex) { return ex.name; }
      })"""
    expected = engines.by_name["python"](source)
    assert engines.server(source) == expected
    assert engines.by_name["node"](source) == expected


# ---- depth of calls


def test_calls_may_nest_about_as_deep_as_in_v8(engines: Engines) -> None:
    source = """() => {
      let depth = 0;
      const simple = () => { depth += 1; return simple() + 1; };
      try { simple(); } catch { return depth; }
    }"""
    depths = {name: engines.by_name[name](source) for name in NAMES}
    assert min(depths.values()) > 7000, depths
    # The engine goes on after such an error.
    assert depths == {name: engines.by_name[name](source) for name in NAMES}


@pytest.mark.parametrize("engine", NAMES)
def test_random_numbers_outside_the_function_are_those_of_the_seed_0(engines: Engines, engine: str) -> None:
    source = "(() => { const first = [Math.random(), Math.random()]; return () => [first, Math.random()]; })()"
    outside, _ = engines.as_jobs[engine](source, seed=SEED)
    assert outside == engines.as_jobs[engine]("() => [Math.random(), Math.random()]", seed=0)
