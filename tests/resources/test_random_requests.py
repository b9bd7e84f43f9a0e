"""Random requests: none is a 500, and only an acknowledged one changes a document."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import EXECUTE, PoolApp
from tests.resources.helpers import METHODS, ROUTES, documents, problem


@st.composite
def mostly(draw: st.DrawFn, usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any]) -> Any:
    return draw(usual if draw(st.integers(0, 7)) else rare)


def examples(count: int) -> settings:
    """The same examples in every run."""
    checks = list(HealthCheck)
    return settings(max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=checks)


VALID = {
    "{job}": "example-job",
    "{variable}": "one",
    "{scheduler}": "random",
    "{result}": "20141202090909",
    "{file}": "web/widget.js",
}
ENTRY = {"job": "/jobs/example-job", "variable": "/jobs/example-job/variables/one"}
FLOW = {"jobs": [{"job": "/jobs/example-job"}], "dependent": {"jobs": [ENTRY]}}
CALLS = [(method, route) for route, methods in sorted(ROUTES.items()) for method in sorted(methods)]

wrong_ids = st.sampled_from(["two", "three", "nobody", "index", "..", "%2F", "%00", "UPPER"]) | st.text(
    max_size=120
).map(lambda text: quote(text, safe=""))
anything = st.tuples(st.sampled_from([*METHODS, "OPTIONS"]), st.sampled_from(sorted(ROUTES)))
calls = mostly(st.sampled_from(CALLS), anything)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
uris = st.sampled_from(["/jobs/example-job", "/jobs/example-job/variables/one", "/jobs/nobody", "http://[", ""])
conditions = st.sampled_from(["() => true", "() => false", "() => 1", "() => { throw 1; }", "(", ""]) | values
entries = st.fixed_dictionaries(
    {"job": mostly(st.just("/jobs/example-job"), uris | values)},
    optional={
        "variable": mostly(st.just("/jobs/example-job/variables/one"), uris | values),
        "if": conditions,
        "while": conditions,
    },
)
levels = st.fixed_dictionaries({"jobs": st.lists(mostly(entries, values), max_size=3) | values})
flows = st.recursive(
    levels, lambda inner: st.builds(lambda level, below: {**level, "dependent": below}, levels, inner), max_leaves=4
)
fields = st.sampled_from(
    ["name", "metadata", "settings", "state", "execute_function", "validate_result", "_links", "lease_seconds", "x"]
)
jobs = st.fixed_dictionaries(
    {"name": st.text(max_size=30), "execute_function": st.sampled_from([EXECUTE, "1", "function ("])},
    optional={"metadata": values, "settings": values, "state": values},
)
changes = st.sampled_from([{"state": "open"}, {"state": "paused"}, {"x": 1}, {}, {"settings": {"max_errors": 2}}])
documents_sent = values | jobs | flows | st.dictionaries(fields, values) | changes
bodies = (
    documents_sent.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=60)
    | st.lists(documents_sent, max_size=4).map(lambda lines: "\n".join(map(json.dumps, lines)).encode())
)
media_types = mostly(st.just("application/json"), st.sampled_from(["application/x-ndjson", "text/plain", ""]))
words = st.text(st.characters(max_codepoint=255), max_size=40)
headers = st.dictionaries(
    st.sampled_from(
        [
            "ACCEPT",
            "AUTHORIZATION",
            "IDEMPOTENCY_KEY",
            "IF_MATCH",
            "IF_NONE_MATCH",
            "RUN_SECONDS",
            "VOLUNTEER",
            "RANGE",
            "COOKIE",
            "EXPECT",
            "X_FORWARDED_PREFIX",
        ]
    ),
    words | st.sampled_from(["*", "1", "text/csv", "application/x-ndjson", "application/hal+json", "v" * 20]),
    max_size=4,
)
queries = st.lists(
    st.tuples(
        st.sampled_from(["cursor", "limit", "order", "lease", "owner", "x"]), st.text(max_size=20) | st.just("1")
    ),
    max_size=3,
).map(lambda pairs: "&".join(f"{name}={quote(value)}" for name, value in pairs))


@pytest.fixture
def pool(module_pool: PoolApp) -> PoolApp:
    return restored(module_pool)


def restored(pool: PoolApp) -> PoolApp:
    """Posts again the documents that a request deleted or finished."""
    if not (pool.data / "jobs" / "example-job").exists():
        pool.post_job()
    if pool.head("/jobs/example-job/variables/one/results", status="*").status_int != 200:
        pool.post_variable("/jobs/example-job", "one")
    if not any((pool.data / "flows").iterdir()):
        pool.post_json("/flows", FLOW, headers=pool.owner, status=201)
    return pool


def newest_flow(pool: PoolApp) -> str:
    return str(pool.get("/flows?limit=1").json["_embedded"]["items"][0]["id"])


def path_of(pool: PoolApp, data: st.DataObject, route: str) -> str:
    for name in re.findall(r"\{\w+\}", route):
        value = VALID.get(name) or newest_flow(pool)
        route = route.replace(name, data.draw(mostly(st.just(value), wrong_ids)))
    return f"{route}?{data.draw(queries)}"


def send(pool: PoolApp, data: st.DataObject, method: str, path: str) -> Any:
    environ = {f"HTTP_{name}": value for name, value in data.draw(headers).items()}
    environ["CONTENT_TYPE"] = data.draw(media_types)
    if data.draw(st.booleans()):
        environ["HTTP_AUTHORIZATION"] = pool.owner["Authorization"]
    return pool.request(path, method=method, body=data.draw(bodies), environ=environ, expect_errors=True)


def check(pool: PoolApp, data: st.DataObject, method: str, path: str) -> None:
    before = documents(restored(pool))
    response = send(pool, data, method, path)
    assert response.status_int < 500
    if response.status_int >= 400 and method != "HEAD":
        assert problem(response, response.status_int)["detail"]
    if response.status_int >= 300 or method in ("GET", "HEAD", "OPTIONS"):
        assert documents(pool) == before


@examples(300)
@given(call=calls, data=st.data())
def test_no_request_is_a_500(pool: PoolApp, call: tuple[str, str], data: st.DataObject) -> None:
    check(pool, data, call[0], path_of(pool, data, call[1]))


@examples(150)
@given(call=calls, path=st.text(st.characters(max_codepoint=0x2FFF), max_size=80), data=st.data())
def test_no_path_is_a_500(pool: PoolApp, call: tuple[str, str], path: str, data: st.DataObject) -> None:
    check(pool, data, call[0], "/" + quote(path, safe="/%?&=").lstrip("/"))


@examples(150)
@given(flow=flows | values, idempotency=st.sampled_from([{}, {"Idempotency-Key": "one"}, {"Idempotency-Key": "two"}]))
def test_no_flow_is_a_500(pool: PoolApp, flow: Any, idempotency: dict[str, str]) -> None:
    before = documents(restored(pool))
    response = pool.post_json("/flows", flow, headers={**pool.owner, **idempotency}, expect_errors=True)
    if response.status_int != 201:
        assert response.status_int in (400, 422, *([409] if idempotency else []))
        assert problem(response, response.status_int)["detail"]
        assert documents(pool) == before
