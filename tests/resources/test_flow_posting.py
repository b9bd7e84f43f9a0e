"""`POST /flows`: the whole tree is checked at once; of an invalid one nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from pool.sandbox import Sandbox
from tests.conftest import MakePool, PoolApp
from tests.resources.flow_helpers import ALWAYS, Document, get_flow, post, tree
from tests.resources.helpers import documents, other_key, problem

ALPHA, BETA = "/jobs/alpha", "/jobs/beta"
E = {"job": ALPHA}
MOUNTED = {"SCRIPT_NAME": "/my pool/ü".encode().decode("latin-1")}
PREFIX = "/my%20pool/%C3%BC"


def of(**fields: Any) -> Document:
    """A flow of one entry, of the job alpha by default."""
    return {"jobs": [{**E, **fields}]}


def below(jobs: Any, **fields: Any) -> Document:
    """A flow of three levels, the lowest as given."""
    return {"jobs": [E], "dependent": {"jobs": [E], "dependent": {"jobs": jobs, **fields}}}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """A pool with two jobs, one of them with a variable in each state."""
    pool = PoolApp(tmp_path_factory.mktemp("flows") / "pool", sandbox, flow_depth=4, flow_breadth=5)
    fussy = "(variable, result) => result === undefined || result > 0"
    alpha, beta = pool.post_job("Alpha", validate_result=fussy, settings={"max_errors": 1}), pool.post_job("Beta")
    for name in ("one", "two", "done", "failed", "withdrawn"):
        pool.post_variable(alpha, name)
    pool.post_variable(beta, "other")
    pool.post_json(f"{alpha}/variables/done/results", 1, status=201)
    pool.post_json(f"{alpha}/variables/failed/results", -1, status=422)
    pool.delete(f"{alpha}/variables/withdrawn", headers=pool.owner, status=204)
    return pool


def refused(pool: PoolApp, flow: Any, path: str, *reason: str) -> Document:
    """Posts an invalid flow. Asserts that the only error has this path, and that nothing is stored."""
    before = documents(pool)
    document = problem(post(pool, flow, status=422), 422, path, *reason)
    assert [error["path"] for error in document["errors"]] == [path]
    assert document["detail"] == f"{path}: {document['errors'][0]['reason']}"
    assert documents(pool) == before
    return document


# tests/pool/flows/test_check.py has the tables of invalid trees, and test_links.py that of URIs.


@pytest.mark.parametrize(
    ("flow", "path", "reason"),
    [
        ([E], "the body", "must be an object"),
        ({"jobs": [E], "dependent": []}, "dependent", "must be an object"),
        (below([]), "dependent.dependent.jobs", "must have 1 to 5 entries, not 0"),
        ({"jobs": [E] * 6}, "jobs", "must have 1 to 5 entries, not 6"),
        (tree(*[[E]] * 5), "dependent.dependent.dependent.dependent", "deeper than 4 levels"),
        ({"jobs": [E, {**E, "x": 1}]}, "jobs[1].x", "unknown field"),
        ({**of(), "name": "x" * 201}, "name", "200"),
        (of(job="/jobs/nobody"), "jobs[0].job", "nobody"),
        (of(job="http://elsewhere.example/jobs/alpha"), "jobs[0].job", "`self` link of the job"),
        (of(job="/jobs/%2e%2e"), "jobs[0].job", "job id"),
        (of(variable=f"{BETA}/variables/other"), "jobs[0].variable", "'beta'"),
        (of(variable=f"{ALPHA}/variables/one?format=js"), "jobs[0].variable", "`self` link of the variable"),
        (of(variable=f"{ALPHA}/variables/%00"), "jobs[0].variable", "variable id"),
        (of(variable=f"{ALPHA}/variables/withdrawn"), "jobs[0].variable", "withdrawn"),
        (of(variable=f"{ALPHA}/variables/failed"), "jobs[0].variable", "failed"),
        (below([E, {**E, "while": "function ("}]), "dependent.dependent.jobs[1].while", "line 1"),
    ],
)
def test_an_invalid_flow_is_refused(filled: PoolApp, flow: Any, path: str, reason: str) -> None:
    refused(filled, flow, path, reason)


def test_the_maximum_breadth_and_depth_are_accepted(filled: PoolApp) -> None:
    post(filled, tree([E] * 5, [E], [E], [{**E, "variable": f"{ALPHA}/variables/done"}]))


def test_a_failed_variable_above_the_leaves_is_copied(filled: PoolApp) -> None:
    named = [{**E, "variable": f"{ALPHA}/variables/{name}"} for name in ("failed", "done")]
    post(filled, tree(named[:1], named[1:]))


def test_a_condition_that_would_throw_is_accepted(filled: PoolApp) -> None:
    post(filled, of(**{"variable": f"{ALPHA}/variables/done", "if": "() => { throw 1; }"}))


def test_posting_does_not_call_while(filled: PoolApp) -> None:
    """`if` is called when the flow starts, `while` after the first result."""
    post(filled, of(**{"variable": f"{ALPHA}/variables/one", "while": "() => { while (true); }"}))


# Owners


def test_a_flow_cannot_use_a_job_of_another_owner(pool: PoolApp) -> None:
    pool.post_job("Alpha")
    key, before = other_key(pool), documents(pool)
    problem(post(pool, of(), status=422, **key), 422, "jobs[0].job", "another key")
    assert documents(pool) == before


def test_a_flow_can_use_a_job_of_its_owner(pool: PoolApp) -> None:
    key = other_key(pool)
    job = {"name": "Mine", "execute_function": "() => 1"}
    pool.post_json("/jobs", job, headers=key, status=201)
    pool.put_json("/jobs/mine/variables/one", {}, headers=key, status=201)
    assert post(pool, of(job="/jobs/mine"), **key).json["owner"] == "semprebeta"


def test_the_operators_flows_can_use_every_job(pool: PoolApp) -> None:
    key = other_key(pool)
    pool.post_json("/jobs", {"name": "Theirs", "execute_function": "() => 1"}, headers=key, status=201)
    pool.put_json("/jobs/theirs/variables/one", {}, headers=key, status=201)
    assert post(pool, of(job="/jobs/theirs")).json["owner"] == "operator"


# Several errors


def test_all_errors_are_listed(filled: PoolApp) -> None:
    flow = {"x": 1, "jobs": [{"job": "/jobs/nobody", "if": "1"}, E], "dependent": {"jobs": [3]}}
    before = documents(filled)
    document = problem(post(filled, flow, status=422), 422)
    paths = ["dependent.jobs[0]", "jobs[0].if", "jobs[0].job", "x"]
    assert sorted(error["path"] for error in document["errors"]) == paths
    assert documents(filled) == before


def test_the_detail_is_the_first_error(filled: PoolApp) -> None:
    document = problem(post(filled, {"jobs": [{}, {"job": 1}]}, status=422), 422)
    first = document["errors"][0]
    assert document["detail"] == f"{first['path']}: {first['reason']}" == "jobs[0].job: is missing"


def test_at_most_a_hundred_errors_are_listed(pool: PoolApp) -> None:
    document = problem(post(pool, {"jobs": [{}] * 1000}, status=422), 422)
    assert len(document["errors"]) == 100


def test_the_type_of_the_problem_is_invalid(filled: PoolApp) -> None:
    assert problem(post(filled, {}, status=422), 422)["type"] == "urn:comp-pool:invalid"


# URIs


@pytest.mark.parametrize("uri", ["http://localhost:80/jobs/alpha", "/jobs/%61lpha"])
def test_equivalent_uris_of_the_pool_are_accepted(filled: PoolApp, uri: str) -> None:
    flow = of(job=uri, variable=f"{uri}/variables/done")
    assert post(filled, flow).json["jobs"][0]["job"] == "/jobs/alpha"


def test_the_host_of_a_uri_must_be_that_of_the_request(filled: PoolApp) -> None:
    flow = of(job="http://pool.local/jobs/alpha", variable="http://pool.local/jobs/alpha/variables/done")
    post(filled, flow, Host="pool.local")
    refused(filled, flow, "jobs[0].job", "not the URI of a job of this pool")


@pytest.mark.parametrize("host", ["", "http://localhost:80"])
def test_uris_have_the_mount_prefix(filled: PoolApp, host: str) -> None:
    job = f"{host}{PREFIX}/jobs/alpha"
    flow = of(job=job, variable=f"{job}/variables/done")
    response = filled.post_json("/flows", flow, headers=filled.owner, extra_environ=MOUNTED, status=201)
    assert response.headers["Location"].startswith(f"{PREFIX}/flows/20")
    assert response.json["jobs"][0]["job"] == f"{PREFIX}/jobs/alpha"


def test_uris_without_the_mount_prefix_are_refused(filled: PoolApp) -> None:
    response = filled.post_json("/flows", of(), headers=filled.owner, extra_environ=MOUNTED, status=422)
    problem(response, 422, "jobs[0].job", "not the URI of a job of this pool")


# Authorization


def test_in_an_open_pool_a_flow_of_a_keyless_job_needs_no_key(make_pool: MakePool) -> None:
    pool = make_pool(open=True)
    pool.post_json("/jobs", {"name": "Alpha", "execute_function": "() => 1"}, status=201)
    pool.put_json("/jobs/alpha/variables/one", {}, status=201)
    posted = pool.post_json("/flows", of(), status=201).json
    assert (posted["owner"], posted["state"]) == (None, "running")


def test_in_an_open_pool_a_flow_of_an_owned_job_needs_a_key(make_pool: MakePool) -> None:
    pool = make_pool(open=True)
    pool.post_variable(pool.post_job("Alpha"))
    problem(pool.post_json("/flows", of(), status=422), 422, "jobs[0].job", "key")


# The response


def test_a_posted_flow_is_found_at_its_location(filled: PoolApp) -> None:
    response = post(filled, of(variable=f"{ALPHA}/variables/two"))
    location = response.headers["Location"]
    assert response.json["_links"]["self"] == location
    assert get_flow(filled, location) == response.json


@pytest.mark.parametrize("name", ["x" * 200, "\u202eeman <b>ü</b>"])
def test_a_flow_may_have_a_name(filled: PoolApp, name: str) -> None:
    assert post(filled, {**of(variable=f"{ALPHA}/variables/two"), "name": name}).json["name"] == name


@pytest.mark.parametrize("fields", [{}, {"name": None}])
def test_the_name_is_optional(filled: PoolApp, fields: Document) -> None:
    assert post(filled, {**of(variable=f"{ALPHA}/variables/two"), **fields}).json["name"] is None


def test_a_flow_has_its_owner(filled: PoolApp) -> None:
    assert post(filled, of(variable=f"{ALPHA}/variables/two")).json["owner"] == "operator"


def test_a_flow_starts_at_once(filled: PoolApp) -> None:
    entry = post(filled, of(variable=f"{ALPHA}/variables/two", **{"if": ALWAYS})).json["jobs"][0]
    assert (entry["state"], len(entry["steps"])) == ("running", 1)
