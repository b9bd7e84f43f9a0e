"""Whatever keeps a flow from being moved for a while, nobody has to look for it to go on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pool.flows import check, engine, retries
from pool.sandbox import Sandbox
from storage.errors import NotFound, StorageFull
from storage.flat import FlatStore
from storage.flat.flows import FlatFlows
from storage.flow_store import PENDING
from tests.conftest import PoolApp

LEAF = {"job": "/jobs/leaf", "variable": "/jobs/leaf/variables/one"}
TREE = {"jobs": [{"job": "/jobs/root", "if": "() => true"}], "dependent": {"jobs": [LEAF]}}


@pytest.fixture
def open_pool(tmp_path: Path, sandbox: Sandbox) -> Callable[[], PoolApp]:
    """Opens the pool as one more process does."""
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


def answer(pool: PoolApp) -> None:
    pool.post_json("/jobs/leaf/variables/one/results", {"x": 2}, status=201)


def has_begun(pool: PoolApp, flow: str) -> bool:
    """Whether the root has, as its documents tell: to ask the pool would move the flow."""
    return (pool.data / flow.strip("/") / "0" / "started.json").exists()


def poll(pool: PoolApp, times: int = 1) -> None:
    for _ in range(times):
        pool.get("/jobs/leaf/variables", status=204)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request has any time for flows."""
    monkeypatch.setattr(engine, "BUDGET_SECONDS", -1.0)


@pytest.mark.usefixtures("hurried")
def test_any_process_goes_on_where_one_had_no_time(open_pool: Callable[[], PoolApp]) -> None:
    one, other = open_pool(), open_pool()
    flow = post(one)
    answer(one)
    assert not has_begun(one, flow)
    poll(other)
    assert has_begun(one, flow)


@pytest.mark.usefixtures("hurried")
def test_even_if_volunteers_find_enough_to_do_there(open_pool: Callable[[], PoolApp]) -> None:
    one, other = open_pool(), open_pool()
    flow = post(one)
    answer(one)
    one.post_job("busy")
    one.post_variable("/jobs/busy")
    other.lease("/jobs/busy")
    assert has_begun(one, flow)


@pytest.mark.usefixtures("hurried")
def test_flows_that_wait_for_one_variable_move_one_after_the_other(pool: PoolApp) -> None:
    posted = [post(pool) for _ in range(5)]
    answer(pool)
    assert sum(has_begun(pool, flow) for flow in posted) == 0
    poll(pool, 2 * len(posted))
    assert sum(has_begun(pool, flow) for flow in posted) == 5


@pytest.mark.parametrize("operation", ["signal", "drain_signals", "write_once"])
def test_a_disk_that_refuses_delays_a_flow(pool: PoolApp, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    monkeypatch.setattr(retries, "INTERVAL_SECONDS", 0.0)
    flow = post(pool)
    with monkeypatch.context() as patched:

        def refuse(*_arguments: object) -> None:
            raise StorageFull("the pool's disk is full")

        signal = FlatFlows.signal
        patched.setattr(
            FlatFlows,
            "signal",
            lambda flows, inbox, names: (refuse if inbox == PENDING else signal)(flows, inbox, names),
        )
        patched.setattr(FlatFlows, operation, refuse)
        answer(pool)
    assert not has_begun(pool, flow)
    poll(pool, 2)
    assert has_begun(pool, flow)


def test_a_job_that_is_deleted_at_that_moment_leaves_the_flow_to_fail(
    pool: PoolApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look in the middle of which the job goes has the flow looked at again."""
    monkeypatch.setattr(retries, "INTERVAL_SECONDS", 0.0)
    flow = post(pool)
    with monkeypatch.context() as patched:

        def miss(*_arguments: object) -> None:
            raise NotFound("job", "root")

        patched.setattr(FlatFlows, "write_once", miss)
        answer(pool)
    assert not has_begun(pool, flow)
    poll(pool, 2)
    assert has_begun(pool, flow)


def ruin(pool: PoolApp, flow: str) -> None:
    (pool.data / flow.strip("/") / "flow.json").write_text("{")


def remove(pool: PoolApp, flow: str) -> None:
    shutil.rmtree(pool.data / flow.strip("/"))


@pytest.mark.parametrize("harm", [ruin, remove])
def test_a_flow_that_is_lost_keeps_no_other_from_moving(
    open_pool: Callable[[], PoolApp], harm: Callable[[PoolApp, str], None]
) -> None:
    lost, flow = (post(open_pool()) for _ in range(2))
    pool = open_pool()
    harm(pool, lost)
    fresh = open_pool()
    answer(fresh)
    assert has_begun(fresh, flow)


@pytest.mark.parametrize("harm", [ruin, remove])
def test_nor_from_being_cancelled(open_pool: Callable[[], PoolApp], harm: Callable[[PoolApp, str], None]) -> None:
    lost, flow = (post(open_pool()) for _ in range(2))
    harm(open_pool(), lost)
    pool = open_pool()
    pool.delete(flow, headers=pool.owner, status=204)
    pool.get("/jobs/leaf/variables/one", status=410)


def test_nor_from_being_listed(open_pool: Callable[[], PoolApp]) -> None:
    lost, flow = (post(open_pool()) for _ in range(2))
    ruin(open_pool(), lost)
    items = open_pool().get("/flows").json["_embedded"]["items"]
    assert [item["_links"]["self"] for item in items] == [flow]


def test_a_result_that_was_lost_is_merged_anew(open_pool: Callable[[], PoolApp]) -> None:
    pool = open_pool()
    flow = str(pool.post_json("/flows", {"jobs": [LEAF]}, headers=pool.owner, status=201).headers["Location"])
    answer(pool)
    assert pool.get(flow).json["result"] == {"x": 2}
    (pool.data / flow.strip("/") / "0" / "merged.json").write_text("{")
    store = FlatStore(pool.data, fsync=False)
    store.maintenance.check(repair=False)
    for finding in store.maintenance.check(repair=False):
        assert finding.where == f"flow {flow.rsplit('/', 1)[1]}"
    store.close()


def test_a_flow_that_ended_while_another_is_cancelled_keeps_nothing_open(open_pool: Callable[[], PoolApp]) -> None:
    """It has ended, and its process died before it could tidy up."""
    pool = open_pool()
    dead, flow = post(pool), post(pool)
    store = FlatStore(pool.data, fsync=False)
    store.flows.write_once(dead.rsplit("/", 1)[1], "outcome", {"state": "cancelled", "at": "2026-01-01T00:00:00.000Z"})
    store.close()
    pool.delete(flow, headers=pool.owner, status=204)
    pool.get("/jobs/leaf/variables/one", status=410)


def test_conditions_are_compiled_for_so_long_and_no_longer(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "COMPILING_SECONDS", -1.0)
    refused = pool.post_json("/flows", TREE, headers=pool.owner, status=422).json
    assert refused["errors"][0]["path"] == "jobs[0].if"
    assert "not compiled" in refused["detail"]


def test_a_flow_has_so_many_entries_in_all(tmp_path: Path, sandbox: Sandbox) -> None:
    pool = PoolApp(tmp_path / "small", sandbox, flow_entries=3)
    pool.post_job("leaf")
    pool.post_variable("/jobs/leaf", "one", x=1)
    pool.post_json("/flows", {"jobs": [LEAF], "dependent": {"jobs": [LEAF] * 2}}, headers=pool.owner, status=201)
    tree = {"jobs": [LEAF] * 2, "dependent": {"jobs": [LEAF] * 2}}
    assert "too many entries: 4" in pool.post_json("/flows", tree, headers=pool.owner, status=422).json["detail"]
