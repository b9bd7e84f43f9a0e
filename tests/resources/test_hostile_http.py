"""Hostile paths, queries, headers and methods: refused with the name of what is invalid, and nothing is stored."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import PoolApp
from tests.resources.helpers import ROUTES, files, other_key, problem

JOB = "/jobs/example-job"
ONE = f"{JOB}/variables/one"

HOSTILE_IDS = [
    "..",
    ".",
    "%2e%2e",
    "...",
    ".hidden",
    "..%2F..%2Fsecrets%2Foperator.key",
    "%2e%2e%2f%2e%2e%2fkeys",
    "..%5C..%5Csecrets",
    "a%2Fb",
    "%2Fetc%2Fpasswd",
    "%00",
    "one%00",
    "one%00.json",
    "%0d%0aX-Injected:%20yes",
    "a%0Ab",
    "UPPER",
    "One",
    "%C3%BCn%C3%AF",
    "%FF%FE",
    "%ED%A0%80",
    "%E2%80%AEeno",
    "a%20b",
    "-first",
    "_first",
    "~",
    "a@b",
    "a:b",
    "*",
    "one;x=1",
    "%7B%7D",
    "%25s%25n",
    "x" * 101,
    "x" * 300,
    "x" * 5000,
    "%F0%9F%8F%8A" * 60,
]
UNKNOWN_IDS = ["nobody", "0", "x" * 100, "one.json", "20141202090909", "job.json", "con"]
NAMED = [path for path in ROUTES if "{" in path]
PAGED = ["/jobs/index", "/flows", f"{JOB}/variables/index", f"{JOB}/results", f"{JOB}/results?order=input"]
VOLUNTEER_ENDPOINTS = [
    ("GET", "/jobs"),
    ("GET", "/jobs/scheduled/random"),
    ("GET", f"{JOB}/variables"),
    ("POST", f"{ONE}/results"),
]
POSTING_ENDPOINTS = [("POST", "/jobs"), ("POST", "/flows")]
OWNER_ENDPOINTS = [
    *POSTING_ENDPOINTS,
    ("PATCH", JOB),
    ("DELETE", JOB),
    ("POST", f"{JOB}/variables"),
    ("PUT", ONE),
    ("PATCH", ONE),
    ("DELETE", ONE),
]


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


@pytest.mark.parametrize("identifier", ["UPPER", "x" * 101, ".hidden", "one%00", "a%20b"])
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
def test_the_problem_names_the_rule_for_ids(
    filled: PoolApp, method: str, path: str, status: int, identifier: str
) -> None:
    kind = "variable id" if "variables/{" in path else "job id"
    problem(send(filled, method, path.format(identifier), b"{}", **filled.owner), status, kind, "1 to 100 of a-z")


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
        if (method in ("PUT", "POST") and path.startswith(f"{JOB}/variables")) or path.endswith("/lease"):
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


@pytest.mark.parametrize("path", PAGED)
@pytest.mark.parametrize(
    "limit", ["", "0", "-1", "1001", "x", "1.5", "1e3", "+1", "%201", "%D9%A3", "0x10", "%00", "%FF", "9" * 5000, "1,2"]
)
def test_an_invalid_limit_is_400(filled: PoolApp, path: str, limit: str) -> None:
    separator = "&" if "?" in path else "?"
    problem(send(filled, "GET", f"{path}{separator}limit={limit}"), 400, "limit", "from 1 to 1000")


@pytest.mark.parametrize("path", PAGED[2:])
@pytest.mark.parametrize(
    "cursor", ["", "-1", "x", "1", "3", "1.5", "%D9%A3", "%00", "%FF", "9" * 15, "9" * 5000, "0x1"]
)
def test_an_invalid_cursor_is_400(filled: PoolApp, path: str, cursor: str) -> None:
    separator = "&" if "?" in path else "?"
    problem(send(filled, "GET", f"{path}{separator}cursor={cursor}"), 400, "cursor")


@pytest.mark.parametrize("path", PAGED[:2])
@pytest.mark.parametrize("cursor", ["%C3%BC", "%FF", "x" * 101])
def test_an_invalid_cursor_of_an_index_by_id_is_400(filled: PoolApp, path: str, cursor: str) -> None:
    problem(send(filled, "GET", f"{path}?cursor={cursor}"), 400, "cursor")


@pytest.mark.parametrize("order", ["", "x", "INPUT", "input%00", "accepted,input", "%FF"])
def test_an_invalid_order_is_400(filled: PoolApp, order: str) -> None:
    problem(send(filled, "GET", f"{JOB}/results?order={order}"), 400, "order")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("query", ["lease=x&lease=y", "lease=&lease="])
def test_two_lease_tokens_are_400(filled: PoolApp, method: str, query: str) -> None:
    before = files(filled)
    problem(send(filled, method, f"{ONE}/lease?{query}", b"2"), 400, "lease: give one token")
    problem(send(filled, "POST", f"{ONE}/results?{query}", b"2"), 400, "lease: give one token")
    assert files(filled) == before


@pytest.mark.parametrize(
    "query", ["%", "%%%", "&&&", "=", "a=%FF", "a[]=1", "?" * 100, "a=1&" * 2000, "%00=%00", "ü=ü"]
)
@pytest.mark.parametrize("path", ["/", "/jobs", "/jobs/index", f"{JOB}/variables", f"{JOB}/results", ONE])
def test_unknown_parameters_are_ignored(filled: PoolApp, path: str, query: str) -> None:
    assert send(filled, "HEAD", f"{path}?{query}").status_int in (200, 204)


# Headers


@pytest.mark.parametrize(("method", "path"), VOLUNTEER_ENDPOINTS)
@pytest.mark.parametrize(
    "volunteer",
    ["", "x" * 15, "x" * 129, "an id with blanks in it", "../../secrets/operator.key", "ü" * 20, "x\x00" * 9],
)
def test_an_invalid_volunteer_id_is_400(filled: PoolApp, method: str, path: str, volunteer: str) -> None:
    before = files(filled)
    problem(send(filled, method, path, b"2", Volunteer=volunteer), 400, "Volunteer")
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
        ("Host", "a b\xff"),
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


@pytest.mark.parametrize(("method", "path"), OWNER_ENDPOINTS)
@pytest.mark.parametrize(("key", "status"), [("none", 401), ("wrong", 401), ("foreign", 403)])
def test_the_key_is_checked_before_the_body(filled: PoolApp, method: str, path: str, key: str, status: int) -> None:
    if (method, path) in POSTING_ENDPOINTS and key == "foreign":
        return
    headers = {"none": {}, "wrong": {"Authorization": "Bearer " + "x" * 43}, "foreign": other_key(filled)}[key]
    before = files(filled)
    problem(send(filled, method, path, b"[" * 2_000_000, **headers), status, "key")
    assert files(filled) == before


@pytest.mark.parametrize(("method", "path"), OWNER_ENDPOINTS)
def test_an_unknown_job_is_404_without_a_key(filled: PoolApp, method: str, path: str) -> None:
    if (method, path) not in POSTING_ENDPOINTS:
        problem(send(filled, method, path.replace("example-job", "nobody"), b"{}"), 404, "nobody")


# Methods


@pytest.mark.parametrize("method", ["FOO", "get", "G E T", "", "GET\x00", "X" * 5000])
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_an_unknown_method_is_400(filled: PoolApp, method: str) -> None:
    before = files(filled)
    for path in ("/", JOB):
        assert send(filled, method or "-", path).status_int in (400, 405)
    assert files(filled) == before
