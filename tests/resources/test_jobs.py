"""`POST /jobs`: what is taken, and what is refused before anything is stored."""

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


def test_a_posted_job_is_answered_as_it_is_served(pool: PoolApp) -> None:
    response = post(pool, 201)
    assert response.headers["Location"] == "/jobs/example-job"
    assert response.json == pool.get("/jobs/example-job", headers=pool.owner).json


def test_a_job_leads_on(pool: PoolApp) -> None:
    links = post(pool, 201).json["_links"]
    assert set(links) >= {"self", "get_variables", "post_variable", "results", "progress"}


def test_what_is_not_given_has_its_default(pool: PoolApp) -> None:
    job = post(pool, 201).json
    assert (job["state"], job["settings"], job["metadata"]) == ("open", DEFAULTS, {"name": "Example job"})


def test_the_name_may_stand_in_the_metadata_as_in_a_job_that_is_served(pool: PoolApp) -> None:
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
def test_ids_that_the_interface_has_taken_are_refused(lasting_pool: PoolApp, name: str) -> None:
    refused(lasting_pool, "name", name=name)


@pytest.mark.parametrize("name", ["", " ", "\t\n", "-", "…", "🏊", "x" * 201, *NO_STRINGS])
def test_a_name_that_is_none_is_refused(lasting_pool: PoolApp, name: Any) -> None:
    refused(lasting_pool, "name", name=name)


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
def test_what_is_no_object_is_refused(pool: PoolApp, body: str) -> None:
    headers = {**pool.owner, "Content-Type": "application/json"}
    problem(pool.post("/jobs", body, headers=headers, status=422), 422, "must be an object")


@pytest.mark.parametrize("field", ["_links", "_embedded"])
def test_reserved_fields_are_refused(lasting_pool: PoolApp, field: str) -> None:
    refused(lasting_pool, field, **{field: {}})


@pytest.mark.parametrize("field", ["id", "key", "uid", "created", "executeFunction", "settings.max_errors"])
def test_unknown_fields_are_refused(lasting_pool: PoolApp, field: str) -> None:
    refused(lasting_pool, f"{field}: unknown field", **{field: "x"})


@pytest.mark.parametrize("state", ["closed", "OPEN", "", "deleted", *NO_STRINGS])
def test_a_state_that_is_none_is_refused(lasting_pool: PoolApp, state: Any) -> None:
    refused(lasting_pool, "state: must be one of open, paused", state=state)


def test_a_job_may_begin_paused(pool: PoolApp) -> None:
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
def test_settings_within_their_limits_are_taken(pool: PoolApp, field: str, value: Any) -> None:
    assert post(pool, 201, settings={field: value}).json["settings"] == {**DEFAULTS, field: value}


@pytest.mark.parametrize(
    ("field", "value"),
    [(name, value) for name in DEFAULTS for value in (None, "1", [], {}, [1])]
    + [("lease_seconds", value) for value in (True, 0, 0.99, -1, 30 * 86_400 + 1, 10**300)]
    + [("max_errors", value) for value in (True, 0, 1.0, 1.5, -1, 1001, 10**300)]
    + [("require_lease", value) for value in (0, 1, "true")]
    + [("quorum_of_bees", 1), ("", 1)],
)
def test_other_settings_are_refused(lasting_pool: PoolApp, field: str, value: Any) -> None:
    refused(lasting_pool, f"settings.{field}", settings={field: value})


@pytest.mark.parametrize("field", ["settings", "metadata"])
@pytest.mark.parametrize("value", NO_OBJECTS)
def test_settings_and_metadata_must_be_objects(lasting_pool: PoolApp, field: str, value: Any) -> None:
    refused(lasting_pool, f"{field}: must be an object", **{field: value})


def test_metadata_of_any_other_name_is_kept(pool: PoolApp) -> None:
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
def test_metadata_that_the_pool_shows_is_checked(lasting_pool: PoolApp, named: str, metadata: Any) -> None:
    refused(lasting_pool, named, metadata=metadata)


@pytest.mark.parametrize("field", FUNCTIONS)
@pytest.mark.parametrize("source", ["", "  ", *NO_STRINGS])
def test_a_function_must_be_text(lasting_pool: PoolApp, field: str, source: Any) -> None:
    refused(lasting_pool, field, **{field: source})


@pytest.mark.parametrize("field", FUNCTIONS)
@pytest.mark.parametrize("source", ["1", "'text'", "{}", "class A {}", "null", "x", "(() => 1)()"])
def test_a_function_must_be_one(lasting_pool: PoolApp, field: str, source: str) -> None:
    refused(lasting_pool, field, **{field: source})


@pytest.mark.parametrize("field", FUNCTIONS)
def test_a_syntax_error_is_refused_with_its_place(lasting_pool: PoolApp, field: str) -> None:
    refused(lasting_pool, f"{field}: ", **{field: "function (variable) {\n  return );\n}"})
    problem(post(lasting_pool, 422, **{field: "function (variable) {\n  return );\n}"}), 422, "line 2, column 10")


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
def test_every_kind_of_function_expression_is_taken(pool: PoolApp, source: str) -> None:
    assert post(pool, 201, execute_function=source).json["execute_function"] == source


def test_a_job_sent_again_under_its_idempotency_key_is_stored_once(pool: PoolApp) -> None:
    job = {"name": "Job", "execute_function": "(variable, context) => context"}
    headers = {**pool.owner, "Idempotency-Key": "one"}
    first, again = (pool.post_json("/jobs", job, headers=headers, status=201) for _ in range(2))
    assert first.json == again.json


@pytest.mark.parametrize("changed", [{"metadata": {"owner": "me"}}, {"key": "two"}])
def test_another_job_under_the_same_name_is_409_whatever_its_key(pool: PoolApp, changed: dict[str, Any]) -> None:
    job = {"name": "Job", "execute_function": "(variable, context) => context"}
    pool.post_json("/jobs", job, headers={**pool.owner, "Idempotency-Key": "one"}, status=201)
    headers = {**pool.owner, "Idempotency-Key": changed.pop("key", "one")}
    pool.post_json("/jobs", {**job, **changed}, headers=headers, status=409)
