"""Requirements of jobs: what V8 supports in the confined child, what is sent to the pool, and what is not leased."""

from collections.abc import Iterator
from typing import Any

import pytest
from comp_pool import cli
from comp_pool.capabilities import Capabilities, detect_capabilities
from comp_pool.client import Client
from comp_pool.deadline import Deadline
from comp_pool.events import Event
from comp_pool.executor import MEBIBYTE, Executor, Unit
from comp_pool.links import Document
from comp_pool.options import Options
from comp_pool.retry_policy import Retries
from comp_pool.volunteer import Volunteer
from fake_clock import FakeClock
from fake_pool import FakePool

DOUBLE = "(variable, context) => { context.result = variable.a * 2; }"
HERE = Capabilities(("wasm", "wasm_simd", "browser_syntax"), 512)

# (func (export "add") (param i64 i64) (result i64) local.get 0, local.get 1, i64.add)
ADD = (
    "[0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 126, 126, 1, 126, 3, 2, 1, 0,"
    " 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 124, 11]"
)
# (func (export "sum") (result i32) i32.const 21, i32x4.splat; the same; i32x4.add; i32x4.extract_lane 3)
SUM = (
    "[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 115, 117, 109, 0, 0,"
    " 10, 18, 1, 16, 0, 65, 21, 253, 17, 65, 21, 253, 17, 253, 174, 1, 253, 27, 3, 11]"
)
WAYS = {
    "new WebAssembly.Instance": "new WebAssembly.Instance(new WebAssembly.Module(bytes))",
    "WebAssembly.instantiate": "(await WebAssembly.instantiate(bytes)).instance",
    "WebAssembly.compile": "await WebAssembly.instantiate(await WebAssembly.compile(bytes))",
}


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with Executor() as running:
        compute(running, "c.result = 0;")
        yield running


# Runs the function of each variable, so that one child serves all tests.
EVALUATE = "(v, c) => (0, eval)(`(${v.source})`)(v, c)"


def compute(executor: Executor, source: str) -> str:
    unit = Unit("job", EVALUATE, {"source": f"async (v, c) => {{ {source} }}"})
    return executor.compute(unit, Deadline(10)).result


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_webassembly_runs_in_the_confined_child(executor: Executor, way: str) -> None:
    source = f"const bytes = new Uint8Array({ADD}); c.result = String(({way}).exports.add(2n ** 60n, 1n));"
    assert compute(executor, source) == f'"{2**60 + 1}"'


def test_vectors_of_webassembly_run_in_the_confined_child(executor: Executor) -> None:
    validated = compute(executor, f"c.result = WebAssembly.validate(new Uint8Array({SUM}));")
    summed = compute(
        executor, f"c.result = (await WebAssembly.instantiate(new Uint8Array({SUM}))).instance.exports.sum();"
    )
    assert (validated, summed) == ("true", "42")


def test_an_instance_stays_in_the_context(executor: Executor) -> None:
    source = f"c.add ??= new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array({ADD}))).exports.add;"
    counted = source + "c.sum = c.add(c.sum ?? 0n, 5n); c.result = Number(c.sum);"
    assert [compute(executor, counted) for _ in range(3)] == ["5", "10", "15"]


def test_v8_has_webassembly_and_its_vectors() -> None:
    assert detect_capabilities(256 * MEBIBYTE) == Capabilities(("wasm", "wasm_simd", "browser_syntax"), 256)


def test_a_child_that_fails_has_no_capabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comp_pool.capabilities.PROBE", "() => { throw 1 }")
    assert detect_capabilities(64 * MEBIBYTE) == Capabilities((), 64)


@pytest.mark.parametrize(
    "requirements",
    [None, "webgpu", [], {}, {"wasm": True}, {"webgpu": False}, {"memory_mb": 512, "wasm_simd": True}],
)
def test_a_met_requirement_is_not_listed(requirements: Any) -> None:
    assert HERE.unmet_requirements(Document("", {"requirements": requirements})) == []


@pytest.mark.parametrize(
    ("requirements", "description"),
    [
        ({"webgpu": True}, "WebGPU (browsers only)"),
        ({"memory_mb": 513}, "513 MB of memory (at most 512 here)"),
        ({"memory_mb": "much"}, "much MB of memory"),
        ({"time_travel": True}, "time_travel (not available here)"),
        ({"threads": 4}, "threads (not available here)"),
    ],
)
def test_an_unmet_requirement_is_described(requirements: Any, description: str) -> None:
    (unmet,) = HERE.unmet_requirements(Document("", {"requirements": requirements}))
    assert unmet.startswith(description)


def test_a_job_from_an_older_pool_requires_nothing() -> None:
    assert HERE.unmet_requirements(Document("", {"id": "job"})) == []


def run(pool: FakePool, **options: Any) -> list[Event]:
    events: list[Event] = []
    with Client(pool.url, retries=Retries(attempts=1), clock=FakeClock()) as client:
        Volunteer(client, Options(**options), events.append).run()
    return events


def test_a_volunteer_sends_its_detected_capabilities(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    run(pool, units=1, memory_bytes=100 * MEBIBYTE)
    sent = {"can": ["wasm", "wasm_simd", "browser_syntax", "json_variables"], "memory_mb": ["100"]}
    assert pool.received("GET", "^/jobs/scheduled$")[0].query == sent


def test_a_volunteer_sends_the_capabilities_of_its_options(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    run(pool, units=1, capabilities=Capabilities((), 5))
    assert pool.received("GET", "^/jobs/scheduled$")[0].query == {"can": ["json_variables"], "memory_mb": ["5"]}


@pytest.mark.parametrize("options", [{}, {"job": "on-a-gpu"}])
def test_a_job_with_an_unmet_requirement_is_not_leased(pool: FakePool, options: dict[str, Any]) -> None:
    pool.add_job("on-a-gpu", DOUBLE, [{"a": 1}], requirements={"webgpu": True})
    events = run(pool, idle_exit=9, capabilities=HERE, **options)
    assert {event.kind for event in events} == {"waiting"}
    assert events[0].message == "on-a-gpu requires WebGPU (browsers only)"
    assert pool.received("GET", "variables$") == []


def work(pool: FakePool, *arguments: str) -> int:
    return cli.main(["work", pool.url, "--units", "1", "--volunteer-id", "a-volunteer-under-test", *arguments])


@pytest.mark.parametrize(
    ("requirements", "description"),
    [
        ({"webgpu": True}, "the job picky requires WebGPU (browsers only)"),
        ({"memory_mb": 600, "wasm": True}, "the job picky requires 600 MB of memory (at most 512 here)"),
    ],
)
def test_a_named_job_with_an_unmet_requirement_is_an_error(
    pool: FakePool, capsys: pytest.CaptureFixture[str], requirements: dict[str, Any], description: str
) -> None:
    pool.add_job("picky", DOUBLE, [{"a": 1}], requirements=requirements)
    assert work(pool, "--job", "picky") == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"comp-pool: {description}\n")


def test_a_named_job_may_use_the_memory_of_the_option(pool: FakePool) -> None:
    pool.add_job("picky", DOUBLE, [{"a": 1}], requirements={"memory_mb": 600, "wasm": True})
    assert work(pool, "--job", "picky", "--memory", "600") == 0
    assert len(pool.jobs["picky"].results) == 1
