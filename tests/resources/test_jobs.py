"""`POST /jobs`: valid and invalid fields; of an invalid job nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import EXECUTE, PoolApp
from tests.resources.helpers import documents, problem

JOB = {"name": "Example job", "execute_function": EXECUTE}
DEFAULTS = {"lease_seconds": 300, "max_errors": 5, "require_lease": False}
FUNCTIONS = ["execute_function", "validate_result", "validate_variable", "variable_scheduler", "compare_results"]
NO_STRINGS: list[Any] = [None, True, 1, 1.5, [], {}]
NO_OBJECTS: list[Any] = [None, True, 1, "text", []]


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
    assert (job["state"], job["settings"], job["metadata"]) == ("open", DEFAULTS, {"name": "Example job"})


def test_the_name_can_be_in_the_metadata(pool: PoolApp) -> None:
    job = {"execute_function": EXECUTE, "metadata": {"name": "Inner"}}
    assert pool.post_json("/jobs", job, headers=pool.owner, status=201).json["name"] == "Inner"


@pytest.mark.parametrize(
    ("name", "job_id"),
    [
        ("Prime count", "prime-count"),
        ("  spaces  ", "spaces"),
        ("Größe & Maß", "grosse-mass"),
        ("Ελληνικά", "ellenika"),
        ("北京", "bei-jing"),
        ("../../etc/passwd", "etc-passwd"),
        ("a_b.c", "a-b-c"),
        ("UPPER", "upper"),
        ("nul\0inside", "nul-inside"),
        ("&#99999999999999999999;x", "99999999999999999999-x"),
        ("con", "con"),
        ("x" * 200, "x" * 80),
        ("x" * 79 + " y", "x" * 79),
    ],
)
def test_the_id_is_the_slug_of_the_name(pool: PoolApp, name: str, job_id: str) -> None:
    job = post(pool, 201, name=name).json
    assert (job["id"], job["name"]) == (job_id, name)
    pool.get(f"/jobs/{job_id}", status=200)


@pytest.mark.parametrize("name", ["Index", "index", "scheduled", "Scheduler!", " -index- "])
def test_reserved_ids_are_refused(module_pool: PoolApp, name: str) -> None:
    refused(module_pool, "name", name=name)


@pytest.mark.parametrize("name", ["", " ", "\t\n", "-", "…", "🏊", "x" * 201, *NO_STRINGS])
def test_an_invalid_name_is_refused(module_pool: PoolApp, name: Any) -> None:
    refused(module_pool, "name", name=name)


def test_a_job_without_a_name_is_refused(pool: PoolApp) -> None:
    problem(pool.post_json("/jobs", {"execute_function": EXECUTE}, headers=pool.owner, status=422), 422, "name: is")


def test_a_job_without_its_function_is_refused(pool: PoolApp) -> None:
    problem(pool.post_json("/jobs", {"name": "x"}, headers=pool.owner, status=422), 422, "execute_function: is missing")


@pytest.mark.parametrize("name", ["Example job", "example JOB", "Exámple-job!"])
def test_a_name_whose_slug_is_taken_is_409_with_a_link_to_the_holder(pool: PoolApp, name: str) -> None:
    holder = pool.post_job("Example job")
    before = documents(pool)
    answer = problem(post(pool, 409, name=name), 409, "name", "example-job")
    assert answer["_links"]["holder"] == holder
    assert documents(pool) == before


@pytest.mark.parametrize("body", ["[]", '"job"', "1", "true", "null"])
def test_anything_but_an_object_is_refused(pool: PoolApp, body: str) -> None:
    headers = {**pool.owner, "Content-Type": "application/json"}
    problem(pool.post("/jobs", body, headers=headers, status=422), 422, "must be an object")


@pytest.mark.parametrize("field", ["_links", "_embedded"])
def test_reserved_fields_are_refused(module_pool: PoolApp, field: str) -> None:
    refused(module_pool, field, **{field: {}})


@pytest.mark.parametrize("field", ["id", "key", "uid", "created", "executeFunction", "settings.max_errors"])
def test_unknown_fields_are_refused(module_pool: PoolApp, field: str) -> None:
    refused(module_pool, f"{field}: unknown field", **{field: "x"})


@pytest.mark.parametrize("state", ["closed", "OPEN", "", "deleted", *NO_STRINGS])
def test_an_invalid_state_is_refused(module_pool: PoolApp, state: Any) -> None:
    refused(module_pool, "state: must be one of open, paused", state=state)


def test_a_job_can_start_paused(pool: PoolApp) -> None:
    assert post(pool, 201, state="paused").json["state"] == "paused"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lease_seconds", 1),
        ("lease_seconds", 1.5),
        ("lease_seconds", 30 * 86_400),
        ("max_errors", 1),
        ("max_errors", 100),
        ("require_lease", True),
    ],
)
def test_valid_settings(pool: PoolApp, field: str, value: Any) -> None:
    assert post(pool, 201, settings={field: value}).json["settings"] == {**DEFAULTS, field: value}


@pytest.mark.parametrize(
    ("field", "value"),
    [(name, value) for name in DEFAULTS for value in (None, "1", [], {}, [1])]
    + [("lease_seconds", value) for value in (True, 0, 0.99, -1, 30 * 86_400 + 1, 10**300)]
    + [("max_errors", value) for value in (True, 0, 1.0, 1.5, -1, 1001, 10**300)]
    + [("require_lease", value) for value in (0, 1, "true")]
    + [("quorum_of_bees", 1), ("", 1)],
)
def test_invalid_settings_are_refused(module_pool: PoolApp, field: str, value: Any) -> None:
    refused(module_pool, f"settings.{field}", settings={field: value})


@pytest.mark.parametrize("field", ["settings", "metadata"])
@pytest.mark.parametrize("value", NO_OBJECTS)
def test_settings_and_metadata_must_be_objects(module_pool: PoolApp, field: str, value: Any) -> None:
    refused(module_pool, f"{field}: must be an object", **{field: value})


def test_any_other_metadata_is_stored(pool: PoolApp) -> None:
    metadata = {"owner": "McOmghall", "description": {"es": "esto"}, "licence": ["MIT", {"year": 2014}], "ünï": None}
    assert post(pool, 201, metadata=metadata).json["metadata"] == {"name": "Example job", **metadata}


@pytest.mark.parametrize(
    ("named", "metadata"),
    [("metadata.name", {"name": name}) for name in ("Other", "", None, 1)]
    + [("metadata.owner", {"owner": owner}) for owner in ("", " ", None, 1, [], "x" * 201)]
    + [
        (f"metadata.{field}", {field: value})
        for field in ("description", "short_description")
        for value in ("text", None, 1, [])
    ]
    + [
        (f"metadata.{field}.en", {field: {"en": value}})
        for field in ("description", "short_description")
        for value in ("", None, 1, {}, "x" * 10_001)
    ],
)
def test_invalid_metadata_is_refused(module_pool: PoolApp, named: str, metadata: Any) -> None:
    refused(module_pool, named, metadata=metadata)


@pytest.mark.parametrize("field", FUNCTIONS)
@pytest.mark.parametrize("source", ["", "  ", *NO_STRINGS])
def test_a_function_must_be_a_string(module_pool: PoolApp, field: str, source: Any) -> None:
    refused(module_pool, field, **{field: source})


@pytest.mark.parametrize("field", FUNCTIONS)
@pytest.mark.parametrize("source", ["1", "'text'", "{}", "class A {}", "null", "x", "(() => 1)()"])
def test_a_function_must_be_a_function_expression(module_pool: PoolApp, field: str, source: str) -> None:
    refused(module_pool, field, **{field: source})


@pytest.mark.parametrize("field", FUNCTIONS)
def test_a_syntax_error_has_line_and_column(module_pool: PoolApp, field: str) -> None:
    refused(module_pool, f"{field}: ", **{field: "function (variable) {\n  return );\n}"})
    problem(post(module_pool, 422, **{field: "function (variable) {\n  return );\n}"}), 422, "line 2, column 10")


@pytest.mark.parametrize(
    "source",
    [
        "function (a) { return a; }",
        "function named(a) { return a; }",
        "async function (a) { return a; }",
        "(a) => a",
        "async (a) => a",
        "  // said first\n (a) => a // and last",
    ],
)
def test_every_kind_of_function_expression_is_accepted(pool: PoolApp, source: str) -> None:
    assert post(pool, 201, execute_function=source).json["execute_function"] == source


def test_the_same_idempotency_key_stores_one_job(pool: PoolApp) -> None:
    job = {"name": "Job", "execute_function": "(variable, context) => context"}
    headers = {**pool.owner, "Idempotency-Key": "one"}
    first, again = (pool.post_json("/jobs", job, headers=headers, status=201) for _ in range(2))
    assert first.json == again.json


@pytest.mark.parametrize("changed", [{"metadata": {"owner": "me"}}, {"key": "two"}])
def test_another_job_of_the_same_name_is_409_with_any_idempotency_key(pool: PoolApp, changed: dict[str, Any]) -> None:
    job = {"name": "Job", "execute_function": "(variable, context) => context"}
    pool.post_json("/jobs", job, headers={**pool.owner, "Idempotency-Key": "one"}, status=201)
    headers = {**pool.owner, "Idempotency-Key": changed.pop("key", "one")}
    pool.post_json("/jobs", {**job, **changed}, headers=headers, status=409)
