"""What a unit prints to its console, also when it fails, never ends or is killed."""

import threading
from collections.abc import Iterator

import pytest
from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import MEBIBYTE, Executor, Unit
from comp_pool.report import MAX_CONSOLE

# Runs the function of each variable, so that one child serves many tests.
EVALUATE = "(v, c) => (0, eval)(`(${v.source})`)(v, c)"
PRINTED = {
    "nothing": ("", ""),
    "a text": ("console.log('a');", "a\n"),
    "each method": (
        "for (const name of ['log', 'info', 'warn', 'error', 'debug']) console[name](name);",
        "log\ninfo\nwarn\nerror\ndebug\n",
    ),
    "several values": ("console.log('a', 1, null, undefined);", "a 1 null undefined\n"),
    "an object": ("console.log({ b: [1, 'x'] });", '{"b":[1,"x"]}\n'),
    "characters of every plane": ("console.log('Ω🦀\\0');", "Ω🦀\0\n"),
    "half a surrogate pair": ("console.log('\\ud800');", "\ufffd\n"),
    "more lines than are sent one by one": (
        "for (let n = 0; n < 150; n++) console.log(n);",
        "".join(f"{number}\n" for number in range(150)),
    ),
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Executor]:
    """Return an executor whose child has evaluated before."""
    with Executor() as executor:
        printed(executor, "")
        yield executor


def printed(executor: Executor, statements: str) -> str:
    """Return what a unit prints that executes these statements."""
    unit = Unit("job", EVALUATE, {"source": f"(v, c) => {{ {statements} c.result = 1; }}"})
    return executor.compute(unit, Deadline(10)).console


def failure(executor: Executor, statements: str, seconds: float = 10.0) -> JobError:
    unit = Unit("job", EVALUATE, {"source": f"(v, c) => {{ {statements} }}"})
    with pytest.raises(JobError) as caught:
        executor.compute(unit, Deadline(seconds))
    return caught.value


@pytest.mark.parametrize(("statements", "expected"), PRINTED.values(), ids=PRINTED)
def test_a_unit_prints(shared: Executor, statements: str, expected: str) -> None:
    assert printed(shared, statements) == expected


def test_a_unit_has_nothing_of_the_one_before_it(shared: Executor) -> None:
    printed(shared, "console.log('a');")
    assert printed(shared, "console.log('b');") == "b\n"


def test_nothing_is_printed_beyond_the_limit(shared: Executor) -> None:
    assert len(printed(shared, "for (let n = 0; n < 200; n++) console.log('x'.repeat(99));")) == MAX_CONSOLE


def test_a_failed_unit_has_its_console(shared: Executor) -> None:
    assert failure(shared, "console.log('a'); throw 1;").console == "a\n"


@pytest.mark.parametrize("loop", ["for (;;);", "return new Promise(() => {});"])
def test_a_unit_that_never_ends_has_its_console(loop: str) -> None:
    with Executor() as executor:
        printed(executor, "")
        ex = failure(executor, f"console.log('a'); {loop}", 0.5)
    assert (ex.kind, ex.console) == ("timeout", "a\n")


@pytest.mark.parametrize("item", ["new Array(1000).fill(1.5)", "new Uint8Array(1 << 20).fill(1)"])
def test_a_unit_that_exceeds_its_memory_has_its_console(item: str) -> None:
    with Executor(memory_bytes=64 * MEBIBYTE) as executor:
        ex = failure(executor, f"console.log('a'); const all = []; for (;;) all.push({item});")
    assert ex.console == "a\n"


def test_a_cancelled_unit_has_its_console() -> None:
    with Executor() as executor:
        printed(executor, "")
        timer = threading.Timer(0.3, executor.cancel)
        timer.start()
        ex = failure(executor, "console.log('a'); for (;;);")
        timer.join()
    assert (ex.kind, ex.console) == ("cancelled", "a\n")


def test_a_job_can_neither_break_its_console_nor_be_broken_by_it() -> None:
    hostile = "const log = console.log; String.prototype.charCodeAt = Atomics.store = Array.prototype.slice = () => { "
    hostile += "throw 1; }; log({ toJSON() { throw 1; } }, { get a() { throw 1; } }, Symbol('s'));"
    with Executor() as executor:
        assert printed(executor, hostile).endswith("Symbol(s)\n")
