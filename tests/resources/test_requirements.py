"""Requirements of jobs: shown in every document of the job, and changed.

tests/pool/test_fields.py has the valid and invalid ones; test_schedulers.py shows that they are respected.
"""

from __future__ import annotations

from typing import Any

from tests.conftest import EXECUTE, PoolApp

REQUIREMENTS = {"webgpu": True, "memory_mb": 512}


def patch(pool: PoolApp, job: str, requirements: Any) -> Any:
    response = pool.patch_json(job, {"requirements": requirements}, headers=pool.owner, status=200)
    assert response.json["requirements"] == pool.get(job).json["requirements"]
    return response.json["requirements"]


def test_requirements_are_empty_by_default(pool: PoolApp) -> None:
    assert pool.get(pool.post_job()).json["requirements"] == {}


def test_requirements_are_public(pool: PoolApp) -> None:
    job = {"name": "Example job", "execute_function": EXECUTE, "requirements": {**REQUIREMENTS, "wasm": False}}
    posted = pool.post_json("/jobs", job, headers=pool.owner, status=201).json
    assert posted["requirements"] == REQUIREMENTS
    assert pool.get("/jobs/example-job").json["requirements"] == REQUIREMENTS
    assert pool.get("/jobs/index").json["_embedded"]["items"][0]["requirements"] == REQUIREMENTS


def test_requirements_are_merged(pool: PoolApp) -> None:
    job = pool.post_job(requirements=REQUIREMENTS)
    assert patch(pool, job, {"webgpu": None, "wasm": True}) == {"memory_mb": 512, "wasm": True}


def test_null_removes_all_requirements(pool: PoolApp) -> None:
    assert patch(pool, pool.post_job(requirements=REQUIREMENTS), None) == {}
