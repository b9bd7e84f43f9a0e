"""Pending flows: whatever delays a flow, later requests of any process advance it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pool.flows import check, retries
from pool.sandbox import Sandbox, SandboxBusy
from storage.errors import NotFound, StorageFull
from storage.flat import FlatStore
from storage.flat.flows import FlatFlows
from storage.flow_store import PENDING
from tests.conftest import PoolApp

LEAF = {"job": "/jobs/leaf", "variable": "/jobs/leaf/variables/one"}
TREE = {"jobs": [{"job": "/jobs/root", "if": "() => true"}], "dependent": {"jobs": [LEAF]}}


@pytest.fixture
def open_pool(tmp_path: Path, sandbox: Sandbox) -> Callable[[], PoolApp]:
    """Opens the pool as another process does."""
    first = PoolApp(tmp_path / "pool", sandbox)
    for name in ("root", "leaf"):
        first.post_job(name)
    first.post_variable("/jobs/leaf", "one", x=1)
    return lambda: PoolApp(tmp_path / "pool", sandbox)


@pytest.fixture
def pool(open_pool: Callable[[], PoolApp]) -> PoolApp:
    return open_pool()


def post(pool: PoolApp) -> str:
    return str(pool.post_json("/flows", TREE, headers=pool.owner, status=201).headers["Location"])


def post_result(pool: PoolApp) -> None:
    pool.post_json("/jobs/leaf/variables/one/results", {"x": 2}, status=201)


def root_has_started(pool: PoolApp, flow: str) -> bool:
    """Whether the root level has started, read from its documents: a request would advance the flow."""
    return (pool.data / flow.strip("/") / "0" / "started.json").exists()


def poll(pool: PoolApp, times: int = 1) -> None:
    for _ in range(times):
        pool.get("/jobs/leaf/variables", status=204)


@pytest.fixture
def post_result_while_busy(monkeypatch: pytest.MonkeyPatch) -> Callable[[PoolApp], None]:
    """Posts the result while the sandbox is busy."""

    def raise_busy(*_arguments: object) -> None:
        raise SandboxBusy

    def post_result_while_busy(pool: PoolApp) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(Sandbox, "call", raise_busy)
            post_result(pool)

    return post_result_while_busy


def test_any_process_advances_a_pending_flow(
    open_pool: Callable[[], PoolApp], post_result_while_busy: Callable[[PoolApp], None]
) -> None:
    one, other = open_pool(), open_pool()
    flow = post(one)
    post_result_while_busy(one)
    assert not root_has_started(one, flow)
    poll(other)
    assert root_has_started(one, flow)


def test_a_lease_of_an_unrelated_job_advances_a_pending_flow(
    open_pool: Callable[[], PoolApp], post_result_while_busy: Callable[[PoolApp], None]
) -> None:
    one, other = open_pool(), open_pool()
    flow = post(one)
    post_result_while_busy(one)
    one.post_job("busy")
    one.post_variable("/jobs/busy")
    other.lease("/jobs/busy")
    assert root_has_started(one, flow)


def test_flows_that_wait_for_the_same_variable_are_all_advanced(
    pool: PoolApp, post_result_while_busy: Callable[[PoolApp], None]
) -> None:
    posted = [post(pool) for _ in range(5)]
    post_result_while_busy(pool)
    assert sum(root_has_started(pool, flow) for flow in posted) == 0
    poll(pool)
    assert sum(root_has_started(pool, flow) for flow in posted) == 5


@pytest.mark.parametrize("operation", ["signal", "drain_signals", "write_once"])
def test_a_full_disk_delays_a_flow_at_each_write(
    pool: PoolApp, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setattr(retries, "INTERVAL_SECONDS", 0.0)
    flow = post(pool)
    with monkeypatch.context() as patched:

        def raise_storage_full(*_arguments: object) -> None:
            raise StorageFull("the pool's disk is full")

        signal = FlatFlows.signal
        patched.setattr(
            FlatFlows,
            "signal",
            lambda flows, inbox, names: (raise_storage_full if inbox == PENDING else signal)(flows, inbox, names),
        )
        patched.setattr(FlatFlows, operation, raise_storage_full)
        post_result(pool)
    assert not root_has_started(pool, flow)
    poll(pool, 2)
    assert root_has_started(pool, flow)


def test_a_flow_interrupted_by_a_missing_job_is_retried(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the job were deleted at that moment."""
    monkeypatch.setattr(retries, "INTERVAL_SECONDS", 0.0)
    flow = post(pool)
    with monkeypatch.context() as patched:

        def raise_not_found(*_arguments: object) -> None:
            raise NotFound("job", "root")

        patched.setattr(FlatFlows, "write_once", raise_not_found)
        post_result(pool)
    assert not root_has_started(pool, flow)
    poll(pool, 2)
    assert root_has_started(pool, flow)


