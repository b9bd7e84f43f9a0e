"""A flow's turn in the background: a later one continues the flow, and evaluates no condition twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pool.flows import engine, retries
from pool.sandbox import THE_POOL, Sandbox, SandboxBusy, Share
from storage.errors import StorageFull
from tests.conftest import PoolApp

ENTRIES = 5


class RecordingSandbox:
    """Records the variables of calls for flows; raises each of `failures` instead, once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.evaluated: list[Any] = []
        self.failures: list[Exception] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sandbox, name)

    def call(self, source: str, arguments: list[Any], share: Share = THE_POOL) -> Any:
        if share.is_background:
            if self.failures:
                raise self.failures.pop()
            self.evaluated.append(arguments[0])
        return self._sandbox.call(source, arguments, share)


@pytest.fixture
def recording(sandbox: Sandbox) -> RecordingSandbox:
    return RecordingSandbox(sandbox)


@pytest.fixture
def pool(tmp_path: Path, recording: RecordingSandbox) -> PoolApp:
    """A pool with one job of `ENTRIES` variables."""
    pool = PoolApp(tmp_path / "pool", recording)  # type: ignore[arg-type]
    pool.post_job("job")
    for number in range(ENTRIES):
        pool.post_variable("/jobs/job", f"v{number}", x=number)
    return pool


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn ends after one condition."""
    monkeypatch.setattr(engine, "TURN_SECONDS", -1.0)


@pytest.fixture
def waiting_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request has no time for flows, and leaves all to the background."""
    monkeypatch.setattr(engine, "BUDGET_SECONDS", -1.0)


def post(pool: PoolApp, condition: str) -> str:
    """Posts a flow with an entry for each variable; the condition is true for every other one."""
    uris = [f"/jobs/job/variables/v{number}" for number in range(ENTRIES)]
    entries = [{"job": "/jobs/job", "variable": uri, condition: "(v, c) => v.x % 2 === 0"} for uri in uris]
    return str(pool.post_json("/flows", {"jobs": entries}, headers=pool.owner, status=201).headers["Location"])


def states(pool: PoolApp, path: str) -> list[str]:
    return [entry["state"] for entry in pool.get(path).json["jobs"]]


def poll(pool: PoolApp, times: int) -> None:
    """Leases and gives back, as a volunteer does."""
    for _ in range(times):
        pool.delete(pool.lease("/jobs/job")["lease"], status=204)


@pytest.mark.usefixtures("short_turns")
def test_the_start_of_a_large_level_takes_many_turns(pool: PoolApp, recording: RecordingSandbox) -> None:
    post(pool, "if")
    assert [variable["x"] for variable in recording.evaluated] == list(range(ENTRIES))


@pytest.mark.usefixtures("short_turns")
def test_a_level_started_in_many_turns_has_the_same_states(pool: PoolApp) -> None:
    path = post(pool, "if")
    assert states(pool, path) == ["running", "skipped", "running", "skipped", "running"]


def test_a_busy_sandbox_delays_a_flow(
    pool: PoolApp, recording: RecordingSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "INTERVAL_SECONDS", 0.0)
    recording.failures = [SandboxBusy()]
    post(pool, "if")
    assert recording.evaluated == []
    poll(pool, 1)
    assert len(recording.evaluated) == ENTRIES


def test_a_full_disk_delays_a_flow(pool: PoolApp, recording: RecordingSandbox) -> None:
    recording.failures = [StorageFull("the pool's disk is full")]
    path = post(pool, "if")
    assert len(recording.evaluated) == 0
    assert states(pool, path) == ["running", "skipped", "running", "skipped", "running"]


def test_an_internal_error_of_the_engine_is_logged_and_fails_no_request(
    pool: PoolApp, recording: RecordingSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    recording.failures = [ZeroDivisionError("internal")]
    path = post(pool, "if")
    assert "ZeroDivisionError: internal" in caplog.text
    assert states(pool, path)[0] == "running"


@pytest.mark.usefixtures("short_turns", "waiting_signals")
def test_signals_over_the_budget_are_processed_in_the_background(pool: PoolApp) -> None:
    path = post(pool, "while")
    for number in range(ENTRIES):
        pool.post_json(f"/jobs/job/variables/v{number}/results", number, status=201)
    assert [entry["iterations"] for entry in pool.get(path).json["jobs"]] == [1] * ENTRIES
    assert states(pool, path) == ["running", "done", "running", "done", "running"]
