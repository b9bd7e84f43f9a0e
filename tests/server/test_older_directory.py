"""A directory made by an earlier version is served as it is: `older-directory.tar.gz`, of 0.1.0 in November 2026.

Its process was killed between a result and the journal. It has variables in every state, leases, a running flow with
work left, a finished and a cancelled flow, and idempotency keys.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from app import Pool, create_app
from config import Config
from pool.sandbox import Sandbox
from storage.flat import FlatStore

ARCHIVE = Path(__file__).with_name("older-directory.tar.gz")
EXECUTE = "function (variable, context) { context.result = variable.x * 2; return context; }"
TREE = {
    "name": "F",
    "jobs": [{"job": "/jobs/beta", "if": "(v,c)=>true"}],
    "dependent": {
        "jobs": [
            {"job": "/jobs/beta", "variable": "/jobs/beta/variables/one"},
            {"job": "/jobs/beta"},
            {"job": "/jobs/beta", "variable": "/jobs/beta/variables/two", "while": "(v,c)=>c.iteration<3"},
        ]
    },
}


def extract(directory: Path) -> Path:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(directory, filter="data")
    return directory / "pool"


def make_app(data: Path, sandbox: Sandbox) -> TestApp:
    return TestApp(create_app(pool=Pool(Config(data=data, fsync=False), sandbox)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return extract(tmp_path)


@pytest.fixture
def app(data: Path, sandbox: Sandbox) -> TestApp:
    return make_app(data, sandbox)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> TestApp:
    """One pool for the tests that only read."""
    return make_app(extract(tmp_path_factory.mktemp("older")), sandbox)


@pytest.fixture
def owner(data: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {(data / 'secrets' / 'operator.key').read_text().strip()}"}


@pytest.fixture
def paths(data: Path) -> dict[str, Any]:
    return dict(json.loads((data / "paths.json").read_text()))


def state(app: TestApp, name: str) -> str:
    items = app.get("/jobs/alpha/variables/index").json["_embedded"]["items"]
    return str(next(item["state"] for item in items if item["id"] == name))


@pytest.mark.parametrize(
    ("name", "expected"),
    {"one": "done", "two": "failed", "three": "stuck", "four": "open", "five": "withdrawn", "six": "done"}.items(),
)
def test_a_variable_has_its_former_state(unchanged: TestApp, name: str, expected: str) -> None:
    assert state(unchanged, name) == expected


def test_the_interrupted_transaction_is_completed(unchanged: TestApp) -> None:
    results = unchanged.get("/jobs/alpha/progress").json["results"]
    assert results == {"accepted": 2, "rejected": 5, "failures": 0}


def test_the_check_finds_nothing_after_recovery(app: TestApp, data: Path) -> None:
    app.get("/health")
    store = FlatStore(data, fsync=False)
    assert list(store.maintenance.check(repair=False)) == []
    store.close()


def test_a_lease_token_is_still_valid(app: TestApp, paths: dict[str, Any]) -> None:
    lease = paths["leases"][1]
    value = app.get(lease["self"]).json["x"] * 2
    app.post_json(lease["post_result"], value, status=201)


def test_a_running_flow_is_resumed_and_ends(app: TestApp, paths: dict[str, Any]) -> None:
    running, done, cancelled = paths["flows"]
    while (response := app.get("/jobs/beta/variables")).status_int == 200:
        app.post_json(response.json["_links"]["post_result"], {"k": 1}, status=201)
    assert [app.get(flow).json["state"] for flow in (running, done, cancelled)] == ["done", "done", "cancelled"]


def test_an_idempotency_key_of_a_flow_is_known(app: TestApp, owner: dict[str, str], paths: dict[str, Any]) -> None:
    posted = app.post_json("/flows", TREE, headers={**owner, "Idempotency-Key": "flow"}, status=201)
    assert posted.headers["Location"] == paths["flows"][0]


def test_an_idempotency_key_of_a_job_is_known(app: TestApp, owner: dict[str, str]) -> None:
    job = {"name": "Beta", "execute_function": EXECUTE}
    app.post_json("/jobs", job, headers={**owner, "Idempotency-Key": "k-Beta"}, status=201)
