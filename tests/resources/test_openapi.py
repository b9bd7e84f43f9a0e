"""`/openapi.json`: the description is complete, and the running pool's responses match it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from webtest import TestResponse

import resources
from pool.sandbox import Sandbox
from tests.conftest import EXECUTE, MakePool, PoolApp, address
from tests.resources.helpers import HAL, ROUTES, VOLUNTEER, other_key

DESCRIPTION: dict[str, Any] = json.loads(Path(resources.__file__).with_name("openapi.json").read_text(encoding="utf-8"))
OPERATIONS = [
    (path, method, operation) for path, methods in DESCRIPTION["paths"].items() for method, operation in methods.items()
]
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
JOB, ONE = "/jobs/example-job", "/jobs/example-job/variables/one"
FILE = "web/widget.js"
NEW = {"name": "New", "execute_function": EXECUTE}


def resolved(node: Any) -> Any:
    """The node itself, or the target of its `$ref`."""
    while "$ref" in node:
        found = DESCRIPTION
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        node = found
    return node


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


# The description itself


def test_the_description_is_served_unchanged(unchanged: PoolApp) -> None:
    response = unchanged.get("/openapi.json", status=200)
    assert response.content_type == "application/json"
    assert response.json == DESCRIPTION
    assert response.json["openapi"].startswith("3.1.")


def test_the_description_covers_all_routes_and_methods() -> None:
    described = {path: frozenset(map(str.upper, methods)) for path, methods in DESCRIPTION["paths"].items()}
    assert described == ROUTES


def test_every_reference_has_a_target() -> None:
    for reference in references(DESCRIPTION):
        assert resolved({"$ref": reference})


def test_every_component_is_referenced() -> None:
    parts = {kind: names for kind, names in DESCRIPTION["components"].items() if kind != "securitySchemes"}
    defined = {f"#/components/{kind}/{name}" for kind, names in parts.items() for name in names}
    assert defined - set(references(DESCRIPTION)) == {
        "#/components/schemas/ResultLine",
        "#/components/schemas/NewResultLine",
    }


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_every_operation_has_a_known_tag() -> None:
    known = {tag["name"] for tag in DESCRIPTION["tags"]}
    assert all(set(operation["tags"]) <= known for _, _, operation in OPERATIONS)


@pytest.mark.parametrize("path", DESCRIPTION["paths"])
def test_the_parameters_of_a_path_are_those_in_it(path: str) -> None:
    for operation in DESCRIPTION["paths"][path].values():
        parameters = [resolved(parameter) for parameter in operation.get("parameters", [])]
        in_path = [parameter["name"] for parameter in parameters if parameter["in"] == "path"]
        assert in_path == re.findall(r"\{(\w+)\}", path), operation["operationId"]


@pytest.mark.parametrize("path", DESCRIPTION["paths"])
def test_every_response_is_described(path: str) -> None:
    for operation in DESCRIPTION["paths"][path].values():
        answers = {status: resolved(answer) for status, answer in operation["responses"].items()}
        assert any(status.startswith("2") for status in answers), operation["operationId"]
        assert "default" in answers, operation["operationId"]
        assert all(answer["description"] for answer in answers.values()), operation["operationId"]


def test_head_has_no_body() -> None:
    for operation in (operation for _, method, operation in OPERATIONS if method == "head"):
        explicit = [resolved(answer) for status, answer in operation["responses"].items() if status != "default"]
        assert not any("content" in answer for answer in explicit), operation["operationId"]


# The running pool


class Call(NamedTuple):
    status: int
    method: str
    route: str
    body: Any = None
    headers: dict[str, str] | None = None
    query: str = ""
    key: str = ""

    @property
    def changes_nothing(self) -> bool:
        """A GET of a job's variables leases one, and errors are stored."""
        if self.method in ("GET", "HEAD"):
            return self.route != V
        return self.status >= 400 and self.body != -1


