"""Hostile JavaScript: clear errors within the limits, in a call of the sandbox and wherever a pool makes such calls.

Other requests are served meanwhile, and no child process remains.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pool.sandbox import Sandbox, ScriptError
from tests.conftest import PoolApp, address
from tests.pool.sandbox.helpers import children

TIME, MEMORY = "did not finish in time", "used too much memory"
LOOP = "function () { for (;;); }"

# The body of a function, and the possible messages to its owner.
HOSTILE = {
    "endless loop": ("for (;;);", [TIME]),
    "endless promise chain": ("return (async () => { for (;;) await null; })();", [TIME]),
    "promise never settled": ("return new Promise(() => {});", ["never settled"]),
    "catastrophic regular expression": ("return /^(a+)+$/.test('a'.repeat(40) + 'b');", [TIME]),
    "native loop": ("return new Array(2 ** 28).sort().length > 0;", [TIME, MEMORY]),
    "memory bomb": ("const all = []; for (;;) all.push(new Array(1e5).fill(1));", [MEMORY, TIME]),
    "string bomb": ("let s = 'x'; for (;;) s += s;", ["invalid string length", MEMORY, TIME]),
    "deep recursion": ("const f = () => f() + 1; return f();", ["call stack"]),
    "1.5 MB of output": ("return 'x'.repeat(1.5e6);", ["larger than"]),
    # Which limit it exceeds first depends on the speed of the machine.
    "100 MB of output": ("return 'x'.repeat(1e8);", ["larger than", MEMORY, TIME]),
    "endless console": ("for (;;) console.log('x'.repeat(1e6));", [TIME]),
    "throwing toJSON": ("return {toJSON() { throw new Error('no way'); }};", ["no way"]),
    "endless toJSON": ("return {toJSON() { for (;;); }};", [TIME]),
    "getter that never returns": ("return {get valid() { for (;;); }};", [TIME]),
    "endless getter of an error": ("throw {get message() { for (;;); }, toString() { for (;;); }};", [TIME, "{}"]),
    "require": ("return require('/etc/passwd');", ["require is not defined"]),
    "process.env": ("return process.env;", ["process is not defined"]),
    "call_python": ("return call_python('value', 'true', '');", ["call_python is not defined"]),
    "import": ("return import('/etc/passwd');", ["module"]),
    "import of a module that dukpy has": ("return import('fs');", ["module"]),
    "half a surrogate pair": ("return '\\ud800';", ["JSON cannot represent"]),
}
TAMPERING = """function () {
  Array.prototype.toJSON = Object.prototype.toJSON = () => 1;
  JSON.stringify = () => 'true';
  return [1];
}"""


@pytest.fixture
def impatient_pool(tmp_path: Path, impatient: Sandbox) -> PoolApp:
    return PoolApp(tmp_path / "pool", impatient)


@pytest.fixture
def patient_pool(tmp_path: Path) -> Iterator[PoolApp]:
    """On a busy machine a call may wait for longer than it would have to wait elsewhere."""
    sandbox = Sandbox(queue_seconds=30)
    yield PoolApp(tmp_path / "pool", sandbox)
    sandbox.close()


def contains_any(text: str, expected: list[str]) -> bool:
    return any(words in text for words in expected)


@pytest.mark.parametrize(("body", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_call_fails_with_a_clear_error(impatient: Sandbox, body: str, expected: list[str]) -> None:
    with pytest.raises(ScriptError) as caught:
        impatient.call(f"function (variable, result, context) {{ {body} }}", [1, 2, 3])
    assert contains_any(str(caught.value), expected)


# Each place where a pool calls functions of strangers


HOSTILE_SOURCES = pytest.mark.parametrize(
    ("source", "expected"),
    [
        (LOOP, [TIME]),
        (TAMPERING, ["changed the language", "neither true, false", "not the id of a variable"]),
    ],
    ids=["endless loop", "tampering"],
)


@HOSTILE_SOURCES
def test_a_hostile_validator_of_results_rejects_with_a_reason(
    impatient_pool: PoolApp, source: str, expected: list[str]
) -> None:
    pool = impatient_pool
    job = pool.post_job(validate_result=source, validate_variable="() => true")
    variable = pool.post_variable(job)
    response = pool.post_json(f"{variable}/results", 1, status=422)
    assert response.content_type == "application/problem+json"
    assert contains_any(response.json["detail"], expected)
    assert pool.get(f"{job}/progress").json["variables"]["done"] == 0


@HOSTILE_SOURCES
def test_a_hostile_validator_of_variables_rejects_with_a_reason(
    impatient_pool: PoolApp, source: str, expected: list[str]
) -> None:
    pool = impatient_pool
    job = pool.post_job(validate_variable=source)
    response = pool.post_json(f"{job}/variables", {"x": 1}, headers=pool.owner, status=422)
    assert "validate_variable(variable, context)" in response.json["detail"]
    assert contains_any(response.json["detail"], expected)
    assert pool.get(f"{job}/progress").json["variables"]["total"] == 0


@HOSTILE_SOURCES
def test_a_hostile_scheduler_of_variables_is_skipped_and_reported(
    impatient_pool: PoolApp, source: str, expected: list[str]
) -> None:
    pool = impatient_pool
    job = pool.post_job(variable_scheduler=source)
    variable = pool.post_variable(job)
    assert pool.lease(job)["self"] == variable
    report = pool.get(f"{job}/progress", headers=pool.owner).json["reports"]["variable_scheduler"]
    assert report["errors"] == 1
    assert contains_any(report["message"], expected)


@HOSTILE_SOURCES
def test_a_hostile_scheduler_of_jobs_is_skipped(impatient_pool: PoolApp, source: str, expected: list[str]) -> None:
    pool = impatient_pool
    job = pool.post_job()
    (pool.data / "schedulers").mkdir()
    (pool.data / "schedulers" / "hostile.js").write_text(source)
    assert pool.get("/jobs/scheduled/hostile").json["_links"]["self"] == job


def test_other_requests_are_served_while_a_validator_hangs(pool: PoolApp) -> None:
    hostile = pool.post_job("Hostile", validate_result="() => { for (;;); }", validate_variable="() => true")
    honest = pool.post_job("Honest", validate_result="(variable, result) => result === undefined || result === 1")
    bad, good = pool.post_variable(hostile), pool.post_variable(honest)
    posts = [threading.Thread(target=pool.post_json, args=(f"{bad}/results", 1), kwargs={"status": "*"})]
    posts += [threading.Thread(target=pool.post_json, args=(f"{bad}/results", 2), kwargs={"status": "*"})]
    for post in posts:
        post.start()
    pool.post_json(f"{good}/results", 1, status=201)
    assert any(post.is_alive() for post in posts)
    for post in posts:
        post.join()


def test_64_results_at_once_are_all_judged_while_two_jobs_hang(patient_pool: PoolApp) -> None:
    pool = patient_pool
    honest = pool.post_job("Honest", validate_result="(variable, result) => result === undefined || result === 1")
    hostile = [pool.post_job(name, validate_result=LOOP, validate_variable="() => true") for name in ("One", "Two")]
    variables = [pool.post_variable(honest, f"v{number}") for number in range(64)]
    posts = [(pool.post_variable(job), "*") for job in hostile] + [(variable, 201) for variable in variables]
    statuses: list[int] = []

    def post(number: int, variable: str, status: int | str) -> None:
        environ = address(number)
        statuses.append(pool.post_json(f"{variable}/results", 1, extra_environ=environ, status=status).status_int)

    threads = [threading.Thread(target=post, args=(number, *post_)) for number, post_ in enumerate(posts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(201) == 64


def test_a_bulk_post_names_the_line_that_a_validator_refuses_and_stores_none(pool: PoolApp) -> None:
    job = pool.post_job(
        validate_variable="(variable) => { if (variable.x === 70) for (;;); return variable.x !== 90; }"
    )
    lines = "\n".join(f'{{"x": {number}}}' for number in range(100))
    headers = {**pool.owner, "Content-Type": "application/x-ndjson"}
    response = pool.post(f"{job}/variables", lines, headers=headers, status=422)
    assert "line 71: " in response.json["detail"]
    assert TIME in response.json["detail"]
    lines = "\n".join(f'{{"x": {number}}}' for number in range(80, 100))
    response = pool.post(f"{job}/variables", lines, headers=headers, status=422)
    assert "line 11: " in response.json["detail"]
    assert pool.get(f"{job}/progress").json["variables"]["total"] == 0
    lines = "\n".join(f'{{"x": {number}}}' for number in range(1000, 1200))
    assert pool.post(f"{job}/variables", lines, headers=headers, status=201).json["count"] == 200


def test_hanging_validators_leave_no_child_processes(impatient_pool: PoolApp) -> None:
    pool = impatient_pool
    job = pool.post_job(validate_result=LOOP, validate_variable="() => true")
    variable = pool.post_variable(job)
    pool.post_json(f"{variable}/results", 1, status=422)
    before = children()
    for result in range(3):
        pool.post_json(f"{variable}/results", result + 2, extra_environ=address(result), status=422)
    assert len(children()) <= len(before) + 1


def test_a_tampering_validator_does_not_affect_later_calls(pool: PoolApp) -> None:
    tampering = "(variable, result) => { Object.prototype.valid = true; JSON.stringify = () => 'true'; return false; }"
    first = pool.post_variable(pool.post_job("First", validate_result=tampering, validate_variable="() => true"))
    second = pool.post_variable(pool.post_job("Second", validate_result="() => ({})", validate_variable="() => true"))
    pool.post_json(f"{first}/results", 1, status=422)
    pool.post_json(f"{second}/results", 1, status=422)
    pool.post_json(f"{first}/results", 2, extra_environ=address(1), status=422)
