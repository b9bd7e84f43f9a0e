"""Tests of every route: HEAD, preflights, 405, links in JSON and HAL, the mount prefix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from pool.sandbox import Sandbox
from tests.conftest import PoolApp
from tests.resources.helpers import HAL, METHODS, PAGES, ROUTES, files, problem

FILLED = {"{scheduler}": "random", "{job}": "example-job", "{variable}": "one", "{file}": "web/widget.js"}
# Not read, or no document with links.
UNLINKED = (
    "/lease",
    "/reports",
    "/metrics",
    "/openapi.json",
    "/codes",
    "/join",
    "/bans",
    "/{ban}",
    "/badge.svg",
    "/operator",
    "/blocks",
    "/{target}",
)
LINKED = [route for route in ROUTES if route not in PAGES and not route.endswith(UNLINKED)]
CHOOSING = ["/jobs", "/jobs/scheduler", "/jobs/scheduled", "/jobs/scheduled/{scheduler}", "/jobs/{job}/variables"]
MOUNTED = {"SCRIPT_NAME": "/my pool/ü".encode().decode("latin-1")}
PREFIX = "/my%20pool/%C3%BC"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """A pool where every route has a document, with enough variables to lease, and no limit on leases."""
    pool = PoolApp(tmp_path_factory.mktemp("filled") / "pool", sandbox, trusted="127.0.0.0/8")
    job = pool.post_job()
    pool.post_json(pool.post_variable(job) + "/results", 2, status=201)
    for number in range(30):
        pool.post_variable(job, f"v{number}")
    flow = {"jobs": [{"job": job}], "dependent": {"jobs": [{"job": job}]}}
    pool.post_json("/flows", flow, headers=pool.owner, status=201)
    return pool


def path_of(pool: PoolApp, route: str) -> str:
    for name, value in FILLED.items():
        route = route.replace(name, value)
    if "{result}" in route:
        results = pool.get("/jobs/example-job/variables/one/results").json["_embedded"]["items"]
        route = route.replace("{result}", results[0]["id"])
    if "{flow}" in route:
        route = route.replace("{flow}", pool.get("/flows").json["_embedded"]["items"][0]["id"])
    return route


@pytest.mark.parametrize("route", ROUTES)
def test_a_preflight_allows_every_origin_and_method(filled: PoolApp, route: str) -> None:
    headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    response = filled.options(path_of(filled, route), headers=headers, status=200)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    allowed = {method.strip() for method in response.headers["Access-Control-Allow-Methods"].split(",")}
    assert allowed == ROUTES[route]
    assert int(response.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize(
    "header",
    ["Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Run-Seconds", "Volunteer"],
)
def test_a_preflight_allows_every_request_header(filled: PoolApp, header: str) -> None:
    allowed = filled.options("/jobs").headers["Access-Control-Allow-Headers"]
    assert header in allowed.split(", ")


@pytest.mark.parametrize("header", ["ETag", "Lease-Seconds", "Location", "Retry-After"])
def test_response_headers_are_exposed_to_other_origins(filled: PoolApp, header: str) -> None:
    assert header in filled.get("/").headers["Access-Control-Expose-Headers"].split(", ")


@pytest.mark.parametrize("path", ["/", "/nothing", "/jobs/nobody"])
def test_every_response_allows_every_origin(filled: PoolApp, path: str) -> None:
    assert filled.get(path, status="*").headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("route", ROUTES)
def test_head_is_get_without_a_body(filled: PoolApp, route: str) -> None:
    if "GET" not in ROUTES[route]:
        problem(filled.get(path_of(filled, route), status=405), 405, "GET")
        return
    path = path_of(filled, route)
    before = files(filled)
    head = filled.head(path, headers=filled.owner, status=200)
    assert files(filled) == before
    get = filled.get(path, headers=filled.owner, status=200)
    assert head.body == b""
    for name in ("Content-Type", "Cache-Control", "ETag", "Vary"):
        if route != "/jobs/{job}/variables" or name != "Vary":
            assert head.headers.get(name) == get.headers.get(name)


@pytest.mark.parametrize("route", ROUTES)
def test_any_other_method_is_405(filled: PoolApp, route: str) -> None:
    path, before = path_of(filled, route), files(filled)
    for method in {*METHODS, "TRACE"} - ROUTES[route]:
        response = filled.request(path, method=method, expect_errors=True)
        assert response.status_int == 405, method
        assert {name.strip() for name in response.headers["Allow"].split(",")} >= ROUTES[route]
        if method != "HEAD":
            problem(response, 405, method)
    assert files(filled) == before


def links_of(document: Any) -> Iterator[Any]:
    """The values of every `_links` in a document."""
    yield from document.get("_links", {}).values()
    for item in document.get("_embedded", {}).get("items", []):
        yield from links_of(item)


@pytest.mark.parametrize("route", LINKED)
def test_links_are_plain_paths_in_json(filled: PoolApp, route: str) -> None:
    found = list(links_of(filled.get(path_of(filled, route), headers=filled.owner).json))
    assert found
    assert all(isinstance(link, str) and link.startswith("/") for link in found)


@pytest.mark.parametrize("route", LINKED)
def test_links_are_objects_in_hal(filled: PoolApp, route: str) -> None:
    response = filled.get(path_of(filled, route), headers={**HAL, **filled.owner})
    assert response.content_type == "application/hal+json"
    for link in links_of(response.json):
        assert set(link) in ({"href"}, {"href", "templated"})
        assert ("{" in link["href"]) == link.get("templated", False)


@pytest.mark.parametrize("route", [route for route in LINKED if route not in CHOOSING])
def test_the_self_link_is_the_path(filled: PoolApp, route: str) -> None:
    path = path_of(filled, route)
    assert filled.get(path, headers=filled.owner).json["_links"]["self"] == re.sub("/result(?=/|$)", "/results", path)


@pytest.mark.parametrize("route", LINKED)
def test_links_have_the_mount_prefix(filled: PoolApp, route: str) -> None:
    document = filled.get(path_of(filled, route), headers=filled.owner, extra_environ=MOUNTED).json
    assert all(link.startswith(f"{PREFIX}/") for link in links_of(document))


@pytest.mark.parametrize("route", LINKED)
def test_links_below_the_mount_prefix_can_be_followed(filled: PoolApp, route: str) -> None:
    document = filled.get(path_of(filled, route), headers=filled.owner, extra_environ=MOUNTED).json
    for link in links_of(document):
        address = link.removeprefix(PREFIX).split("?lease")[0]
        if "{" not in address and not address.endswith(UNLINKED):
            filled.head(address, headers=filled.owner, status="2*")


def test_the_scheduler_url_has_the_mount_prefix(filled: PoolApp) -> None:
    assert filled.get("/", extra_environ=MOUNTED).json["job_scheduler_url"] == f"{PREFIX}/jobs/scheduler"


@pytest.mark.parametrize("mount", ["", "/pool", "/pool/"])
def test_a_trailing_slash_of_the_mount_prefix_is_not_doubled(filled: PoolApp, mount: str) -> None:
    links = filled.get("/", extra_environ={"SCRIPT_NAME": mount}).json["_links"]
    assert links["jobs"] == f"{mount.rstrip('/')}/jobs/index"


def test_locations_have_the_mount_prefix(pool: PoolApp) -> None:
    job = {"name": "Example job", "execute_function": "() => 1"}
    posted = pool.post_json("/jobs", job, headers=pool.owner, extra_environ=MOUNTED)
    assert posted.headers["Location"] == f"{PREFIX}/jobs/example-job"
    path = "/jobs/example-job/variables"
    variable = pool.post_json(path, {"x": 1}, headers=pool.owner, extra_environ=MOUNTED)
    assert variable.headers["Location"].startswith(f"{PREFIX}{path}/")
    result = f"{variable.headers['Location'].removeprefix(PREFIX)}/results"
    posted = pool.post_json(result, 1, extra_environ=MOUNTED)
    assert posted.headers["Location"].startswith(f"{PREFIX}{result}/20")
    flow = {"jobs": [{"job": f"{PREFIX}/jobs/example-job", "variable": variable.headers["Location"]}]}
    posted = pool.post_json("/flows", flow, headers=pool.owner, extra_environ=MOUNTED)
    assert posted.headers["Location"].startswith(f"{PREFIX}/flows/20")


def test_the_link_to_the_holder_of_a_name_has_the_mount_prefix(filled: PoolApp) -> None:
    job = {"name": "Example job", "execute_function": "() => 1"}
    response = filled.post_json("/jobs", job, headers=filled.owner, extra_environ=MOUNTED, status=409)
    assert response.json["_links"]["holder"] == f"{PREFIX}/jobs/example-job"


@pytest.mark.parametrize(
    "accept", ["application/hal+json", "application/xml", "text/csv", "garbage", "*/*", "application/json, text/html"]
)
def test_a_problem_is_problem_json_unless_html_is_preferred(filled: PoolApp, accept: str) -> None:
    problem(filled.get("/jobs/nobody/progress", headers={"Accept": accept}, status=404), 404, "nobody")
