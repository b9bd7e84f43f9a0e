"""The worker script of a variable: who gets it, and with which headers. What it does is tested in a browser."""

from __future__ import annotations

import json
from typing import Any

import falcon
import falcon.testing
import pytest

from resources.worker_script import respond_with_script
from tests.conftest import EXECUTE, PoolApp
from tests.resources.helpers import files, problem

ASKING = {
    "Accept": {"Accept": "application/javascript"},
    "Accept, as scripts ask": {"Accept": "application/javascript, */*;q=0.1"},
    "Content-Type, as the seed has it": {"Content-Type": "application/javascript"},
    "a browser's worker": {"Accept": "*/*", "Sec-Fetch-Dest": "worker"},
}
NOT_ASKING = {
    "nothing": {},
    "anything": {"Accept": "*/*"},
    "JSON before scripts": {"Accept": "application/json, application/javascript;q=0.5"},
    "a browser's fetch": {"Accept": "*/*", "Sec-Fetch-Dest": "empty"},
    "another type": {"Content-Type": "application/json"},
}


@pytest.fixture
def variable(pool: PoolApp) -> str:
    return pool.post_variable(pool.post_job(), "one", x=21)


@pytest.mark.parametrize("how", ASKING)
def test_it_is_served_to_whom_asks_by(pool: PoolApp, variable: str, how: str) -> None:
    response = pool.get(variable, headers=ASKING[how], status=200)
    assert response.content_type == "application/javascript"
    assert "openJob" in response.text


@pytest.mark.parametrize("how", NOT_ASKING)
def test_others_get_the_variable(pool: PoolApp, variable: str, how: str) -> None:
    assert pool.get(variable, headers=NOT_ASKING[how], status=200).json["x"] == 21


def test_it_is_served_for_a_query(pool: PoolApp, variable: str) -> None:
    assert pool.get(f"{variable}?format=js", status=200).content_type == "application/javascript"


def test_its_policy_closes_the_network(pool: PoolApp, variable: str) -> None:
    policy = pool.get(f"{variable}?format=js").headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; script-src 'unsafe-eval' 'wasm-unsafe-eval'"


def test_it_is_a_script_and_nothing_else(pool: PoolApp, variable: str) -> None:
    assert pool.get(f"{variable}?format=js").headers["X-Content-Type-Options"] == "nosniff"


def test_caches_keep_it_apart_from_the_variable(pool: PoolApp, variable: str) -> None:
    for path in (variable, f"{variable}?format=js"):
        vary = pool.get(path).headers["Vary"]
        assert {"Accept", "Content-Type", "Sec-Fetch-Dest"} <= {name.strip() for name in vary.split(",")}


def test_it_leases_nothing(pool: PoolApp, variable: str) -> None:
    before = files(pool)
    pool.get(f"{variable}?format=js", status=200)
    assert files(pool) == before


def test_it_holds_no_address_to_post_a_result_to(pool: PoolApp, variable: str) -> None:
    assert "post_result" not in pool.get(f"{variable}?format=js").text


def script(**document: Any) -> str:
    """The script of a variable that is stored as this document."""
    resp = falcon.Response()
    respond_with_script(falcon.testing.create_req(), resp, {"execute_function": EXECUTE}, document)
    return bytes(resp.data or b"").decode()


@pytest.mark.parametrize("context", [{}, {"n": 1, "result": [2], "iteration": 3}])
def test_it_holds_the_starting_context_of_a_step(context: dict[str, Any]) -> None:
    assert f'"context": {json.dumps(json.dumps(context))}' in script(data={"x": 21}, context=context)


def test_other_variables_have_no_starting_context(pool: PoolApp, variable: str) -> None:
    assert '"context": null' in script(data={"x": 21})
    assert '"context": null' in pool.get(f"{variable}?format=js").text


def test_it_is_not_sent_twice(pool: PoolApp, variable: str) -> None:
    tag = pool.get(f"{variable}?format=js").headers["ETag"]
    pool.get(f"{variable}?format=js", headers={"If-None-Match": tag}, status=304)


def test_without_the_variable_there_is_none(pool: PoolApp) -> None:
    problem(pool.get(f"{pool.post_job()}/variables/nobody?format=js", status=404), 404, "nobody")


def test_a_withdrawn_variable_has_none(pool: PoolApp, variable: str) -> None:
    pool.delete(variable, headers=pool.owner)
    problem(pool.get(f"{variable}?format=js", status=410), 410, "one")