FLOW = {
    "name": "A flow",
    "jobs": [{"job": JOB, "variable": ONE, "if": "() => true"}],
    "dependent": {"jobs": [{"job": JOB, "variable": f"{JOB}/variables/done", "while": "() => false"}]},
}
V = "/jobs/{job}/variables"
NDJSON = {"Content-Type": "application/x-ndjson"}
CALLS = [
    Call(200, "GET", "/"),
    Call(200, "GET", "/", headers=HAL),
    Call(200, "HEAD", "/"),
    Call(200, "GET", "/", headers={"Accept": "text/html"}),
    Call(304, "GET", "/", headers={"Accept": "text/html", "If-None-Match": "*"}),
    Call(304, "HEAD", "/", headers={"Accept": "text/html", "If-None-Match": "*"}),
    Call(200, "GET", "/post"),
    Call(304, "HEAD", "/post", headers={"If-None-Match": "*"}),
    Call(200, "GET", "/widget"),
    Call(304, "HEAD", "/widget", headers={"If-None-Match": "*"}),
    Call(200, "GET", "/widget.js"),
    Call(304, "GET", "/widget.js", headers={"If-None-Match": "*"}),
    Call(200, "GET", "/client/{file}"),
    Call(304, "HEAD", "/client/{file}", headers={"If-None-Match": "*"}),
    Call(200, "GET", "/sandbox"),
    Call(304, "HEAD", "/sandbox", headers={"If-None-Match": "*"}),
    Call(200, "GET", "/operator", key="operator"),
    Call(200, "GET", "/operator", headers=HAL, key="operator"),
    Call(200, "GET", "/operator", headers={"Accept": "text/html"}),
    Call(200, "HEAD", "/operator", key="operator"),
    Call(401, "GET", "/operator"),
    Call(403, "GET", "/operator", key="other"),
    Call(201, "POST", "/operator/blocks", {"target": "192.0.2.0/24", "reason": "a flood"}, key="operator"),
    Call(401, "POST", "/operator/blocks", {}),
    Call(422, "POST", "/operator/blocks", {"target": "everybody", "reason": "x"}, key="operator"),
    Call(403, "DELETE", "/operator/blocks/{target}", key="other"),
    Call(404, "DELETE", "/operator/blocks/{target}", key="operator"),
    Call(200, "GET", "/volunteer", headers=VOLUNTEER),
    Call(200, "HEAD", "/volunteer", headers=VOLUNTEER),
    Call(200, "PATCH", "/volunteer", {"name": "Anna", "team": None, "shown": True}, VOLUNTEER),
    Call(400, "PATCH", "/volunteer", {}),
    Call(415, "PATCH", "/volunteer", {}, {**VOLUNTEER, "Content-Type": "text/plain"}),
    Call(422, "PATCH", "/volunteer", {"name": "<b>"}, VOLUNTEER),
    Call(204, "DELETE", "/volunteer", headers=VOLUNTEER),
    Call(400, "DELETE", "/volunteer"),
    Call(201, "POST", "/volunteer/codes", headers=VOLUNTEER),
    Call(400, "POST", "/volunteer/codes"),
    Call(404, "POST", "/volunteer/join", {"code": "22222-22222"}),
    Call(422, "POST", "/volunteer/join", {}),
    Call(200, "GET", "/leaderboard"),
    Call(200, "GET", "/leaderboard", headers=HAL, query="period=day&by=teams&job=example-job"),
    Call(200, "GET", "/leaderboard", headers={"Accept": "text/html"}),
    Call(304, "GET", "/leaderboard", headers={"If-None-Match": "*"}),
    Call(304, "HEAD", "/leaderboard", headers={"If-None-Match": "*"}),
    Call(400, "GET", "/leaderboard", query="period=year"),
    Call(404, "GET", "/leaderboard", query="job=nobody"),
    Call(200, "GET", "/names", key="operator"),
    Call(200, "HEAD", "/names", key="operator"),
    Call(401, "GET", "/names"),
    Call(403, "GET", "/names", key="other"),
    Call(201, "POST", "/names/bans", {"text": "Rude", "reason": "rude"}, key="operator"),
    Call(404, "POST", "/names/bans", {"mark": "x", "reason": "rude"}, key="operator"),
    Call(422, "POST", "/names/bans", {}, key="operator"),
    Call(403, "POST", "/names/bans", {}, key="other"),
    Call(404, "DELETE", "/names/bans/{ban}", key="operator"),
    Call(200, "GET", "/badge.svg", query="job=example-job"),
    Call(304, "GET", "/badge.svg", headers={"If-None-Match": "*"}),
    Call(304, "HEAD", "/badge.svg", headers={"If-None-Match": "*"}),
    Call(404, "GET", "/badge.svg", query="job=nobody"),
    Call(200, "GET", "/status", headers={"Accept": "text/html"}),
    Call(200, "GET", "/keys"),
    Call(200, "GET", "/keys", key="other"),
    Call(200, "HEAD", "/keys"),
    Call(401, "GET", "/keys", key="wrong"),
    Call(403, "POST", "/keys", {"owner": "alice"}),
    Call(200, "GET", "/status"),
    Call(200, "GET", "/status", headers=HAL),
    Call(304, "GET", "/status", headers={"If-None-Match": "*"}),
    Call(304, "HEAD", "/status", headers={"If-None-Match": "*"}),
    Call(200, "GET", "/health"),
    Call(200, "HEAD", "/health"),
    Call(200, "GET", "/metrics"),
    Call(200, "GET", "/openapi.json"),
    Call(200, "GET", "/jobs"),
    Call(204, "GET", "/jobs", query="owner=nobody"),
    Call(200, "GET", "/jobs", query="can=wasm&can=webgpu&memory_mb=1024"),
    Call(400, "GET", "/jobs", query="memory_mb=much"),
    Call(400, "GET", "/jobs", headers={"Volunteer": "short"}),
    Call(201, "POST", "/jobs", NEW, key="operator"),
    Call(400, "POST", "/jobs", b"{", key="operator"),
    Call(401, "POST", "/jobs", NEW),
    Call(409, "POST", "/jobs", {**NEW, "replaces": "Example job"}, key="operator"),
    Call(403, "POST", "/jobs", {**NEW, "replaces": "Example job"}, key="other"),
    Call(409, "POST", "/jobs", {**NEW, "name": "Example job"}, key="operator"),
    Call(413, "POST", "/jobs", {**NEW, "name": "x" * 5000}, key="operator"),
    Call(415, "POST", "/jobs", NEW, {"Content-Type": "text/plain"}, key="operator"),
    Call(201, "POST", "/jobs", {**NEW, "requirements": {"wasm": True, "memory_mb": 64}}, key="operator"),
    Call(422, "POST", "/jobs", {}, key="operator"),
    Call(422, "POST", "/jobs", {**NEW, "requirements": {"magic": True}}, key="operator"),
    Call(200, "GET", "/jobs/index"),
    Call(200, "GET", "/jobs/index", headers=HAL),
    Call(400, "GET", "/jobs/index", query="limit=0"),
    Call(200, "GET", "/jobs/scheduler"),
    Call(200, "GET", "/jobs/scheduled"),
    Call(200, "GET", "/jobs/scheduled/{scheduler}"),
    Call(200, "HEAD", "/jobs/scheduled/{scheduler}"),
    Call(200, "GET", "/jobs/{job}"),
    Call(200, "GET", "/jobs/{job}", headers=HAL, key="operator"),
    Call(304, "GET", "/jobs/{job}", headers={"If-None-Match": "*"}),
    Call(304, "HEAD", "/jobs/{job}", headers={"If-None-Match": "*"}),
    Call(401, "GET", "/jobs/{job}", key="wrong"),
    Call(200, "PATCH", "/jobs/{job}", {"state": "paused"}, key="operator"),
    Call(401, "PATCH", "/jobs/{job}", {"state": "paused"}),
    Call(403, "PATCH", "/jobs/{job}", {"state": "paused"}, key="other"),
    Call(412, "PATCH", "/jobs/{job}", {"state": "paused"}, {"If-Match": '"x"'}, key="operator"),
    Call(200, "PATCH", "/jobs/{job}", {"requirements": {"webgpu": True}}, key="operator"),
    Call(422, "PATCH", "/jobs/{job}", {"state": "x"}, key="operator"),
    Call(204, "DELETE", "/jobs/{job}", key="operator"),
    Call(403, "DELETE", "/jobs/{job}", key="other"),
    Call(200, "GET", "/jobs/{job}/progress"),
    Call(200, "GET", "/jobs/{job}/progress", key="operator"),
    Call(200, "GET", "/jobs/{job}/activity"),
    Call(200, "GET", "/jobs/{job}/activity", headers=HAL),
    Call(304, "GET", "/jobs/{job}/activity", headers={"If-None-Match": "*"}),
    Call(304, "HEAD", "/jobs/{job}/activity", headers={"If-None-Match": "*"}),
    *(
        Call(status, "GET", path, headers={"Accept": "text/html", **condition})
        for path in ("/jobs/index", "/jobs/{job}", "/jobs/{job}/results", f"{V}/index", "/flows")
        for status, condition in ((200, {}), (304, {"If-None-Match": "*"}))
    ),
    Call(200, "GET", "/jobs/{job}/results", query="format=csv"),
    Call(400, "GET", "/jobs/{job}/results", query="format=x"),
    Call(200, "GET", "/jobs/{job}/errors", key="operator"),
    Call(200, "GET", "/jobs/{job}/errors", headers=HAL, key="operator"),
    Call(200, "GET", "/jobs/{job}/errors", headers={"Accept": "text/html"}),
    Call(304, "GET", "/jobs/{job}/errors", headers={"If-None-Match": "*"}, key="operator"),
    Call(401, "GET", "/jobs/{job}/errors"),
    Call(403, "GET", "/jobs/{job}/errors", key="other"),
    Call(200, "HEAD", "/jobs/{job}/errors", key="operator"),
    Call(200, "GET", "/jobs/{job}/results"),
    Call(200, "GET", "/jobs/{job}/results", query="wait=0&errors=true", key="operator"),
    Call(200, "GET", "/jobs/{job}/results", headers=HAL, query="wait=0"),
    Call(400, "GET", "/jobs/{job}/results", query="wait=61"),
    Call(401, "GET", "/jobs/{job}/results", query="wait=0", key="wrong"),
    Call(200, "GET", "/jobs/{job}/results", headers=HAL),
    Call(200, "GET", "/jobs/{job}/results", headers={"Accept": "application/x-ndjson"}),
    Call(200, "GET", "/jobs/{job}/results", headers={"Accept": "text/csv"}),
    Call(400, "GET", "/jobs/{job}/results", query="order=x"),
    Call(200, "GET", "/jobs/{job}/results", query="last=1&inputs=true"),
    Call(400, "GET", "/jobs/{job}/results", query="last=0"),
    Call(200, "POST", "/jobs/{job}/results", f'{{"post_result": "{ONE}/results", "result": 2}}\n1'.encode(), NDJSON),
    Call(400, "POST", "/jobs/{job}/results", b"", NDJSON),
    Call(413, "POST", "/jobs/{job}/results", b"1\n" * 257, NDJSON),
    Call(415, "POST", "/jobs/{job}/results", {}),
    Call(200, "GET", V, headers=VOLUNTEER),
    Call(200, "GET", V, headers=HAL),
    Call(200, "GET", V, query="count=2"),
    Call(400, "GET", V, query="count=0"),
    Call(200, "HEAD", V),
    Call(201, "POST", V, {"x": 2}, key="operator"),
    Call(201, "POST", V, b"{}\n{}\n", {"Content-Type": "application/x-ndjson"}, key="operator"),
    Call(400, "POST", V, {"x": 1}, {"Idempotency-Key": ""}, key="operator"),
    Call(401, "POST", V, {"x": 1}),
    Call(422, "POST", V, {"_links": 1}, key="operator"),
    Call(200, "PUT", V, b'{"id": "two", "variable": {"x": 2}}', NDJSON, key="operator"),
    Call(401, "PUT", V, b"{}", NDJSON),
    Call(409, "PUT", V, b'{"id": "one", "variable": {"x": 2}}', NDJSON, key="operator"),
    Call(415, "PUT", V, {"x": 1}, key="operator"),
    Call(422, "PUT", V, b"{}", NDJSON, key="operator"),
    Call(200, "GET", f"{V}/index"),
    Call(400, "GET", f"{V}/index", query="cursor=x"),
    Call(200, "GET", f"{V}/{{variable}}"),
    Call(200, "GET", f"{V}/{{variable}}", headers={"Accept": "application/javascript"}),
    Call(200, "GET", f"{V}/{{variable}}", query="format=js"),
    Call(304, "GET", f"{V}/{{variable}}", headers={"If-None-Match": "*"}, query="format=js"),
    Call(304, "HEAD", f"{V}/{{variable}}", headers={"If-None-Match": "*"}, query="format=js"),
    Call(200, "PUT", f"{V}/{{variable}}", {"x": 1}, key="operator"),
    Call(409, "PUT", f"{V}/{{variable}}", {"x": 2}, key="operator"),
    Call(409, "PATCH", f"{V}/{{variable}}", {"state": "open"}, key="operator"),
    Call(422, "PATCH", f"{V}/{{variable}}", {}, key="operator"),
    Call(204, "DELETE", f"{V}/{{variable}}", key="operator"),
    Call(403, "DELETE", f"{V}/{{variable}}", key="other"),
    Call(403, "POST", f"{V}/{{variable}}/lease", query="lease=x"),
    Call(400, "DELETE", f"{V}/{{variable}}/lease", query="lease=x&lease=y"),
    Call(400, "POST", f"{V}/{{variable}}/reports", {"console": "x"}, query="lease=x&lease=y"),
    Call(403, "POST", f"{V}/{{variable}}/reports", {"console": "x"}, query="lease=x"),
    Call(422, "POST", f"{V}/{{variable}}/reports", {}, query="lease=x"),
    Call(201, "POST", f"{V}/{{variable}}/results", 2),
    Call(201, "POST", f"{V}/{{variable}}/result", 2),
    Call(400, "POST", f"{V}/{{variable}}/results", b""),
    Call(403, "POST", f"{V}/{{variable}}/results", 2, query="lease=x"),
    Call(413, "POST", f"{V}/{{variable}}/results", "x" * 5000),
    Call(422, "POST", f"{V}/{{variable}}/results", -1),
    Call(200, "GET", f"{V}/{{variable}}/results"),
    Call(200, "GET", f"{V}/{{variable}}/result", headers=HAL, key="operator"),
    Call(404, "GET", f"{V}/{{variable}}/results/{{result}}"),
    Call(404, "GET", f"{V}/{{variable}}/result/{{result}}"),
    Call(200, "GET", "/flows"),
    Call(200, "GET", "/flows", headers=HAL),
    Call(200, "HEAD", "/flows"),
    Call(400, "GET", "/flows", query="cursor=X"),
    Call(400, "GET", "/flows", query="limit=0"),
    Call(401, "GET", "/flows", key="wrong"),
    Call(201, "POST", "/flows", FLOW, key="operator"),
    Call(201, "POST", "/flows", FLOW, HAL, key="operator"),
    Call(201, "POST", "/flows", FLOW, {"Idempotency-Key": "new"}, key="operator"),
    Call(201, "POST", "/flows", FLOW, {"Idempotency-Key": "known"}, key="operator"),
    Call(400, "POST", "/flows", b"{", key="operator"),
    Call(401, "POST", "/flows", FLOW),
    Call(409, "POST", "/flows", {}, {"Idempotency-Key": "known"}, key="operator"),
    Call(413, "POST", "/flows", {**FLOW, "name": "x" * 5000}, key="operator"),
    Call(415, "POST", "/flows", FLOW, {"Content-Type": "text/plain"}, key="operator"),
    Call(422, "POST", "/flows", {}, key="operator"),
    Call(422, "POST", "/flows", {"jobs": [{"job": "/jobs/nobody", "if": "1"}, 1], "x": 1}, key="operator"),
    Call(200, "GET", "/flows/{flow}"),
    Call(200, "GET", "/flows/{flow}", headers=HAL),
    Call(200, "GET", "/flows/{flow}", key="operator"),
    Call(200, "GET", "/flows/{flow}", headers={"Accept": "text/html"}),
    Call(200, "HEAD", "/flows/{flow}"),
    Call(304, "GET", "/flows/{flow}", headers={"If-None-Match": "*"}),
    Call(304, "HEAD", "/flows/{flow}", headers={"If-None-Match": "*"}),
    Call(304, "GET", "/flows/{flow}", headers={"Accept": "text/html", "If-None-Match": "*"}),
    Call(401, "GET", "/flows/{flow}", key="wrong"),
    Call(201, "POST", "/flows/{flow}", key="operator"),
    Call(400, "POST", "/flows/{flow}", headers={"Idempotency-Key": ""}, key="operator"),
    Call(401, "POST", "/flows/{flow}"),
    Call(403, "POST", "/flows/{flow}", key="other"),
    Call(204, "DELETE", "/flows/{flow}", key="operator"),
    Call(401, "DELETE", "/flows/{flow}"),
    Call(403, "DELETE", "/flows/{flow}", key="other"),
]


