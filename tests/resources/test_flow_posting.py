"""`POST /flows`: the whole tree is checked at once; of an invalid one nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from pool.sandbox import Sandbox
from tests.conftest import MakePool, PoolApp
from tests.resources.flow_helpers import ALWAYS, Document, get_flow, post, tree
from tests.resources.helpers import documents, files, other_key, problem

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


# The shape of the tree


@pytest.mark.parametrize("body", [None, True, 1, "text", [], [E]])
def test_a_flow_is_an_object(filled: PoolApp, body: Any) -> None:
    refused(filled, body, "the body", "must be an object")


@pytest.mark.parametrize("body", [None, True, 1, "text", []])
def test_a_dependent_is_an_object(filled: PoolApp, body: Any) -> None:
    refused(filled, {"jobs": [E], "dependent": body}, "dependent", "must be an object")


@pytest.mark.parametrize("fields", [{}, {"jobs": None}])
def test_jobs_are_required(filled: PoolApp, fields: Document) -> None:
    refused(filled, fields, "jobs", "is missing")


@pytest.mark.parametrize("jobs", [True, 1, "text", {}, E])
def test_jobs_are_an_array(filled: PoolApp, jobs: Any) -> None:
    refused(filled, {"jobs": jobs}, "jobs", "must be an array")


def test_jobs_are_required_at_each_level(filled: PoolApp) -> None:
    refused(filled, {"jobs": [E], "dependent": {"dependent": {"jobs": [E]}}}, "dependent.jobs", "is missing")


@pytest.mark.parametrize("count", [0, 6])
def test_the_root_is_neither_empty_nor_too_broad(filled: PoolApp, count: int) -> None:
    refused(filled, {"jobs": [E] * count}, "jobs", "1 to 5", str(count))


@pytest.mark.parametrize("count", [0, 6])
def test_a_lower_level_is_neither_empty_nor_too_broad(filled: PoolApp, count: int) -> None:
    refused(filled, below([E] * count), "dependent.dependent.jobs", "1 to 5", str(count))


def test_the_maximum_breadth_is_accepted(filled: PoolApp) -> None:
    post(filled, tree([E] * 5, [{**E, "variable": f"{ALPHA}/variables/done"}]))


def test_a_tree_is_not_too_deep(filled: PoolApp) -> None:
    refused(filled, tree(*[[E]] * 5), "dependent.dependent.dependent.dependent", "deeper than 4 levels")


def test_the_maximum_depth_is_accepted(filled: PoolApp) -> None:
    post(filled, tree([E], [E], [E], [{**E, "variable": f"{ALPHA}/variables/done"}]))


@pytest.mark.parametrize("entry", [None, True, 1, "/jobs/alpha", [], [E]])
def test_an_entry_is_an_object(filled: PoolApp, entry: Any) -> None:
    refused(filled, {"jobs": [entry]}, "jobs[0]", "must be an object")


@pytest.mark.parametrize("field", ["x", "state", "_links", "_embedded", "Jobs"])
def test_an_unknown_field_of_the_flow_is_refused(filled: PoolApp, field: str) -> None:
    refused(filled, {**below([E]), field: 1}, field, "unknown field")


@pytest.mark.parametrize("field", ["x", "name", "job"])
def test_an_unknown_field_of_a_dependent_is_refused(filled: PoolApp, field: str) -> None:
    refused(filled, below([E], **{field: "x"}), f"dependent.dependent.{field}", "unknown field")


@pytest.mark.parametrize("field", ["x", "jobs", "dependent", "_links"])
def test_an_unknown_field_of_an_entry_is_refused(filled: PoolApp, field: str) -> None:
    refused(filled, {"jobs": [E, {**E, field: []}]}, f"jobs[1].{field}", "unknown field")


@pytest.mark.parametrize("name", [True, 1, [], {}, "", "  "])
def test_a_name_is_a_string(filled: PoolApp, name: Any) -> None:
    refused(filled, {**of(), "name": name}, "name", "must")


def test_a_name_is_not_too_long(filled: PoolApp) -> None:
    refused(filled, {**of(), "name": "x" * 201}, "name", "200")


# Jobs


def test_the_job_of_an_entry_is_required(filled: PoolApp) -> None:
    refused(filled, {"jobs": [{"variable": f"{ALPHA}/variables/one"}]}, "jobs[0].job", "is missing")


@pytest.mark.parametrize("job", [None, True, 1, [], {}, ["/jobs/alpha"], "", " "])
def test_a_job_is_a_string(filled: PoolApp, job: Any) -> None:
    refused(filled, of(job=job), "jobs[0].job", "must")


INVALID_URIS = [
    "alpha",
    "jobs/alpha",
    "/",
    "/jobs",
    "/jobs/alpha/",
    "//jobs/alpha",
    "/./jobs/alpha",
    "/JOBS/alpha",
    "/flows/alpha",
    "/jobs/alpha/variables",
    "/jobs/alpha?x=1",
    "/jobs/alpha#x",
    "//localhost:80/jobs/alpha",
    "http:/jobs/alpha",
    "https://localhost:80/jobs/alpha",
    "http://localhost:81/jobs/alpha",
    "http://localhost:80@elsewhere.example/jobs/alpha",
    "http://elsewhere.example/jobs/alpha",
    "http://[/jobs/alpha",
    "http://]/jobs/alpha",
    "//[::1/jobs/alpha",
    "http://localhost:x/jobs/alpha",
    "file:///jobs/alpha",
    "javascript:alert(1)",
    "/jobs/alpha\n",
    " /jobs/alpha",
    "/jobs/al\tpha",
    "\x00",
    "x" * 5000,
]


@pytest.mark.parametrize("job", INVALID_URIS)
def test_a_job_is_a_uri_of_this_pool(filled: PoolApp, job: str) -> None:
    refused(filled, of(job=job), "jobs[0].job", "`self` link of the job")


@pytest.mark.parametrize("job", ["UPPER", "%2e%2e", "..", "%2F", "%00", "%FF", "x" * 101, "", "a%20b", "%F0%9F%8F%8A"])
def test_an_invalid_job_id_is_refused(filled: PoolApp, job: str) -> None:
    refused(filled, of(job=f"/jobs/{job}"), "jobs[0].job", "job id")


@pytest.mark.parametrize("job", ["nobody", "index", "scheduler", "scheduled"])
def test_the_job_exists(filled: PoolApp, job: str) -> None:
    refused(filled, of(job=f"/jobs/{job}"), "jobs[0].job", job)


def test_a_job_of_a_dependent_is_refused_with_its_path(filled: PoolApp) -> None:
    flow = below([E, E, {"job": "/jobs/nobody"}])
    refused(filled, flow, "dependent.dependent.jobs[2].job", "nobody")


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


# Variables


@pytest.mark.parametrize("variable", [None, True, 1, [], {}, "", " "])
def test_a_variable_is_a_string(filled: PoolApp, variable: Any) -> None:
    refused(filled, of(variable=variable), "jobs[0].variable", "must")


@pytest.mark.parametrize(
    "variable",
    [
        "one",
        ALPHA,
        f"{ALPHA}/variables",
        f"{ALPHA}/variables/one/",
        f"{ALPHA}/variables/one/results",
        f"{ALPHA}/results/one",
        f"{ALPHA}/variables/one?format=js",
        f"http://elsewhere.example{ALPHA}/variables/one",
        f"http://[{ALPHA}/variables/one",
    ],
)
def test_a_variable_is_a_uri_of_this_pool(filled: PoolApp, variable: str) -> None:
    refused(filled, of(variable=variable), "jobs[0].variable", "`self` link of the variable")


@pytest.mark.parametrize("variable", ["nobody", "index", "UPPER", "%2e%2e", "%00", "x" * 101])
def test_the_variable_exists(filled: PoolApp, variable: str) -> None:
    refused(filled, of(variable=f"{ALPHA}/variables/{variable}"), "jobs[0].variable", "variable")


def test_the_variable_belongs_to_the_job(filled: PoolApp) -> None:
    refused(filled, of(variable=f"{BETA}/variables/other"), "jobs[0].variable", "'beta'", "'alpha'")


def test_a_withdrawn_variable_is_refused(filled: PoolApp) -> None:
    refused(filled, of(variable=f"{ALPHA}/variables/withdrawn"), "jobs[0].variable", "withdrawn")


def test_a_withdrawn_variable_above_the_leaves_is_refused(filled: PoolApp) -> None:
    flow = tree([{**E, "variable": f"{ALPHA}/variables/withdrawn"}], [E])
    refused(filled, flow, "jobs[0].variable", "withdrawn")


def test_a_failed_variable_above_the_leaves_is_copied(filled: PoolApp) -> None:
    named = [{**E, "variable": f"{ALPHA}/variables/{name}"} for name in ("failed", "done")]
    post(filled, tree(named[:1], named[1:]))


def test_a_failed_variable_is_refused(filled: PoolApp) -> None:
    refused(filled, of(variable=f"{ALPHA}/variables/failed"), "jobs[0].variable", "failed")


def test_the_variable_of_an_invalid_job_is_not_checked(filled: PoolApp) -> None:
    refused(filled, of(job="/jobs/nobody", variable="/jobs/nobody/variables/x"), "jobs[0].job", "nobody")


# Conditions


@pytest.mark.parametrize("condition", ["if", "while"])
@pytest.mark.parametrize("source", [None, True, 1, [], {}, "", " "])
def test_a_condition_is_a_string(filled: PoolApp, condition: str, source: Any) -> None:
    refused(filled, of(**{condition: source}), f"jobs[0].{condition}", "must")


@pytest.mark.parametrize("condition", ["if", "while"])
@pytest.mark.parametrize("source", ["1", "true", "undefined", "{}", "'() => true'", "[() => true]"])
def test_a_condition_is_a_function(filled: PoolApp, condition: str, source: str) -> None:
    refused(filled, of(**{condition: source}), f"jobs[0].{condition}", "function")


@pytest.mark.parametrize("condition", ["if", "while"])
def test_a_syntax_error_of_a_condition_has_line_and_column(filled: PoolApp, condition: str) -> None:
    source = "function (variable, context) {\n  return variable.x +;\n}"
    refused(filled, of(**{condition: source}), f"jobs[0].{condition}", "line 2", "column")


def test_a_condition_of_a_dependent_is_refused_with_its_path(filled: PoolApp) -> None:
    flow = below([E, {**E, "while": "function ("}])
    refused(filled, flow, "dependent.dependent.jobs[1].while")


def test_a_condition_that_would_throw_is_accepted(filled: PoolApp) -> None:
    post(filled, of(**{"variable": f"{ALPHA}/variables/done", "if": "() => { throw 1; }"}))


def test_posting_does_not_call_while(filled: PoolApp) -> None:
    """`if` is called when the flow starts, `while` after the first result."""
    post(filled, of(**{"variable": f"{ALPHA}/variables/one", "while": "() => { while (true); }"}))


# Several errors


def test_all_errors_are_listed(filled: PoolApp) -> None:
    flow = {
        "name": "",
        "x": 1,
        "jobs": [{"job": "/jobs/nobody", "if": "1", "y": 1}, E, {**E, "variable": "one", "while": "("}],
        "dependent": {"jobs": [E, 3, {}], "dependent": {"jobs": [], "name": "x"}},
    }
    before = documents(filled)
    document = problem(post(filled, flow, status=422), 422)
    assert sorted(error["path"] for error in document["errors"]) == [
        "dependent.dependent.jobs",
        "dependent.dependent.name",
        "dependent.jobs[1]",
        "dependent.jobs[2].job",
        "jobs[0].if",
        "jobs[0].job",
        "jobs[0].y",
        "jobs[2].variable",
        "jobs[2].while",
        "name",
        "x",
    ]
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


@pytest.mark.parametrize(
    "uri", ["/jobs/alpha", "http://localhost:80/jobs/alpha", "HTTP://localhost:80/jobs/alpha", "/jobs/%61lpha"]
)
def test_equivalent_uris_of_the_pool_are_accepted(filled: PoolApp, uri: str) -> None:
    flow = of(job=uri, variable=f"{uri}/variables/done")
    assert post(filled, flow).json["jobs"][0]["job"] == "/jobs/alpha"


def test_the_host_of_a_uri_must_be_that_of_the_request(filled: PoolApp) -> None:
    flow = of(job="http://pool.example/jobs/alpha", variable="http://pool.example/jobs/alpha/variables/done")
    post(filled, flow, Host="pool.example")
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


def test_posting_a_flow_needs_a_key(filled: PoolApp) -> None:
    before = files(filled)
    response = filled.post_json("/flows", of(), status=401)
    problem(response, 401, "key")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert files(filled) == before


@pytest.mark.parametrize("key", ["Bearer x", "Bearer " + "x" * 43, "", "Basic b3BlcmF0b3I6b3BlcmF0b3I="])
def test_a_wrong_key_is_401(filled: PoolApp, key: str) -> None:
    problem(post(filled, of(), status=401, Authorization=key), 401, "Authorization")


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


@pytest.mark.parametrize("name", ["A name", "x" * 200, "\u202eeman <b>ü</b>"])
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
