"""Variables that are no objects: served as they are, to volunteers that know how to read them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.flat import FlatStore
from tests.conftest import PoolApp
from tests.json_variables import VALUES
from tests.resources.helpers import HAL, NDJSON, files, ndjson, problem
from tests.storage.helpers import findings

JOB = "/jobs/example-job"
NO_OBJECTS = [value for value in VALUES if not isinstance(value, dict)]
SAME = "(variable, result) => result === undefined || JSON.stringify(variable) === JSON.stringify(result)"


def post(pool: PoolApp, value: Any) -> str:
    """Posts one variable; returns its path."""
    body = json.dumps(value).encode()
    headers = {**pool.owner, "Content-Type": "application/json"}
    return str(pool.post(f"{JOB}/variables", body, headers=headers, status=201).headers["Location"])


def lease_link(pool: PoolApp) -> str:
    return str(pool.get(JOB).json["_links"]["get_variables"])


def served(variable: dict[str, Any]) -> Any:
    """What clients take for the variable."""
    embedded = variable.pop("_embedded", {})
    variable.pop("_links")
    return embedded.get("variable", "missing") if not variable and "variable" in embedded else variable


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_a_variable_is_served_as_it_was_posted(pool: PoolApp, value: Any) -> None:
    pool.post_job()
    path = post(pool, value)
    assert served(pool.get(path).json) == value
    assert served(pool.get(lease_link(pool)).json) == value


def test_in_hal_it_is_embedded_too(pool: PoolApp) -> None:
    pool.post_job()
    assert pool.get(post(pool, 5), headers=HAL).json["_embedded"] == {"variable": 5}


def test_many_are_posted_and_leased_together(pool: PoolApp) -> None:
    pool.post_job()
    lines = ndjson(*map(json.dumps, VALUES))
    assert pool.post(f"{JOB}/variables", lines, headers={**pool.owner, **NDJSON}).json["count"] == len(VALUES)
    template = pool.get(JOB).json["_links"]["lease_variables"]
    assert template == f"{JOB}/variables?values=json{{&count}}"
    leased = pool.get(template.replace("{&count}", "&count=4")).json
    assert leased["count"] == 4
    assert leased["_links"]["self"] == f"{JOB}/variables?values=json&count=4"
    assert all(served(item) in VALUES for item in leased["_embedded"]["items"])
    assert findings(FlatStore(pool.data, fsync=False)) == []


@pytest.mark.parametrize("value", NO_OBJECTS, ids=json.dumps)
def test_a_value_is_stored_under_a_chosen_id_once(pool: PoolApp, value: Any) -> None:
    pool.post_job()
    path, body = f"{JOB}/variables/one", json.dumps(value).encode()
    headers = {**pool.owner, "Content-Type": "application/json"}
    pool.put(path, body, headers=headers, status=201)
    pool.put(path, body, headers=headers, status=200)
    pool.put(path, b'"another"', headers=headers, status=409)
    named = ndjson(json.dumps({"id": "one", "variable": value}), json.dumps({"id": "two", "variable": value}))
    assert pool.put(f"{JOB}/variables", named, headers={**pool.owner, **NDJSON}).status_int == 200
    assert served(pool.get(f"{JOB}/variables/two").json) == value


def test_an_idempotency_key_stores_values_once(pool: PoolApp) -> None:
    pool.post_job()
    headers = {**pool.owner, **NDJSON, "Idempotency-Key": "k"}
    first = pool.post(f"{JOB}/variables", b"1\n2\n", headers=headers, status=201).json["ids"]
    assert pool.post(f"{JOB}/variables", b"1\n2\n", headers=headers, status=201).json["ids"] == first
    problem(pool.post(f"{JOB}/variables", b"1\ntrue\n", headers=headers, status=409), 409, "Idempotency-Key")


@pytest.mark.parametrize("function", ["validate_variable", "validate_result"])
def test_validators_get_the_value(pool: PoolApp, function: str) -> None:
    pool.post_job(**{function: "(variable) => ({ valid: variable === 5, reason: `not ${typeof variable}` })"})
    post(pool, 5)
    before = files(pool)
    headers = {**pool.owner, "Content-Type": "application/json"}
    problem(pool.post(f"{JOB}/variables", b'"5"', headers=headers, status=422), 422, "not string")
    assert documents_of(before) == documents_of(files(pool))


def documents_of(found: dict[str, bytes]) -> list[str]:
    return [name for name in found if "/variables/" in name]


@pytest.mark.parametrize("value", NO_OBJECTS, ids=json.dumps)
def test_a_result_is_judged_with_the_value(pool: PoolApp, value: Any) -> None:
    pool.post_job(validate_result=SAME)
    body = json.dumps(value).encode()
    results = f"{post(pool, value)}/results"
    pool.post(results, b'"other"', headers={"Content-Type": "application/json"}, status=422)
    pool.clock.advance(700)
    pool.post(results, body, headers={"Content-Type": "application/json"}, status=201)


def test_the_scheduler_of_the_job_gets_the_value(pool: PoolApp) -> None:
    pool.post_job(variable_scheduler="(context) => context.variables.find(({ data }) => data === 7).id")
    for value in (5, 6, 7, 8):
        post(pool, value)
    assert pool.get(lease_link(pool)).json["_embedded"] == {"variable": 7}


def test_a_flow_passes_the_value_to_conditions_and_steps(pool: PoolApp) -> None:
    pool.post_job()
    entry = {
        "job": JOB,
        "variable": post(pool, 5),
        "while": "(variable, context) => variable * 2 > context.iteration * 5",
    }
    flow = pool.post_json("/flows", {"jobs": [entry]}, headers=pool.owner, status=201).headers["Location"]
    for _ in range(2):
        variable = pool.get(lease_link(pool)).json
        assert variable["_embedded"]["variable"] == 5
        pool.post_json(variable["_links"]["post_result"], {"n": 1}, status=201)
    assert pool.get(flow).json["state"] == "done"


def test_the_results_of_values_are_listed(pool: PoolApp) -> None:
    pool.post_job()
    pool.post_json(f"{post(pool, [1, 2])}/results", None, status=201)
    assert pool.get(f"{JOB}/results", headers={"Accept": "text/csv"}).text.splitlines()[1].endswith(",null")


def test_the_worker_script_has_the_value(pool: PoolApp) -> None:
    pool.post_job()
    assert '\\"five\\"' in pool.get(post(pool, "five"), headers={"Accept": "application/javascript"}).text


# Volunteers of an earlier version


def test_such_a_job_requires_that_volunteers_can_read_it(pool: PoolApp) -> None:
    pool.post_job()
    post(pool, {"x": 1})
    assert pool.get(JOB).json["requirements"] == {}
    post(pool, 5)
    assert pool.get(JOB).json["requirements"] == {"json_variables": True}


def test_a_refused_value_makes_no_requirement(pool: PoolApp) -> None:
    pool.post_job(validate_variable="() => false")
    headers = {**pool.owner, "Content-Type": "application/json"}
    pool.post(f"{JOB}/variables", b"5", headers=headers, status=422)
    assert pool.get(JOB).json["requirements"] == {}


def test_an_owner_can_set_the_requirement_and_not_take_it_back(pool: PoolApp) -> None:
    pool.post_job(requirements={"json_variables": True, "wasm": True})
    changed = pool.patch_json(JOB, {"requirements": None}, headers=pool.owner, status=200).json
    assert changed["requirements"] == {"json_variables": True}


def test_such_a_job_is_scheduled_for_those_who_can_read_it(pool: PoolApp) -> None:
    pool.post_job()
    post(pool, 5)
    pool.get("/jobs/scheduled", status=204)
    pool.get("/jobs/scheduled?can=json_variables", status=200)


def test_whoever_read_the_job_before_is_told_to_read_it_again(pool: PoolApp) -> None:
    pool.post_job()
    stale = lease_link(pool)
    post(pool, 5)
    problem(pool.get(stale, status=409), 409, "read it again")
    problem(pool.get(f"{stale}?count=2", status=409), 409, "read it again")
    assert pool.get(lease_link(pool), status=200).json["_embedded"]["variable"] == 5


def test_objects_of_such_a_job_are_still_leased_by_the_former_link(pool: PoolApp) -> None:
    pool.post_job(requirements={"json_variables": True})
    post(pool, {"x": 1})
    assert pool.get(f"{JOB}/variables", status=200).json["x"] == 1