def fill(pool: PoolApp) -> PoolApp:
    """A job with an open and a finished variable, the open one with a rejected result; a flow of both."""
    job = pool.post_job(validate_result="(variable, result) => result === undefined || result >= 0")
    variables = [pool.post_variable(job, name) for name in ("done", "one")]
    pool.post_json(f"{variables[0]}/results", 2, headers=VOLUNTEER, status=201)
    pool.post_json(f"{variables[1]}/results", -1, extra_environ=address(1), status=422)
    pool.post_json("/flows", FLOW, headers={**pool.owner, "Idempotency-Key": "known"}, status=201)
    return pool


@pytest.fixture
def filled(make_pool: MakePool) -> PoolApp:
    return fill(make_pool(max_document=4000))


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """The same for tests that change nothing."""
    return fill(PoolApp(tmp_path_factory.mktemp("openapi") / "pool", sandbox, max_document=4000))


def flow_of(pool: PoolApp) -> str:
    """The path of the only flow."""
    return str(pool.get("/flows").json["_embedded"]["items"][0]["_links"]["self"])


def send(pool: PoolApp, call: Call) -> TestResponse:
    path = call.route.replace("{job}", "example-job").replace("{variable}", "one")
    path = path.replace("{scheduler}", "random").replace("{result}", "20141202090909").replace("{file}", FILE)
    path = path.replace("/flows/{flow}", flow_of(pool) if "{flow}" in path else "")
    body = (
        call.body if isinstance(call.body, bytes) else json.dumps(call.body).encode() if call.body is not None else b""
    )
    keys = {"operator": pool.owner, "wrong": {"Authorization": "Bearer wrong"}, "": {}}
    headers = other_key(pool) if call.key == "other" else keys[call.key]
    headers = {**headers, **(call.headers or {})}
    return pool.request(f"{path}?{call.query}", method=call.method, body=body, headers=headers, expect_errors=True)


