"""Hostile paths, queries, headers and methods: refused with the name of what is invalid, and nothing is stored."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import PoolApp
from tests.resources.helpers import ROUTES, files, other_key, problem

JOB = "/jobs/example-job"
ONE = f"{JOB}/variables/one"

# tests/storage/test_ids.py has the table of names that are no ids; these show that each route checks them, and that no
# encoding gets past the check.
HOSTILE_IDS = [
    "..%2F..%2Fsecrets%2Foperator.key",
    "%2e%2e",
    "one%00",
    "%0d%0aX-Injected:%20yes",
    "UPPER",
    "%FF%FE",
    "x" * 5000,
]
UNKNOWN_IDS = ["nobody", "job.json"]
NAMED = [path for path in ROUTES if "{" in path]
PAGED = ["/jobs/index", "/flows", f"{JOB}/variables/index", f"{JOB}/results", f"{JOB}/results?order=input"]
VOLUNTEER_ENDPOINTS = [
    ("GET", "/jobs"),
    ("GET", "/jobs/scheduled/random"),
    ("GET", f"{JOB}/variables"),
    ("POST", f"{ONE}/results"),
]
CHANGING_ENDPOINTS = [
    ("PATCH", JOB),
    ("DELETE", JOB),
    ("POST", f"{JOB}/variables"),
    ("PUT", ONE),
    ("PATCH", ONE),
    ("DELETE", ONE),
]
OWNER_ENDPOINTS = [("POST", "/jobs"), ("POST", "/flows"), *CHANGING_ENDPOINTS]


@pytest.fixture(scope="module")
def filled(module_pool: PoolApp) -> PoolApp:
    job = module_pool.post_job()
    module_pool.post_variable(job)
    module_pool.post_json(module_pool.post_variable(job, "two") + "/results", 2, status=201)
    return module_pool


def send(pool: PoolApp, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    return pool.request(path, method=method, body=body, headers=headers, expect_errors=True)


def hostile_paths(identifier: str) -> list[tuple[str, str]]:
    """Every method and route with this id in one of its fields; the other fields are valid."""
    valid = {
        "{job}": "example-job",
        "{variable}": "one",
        "{scheduler}": "random",
        "{result}": "20141202090909",
        "{file}": "js/x.js",
    }
    paths = []
    for route in NAMED:
        for field in re.findall(r"\{\w+\}", route):
            others = {name: value for name, value in valid.items() if name != field}
            path = route.replace(field, identifier)
            for name, value in others.items():
                path = path.replace(name, value)
            paths += [(method, path) for method in sorted(ROUTES[route])]
    return paths


# Paths


@pytest.mark.parametrize("identifier", HOSTILE_IDS)
def test_an_invalid_id_is_refused_at_every_place(filled: PoolApp, identifier: str) -> None:
    before = files(filled)
    for method, path in hostile_paths(identifier):
        response = send(filled, method, path, b'{"x": 1}', **filled.owner)
        expected = (403, 404, 422) if path.endswith("/lease") else (404, 405, 422)
        assert response.status_int in expected, (method, path, response)
        if method != "HEAD":
            problem(response, response.status_int)
        assert "X-Injected" not in response.headers
    assert files(filled) == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/jobs/{}", 404),
        ("GET", "/jobs/example-job/variables/{}", 404),
        ("PUT", "/jobs/example-job/variables/{}", 422),
        ("POST", "/jobs/example-job/variables/{}/results", 422),
        ("POST", "/jobs/{}/variables", 422),
    ],
)
def test_the_problem_names_the_rule_for_ids(filled: PoolApp, method: str, path: str, status: int) -> None:
    kind = "variable id" if "variables/{" in path else "job id"
    problem(send(filled, method, path.format("UPPER"), b"{}", **filled.owner), status, kind, "1 to 100 of a-z")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_index_is_not_the_id_of_a_variable(filled: PoolApp, method: str) -> None:
    before = files(filled)
    problem(send(filled, method, f"{JOB}/variables/index", b"{}", **filled.owner), 405)
    assert files(filled) == before


@pytest.mark.parametrize("path", ["result", "results"])
def test_index_accepts_no_results(filled: PoolApp, path: str) -> None:
    problem(send(filled, "POST", f"{JOB}/variables/index/{path}", b"2"), 422, "variable id", "index")


@pytest.mark.parametrize("identifier", UNKNOWN_IDS)
def test_an_unknown_id_is_404(filled: PoolApp, identifier: str) -> None:
    before = files(filled)
    for method, path in hostile_paths(identifier):
        if (method in ("PUT", "POST") and path.startswith(f"{JOB}/variables")) or path.endswith(("/lease", "/reports")):
            continue
        response = send(filled, method, path, b'{"state": "open"}', **filled.owner)
        assert response.status_int == 404, (method, path, response)
    assert files(filled) == before


@pytest.mark.parametrize(
    "path",
    [
        "/jobs//example-job",
        "/jobs/example-job/../example-job",
        "/./jobs",
        "/jobs/example-job/variables//",
        "/JOBS",
        "/jobs/example-job/job.json",
        "/flows/example-job/flow.json",
        "/flow-claims",
        "/secrets/operator.key",
        "/tmp",
        "/jobs/index/variables",
        "/jobs/scheduler/variables/one/results",
        "/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_any_other_path_is_404(filled: PoolApp, path: str) -> None:
    problem(send(filled, "GET", path), 404)


# Queries


def with_parameter(path: str, parameter: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{parameter}"


@pytest.mark.parametrize("path", PAGED)
def test_an_invalid_limit_is_400(filled: PoolApp, path: str) -> None:
    problem(send(filled, "GET", with_parameter(path, "limit=1001")), 400, "limit", "from 1 to 1000")


@pytest.mark.parametrize(
    "cursor", ["", "-1", "x", "1", "3", "1.5", "%D9%A3", "%00", "%FF", "9" * 15, "9" * 5000, "0x1"]
)
def test_an_invalid_cursor_is_400(filled: PoolApp, cursor: str) -> None:
    problem(send(filled, "GET", f"{JOB}/variables/index?cursor={cursor}"), 400, "cursor")


@pytest.mark.parametrize("path", PAGED[2:])
def test_a_cursor_of_another_collection_is_400(filled: PoolApp, path: str) -> None:
    problem(send(filled, "GET", with_parameter(path, "cursor=1")), 400, "cursor")


@pytest.mark.parametrize("path", PAGED[:2])
@pytest.mark.parametrize("cursor", ["%C3%BC", "%FF", "x" * 101])
def test_an_invalid_cursor_of_an_index_by_id_is_400(filled: PoolApp, path: str, cursor: str) -> None:
    problem(send(filled, "GET", f"{path}?cursor={cursor}"), 400, "cursor")


@pytest.mark.parametrize("order", ["", "x", "INPUT", "input%00", "accepted,input", "%FF"])
def test_an_invalid_order_is_400(filled: PoolApp, order: str) -> None:
    problem(send(filled, "GET", f"{JOB}/results?order={order}"), 400, "order")


@pytest.mark.parametrize(("method", "path"), [("POST", "lease"), ("DELETE", "lease"), ("POST", "results")])
def test_two_lease_tokens_are_400(filled: PoolApp, method: str, path: str) -> None:
    before = files(filled)
    problem(send(filled, method, f"{ONE}/{path}?lease=x&lease=y", b"2"), 400, "lease: give one token")
    assert files(filled) == before


@pytest.mark.parametrize(
    "query", ["%", "%%%", "&&&", "=", "a=%FF", "a[]=1", "?" * 100, "a=1&" * 2000, "%00=%00", "ü=ü"]
)
def test_unknown_parameters_are_ignored(filled: PoolApp, query: str) -> None:
    for path in ("/", "/jobs", "/jobs/index", f"{JOB}/variables", f"{JOB}/results", ONE):
        assert send(filled, "HEAD", f"{path}?{query}").status_int in (200, 204), path


# Headers


@pytest.mark.parametrize(("method", "path"), VOLUNTEER_ENDPOINTS)
def test_an_invalid_volunteer_id_is_400(filled: PoolApp, method: str, path: str) -> None:
    before = files(filled)
    problem(send(filled, method, path, b"2", Volunteer="x" * 15), 400, "Volunteer")
    assert files(filled) == before


def test_invalid_run_seconds_are_400(filled: PoolApp) -> None:
    before = files(filled)
    problem(send(filled, "POST", f"{ONE}/results", b"2", **{"Run-Seconds": "-1"}), 400, "Run-Seconds")
    assert files(filled) == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/jobs", b'{"name": "New", "execute_function": "() => 1"}'),
        ("/flows", b'{"jobs": [{"job": "/jobs/example-job"}]}'),
        ("/flows/20141202090909", b""),
        (f"{JOB}/variables", b"{}"),
    ],
)
def test_an_invalid_idempotency_key_is_400(filled: PoolApp, path: str, body: bytes) -> None:
    before = files(filled)
    response = send(filled, "POST", path, body, **filled.owner, **{"Idempotency-Key": "a b"})
    problem(response, 400, "Idempotency-Key")
    assert files(filled) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Accept", "\x00"),
        ("Accept", "," * 1000),
        ("Accept", "a/b;q=nan, c/d;q=99999999999999999999"),
        ("Accept", "application/json;q=ü"),
        ("Accept", "x" * 5000),
        ("Content-Type", "\xff"),
        ("Content-Type", "application/json; charset=utf-32; charset=\x00"),
        ("If-None-Match", '"'),
        ("If-None-Match", ',,,"'),
        ("If-None-Match", "W/" * 1000),
        ("If-Modified-Since", "yesterday"),
        ("Range", "bytes=9-1"),
        ("Expect", "the worst"),
        ("Cookie", "a=b; ü;;;="),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Forwarded-Host", "elsewhere.example"),
        ("Forwarded", "host=elsewhere.example"),
        ("Origin", "null"),
        ("Idempotency-Key", "\x00"),
        ("Run-Seconds", "x"),
    ],
)
def test_malformed_headers_are_ignored(filled: PoolApp, name: str, value: str) -> None:
    usual = filled.get(JOB)
    response = send(filled, "GET", JOB, **{name: value})
    assert (response.status_int, response.body) == (200, usual.body)


# Keys


LONG_BODY = b"[" * 2_000_000  # Invalid, too: the response to it shows what is checked first.


@pytest.mark.parametrize(("method", "path"), OWNER_ENDPOINTS)
def test_a_missing_key_is_401_before_the_body_is_read(filled: PoolApp, method: str, path: str) -> None:
    before = files(filled)
    response = send(filled, method, path, LONG_BODY)
    problem(response, 401, "key")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert files(filled) == before


@pytest.mark.parametrize(("method", "path"), OWNER_ENDPOINTS)
def test_a_wrong_key_is_401_before_the_body_is_read(filled: PoolApp, method: str, path: str) -> None:
    before = files(filled)
    problem(send(filled, method, path, LONG_BODY, Authorization="Bearer " + "x" * 43), 401, "Authorization")
    assert files(filled) == before


@pytest.mark.parametrize(("method", "path"), CHANGING_ENDPOINTS)
def test_a_foreign_key_is_403_before_the_body_is_read(filled: PoolApp, method: str, path: str) -> None:
    foreign = other_key(filled)
    before = files(filled)
    problem(send(filled, method, path, LONG_BODY, **foreign), 403, "belongs to another key")
    assert files(filled) == before


@pytest.mark.parametrize(("method", "path"), CHANGING_ENDPOINTS)
def test_an_unknown_job_is_404_without_a_key(filled: PoolApp, method: str, path: str) -> None:
    problem(send(filled, method, path.replace("example-job", "nobody"), b"{}"), 404, "nobody")


# Methods


@pytest.mark.parametrize("method", ["FOO", "get", "G E T", "", "GET\x00", "X" * 5000])
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_an_unknown_method_is_400(filled: PoolApp, method: str) -> None:
    before = files(filled)
    for path in ("/", JOB):
        assert send(filled, method or "-", path).status_int in (400, 405)
    assert files(filled) == before
