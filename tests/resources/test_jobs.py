"""`POST /jobs`: valid and invalid fields; of an invalid job nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from pool.fields import DEFAULT_SETTINGS
from tests.conftest import EXECUTE, PoolApp
from tests.resources.helpers import documents, problem

JOB = {"name": "Example job", "execute_function": EXECUTE}


def post(pool: PoolApp, status: int, **fields: Any) -> Any:
    return pool.post_json("/jobs", {**JOB, **fields}, headers=pool.owner, status=status)


def refused(pool: PoolApp, named: str, **fields: Any) -> None:
    before = documents(pool)
    problem(post(pool, 422, **fields), 422, named)
    assert documents(pool) == before


def test_the_response_is_the_job(pool: PoolApp) -> None:
    response = post(pool, 201)
    assert response.headers["Location"] == "/jobs/example-job"
    assert response.json == pool.get("/jobs/example-job", headers=pool.owner).json


def test_a_job_has_links(pool: PoolApp) -> None:
    links = post(pool, 201).json["_links"]
    assert set(links) >= {"self", "get_variables", "post_variable", "results", "progress"}


def test_optional_fields_have_defaults(pool: PoolApp) -> None:
    job = post(pool, 201).json
    assert (job["state"], job["settings"], job["metadata"]) == ("open", DEFAULT_SETTINGS, {"name": "Example job"})


def test_the_name_can_be_in_the_metadata(pool: PoolApp) -> None:
    job = {"execute_function": EXECUTE, "metadata": {"name": "Inner"}}
    assert pool.post_json("/jobs", job, headers=pool.owner, status=201).json["name"] == "Inner"


def test_the_id_is_the_slug_of_the_name(pool: PoolApp) -> None:
    job = post(pool, 201, name="Größe & Maß").json
    assert (job["id"], job["name"]) == ("grosse-mass", "Größe & Maß")
    pool.get("/jobs/grosse-mass", status=200)


# tests/pool/test_jobs.py and test_fields.py have the tables of invalid values.
@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": 1}, "name: must be a string"),
        ({"name": "…"}, "name: needs at least one letter or digit"),
        ({"name": "Scheduler!"}, "name: 'scheduler' is reserved"),
        ({"_embedded": {}}, "_embedded: is reserved"),
        ({"uid": "x"}, "uid: unknown field"),
        ({"state": "closed"}, "state: must be one of open, paused"),
        ({"settings": []}, "settings: must be an object"),
        ({"settings": {"lease_seconds": 0}}, "settings.lease_seconds: must be from 1"),
        ({"settings": {"lossy": "true"}}, "settings.lossy: must be true or false, not a string"),
        ({"settings": {"lossy": None}}, "settings.lossy: must be true or false, not null"),
        ({"metadata": {"description": {"en": 1}}}, "metadata.description.en: must be a string"),
        ({"requirements": {"memory_mb": True}}, "requirements.memory_mb: must be a whole number"),
        ({"execute_function": 1}, "execute_function: must be a string"),
        ({"validate_result": "class A {}"}, "validate_result: is not a function"),
        ({"compare_results": "function (variable) {\n  return );\n}"}, "(line 2, column 10)"),
    ],
)
def test_an_invalid_field_is_refused(module_pool: PoolApp, fields: dict[str, Any], named: str) -> None:
    refused(module_pool, named, **fields)


@pytest.mark.parametrize("missing", ["name", "execute_function"])
def test_a_job_without_a_required_field_is_refused(module_pool: PoolApp, missing: str) -> None:
    job = {name: value for name, value in JOB.items() if name != missing}
    problem(module_pool.post_json("/jobs", job, headers=module_pool.owner, status=422), 422, f"{missing}: is missing")


def test_a_name_whose_slug_is_taken_is_409_with_a_link_to_the_holder(pool: PoolApp) -> None:
    holder = pool.post_job("Example job")
    before = documents(pool)
    answer = problem(post(pool, 409, name="Exámple-job!"), 409, "name", "example-job")
    assert answer["_links"]["holder"] == holder
    assert documents(pool) == before


def test_a_job_can_start_paused(pool: PoolApp) -> None:
    assert post(pool, 201, state="paused").json["state"] == "paused"


def test_every_optional_field_is_stored(pool: PoolApp) -> None:
    fields = {
        "metadata": {"name": "Example job", "owner": "McOmghall", "description": {"es": "esto"}, "ünï": [None]},
        "settings": {"lease_seconds": 1.5, "max_errors": 100, "require_lease": True, "lossy": True},
        "requirements": {"webgpu": True, "memory_mb": 64},
    }
    job = post(pool, 201, **fields).json
    assert {name: job[name] for name in fields} == fields


def test_the_same_idempotency_key_stores_one_job(pool: PoolApp) -> None:
    job = {"name": "Job", "execute_function": "(variable, context) => context"}
    headers = {**pool.owner, "Idempotency-Key": "one"}
    first, again = (pool.post_json("/jobs", job, headers=headers, status=201) for _ in range(2))
    assert first.json == again.json


def test_another_job_of_the_same_name_is_409_with_the_same_idempotency_key(pool: PoolApp) -> None:
    job = {"name": "Job", "execute_function": "(variable, context) => context"}
    headers = {**pool.owner, "Idempotency-Key": "one"}
    pool.post_json("/jobs", job, headers=headers, status=201)
    pool.post_json("/jobs", {**job, "metadata": {"owner": "me"}}, headers=headers, status=409)
