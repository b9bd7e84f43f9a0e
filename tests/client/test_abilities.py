"""What jobs require: what V8 really can in the confined child, what the pool is told of it, and what is not begun."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from comp_pool.abilities import Abilities, find_abilities
from comp_pool.child import Deadline
from comp_pool.client import Client
from comp_pool.crew import Options
from comp_pool.events import Event
from comp_pool.links import Document
from comp_pool.transport import Patience
from comp_pool.volunteer import Volunteer
from comp_pool.worker import MEBIBYTE, Unit, Worker
from fake_pool import FakePool

DOUBLE = "(variable, context) => { context.result = variable.a * 2; }"
HERE = Abilities(("wasm", "wasm_simd"), 512)

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


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker() as running:
        yield running


def compute(worker: Worker, source: str) -> str:
    return worker.compute(Unit("job", f"async (v, c) => {{ {source} }}", {}), Deadline(10)).result


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_webassembly_runs_in_the_confined_child(worker: Worker, way: str) -> None:
    source = f"const bytes = new Uint8Array({ADD}); c.result = String(({way}).exports.add(2n ** 60n, 1n));"
    assert compute(worker, source) == f'"{2**60 + 1}"'


def test_vectors_of_webassembly_run_in_the_confined_child(worker: Worker) -> None:
    validated = compute(worker, f"c.result = WebAssembly.validate(new Uint8Array({SUM}));")
    summed = compute(
        worker, f"c.result = (await WebAssembly.instantiate(new Uint8Array({SUM}))).instance.exports.sum();"
    )
    assert (validated, summed) == ("true", "42")


def test_an_instance_stays_in_the_context(worker: Worker) -> None:
    source = f"c.add ??= new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array({ADD}))).exports.add;"
    counted = source + "c.sum = c.add(c.sum ?? 0n, 5n); c.result = Number(c.sum);"
    assert [compute(worker, counted) for _ in range(3)] == ["5", "10", "15"]


def test_v8_has_webassembly_and_its_vectors() -> None:
    assert find_abilities(256 * MEBIBYTE) == Abilities(("wasm", "wasm_simd"), 256)


def test_a_child_that_fails_has_no_abilities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comp_pool.abilities.PROBE", "() => { throw 1 }")
    assert find_abilities(64 * MEBIBYTE) == Abilities((), 64)


@pytest.mark.parametrize(
    "requirements",
    [None, "webgpu", [], {}, {"wasm": True}, {"webgpu": False}, {"memory_mb": 512, "wasm_simd": True}],
)
def test_what_is_met_is_not_missing(requirements: Any) -> None:
    assert HERE.missing(Document("", {"requirements": requirements})) == []


@pytest.mark.parametrize(
    ("requirements", "said"),
    [
        ({"webgpu": True}, "WebGPU, which only browsers have"),
        ({"memory_mb": 513}, "513 MB of memory, and may use 512 here"),
        ({"memory_mb": "much"}, "much MB of memory"),
        ({"time_travel": True}, "time_travel, which is not to be had here"),
        ({"threads": 4}, "threads, which"),
    ],
)
def test_what_is_missing_is_said(requirements: Any, said: str) -> None:
    (missing,) = HERE.missing(Document("", {"requirements": requirements}))
    assert missing.startswith(said)


def test_a_job_from_an_older_pool_requires_nothing() -> None:
    assert HERE.missing(Document("", {"id": "job"})) == []


def run(pool: FakePool, **options: Any) -> list[Event]:
    events: list[Event] = []
    with Client(pool.url, patience=Patience(attempts=1)) as client:
        Volunteer(client, Options(**options), events.append).run()
    return events


def test_a_volunteer_tells_what_it_can(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    run(pool, units=1, memory_bytes=100 * MEBIBYTE)
    told = {"can": ["wasm", "wasm_simd"], "memory_mb": ["100"]}
    assert pool.asked("GET", "^/jobs/scheduled$")[0].query == told


def test_a_volunteer_tells_what_it_was_told(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    run(pool, units=1, abilities=Abilities((), 5))
    assert pool.asked("GET", "^/jobs/scheduled$")[0].query == {"memory_mb": ["5"]}


@pytest.mark.parametrize("options", [{}, {"job": "on-a-gpu"}])
def test_a_job_that_cannot_be_computed_is_not_begun(pool: FakePool, options: dict[str, Any]) -> None:
    pool.add_job("on-a-gpu", DOUBLE, [{"a": 1}], requirements={"webgpu": True})
    events = run(pool, idle_exit=0.3, **options)
    assert {event.kind for event in events} == {"waiting"}
    assert events[0].message == "on-a-gpu requires WebGPU, which only browsers have"
    assert pool.asked("GET", "variables$") == []


def work(pool: FakePool, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "comp_pool", "work", pool.url, "--units", "1", *arguments]
    environment = {**os.environ, "XDG_STATE_HOME": str(home)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize(
    ("requirements", "said"),
    [
        ({"webgpu": True}, "the job picky requires WebGPU, which only browsers have"),
        ({"memory_mb": 600, "wasm": True}, "the job picky requires 600 MB of memory, and may use 512 here"),
    ],
)
def test_to_name_a_job_that_cannot_be_computed_is_a_mistake(
    pool: FakePool, tmp_path: Path, requirements: dict[str, Any], said: str
) -> None:
    pool.add_job("picky", DOUBLE, [{"a": 1}], requirements=requirements)
    done = work(pool, tmp_path, "--job", "picky")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"comp-pool: {said}\n" in done.stderr


def test_a_named_job_gets_the_memory_that_is_allowed(pool: FakePool, tmp_path: Path) -> None:
    pool.add_job("picky", DOUBLE, [{"a": 1}], requirements={"memory_mb": 600, "wasm": True})
    assert work(pool, tmp_path, "--job", "picky", "--memory", "600").returncode == 0
    assert len(pool.jobs["picky"].results) == 1