def damage(pool: PoolApp, flow: str) -> None:
    (pool.data / flow.strip("/") / "flow.json").write_text("{")


def delete(pool: PoolApp, flow: str) -> None:
    shutil.rmtree(pool.data / flow.strip("/"))


@pytest.mark.parametrize("lose", [damage, delete])
def test_a_lost_flow_does_not_stop_others_from_advancing(
    open_pool: Callable[[], PoolApp], lose: Callable[[PoolApp, str], None]
) -> None:
    lost, flow = (post(open_pool()) for _ in range(2))
    pool = open_pool()
    lose(pool, lost)
    fresh = open_pool()
    post_result(fresh)
    assert root_has_started(fresh, flow)


@pytest.mark.parametrize("lose", [damage, delete])
def test_a_lost_flow_does_not_stop_others_from_being_cancelled(
    open_pool: Callable[[], PoolApp], lose: Callable[[PoolApp, str], None]
) -> None:
    lost, flow = (post(open_pool()) for _ in range(2))
    lose(open_pool(), lost)
    pool = open_pool()
    pool.delete(flow, headers=pool.owner, status=204)
    pool.get("/jobs/leaf/variables/one", status=410)


def test_a_damaged_flow_is_left_out_of_the_list(open_pool: Callable[[], PoolApp]) -> None:
    lost, flow = (post(open_pool()) for _ in range(2))
    damage(open_pool(), lost)
    items = open_pool().get("/flows").json["_embedded"]["items"]
    assert [item["_links"]["self"] for item in items] == [flow]


def test_a_damaged_merged_result_is_merged_anew_after_a_repair(
    open_pool: Callable[[], PoolApp], tmp_path: Path, sandbox: Sandbox
) -> None:
    pool = open_pool()
    flow = str(pool.post_json("/flows", {"jobs": [LEAF]}, headers=pool.owner, status=201).headers["Location"])
    post_result(pool)
    assert pool.get(flow).json["result"] == {"x": 2}
    # A copy, since a running pool refuses a repair.
    copy = shutil.copytree(pool.data, tmp_path / "copy", ignore=shutil.ignore_patterns("tmp"))
    (copy / flow.strip("/") / "0" / "merged.json").write_text("{")
    store = FlatStore(copy, fsync=False)
    findings = list(store.maintenance.check(repair=True))
    assert {finding.where for finding in findings} == {f"flow {flow.rsplit('/', 1)[1]}"}
    store.close()
    assert PoolApp(copy, sandbox).get(flow).json["result"] == {"x": 2}


def test_an_ended_flow_without_clean_up_keeps_no_variable_open(open_pool: Callable[[], PoolApp]) -> None:
    """The process died after it wrote the outcome, and before it removed the references."""
    pool = open_pool()
    ended, flow = post(pool), post(pool)
    store = FlatStore(pool.data, fsync=False)
    store.flows.write_once(ended.rsplit("/", 1)[1], "outcome", {"state": "cancelled", "at": "2026-01-01T00:00:00.000Z"})
    store.close()
    pool.delete(flow, headers=pool.owner, status=204)
    pool.get("/jobs/leaf/variables/one", status=410)


def test_the_time_for_compiling_conditions_is_limited(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "COMPILING_SECONDS", -1.0)
    refused = pool.post_json("/flows", TREE, headers=pool.owner, status=422).json
    assert refused["errors"][0]["path"] == "jobs[0].if"
    assert "not compiled" in refused["detail"]


def test_the_number_of_entries_of_a_flow_is_limited(tmp_path: Path, sandbox: Sandbox) -> None:
    pool = PoolApp(tmp_path / "small", sandbox, flow_entries=3)
    pool.post_job("leaf")
    pool.post_variable("/jobs/leaf", "one", x=1)
    pool.post_json("/flows", {"jobs": [LEAF], "dependent": {"jobs": [LEAF] * 2}}, headers=pool.owner, status=201)
    tree = {"jobs": [LEAF] * 2, "dependent": {"jobs": [LEAF] * 2}}
    assert "too many entries: 4" in pool.post_json("/flows", tree, headers=pool.owner, status=422).json["detail"]