def each(calls: list[Call]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("call", calls, ids=lambda call: f"{call.method} {call.route} {call.status}")


@each([call for call in CALLS if call.changes_nothing])
def test_responses_match_the_description(unchanged: PoolApp, call: Call) -> None:
    assert_response_matches(send(unchanged, call), call)


@each([call for call in CALLS if not call.changes_nothing])
def test_responses_to_changes_match_the_description(filled: PoolApp, call: Call) -> None:
    assert_response_matches(send(filled, call), call)


def assert_response_matches(response: TestResponse, call: Call) -> None:
    assert response.status_int == call.status, response
    assert_matches(response, DESCRIPTION["paths"][call.route][call.method.lower()])


def test_responses_of_leases_match_the_description(filled: PoolApp) -> None:
    operations = DESCRIPTION["paths"][f"{V}/{{variable}}/lease"]
    lease = filled.lease(JOB)["lease"]
    assert_matches(filled.post(lease, status=200), operations["post"])
    assert_matches(filled.delete(lease, status=204), operations["delete"])
    assert_matches(filled.delete(lease, status=409), operations["delete"])


def test_responses_to_reports_match_the_description(filled: PoolApp) -> None:
    operation = DESCRIPTION["paths"][f"{V}/{{variable}}/reports"]["post"]
    link = filled.lease(JOB)["post_report"]
    assert_matches(filled.post_json(link, {"error": {"kind": "threw", "message": "no"}}, status=204), operation)
    assert_matches(filled.post_json(link, {"error": {"kind": "code"}}, status=409), operation)
    errors = filled.get(f"{JOB}/errors", headers=filled.owner).json["_embedded"]["items"]
    assert [group["function"] for group in errors] == ["validate_result", "execute_function"]
    for group in errors:
        response = filled.get(group["_links"]["self"], headers=filled.owner, status=200)
        assert_matches(response, DESCRIPTION["paths"][f"{V}/{{variable}}/results/{{result}}"]["get"])


def test_a_limit_matches_the_description(filled: PoolApp) -> None:
    response = filled.post_json(f"{ONE}/results", -1, extra_environ=address(1), status=429)
    assert_matches(response, DESCRIPTION["paths"][f"{V}/{{variable}}/results"]["post"])


@pytest.mark.parametrize("key", [False, True])
def test_results_match_the_description(unchanged: PoolApp, key: bool) -> None:
    variable = f"{JOB}/variables/{'one' if key else 'done'}"
    headers = unchanged.owner if key else {}
    item = unchanged.get(f"{variable}/results", headers=headers).json["_embedded"]["items"][0]
    response = unchanged.get(item["_links"]["self"], headers=headers, status=200)
    assert_matches(response, DESCRIPTION["paths"][f"{V}/{{variable}}/results/{{result}}"]["get"])
    assert ("rejected" in response.json) is key


def test_ndjson_lines_match_the_description(unchanged: PoolApp) -> None:
    line = unchanged.get(f"{JOB}/results", headers={"Accept": "application/x-ndjson"}).text
    assert not violations(json.loads(line), DESCRIPTION["components"]["schemas"]["ResultLine"])


def test_what_is_shown_of_volunteers_matches_the_description(filled: PoolApp) -> None:
    key = {**VOLUNTEER, **filled.owner}
    filled.post_json(filled.lease(JOB, **VOLUNTEER)["post_result"], 2, headers=VOLUNTEER, status=201)
    filled.patch_json("/volunteer", {"name": "Anna", "team": "Blue", "shown": True}, headers=VOLUNTEER)
    filled.post_json("/names/bans", {"text": "Rude", "reason": "rude"}, headers=key, status=201)
    code = filled.post("/volunteer/codes", headers=VOLUNTEER).json["code"]
    joined = filled.post_json("/volunteer/join", {"code": code}, status=200)
    assert_matches(joined, DESCRIPTION["paths"]["/volunteer/join"]["post"])
    filled.clock.advance(60)
    for path, query in (("/leaderboard", ""), ("/leaderboard", "?by=teams"), ("/names", ""), ("/volunteer", "")):
        response = filled.get(f"{path}{query}", headers=key, status=200)
        assert response.json.get("_embedded", {"items": [1]})["items"]
        assert_matches(response, DESCRIPTION["paths"][path]["get"])


def test_responses_of_a_withdrawn_variable_match_the_description(filled: PoolApp) -> None:
    filled.delete(ONE, headers=filled.owner)
    assert_matches(filled.get(ONE, status=410), DESCRIPTION["paths"][f"{V}/{{variable}}"]["get"])
    assert_matches(
        filled.post_json(f"{ONE}/results", 1, status=410), DESCRIPTION["paths"][f"{V}/{{variable}}/results"]["post"]
    )


@pytest.mark.parametrize("headers", [{}, HAL])
def test_a_step_of_a_flow_matches_the_description(unchanged: PoolApp, headers: dict[str, str]) -> None:
    entry = unchanged.get(flow_of(unchanged)).json["jobs"][0]
    response = unchanged.get(entry["steps"][0]["_links"]["get_variable"], headers=headers, status=200)
    assert_matches(response, DESCRIPTION["paths"][f"{V}/{{variable}}"]["get"])
    assert "context" in response.json["_embedded"]
    assert "get_flow" in response.json["_links"]


def ended(pool: PoolApp, ending: str) -> str:
    """A flow that ended in this state; returns its path."""
    flow = flow_of(pool)
    step = f"{JOB}/variables/{flow.removeprefix('/flows/')}.0.0.1"
    if ending == "done":
        pool.post_json(f"{step}/results", 2, status=201)
    elif ending == "failed":
        pool.delete(step, headers=pool.owner, status=204)
    else:
        pool.delete(flow, headers=pool.owner, status=204)
    return flow


@pytest.mark.parametrize("ending", ["done", "failed", "cancelled"])
@pytest.mark.parametrize("headers", [{}, HAL])
def test_an_ended_flow_matches_the_description(filled: PoolApp, ending: str, headers: dict[str, str]) -> None:
    operations, flow = DESCRIPTION["paths"]["/flows/{flow}"], ended(filled, ending)
    response = filled.get(flow, headers={**filled.owner, **headers}, status=200)
    assert response.json["state"] == ending
    assert_matches(response, operations["get"])
    assert_matches(filled.get("/flows", headers=headers), DESCRIPTION["paths"]["/flows"]["get"])
    assert_matches(filled.delete(flow, headers=filled.owner, expect_errors=True), operations["delete"])


def test_a_refused_new_run_matches_the_description(filled: PoolApp) -> None:
    flow = flow_of(filled)
    filled.delete(JOB, headers=filled.owner, status=204)
    response = filled.post(flow, headers=filled.owner, status=422)
    assert_matches(response, DESCRIPTION["paths"]["/flows/{flow}"]["post"])
    assert len(response.json["errors"]) == 2


def test_every_route_is_called_at_least_once() -> None:
    called = {call.route for call in CALLS}
    assert called == set(ROUTES)


def assert_matches(response: TestResponse, operation: dict[str, Any]) -> None:
    """The response matches the entry of its own status: media type, headers, body."""
    answer = resolved(operation["responses"][str(response.status_int)])
    for name, described in answer.get("headers", {}).items():
        assert name in response.headers, name
        assert resolved(described)["schema"]
    if not response.body:
        return
    schema = answer["content"][response.content_type]["schema"]
    if response.content_type.endswith(("/json", "+json")):
        assert not violations(response.json, schema)


def violations(value: Any, schema: Any, place: str = "") -> list[str]:
    """Violations of a schema, for the keywords of JSON Schema that the description uses."""
    schema = resolved(schema)
    if "oneOf" in schema:
        matching = [option for option in schema["oneOf"] if not violations(value, option, place)]
        return [] if len(matching) == 1 else [f"{place}: assert_matches {len(matching)} of oneOf"]
    found = [f"{place}: {rule}" for rule in _broken_rules(value, schema)]
    if isinstance(value, dict):
        found += _violations_of_object(value, schema, place)
    if isinstance(value, list) and "items" in schema:
        found += [text for item in value for text in violations(item, schema["items"], f"{place}[]")]
    return found


def _broken_rules(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    types = schema.get("type", list(TYPES))
    allowed = [types] if isinstance(types, str) else types
    is_flag = isinstance(value, bool)
    if not any(isinstance(value, TYPES[name]) and (not is_flag or name == "boolean") for name in allowed):
        yield f"{value!r} is not of type {types}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{value!r} is not {schema['const']!r}"
    if "pattern" in schema and re.search(schema["pattern"], value) is None:
        yield f"{value!r} does not match {schema['pattern']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{value!r} is too small"


def _violations_of_object(value: dict[str, Any], schema: dict[str, Any], place: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{place}.{name} is missing"
    for name, inner in value.items():
        described = known.get(name, schema.get("additionalProperties", True))
        if described is False:
            yield f"{place}.{name} is not described"
        elif described is not True:
            yield from violations(inner, described, f"{place}.{name}")
