"""The worker script of a variable: content negotiation and headers. What it computes is tested in a browser."""

from __future__ import annotations

import json
from typing import Any

import falcon
import falcon.testing
import pytest

from resources.worker_script import respond_with_script
from tests.conftest import EXECUTE, PoolApp
from tests.resources.helpers import files, problem

SCRIPT_HEADERS = {
    "Accept": {"Accept": "application/javascript"},
    "Accept of a script element": {"Accept": "application/javascript, */*;q=0.1"},
    "Content-Type": {"Content-Type": "application/javascript"},
    "a browser's worker": {"Accept": "*/*", "Sec-Fetch-Dest": "worker"},
}
VARIABLE_HEADERS = {
    "nothing": {},
    "anything": {"Accept": "*/*"},
    "JSON before scripts": {"Accept": "application/json, application/javascript;q=0.5"},
    "a browser's fetch": {"Accept": "*/*", "Sec-Fetch-Dest": "empty"},
    "another type": {"Content-Type": "application/json"},
}


@pytest.fixture
def variable(pool: PoolApp) -> str:
    return pool.post_variable(pool.post_job(), "one", x=21)


@pytest.mark.parametrize("case", SCRIPT_HEADERS)
def test_the_script_is_served_by_headers(pool: PoolApp, variable: str, case: str) -> None:
    response = pool.get(variable, headers=SCRIPT_HEADERS[case], status=200)
    assert response.content_type == "application/javascript"
    assert "openJob" in response.text


@pytest.mark.parametrize("case", VARIABLE_HEADERS)
def test_other_headers_get_the_variable(pool: PoolApp, variable: str, case: str) -> None:
    assert pool.get(variable, headers=VARIABLE_HEADERS[case], status=200).json["x"] == 21


def test_the_script_is_served_by_query(pool: PoolApp, variable: str) -> None:
    assert pool.get(f"{variable}?format=js", status=200).content_type == "application/javascript"


def test_its_policy_blocks_the_network(pool: PoolApp, variable: str) -> None:
    policy = pool.get(f"{variable}?format=js").headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; script-src 'unsafe-eval' 'wasm-unsafe-eval'"


def test_it_cannot_be_used_as_another_type(pool: PoolApp, variable: str) -> None:
    assert pool.get(f"{variable}?format=js").headers["X-Content-Type-Options"] == "nosniff"


def test_vary_has_the_headers_that_select_it(pool: PoolApp, variable: str) -> None:
    for path in (variable, f"{variable}?format=js"):
        vary = pool.get(path).headers["Vary"]
        assert {"Accept", "Content-Type", "Sec-Fetch-Dest"} <= {name.strip() for name in vary.split(",")}


def test_it_leases_nothing(pool: PoolApp, variable: str) -> None:
    before = files(pool)
    pool.get(f"{variable}?format=js", status=200)
    assert files(pool) == before


def test_it_contains_no_link_to_post_a_result(pool: PoolApp, variable: str) -> None:
    assert "post_result" not in pool.get(f"{variable}?format=js").text


def script(**document: Any) -> str:
    """The script of a variable with this document."""
    resp = falcon.Response()
    job = {"id": "job", "execute_function": EXECUTE, "settings": {}}
    respond_with_script(falcon.testing.create_req(), resp, job, {"id": "one", **document})
    return bytes(resp.data or b"").decode()


@pytest.mark.parametrize("context", [{}, {"n": 1, "result": [2], "iteration": 3}])
def test_it_contains_the_starting_context_of_a_step(context: dict[str, Any]) -> None:
    assert f'"context": {json.dumps(json.dumps(context))}' in script(data={"x": 21}, context=context)


def test_other_variables_have_no_starting_context(pool: PoolApp, variable: str) -> None:
    assert '"context": null' in script(data={"x": 21})
    assert '"context": null' in pool.get(f"{variable}?format=js").text


def test_a_matching_etag_is_304(pool: PoolApp, variable: str) -> None:
    tag = pool.get(f"{variable}?format=js").headers["ETag"]
    pool.get(f"{variable}?format=js", headers={"If-None-Match": tag}, status=304)


def test_the_script_of_an_unknown_variable_is_404(pool: PoolApp) -> None:
    problem(pool.get(f"{pool.post_job()}/variables/nobody?format=js", status=404), 404, "nobody")


def test_the_script_of_a_withdrawn_variable_is_410(pool: PoolApp, variable: str) -> None:
    pool.delete(variable, headers=pool.owner)
    problem(pool.get(f"{variable}?format=js", status=410), 410, "one")
