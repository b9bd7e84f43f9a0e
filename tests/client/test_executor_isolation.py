"""Hostile jobs: each is ended or contained, leaks nothing, and does not affect the next job."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from client_processes import gone
from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import MEBIBYTE, Executor, Unit

HONEST = "(v, c) => { c.result = [1, 2].map((n) => n * 2); }"

ENDLESS = {
    "endless loop": "() => { for (;;); }",
    "promise chain": "async () => { for (;;) await null; }",
    "promise that never settles": "() => new Promise(() => {})",
    "catastrophic regexp": "() => /(a+)+$/.test('a'.repeat(60) + 'b')",
    "getter that never returns": "(v, c) => { c.result = { get a() { for (;;); } }; }",
    "toJSON that never returns": "(v, c) => { c.result = { toJSON() { for (;;); } }; }",
    "thenable that never settles": "(v, c) => { c.result = 1; return { then() {} }; }",
    "wait for shared memory": "() => { Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0); }",
    "message that never ends": "() => { throw { toString() { for (;;); } }; }",
}

BOMBS = {
    "of arrays": "() => { const all = []; for (;;) all.push(new Array(1000).fill(1.5)); }",
    "of buffers": "() => { const all = []; for (;;) all.push(new Uint8Array(1 << 24).fill(1)); }",
    "of strings": "() => { const all = []; for (let n = 0; ; n++) all.push('x'.repeat(1e6) + n, [...all].join()); }",
    "after a promise": "async () => { await null; const all = []; for (;;) all.push(new Array(1000).fill(1.5)); }",
}

HOST = ["process", "require", "setTimeout", "clearTimeout", "fetch", "__timer_manager", "__TimerManager"]

TAMPERING = {
    "JSON": "JSON.stringify = JSON.parse = () => '0';",
    "Object.prototype": "Object.prototype.toJSON = () => 0; Object.prototype.kind = 'threw';",
    "Array.prototype": "Array.prototype.push = Array.prototype.map = () => { throw 1; };",
    "Promise.prototype": "Promise.prototype.then = Promise.prototype.constructor = 0;",
    "String.prototype": "String.prototype.slice = () => { throw 1; };",
    "every global": "for (const name of Reflect.ownKeys(globalThis)) { try { globalThis[name] = 0; } catch {} }",
}


# Runs the function of each variable, so that one child serves many tests.
EVALUATE = "(v, c) => (0, eval)(`(${v.source})`)(v, c)"


def failure(source: str, seconds: float = 10.0, **options: int) -> JobError:
    with Executor(**options) as executor, pytest.raises(JobError) as caught:
        executor.compute(Unit("hostile", source, {}), Deadline(seconds))
    return caught.value


@pytest.fixture(scope="module")
def shared() -> Iterator[Executor]:
    """Return an executor whose child has evaluated before."""
    with Executor() as executor:
        evaluate(executor, "() => ({ result: 0 })")
        yield executor


def evaluate(executor: Executor, source: str) -> Any:
    return json.loads(executor.compute(Unit("curious", EVALUATE, {"source": source}), Deadline(10)).result)


def contained(executor: Executor, source: str) -> JobError:
    """Return the error of a function; assert that its child goes on after it."""
    child = executor.child
    with pytest.raises(JobError) as caught:
        evaluate(executor, source)
    assert evaluate(executor, HONEST) == [2, 4]
    assert executor.child is child
    return caught.value


@pytest.mark.parametrize("source", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_unit_is_killed_at_its_deadline(source: str) -> None:
    began = time.monotonic()
    assert failure(source, 0.3).kind == "timeout"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
def test_a_memory_bomb_ends_within_its_limit(source: str) -> None:
    assert failure(source, memory_bytes=64 * MEBIBYTE).kind == "memory"


def test_webassembly_has_no_memory_beyond_the_limit() -> None:
    source = "() => { const all = []; for (;;) all.push(new WebAssembly.Memory({ initial: 500 })); }"
    assert "could not allocate memory" in failure(source, memory_bytes=64 * MEBIBYTE).message


def test_deep_recursion_is_an_error_of_the_job(shared: Executor) -> None:
    assert "Maximum call stack" in contained(shared, "function recur() { return recur() + 1; }").message


def test_a_result_of_100_megabytes_is_refused() -> None:
    ex = failure("(v, c) => { c.result = 'x'.repeat(1e8); }")
    assert ex.kind == "too-large"


def test_a_result_is_measured_in_bytes() -> None:
    ex = failure("(v, c) => { c.result = 'Ω'.repeat(600); }", result_bytes=1000)
    assert ex.kind == "too-large"


def test_a_throwing_to_json_is_an_error_of_the_job(shared: Executor) -> None:
    source = "(v, c) => { c.result = { toJSON() { throw new Error('no'); } }; }"
    assert contained(shared, source).message == "Error: no"


def test_an_error_without_text_is_an_error_all_the_same(shared: Executor) -> None:
    assert contained(shared, "() => { throw { toString() { throw 1; } }; }").kind == "threw"


def test_an_endless_message_is_cut(shared: Executor) -> None:
    assert len(contained(shared, "() => { throw 'x'.repeat(1e7); }").message) == 2000


@pytest.mark.parametrize("name", HOST)
def test_a_host_object_is_not_available(name: str, shared: Executor) -> None:
    assert evaluate(shared, f"() => ({{ result: typeof {name} }})") == "undefined"


def test_every_other_global_is_of_the_language(shared: Executor) -> None:
    there = "(name) => globalThis[name] !== undefined && !/^[A-Z]/.test(name)"
    names = evaluate(shared, f"() => ({{ result: Reflect.ownKeys(globalThis).filter({there}) }})")
    parsers = {"console", "parseFloat", "parseInt", "isFinite", "isNaN", "eval", "globalThis", "escape", "unescape"}
    provided = {"atob", "btoa", "crypto", "structuredClone"}
    assert set(names) == parsers | provided | {
        f"{verb}URI{of}" for verb in ("decode", "encode") for of in ("", "Component")
    }


def test_import_finds_nothing(shared: Executor) -> None:
    source = "async (v, c) => { c.result = await import('fs').then(() => 'had it', () => 'refused'); }"
    assert evaluate(shared, source) == "refused"


def test_the_caller_is_not_accessible() -> None:
    source = "function peek() { return { result: typeof peek.caller }; }"
    with Executor() as executor:
        assert executor.compute(Unit("curious", source, {}), Deadline(10)).result == '"object"'


def tamper(tampering: str) -> str:
    return "(v, c) => { c.result = 1; if (v.tamper) { ... } }".replace("...", tampering)


@pytest.mark.parametrize("tampering", TAMPERING.values(), ids=TAMPERING)
def test_tampering_breaks_neither_the_transfer_of_results_nor_the_next_job(tampering: str) -> None:
    with Executor() as executor:
        executor.compute(Unit("hostile", tamper(tampering), {"tamper": True}), Deadline(10))
        assert executor.compute(Unit("hostile", tamper(tampering), {}), Deadline(10)).result == "1"
        assert executor.compute(Unit("honest", HONEST, {}), Deadline(10)).result == "[2,4]"


def test_a_forged_refusal_is_not_believed(shared: Executor) -> None:
    assert contained(shared, "() => { throw { kind: 'memory', message: 'forged' }; }").kind == "threw"


def test_the_environment_of_the_child_has_the_time_zone_alone_and_it_has_no_directory() -> None:
    with Executor() as executor:
        executor.compute(Unit("honest", HONEST, {}), Deadline(10))
        assert executor.child is not None
        process = f"/proc/{executor.child.pid}"
        with open(f"{process}/environ", "rb") as file:
            # The C library's own coercion of the locale is all that may be in it.
            assert file.read().replace(b"LC_CTYPE=C.UTF-8", b"").strip(b"\0") == b"TZ=UTC"
        assert os.readlink(f"{process}/cwd").endswith(" (deleted)")


def test_the_child_has_no_descriptor_of_its_parent() -> None:
    with open(__file__, "rb") as ours, Executor() as executor:
        os.set_inheritable(ours.fileno(), True)
        executor.compute(Unit("honest", HONEST, {}), Deadline(10))
        assert executor.child is not None
        opened = f"/proc/{executor.child.pid}/fd"
        assert __file__ not in [os.readlink(f"{opened}/{number}") for number in os.listdir(opened)]


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_v8_runs_with_its_system_calls_filtered() -> None:
    with Executor() as executor:
        executor.compute(Unit("honest", HONEST, {}), Deadline(10))
        assert executor.child is not None
        assert executor.child.confined
        with open(f"/proc/{executor.child.pid}/status") as file:
            assert "Seccomp:\t2\n" in file.read()


def test_a_cancelled_computation_ends_at_once() -> None:
    source = "(v, c) => { if (v.go) for (;;); c.result = 1; }"
    with Executor() as executor:
        executor.compute(Unit("hostile", source, {}), Deadline(10))
        timer = threading.Timer(0.1, executor.cancel)
        timer.start()
        with pytest.raises(JobError) as caught:
            executor.compute(Unit("hostile", source, {"go": 1}), Deadline(30))
        timer.join()
    assert caught.value.kind == "cancelled"


ORPHAN = """
import sys
from comp_pool.child import Child, Deadline
child = Child(64 << 20, 1 << 20)
child.send({"source": %r, "variable": "{}", "context": None, "seconds": %r}, Deadline(5))
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("source", ["() => { for (;;); }", "() => new Promise(() => {})"])
def test_a_child_dies_with_its_parent_while_it_computes(source: str) -> None:
    command = [sys.executable, "-c", ORPHAN % (source, 60)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert gone(child)


def test_the_watchdog_ends_a_child_without_its_parent() -> None:
    command = [sys.executable, "-c", ORPHAN % ("() => { for (;;); }", 0.3)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert gone(int(parent.stdout.readline()))
        parent.communicate()
