"""An example interaction that clients rely on, request by request: root, job, variable, result."""

from __future__ import annotations

import pytest

from tests.conftest import PoolApp

FUNCTION = "function (variable, context) {context.result = variable.data_field_one.foo; return context;}"
METADATA = {
    "name": "Example job",
    "owner": "McOmghall",
    "description": {"en": "this is a job", "es": "esto es un job"},
}
VARIABLE = {"data_field_one": {"foo": 1, "bar": {"baz": "zt"}}, "data_field_two": {"foobar": "baz"}}
VARIABLE_PATH = "/jobs/example-job/variables/test_limit_case"


@pytest.fixture
def example(pool: PoolApp) -> PoolApp:
    pool.post_job(metadata=METADATA, execute_function=FUNCTION)
    pool.post_variable("/jobs/example-job", "test_limit_case", **VARIABLE)
    return pool


def test_options_of_the_root_allows_any_origin(example: PoolApp) -> None:
    response = example.options("/", status=200)
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_the_root_has_the_scheduler_url(example: PoolApp) -> None:
    assert example.get("/", status=200).json["job_scheduler_url"] == "/jobs/scheduler"


def test_the_scheduler_serves_the_job(example: PoolApp) -> None:
    job = example.get("/jobs/scheduler", status=200).json
    assert job["_links"]["self"] == "/jobs/example-job"
    assert job["_links"]["get_variables"] == "/jobs/example-job/variables"
    assert job["metadata"] == METADATA
    assert job["execute_function"] == FUNCTION


def test_a_variable_has_its_fields_and_links_only(example: PoolApp) -> None:
    variable = example.get("/jobs/example-job/variables", status=200).json
    links = variable.pop("_links")
    assert variable == VARIABLE
    assert links["self"] == VARIABLE_PATH
    assert links["post_result"].split("?")[0] == f"{VARIABLE_PATH}/results"
    assert links["get_job"] == "/jobs/example-job"


def test_a_result_posted_at_the_link_is_created(example: PoolApp) -> None:
    link = example.lease("/jobs/example-job")["post_result"]
    response = example.post_json(link, 1, status=201)
    assert response.headers["Location"].startswith(f"{VARIABLE_PATH}/results/20")


def test_a_result_posted_without_a_token_is_created(example: PoolApp) -> None:
    example.post_json(f"{VARIABLE_PATH}/results", 1, status=201)


def test_the_whole_interaction_works_in_hal(example: PoolApp) -> None:
    hal = {"Accept": "application/hal+json"}
    root = example.get("/", headers=hal)
    assert root.content_type == "application/hal+json"
    job = example.get(root.json["job_scheduler_url"], headers=hal).json
    variable = example.get(job["_links"]["get_variables"]["href"], headers=hal).json
    example.post_json(variable["_links"]["post_result"]["href"], 1, headers=hal, status=201)
    assert root.json["_links"]["scheduled"]["templated"] is True
