"""Requirements of jobs: checked, shown, changed, and respected by every scheduler."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import EXECUTE, MakePool, PoolApp
from tests.resources.helpers import documents, problem

NAMES = ("webgpu", "wasm", "wasm_simd", "memory_mb")
FLAGS = NAMES[:3]
SCHEDULERS = ["/jobs", "/jobs/scheduler", "/jobs/scheduled", "/jobs/scheduled/random", "/jobs/scheduled/short-first"]
EVERY = [*SCHEDULERS, "/jobs/scheduled/owners", "/jobs/scheduled/least-done"]


def post(pool: PoolApp, status: int, requirements: Any) -> Any:
    job = {"name": "Example job", "execute_function": EXECUTE, "requirements": requirements}
    return pool.post_json("/jobs", job, headers=pool.owner, status=status)


def patch(pool: PoolApp, job: str, requirements: Any, status: int = 200) -> Any:
    return pool.patch_json(job, {"requirements": requirements}, headers=pool.owner, status=status)


def job_of(pool: PoolApp, requirements: Any, name: str = "Example job") -> str:
    """Posts a job of the owner `me` with one variable; returns its path."""
    job = pool.post_job(name, requirements=requirements, metadata={"owner": "me"})
    pool.post_variable(job)
    return job


# Posting


def test_requirements_are_empty_by_default(pool: PoolApp) -> None:
    assert pool.get(pool.post_job()).json["requirements"] == {}


@pytest.mark.parametrize(
    "requirements", [{"memory_mb": 1}, {"memory_mb": 65_536}, {"webgpu": True, "wasm": True, "wasm_simd": True}]
)
def test_requirements_are_public(pool: PoolApp, requirements: dict[str, Any]) -> None:
    assert post(pool, 201, requirements).json["requirements"] == requirements
    assert pool.get("/jobs/example-job").json["requirements"] == requirements
    assert pool.get("/jobs/index").json["_embedded"]["items"][0]["requirements"] == requirements


def test_a_requirement_that_is_false_is_left_out(pool: PoolApp) -> None:
    assert post(pool, 201, {"webgpu": False, "wasm": True}).json["requirements"] == {"wasm": True}


@pytest.mark.parametrize(
    ("field", "value"),
    [(name, value) for name in NAMES for value in (None, "true", 0.5, [], {}, [True])]
    + [(name, value) for name in FLAGS for value in (0, 1)]
    + [("memory_mb", value) for value in (True, False, 0, -1, 1.0, 65_537, 10**300)]
    + [("gpu", True), ("WebGPU", True), ("", True), ("__proto__", {})],
)
def test_invalid_requirements_are_refused(module_pool: PoolApp, field: str, value: Any) -> None:
    before = documents(module_pool)
    problem(post(module_pool, 422, {field: value}), 422, f"requirements.{field}: ")
    assert documents(module_pool) == before


@pytest.mark.parametrize("value", [None, True, 1, "webgpu", ["webgpu"]])
def test_requirements_must_be_an_object(module_pool: PoolApp, value: Any) -> None:
    problem(post(module_pool, 422, value), 422, "requirements: must be an object")


# Changing


def test_requirements_are_merged(pool: PoolApp) -> None:
    job = pool.post_job(requirements={"webgpu": True, "memory_mb": 512})
    changed = patch(pool, job, {"memory_mb": 1024, "wasm": True}).json["requirements"]
    assert changed == {"webgpu": True, "memory_mb": 1024, "wasm": True}
    assert pool.get(job).json["requirements"] == changed


@pytest.mark.parametrize("nothing", [None, False])
def test_null_or_false_removes_a_requirement(pool: PoolApp, nothing: bool | None) -> None:
    job = pool.post_job(requirements={"webgpu": True, "wasm": True})
    assert patch(pool, job, {"webgpu": nothing}).json["requirements"] == {"wasm": True}


def test_null_removes_all_requirements(pool: PoolApp) -> None:
    assert patch(pool, pool.post_job(requirements={"webgpu": True}), None).json["requirements"] == {}


@pytest.mark.parametrize(
    ("requirements", "named"),
    [
        ({"webgpu": 1}, "requirements.webgpu: must be true or false"),
        ({"memory_mb": 0}, "requirements.memory_mb: must be from 1 to 65536"),
        ({"gpu": True}, "requirements.gpu: unknown field"),
        ([], "requirements: must be an object"),
    ],
)
def test_an_invalid_change_changes_nothing(pool: PoolApp, requirements: Any, named: str) -> None:
    job = pool.post_job(requirements={"wasm": True})
    before = documents(pool)
    problem(patch(pool, job, requirements, 422), 422, named)
    assert documents(pool) == before


# Scheduling


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize(
    ("requirements", "query"),
    [
        ({}, ""),
        ({}, "can=webgpu&memory_mb=0"),
        ({"wasm": True}, "can=wasm"),
        ({"webgpu": True, "wasm": True}, "can=wasm&can=webgpu&can=time_travel"),
        ({"memory_mb": 512}, "memory_mb=512"),
        ({"wasm_simd": True, "memory_mb": 512}, "memory_mb=1024&can=wasm_simd"),
    ],
)
def test_a_job_is_served_if_its_requirements_are_met(
    pool: PoolApp, path: str, requirements: dict[str, Any], query: str
) -> None:
    job_of(pool, requirements)
    pool.get(f"{path}?owner=me&{query}", status=200)


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize(
    ("requirements", "query"),
    [
        ({"webgpu": True}, ""),
        ({"webgpu": True}, "can=wasm"),
        ({"webgpu": True}, "can="),
        ({"webgpu": True}, "can=WebGPU"),
        ({"webgpu": True, "wasm": True}, "can=webgpu"),
        ({"wasm": True}, "can=webgpu,wasm"),
        ({"wasm_simd": True}, "can=wasm"),
        ({"memory_mb": 1}, ""),
        ({"memory_mb": 1}, "can=memory_mb"),
        ({"memory_mb": 513}, "memory_mb=512"),
        ({"memory_mb": 512, "wasm": True}, "memory_mb=512"),
    ],
)
def test_a_job_is_not_served_if_its_requirements_are_not_met(
    pool: PoolApp, path: str, requirements: dict[str, Any], query: str
) -> None:
    job_of(pool, requirements)
    pool.get(f"{path}?owner=me&{query}", status=204)


@pytest.mark.parametrize("path", EVERY)
def test_another_job_is_served_if_requirements_are_not_met(pool: PoolApp, path: str) -> None:
    job_of(pool, {"webgpu": True})
    job_of(pool, {}, "Plain")
    assert {pool.get(f"{path}?owner=me&can=wasm").json["id"] for _ in range(10)} == {"plain"}


def test_a_bundled_default_scheduler_respects_requirements(make_pool: MakePool) -> None:
    pool = make_pool(scheduler="least-done")
    job_of(pool, {"wasm": True})
    pool.get("/jobs", status=204)
    pool.get("/jobs?can=wasm", status=200)


@pytest.mark.parametrize("path", ["/jobs", "/jobs/scheduled/least-done"])
@pytest.mark.parametrize(
    "query", ["", "-1", "1.5", "1e3", "many", "0x10", "%2B1", "1%00", "٣", "9" * 10, "1&memory_mb=2"]
)
def test_an_invalid_memory_is_400(pool: PoolApp, path: str, query: str) -> None:
    job_of(pool, {})
    problem(pool.get(f"{path}?memory_mb={query}", status=400), 400, "memory_mb: must be one whole number")


def test_a_scheduler_file_gets_the_requirements(pool: PoolApp) -> None:
    job_of(pool, {"wasm": True})
    (pool.data / "schedulers").mkdir()
    source = "({jobs, query}) => jobs[0].requirements.wasm === true && query.can[0] === 'wasm' ? jobs[0].id : null"
    (pool.data / "schedulers" / "seeing.js").write_text(source)
    pool.get("/jobs/scheduled/seeing?can=wasm", status=200)


def test_variables_of_a_job_are_leased_without_abilities(pool: PoolApp) -> None:
    assert pool.lease(job_of(pool, {"webgpu": True}))["post_result"]
