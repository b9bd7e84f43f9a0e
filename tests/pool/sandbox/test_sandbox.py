"""The sandbox alone: return values, errors, console output, isolation of calls, child processes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pool.sandbox import THE_POOL, UNDEFINED, Allowance, Limits, Outcome, Sandbox, SandboxBusy, ScriptError, Share
from storage.clock import ManualClock
from storage.documents import stored_bytes
from tests.pool.sandbox.helpers import children


@pytest.fixture
def own_sandbox() -> Iterator[Sandbox]:
    # A call of a greedy job waits for the one before it, and for the start of another child.
    own_sandbox = Sandbox(Limits(milliseconds=100), queue_seconds=30)
    yield own_sandbox
    own_sandbox.close()


@pytest.fixture
def patient_sandbox() -> Iterator[Sandbox]:
    """Its endless calls outlast the start of a child on a busy machine."""
    patient_sandbox = Sandbox(Limits(milliseconds=150), queue_seconds=30)
    patient_sandbox.call("() => 1", [])
    yield patient_sandbox
    patient_sandbox.close()


def failure(sandbox: Sandbox, source: str, share: Share = THE_POOL) -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        sandbox.call(source, [], share)
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
def test_a_call_returns_the_value_of_the_function(
    sandbox: Sandbox, source: str, arguments: list[object], value: object
) -> None:
    assert sandbox.call(source, arguments).value == value


def test_console_output_is_returned(sandbox: Sandbox) -> None:
    assert sandbox.call("() => { console.log('a', {b: 1}); console.error('c'); }", []).console == 'a {"b":1}\nc\n'


@pytest.mark.parametrize("method", ["log", "info", "warn", "error", "debug"])
def test_every_console_method_writes(sandbox: Sandbox, method: str) -> None:
    assert sandbox.call(f"() => {{ console.{method}('text'); }}", []).console == "text\n"


@pytest.mark.parametrize(
    "end", ["throw new Error('x');", "for (;;);", "return new Promise(() => {});", "new Array(2 ** 28).sort();"]
)
def test_console_output_of_a_failed_call_is_returned(impatient: Sandbox, end: str) -> None:
    assert failure(impatient, f"() => {{ console.log('before'); {end} }}").console == "before\n"


def test_console_output_is_limited(sandbox: Sandbox) -> None:
    console = sandbox.call("() => { for (let i = 0; i < 50; i++) console.log('x'.repeat(1e6)); }", []).console
    assert len(console) == sandbox.limits.console_bytes


def test_a_thrown_error_has_its_message_and_position(sandbox: Sandbox) -> None:
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
def test_a_syntax_error_has_its_line_and_column(sandbox: Sandbox, source: str, line: int, column: int) -> None:
    with pytest.raises(ScriptError) as caught:
        sandbox.check(source)
    assert (caught.value.kind, caught.value.line, caught.value.column) == ("syntax", line, column)


@pytest.mark.parametrize("source", ["42", "'text'", "({})", "null", "class A {}", "1); (2"])
def test_a_source_that_is_no_function_is_refused(sandbox: Sandbox, source: str) -> None:
    with pytest.raises(ScriptError, match="is not a function expression"):
        sandbox.check(source)


def test_a_function_is_compiled_without_being_called(sandbox: Sandbox) -> None:
    sandbox.check("function () { throw new Error('called'); }")


def test_host_objects_do_not_exist(sandbox: Sandbox) -> None:
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


def test_tampering_with_the_language_does_not_affect_the_next_call(impatient: Sandbox) -> None:
    try:
        impatient.call(TAMPERING, [])
    except ScriptError as ex:
        assert "Python" not in ex.message
    assert impatient.call(UNTOUCHED, [{"a": 1}]).value == ["undefined", "[1]", 2, [4], True, {"a": 1}]


def test_a_verdict_is_read_by_what_a_function_cannot_replace(impatient: Sandbox) -> None:
    source = """() => {
      for (const name of Reflect.ownKeys(globalThis)) { try { globalThis[name] = 0; } catch {} }
      return {valid: true, result: [null, 0 / 0]};
    }"""
    with pytest.raises(ScriptError, match=r"its result\[1\] is NaN"):
        impatient.judge(source, [], False)
    assert impatient.judge(source, [], True).value == {"valid": True, "result": [None, None]}


def test_a_call_over_the_time_limit_fails_and_the_next_one_succeeds(impatient: Sandbox) -> None:
    assert failure(impatient, "() => { for (;;); }").kind == "time"
    assert impatient.call("() => 1", []).value == 1


def test_a_call_over_the_memory_limit_fails_and_the_next_one_succeeds() -> None:
    small_sandbox = Sandbox(Limits(milliseconds=5000, memory_bytes=128 << 20))
    bomb = "() => { const all = []; for (;;) all.push(new Array(1e5).fill(1)); }"
    assert failure(small_sandbox, bomb).kind == "memory"
    assert small_sandbox.call("() => 1", []).value == 1
    small_sandbox.close()


def test_no_child_process_outlives_the_sandbox(own_sandbox: Sandbox) -> None:
    before = children()
    failure(own_sandbox, "() => { for (;;); }")
    failure(own_sandbox, "() => new Array(2 ** 28).sort()")
    own_sandbox.call("() => 1", [])
    own_sandbox.close()
    assert children() <= before


@pytest.mark.parametrize(
    "shares",
    [
        (Share("greedy", "job"), Share("greedy", "job")),
        (Share("greedy", "job"), Share("greedy", "other"), Share("greedy", "third")),
        (Share("anonymous a", is_anonymous=True), Share("anonymous b", is_anonymous=True)),
        (Share("one", is_background=True), Share("other", is_background=True)),
        (Share("one", is_background=True), Share("anonymous b", is_anonymous=True)),
    ],
    ids=["one job", "one party", "strangers", "flows", "a flow and a stranger"],
)
def test_one_child_process_stays_free_for_others(patient_sandbox: Sandbox, shares: tuple[Share, ...]) -> None:
    endless = "() => { for (;;); }"
    threads = [threading.Thread(target=failure, args=(patient_sandbox, endless, share)) for share in shares]
    for thread in threads:
        thread.start()
    assert patient_sandbox.call("() => 'served'", [], Share("modest")).value == "served"
    assert any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()


def test_a_job_leaves_one_child_process_to_other_jobs_of_its_party(patient_sandbox: Sandbox) -> None:
    greedy, endless = Share("owner", "greedy"), "() => { for (;;); }"
    threads = [threading.Thread(target=failure, args=(patient_sandbox, endless, greedy)) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert patient_sandbox.call("() => 'served'", [], Share("owner", "modest")).value == "served"
    assert any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()


def test_the_time_of_strangers_behind_one_prefix_is_limited() -> None:
    sandbox = Sandbox(Limits(milliseconds=100), anonymous_seconds=0.05)
    stranger = Share("anonymous a", is_anonymous=True)
    failure(sandbox, "() => { for (;;); }", stranger)
    with pytest.raises(SandboxBusy):
        sandbox.call("() => 1", [], stranger)
    for other in (Share("anonymous b", is_anonymous=True), Share("key"), THE_POOL):
        assert sandbox.call("() => 1", [], other).value == 1
    sandbox.close()


def test_the_time_of_a_minute_is_not_counted_in_the_next(clock: ManualClock) -> None:
    allowance = Allowance(20, clock)
    for _ in range(2):
        allowance.use("a", 12)
    assert (allowance.is_used_up("a"), allowance.is_used_up("b")) == (True, False)
    clock.advance(60)
    assert not allowance.is_used_up("a")


def test_a_call_that_waits_for_too_long_raises_sandbox_busy() -> None:
    full_sandbox = Sandbox(Limits(milliseconds=100), max_running=1, queue_seconds=0.01)
    running = threading.Thread(target=failure, args=(full_sandbox, "() => { for (;;); }"))
    running.start()
    while not full_sandbox.is_busy():
        pass
    with pytest.raises(SandboxBusy):
        full_sandbox.call("() => 1", [])
    running.join()
    full_sandbox.close()


def test_fast_calls_of_many_threads_are_all_served_while_slow_jobs_run() -> None:
    # A busy machine may take long for the slow ones.
    sandbox = Sandbox(Limits(milliseconds=100), queue_seconds=10)
    slow, is_over = "() => { for (;;); }", threading.Event()

    def run_slow(number: int) -> None:
        while not is_over.is_set():
            with suppress(ScriptError, SandboxBusy):
                sandbox.call(slow, [], Share(f"owner {number % 2}", f"slow {number}"))

    def run_fast(served: list[object]) -> None:
        served += [sandbox.call("(x) => x", [number], Share("fast", "job")).value for number in range(20)]

    hogs = [threading.Thread(target=run_slow, args=(number,)) for number in range(6)]
    results: list[list[object]] = [[] for _ in range(8)]
    clients = [threading.Thread(target=run_fast, args=(served,)) for served in results]
    for thread in hogs + clients:
        thread.start()
    for client in clients:
        client.join()
    is_over.set()
    for hog in hogs:
        hog.join()
    sandbox.close()
    assert results == [list(range(20))] * 8


def test_a_child_process_has_a_time_zone_alone_and_no_files(own_sandbox: Sandbox) -> None:
    before = children()
    own_sandbox.call("() => 1", [])
    process = next(filter(is_confined, (Path(f"/proc/{pid}") for pid in children() - before)))
    assert (process / "environ").read_bytes() == b"TZ=UTC\0"
    assert not [fd for fd in os.listdir(process / "fd") if int(fd) > 2]
    assert str((process / "cwd").readlink()).endswith("(deleted)")


def is_confined(process: Path) -> bool:
    """Whether its system calls are filtered: its last step before it accepts work. A spare child may be earlier."""
    return "Seccomp:\t2" in (process / "status").read_text()


ALLOCATE_MEMORY = """() => {
  globalThis.buffers = [];
  try { for (;;) buffers.push(new ArrayBuffer(1 << 20)); } catch {}
  buffers.pop();
  return buffers.length;
}"""


def test_memory_of_one_call_is_free_for_the_next(sandbox: Sandbox) -> None:
    for _ in range(8):
        assert sandbox.call(ALLOCATE_MEMORY, []).value > 60
    assert sandbox.call("() => new Uint8Array(60 << 20).length", []).value == 60 << 20


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("() => { Array.prototype.toJSON = () => [1, 2]; return true; }", True),
        ("() => { String.prototype.toJSON = () => 'x'.repeat(4e6); return 'short'; }", "short"),
        ("() => { Object.prototype.toJSON = () => 'forged'; return [1]; }", "forged"),
        ("() => { JSON.stringify = () => 'false'; return true; }", True),
        ("() => { Promise.prototype.then = () => { throw new Error('x'); }; return true; }", True),
        ("() => { Function.prototype.call = Reflect.apply = () => false; return true; }", True),
        ("() => { Object.prototype.undefined = true; Object.prototype.error = 'x'; return true; }", True),
    ],
)
def test_a_changed_language_changes_only_what_the_function_returns_itself(
    sandbox: Sandbox, source: str, value: object
) -> None:
    assert sandbox.call(source, []).value == value


def test_an_error_is_reported_though_the_language_was_changed(sandbox: Sandbox) -> None:
    source = "() => { Array.prototype.toJSON = Error.prototype.toJSON = () => [1, 2]; throw new Error('x'); }"
    assert failure(sandbox, source).message.startswith("Error: x (at 1:")


def test_a_source_that_tampers_with_the_language_is_checked_all_the_same(sandbox: Sandbox) -> None:
    sandbox.check("(Array.prototype.toJSON = () => [5, 5, 5, 5], function () {})")
    with pytest.raises(ScriptError):
        sandbox.check("(RegExp.prototype.exec = String.prototype.match = () => [1], 5)")


def test_a_killed_child_process_fails_no_later_call(own_sandbox: Sandbox) -> None:
    others = children()
    own_sandbox.call("() => 1", [])
    for pid in children() - others:
        os.kill(pid, signal.SIGKILL)
    assert own_sandbox.call("() => 2", []).value == 2


# The limit counts bytes as they are stored


@pytest.fixture(scope="module")
def kilobyte_sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(Limits(value_bytes=1000, console_bytes=100))
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize(
    "source",
    [
        "() => 'x'.repeat(999)",
        "() => '€'.repeat(333)",
        "() => '😀'.repeat(250)",
        r"() => '\u0001'.repeat(167)",
        r"() => '\\'.repeat(500)",
        "() => new Array(170).fill(1e-7)",
        "() => ({toJSON: () => 'x'.repeat(999)})",
        "() => { Array.prototype.toJSON = () => 'x'.repeat(999); return []; }",
        "() => ({valid: true, result: {toJSON: () => Array(300).fill('€')}})",
        "() => ({['x'.repeat(1000)]: 1})",
    ],
    ids=[
        "letters",
        "three bytes a character",
        "four bytes a character",
        "six bytes a character",
        "escapes",
        "numbers that are stored longer than the engine writes them",
        "toJSON",
        "toJSON of a prototype",
        "a validator's replacement",
        "a name",
    ],
)
def test_a_value_of_more_bytes_than_the_limit_is_refused(kilobyte_sandbox: Sandbox, source: str) -> None:
    error = failure(kilobyte_sandbox, source)
    assert error.kind == "size"
    assert "larger than 1000" in error.message


@pytest.mark.parametrize(
    "source",
    ["() => 'x'.repeat(998)", "() => '€'.repeat(332)", "() => '😀'.repeat(249)", "() => Array(166).fill(1e-7)"],
)
def test_a_value_of_as_many_bytes_as_the_limit_is_returned(kilobyte_sandbox: Sandbox, source: str) -> None:
    assert stored_bytes(kilobyte_sandbox.call(source, []).value) <= 1000


@pytest.mark.parametrize("character", ["x", "€", "😀", "\\u0001", "\\ud800", "\\n"])
@pytest.mark.parametrize("end", ["", "throw new Error(text);"])
def test_console_output_and_messages_are_cut_at_bytes_as_they_are_stored(
    kilobyte_sandbox: Sandbox, character: str, end: str
) -> None:
    source = f"() => {{ const text = '{character}'.repeat(5000); console.log(text); {end} }}"
    (outcome,) = kilobyte_sandbox.call_many(source, [[]])
    assert 90 <= stored_bytes(outcome.console) - 2 <= 100
    if isinstance(outcome, ScriptError):
        assert stored_bytes(outcome.message) - 2 <= 2000


def test_console_output_of_a_killed_call_is_cut_too(impatient: Sandbox) -> None:
    error = failure(impatient, "() => { console.log('€'.repeat(5000)); for (;;); }")
    assert 4090 <= stored_bytes(error.console) - 2 <= 4096


@pytest.mark.parametrize(
    ("share", "at_once"), [(Share("owner", "job"), 2), (Share("stranger", "job", is_anonymous=True), 1)]
)
def test_values_posted_together_are_judged_in_order_by_two_children_for_who_has_a_key(
    monkeypatch: pytest.MonkeyPatch, share: Share, at_once: int
) -> None:
    sandbox, exchange = Sandbox(), Sandbox._exchange
    sizes: list[int] = []

    def record(self: Sandbox, mode: str, source: bytes, batches: Sequence[Sequence[bytes]], *others: Any) -> Any:
        sizes.append(len(batches))
        return exchange(self, mode, source, batches, *others)

    monkeypatch.setattr(Sandbox, "_exchange", record)
    for _ in range(2):
        outcomes = list(sandbox.call_many("(x) => x", [[x] for x in range(300)], share))
        assert [outcome.value for outcome in outcomes if isinstance(outcome, Outcome)] == [*range(300)]
    sandbox.close()
    assert max(sizes) == at_once
