"""The child's engines: bytecode is compiled once, and without the C interface the source text does."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from pool.sandbox import engine, quickjs
from tests.pool.sandbox.test_hostile_javascript import TAMPERING

Make = Callable[..., Any]
ENGINES = pytest.mark.parametrize("make", [engine.BytecodeEngine, engine.TextEngine])


@pytest.fixture(autouse=True)
def other_users_of_dukpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine has its process for itself: it takes the loader of modules away from all of dukpy."""
    evaljs = importlib.import_module("dukpy.evaljs")
    monkeypatch.setattr(evaljs, "JSModuleLoader", evaljs.JSModuleLoader)


def respond(made: Any, source: str, *arguments: Any, lines: list[str] | None = None) -> tuple[str, Any]:
    console = [].append if lines is None else lines.append
    try:
        function = made.function(source.encode())
    except engine.Thrown as ex:
        return ex.response[0], json.loads(ex.response[1])
    context = made.context(function.needs, console)
    try:
        request = {"args": list(arguments), "maxValue": 1000, "maxConsole": 100}
        kind, content = context.call(function.code, json.dumps(request).encode())
    finally:
        context.close()
    return kind, json.loads(content)


def test_the_installed_dukpy_has_the_c_interface() -> None:
    assert isinstance(engine.make_engine(1 << 20), engine.BytecodeEngine)


def test_an_unknown_version_of_quickjs_is_used_by_source_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quickjs, "VERSIONS", (b"0.99.",))
    assert isinstance(engine.make_engine(1 << 20), engine.TextEngine)


def test_a_missing_c_function_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quickjs.SIGNATURES, "JS_NoSuchFunction", (None,))
    assert isinstance(engine.make_engine(1 << 20), engine.TextEngine)


@ENGINES
@pytest.mark.parametrize(
    ("source", "kind", "content"),
    [
        ("(a) => a + 1", "value", 2),
        ("async (a) => { await null; return {a}; }", "value", {"a": 1}),
        ("() => undefined", "value", None),
        ("() => typeof dukpy + typeof call_python + typeof send", "value", "undefinedundefinedundefined"),
        (TAMPERING, "value", 1),
    ],
)
def test_both_engines_return_the_value(make: Make, source: str, kind: str, content: object) -> None:
    assert respond(make(1 << 20), source, 1) == (kind, content)


@ENGINES
@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("() => { throw new TypeError('x'); }", "throw", "TypeError: x"),
        ("() => { throw {toString() { throw 1; }}; }", "throw", "{}"),
        ("() => new Promise(() => {})", "pending", "never settled"),
        ("() => 'x'.repeat(1001)", "size", "larger than 1000"),
        ("() => )", "throw", "SyntaxError"),
        ("5", "throw", "not a function"),
        ("() => { const f = () => f() + 1; return f(); }", "throw", "call stack"),
        ("() => new ArrayBuffer(200 << 20)", "throw", "memory"),
    ],
)
def test_both_engines_return_the_error(make: Make, source: str, kind: str, message: str) -> None:
    found, error = respond(make(1 << 20), source)
    assert (found, error["kind"]) == ("error", kind)
    assert message in error["message"]


@ENGINES
def test_both_engines_write_console_output(make: Make) -> None:
    lines: list[str] = []
    respond(make(1 << 20), "() => { console.log('a', [1]); console.error('b'); }", lines=lines)
    assert lines == ["a [1]\n", "b\n"]


@ENGINES
def test_both_engines_check_a_source(make: Make) -> None:
    made = make(1 << 20)
    context = made.context(made.everything, print)
    assert context.check(b"(a) => a") == ("value", b"true")
    context.close()


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The sources that were compiled."""
    sources: list[bytes] = []
    original = engine.BytecodeContext.compiled

    def record(self: Any, script: bytes, name: bytes, *flags: int) -> bytes:
        if name == b"<input>":
            sources.append(script)
        return original(self, script, name, *flags)

    monkeypatch.setattr(engine.BytecodeContext, "compiled", record)
    return sources


def test_a_source_is_compiled_once(compiled: list[bytes]) -> None:
    made = engine.BytecodeEngine(1 << 20)
    assert [respond(made, "(x) => x", number) for number in (1, 2, 3)] == [("value", number) for number in (1, 2, 3)]
    assert len(compiled) == 1


def test_the_bytecode_that_is_kept_is_bounded(compiled: list[bytes]) -> None:
    made = engine.BytecodeEngine(20_000)
    for number in range(1000):
        respond(made, f"(x) => x + {number}", 1)
    assert sum(len(source) + len(kept.code) for source, kept in made._functions.items()) == made._cached <= 20_000
    respond(made, "(x) => x + 999", 1)
    respond(made, "(x) => x + 0", 1)
    assert len(compiled) == 1001


def test_a_source_whose_bytecode_is_larger_than_the_cache_runs_all_the_same() -> None:
    made = engine.BytecodeEngine(1000)
    source = f"() => {json.dumps('x' * 1000)}.length"
    assert [respond(made, source), respond(made, source)] == [("value", 1000)] * 2
    assert made._cached == 0


def test_the_memory_of_contexts_is_freed() -> None:
    made = engine.BytecodeEngine(1 << 20)
    for _ in range(50):
        assert respond(made, "() => { globalThis.kept = new Uint8Array(60 << 20); return kept.length; }")[1] == 60 << 20
