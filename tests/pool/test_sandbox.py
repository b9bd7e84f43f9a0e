"""The sandbox by itself: what a function may return, how it fails, and what is left of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pool.sandbox import UNDEFINED, Limits, Sandbox, SandboxBusy, ScriptError


def children() -> set[int]:
    """The sandbox processes of this one that are there."""
    found = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        found |= {int(pid) for pid in (task / "children").read_text().split()}
    return {pid for pid in found if b"sandbox/child.py" in Path(f"/proc/{pid}/cmdline").read_bytes()}


@pytest.fixture
def own() -> Iterator[Sandbox]:
    own = Sandbox(Limits(milliseconds=100))
    yield own
    own.close()


def failure(sandbox: Sandbox, source: str, job_id: str = "") -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        sandbox.call(source, [], job_id)
    return caught.value


@pytest.mark.parametrize(
    ("source", "arguments", "value"),
    [
        ("(a, b) => a + b", [1, 2], 3),
        ("function (a) { return {b: a}; }", [[1, None, "x"]], {"b": [1, None, "x"]}),
        ("(a, b) => b === undefined", [1, UNDEFINED], True),
        ("async () => { await null; return 5; }", [], 5),
        ("() => Promise.resolve({a: 1})", [], {"a": 1}),
        ("() => undefined", [], None),
        ("() => [1n ** 2n].map(Number).at(-1) ?? 0", [], 1),
        ("() => Object.groupBy([1, 2, 3], (n) => n % 2 ? 'odd' : 'even').odd", [], [1, 3]),
        ("() => [3, 1, 2].toSorted()", [], [1, 2, 3]),
        ("() => 'é€😀'", [], "é€😀"),
    ],
)
def test_a_function_returns(sandbox: Sandbox, source: str, arguments: list[object], value: object) -> None:
    assert sandbox.call(source, arguments).value == value


def test_the_console_is_kept(sandbox: Sandbox) -> None:
    assert sandbox.call("() => { console.log('a', {b: 1}); console.error('c'); }", []).console == 'a {"b":1}\nc\n'


@pytest.mark.parametrize("method", ["log", "info", "warn", "error", "debug"])
def test_every_method_of_the_console_writes(sandbox: Sandbox, method: str) -> None:
    assert sandbox.call(f"() => {{ console.{method}('text'); }}", []).console == "text\n"


@pytest.mark.parametrize(
    "end", ["throw new Error('x');", "for (;;);", "return new Promise(() => {});", "new Array(2 ** 28).sort();"]
)
def test_the_console_of_a_failure_is_kept(sandbox: Sandbox, end: str) -> None:
    assert failure(sandbox, f"() => {{ console.log('before'); {end} }}").console == "before\n"


def test_the_console_is_bounded(sandbox: Sandbox) -> None:
    console = sandbox.call("() => { for (let i = 0; i < 50; i++) console.log('x'.repeat(1e6)); }", []).console
    assert len(console) == sandbox.limits.console_characters


def test_a_throw_tells_its_message_and_place(sandbox: Sandbox) -> None:
    error = failure(sandbox, "function () {\n  throw new RangeError('too far');\n}")
    assert error.kind == "throw"
    assert error.message.startswith("RangeError: too far (at 2:")


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("function (a) {\n  retrun a;\n}", 2, 10),
        ("(x) => x +* 2", 1, 11),
        ("a => {\n  const b = [1,2;\n}", 2, 17),
        ("function (a) {\n let x = 'abc;\n return 1}", 2, 10),
        ("function (a) {", 1, 15),
        ("", 1, 1),
    ],
)
def test_a_syntax_error_tells_line_and_column(sandbox: Sandbox, source: str, line: int, column: int) -> None:
    with pytest.raises(ScriptError) as caught:
        sandbox.check(source)
    assert (caught.value.kind, caught.value.line, caught.value.column) == ("syntax", line, column)


@pytest.mark.parametrize("source", ["42", "'text'", "({})", "null", "class A {}", "1); (2"])
def test_what_is_no_function_is_refused(sandbox: Sandbox, source: str) -> None:
    with pytest.raises(ScriptError, match="is not a function expression"):
        sandbox.check(source)


def test_a_function_is_compiled_without_being_called(sandbox: Sandbox) -> None:
    sandbox.check("function () { throw new Error('called'); }")


def test_no_host_object_is_there(sandbox: Sandbox) -> None:
    names = sandbox.call("() => Object.getOwnPropertyNames(globalThis)", []).value
    assert not {"process", "require", "call_python", "dukpy", "std", "os", "Atomics", "SharedArrayBuffer"} & set(names)
    assert not [name for name in names if "dukpy" in name]


TAMPERING = """() => {
  globalThis.leaked = 1;
  JSON.stringify = () => '"forged"';
  JSON.parse = () => 'forged';
  Object.prototype.leaked = 1;
  Array.prototype.map = () => ['forged'];
  Array.prototype.toJSON = () => 'forged';
  Object.defineProperty(Object.prototype, 'valid', {value: true});
  Promise.prototype.then = () => { throw new Error('forged'); };
  return true;
}"""
UNTOUCHED = """(given) => [
  typeof leaked, JSON.stringify([1]), JSON.parse('2'), [3].map((n) => n + 1), ({}).valid === undefined, given
]"""


def test_tampering_with_the_language_does_not_reach_the_next_call(own: Sandbox) -> None:
    try:
        own.call(TAMPERING, [])
    except ScriptError as ex:
        assert "Python" not in ex.message
    assert own.call(UNTOUCHED, [{"a": 1}]).value == ["undefined", "[1]", 2, [4], True, {"a": 1}]


def test_a_call_that_overruns_is_ended_and_the_next_one_answered(own: Sandbox) -> None:
    assert failure(own, "() => { for (;;); }").kind == "time"
    assert own.call("() => 1", []).value == 1


def test_no_child_outlives_the_sandbox(own: Sandbox) -> None:
    before = children()
    failure(own, "() => { for (;;); }")
    failure(own, "() => new Array(2 ** 28).sort()")
    own.call("() => 1", [])
    own.close()
    assert children() <= before


def test_one_job_cannot_take_every_child(own: Sandbox) -> None:
    started = threading.Event()

    def hog() -> None:
        started.set()
        failure(own, "() => { for (;;); }", job_id="greedy")

    hogs = [threading.Thread(target=hog) for _ in range(2)]
    for thread in hogs:
        thread.start()
    started.wait()
    assert own.call("() => 'served'", [], "modest").value == "served"
    for thread in hogs:
        thread.join()


def test_too_many_callers_are_turned_away() -> None:
    crowded = Sandbox(Limits(milliseconds=1000), max_running=1, max_queued=0)
    entered = threading.Thread(target=failure, args=(crowded, "() => { for (;;); }"))
    entered.start()
    while not crowded.is_busy():
        pass
    with pytest.raises(SandboxBusy):
        crowded.call("() => 1", [])
    entered.join()
    crowded.close()


def test_the_childs_environment_and_files_are_empty(own: Sandbox) -> None:
    before = children()
    own.call("() => 1", [])
    process = next(filter(is_confined, (Path(f"/proc/{pid}") for pid in children() - before)))
    assert (process / "environ").read_bytes() == b""
    assert not [fd for fd in os.listdir(process / "fd") if int(fd) > 2]
    assert str((process / "cwd").readlink()).endswith("(deleted)")


def is_confined(process: Path) -> bool:
    """Whether its system calls are filtered: the last thing it does before it takes work. A spare may not be there."""
    return "Seccomp:\t2" in (process / "status").read_text()


HOG = """() => {
  globalThis.kept = [];
  try { for (;;) kept.push(new ArrayBuffer(1 << 20)); } catch {}
  kept.pop();
  return kept.length;
}"""


def test_what_one_call_has_taken_is_free_for_the_next(sandbox: Sandbox) -> None:
    for _ in range(8):
        assert sandbox.call(HOG, []).value > 60
    assert sandbox.call("() => new Uint8Array(60 << 20).length", []).value == 60 << 20


@pytest.mark.parametrize(
    "source",
    [
        "() => { Array.prototype.toJSON = () => [1, 2]; return true; }",
        "() => { Array.prototype.toJSON = () => [1, 2, 3, 4]; throw new Error('x'); }",
    ],
)
def test_a_script_that_rewrites_what_it_sends_has_failed(sandbox: Sandbox, source: str) -> None:
    assert failure(sandbox, source).message == "changed the language so that its result cannot be read"


def test_a_source_that_rewrites_what_it_sends_is_refused_when_checked(sandbox: Sandbox) -> None:
    with pytest.raises(ScriptError):
        sandbox.check("(Array.prototype.toJSON = () => [5, 5, 5, 5], function () {})")


def test_a_child_that_the_machine_killed_is_nobodys_failure(own: Sandbox) -> None:
    others = children()
    own.call("() => 1", [])
    for pid in children() - others:
        os.kill(pid, signal.SIGKILL)
    assert own.call("() => 2", []).value == 2
