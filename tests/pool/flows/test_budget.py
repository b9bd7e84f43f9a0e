"""A flow's turn does not last for ever: what takes long is gone on with, and nothing is asked twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pool.flows import engine, retries
from pool.sandbox import Sandbox, SandboxBusy
from storage.errors import StorageFull
from tests.conftest import PoolApp

ENTRIES = 5


class Counting:
    """A sandbox that counts the calls for flows, and fails as it is told."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.asked: list[Any] = []
        self.failures: list[Exception] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sandbox, name)

    def call(self, source: str, arguments: list[Any], job_id: str = "") -> Any:
        if job_id.startswith("flow "):
            if self.failures:
                raise self.failures.pop()
            self.asked.append(arguments[0])
        return self._sandbox.call(source, arguments, job_id)


@pytest.fixture
def counting(sandbox: Sandbox) -> Counting:
    return Counting(sandbox)


@pytest.fixture
def pool(tmp_path: Path, counting: Counting) -> PoolApp:
    """A pool with a job of some variables."""
    pool = PoolApp(tmp_path / "pool", counting)  # type: ignore[arg-type]
    pool.post_job("job")
    for number in range(ENTRIES):
        pool.post_variable("/jobs/job", f"v{number}", x=number)
    return pool


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every turn is over after its first step."""
    monkeypatch.setattr(engine, "BUDGET_SECONDS", -1.0)
    yield


def post(pool: PoolApp, condition: str) -> str:
    """Posts a flow over all variables, whose condition holds for every other one."""
    uris = [f"/jobs/job/variables/v{number}" for number in range(ENTRIES)]
    entries = [{"job": "/jobs/job", "variable": uri, condition: "(v, c) => v.x % 2 === 0"} for uri in uris]
    return str(pool.post_json("/flows", {"jobs": entries}, headers=pool.owner, status=201).headers["Location"])


def states(pool: PoolApp, path: str) -> list[str]:
    return [entry["state"] for entry in pool.get(path).json["jobs"]]


def poll(pool: PoolApp, times: int) -> None:
    """A volunteer who asks, and gives back what it gets."""
    for _ in range(times):
        pool.delete(pool.lease("/jobs/job")["lease"], status=204)


@pytest.mark.usefixtures("hurried")
def test_a_level_that_takes_long_to_begin_begins_while_volunteers_ask(pool: PoolApp, counting: Counting) -> None:
    post(pool, "if")
    assert len(counting.asked) < ENTRIES
    poll(pool, ENTRIES)
    assert sorted(variable["x"] for variable in counting.asked) == list(range(ENTRIES))


@pytest.mark.usefixtures("hurried")
def test_what_was_answered_before_is_kept(pool: PoolApp) -> None:
    path = post(pool, "if")
    poll(pool, 2 * ENTRIES)
    assert states(pool, path) == ["running", "skipped", "running", "skipped", "running"]


def test_a_busy_sandbox_delays_a_flow(pool: PoolApp, counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "INTERVAL_SECONDS", 0.0)
    counting.failures = [SandboxBusy()]
    post(pool, "if")
    assert counting.asked == []
    poll(pool, 1)
    assert len(counting.asked) == ENTRIES


def test_a_full_disk_delays_a_flow(pool: PoolApp, counting: Counting) -> None:
    counting.failures = [StorageFull("the pool's disk is full")]
    path = post(pool, "if")
    assert len(counting.asked) == 0
    assert states(pool, path) == ["running", "skipped", "running", "skipped", "running"]


def test_an_error_of_the_engine_s_own_is_logged_and_fails_no_request(
    pool: PoolApp, counting: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    counting.failures = [ZeroDivisionError("ours")]
    path = post(pool, "if")
    assert "ZeroDivisionError: ours" in caplog.text
    assert states(pool, path)[0] == "running"


@pytest.mark.usefixtures("hurried")
def test_results_that_wait_together_are_looked_at_one_after_the_other(pool: PoolApp, counting: Counting) -> None:
    path = post(pool, "while")
    for number in range(ENTRIES):
        pool.post_json(f"/jobs/job/variables/v{number}/results", number, status=201)
    for _ in range(3 * ENTRIES):
        pool.get(path)
    assert [entry["iterations"] for entry in pool.get(path).json["jobs"]] == [1] * ENTRIES
    assert states(pool, path) == ["running", "done", "running", "done", "running"]
