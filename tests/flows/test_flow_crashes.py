"""A kill before any change to the disk, and in the middle of any write: the next process completes the flow, and each
step is executed once.

Each operation is run once and its states on disk are recorded; one real kill of each shows that they are what a killed
process leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest
from comp_pool.cli import main

from app import Pool
from config import Config
from storage.base import Document
from storage.flat import FlatStore
from tests.conftest import PoolApp
from tests.flows.helpers import (
    SETTINGS,
    Lease,
    PreparedTree,
    TableSandbox,
    Volunteers,
    assert_agrees,
    entries_of,
    is_step,
    parse_lease,
    post_jobs,
    setup_of,
)
from tests.flows.trees import Node, Tree
from tests.storage.faults import wait_for_trash
from tests.storage.helpers import findings
from tests.storage.snapshots import Snapshot, assert_a_kill_leaves_a_snapshot, record


def open_pool(root: Path) -> PoolApp:
    """Opens the pool as a process of the server does when it starts."""
    return PoolApp(root, TableSandbox(), **SETTINGS)


def start_and_stop(root: Path) -> None:
    pool = Pool(Config(data=root, fsync=False, **SETTINGS), TableSandbox())
    pool.serve()
    pool.store.maintenance.finish_housekeeping()
    pool.close()


@dataclass
class Scenario:
    """A pool with one flow, and leases that volunteers hold."""

    pool: PoolApp
    prepared: PreparedTree
    flow: str = ""
    held: list[Lease] = field(default_factory=list)
    leased: list[Lease] = field(default_factory=list)

    def post(self, **headers: str) -> str:
        posted = self.pool.post_json("/flows", self.prepared.flow, headers=self.pool.owner | headers, status=201)
        return str(posted.headers["Location"])

    def lease_all(self) -> None:
        """Leases all open variables, in order of their jobs' ids."""
        jobs = sorted(self.prepared.jobs)
        found = [parse_lease(job, leased) for job in jobs for leased in iter(lambda job=job: self._lease(job), None)]
        self.held += found
        self.leased += found

    def _lease(self, job: str) -> Document | None:
        response = self.pool.get(f"{job}/variables")
        return response.json if response.status_int == 200 else None

    def post_first_result(self, job: str, *statuses: int) -> None:
        """Posts the result of the first lease held for a job."""
        lease = next(lease for lease in self.held if lease.execution.job == job)
        self.held.remove(lease)
        self.post_result(lease, *statuses)

    def post_result(self, lease: Lease, *statuses: int) -> None:
        response = self.pool.post_json(lease.post_result, lease.result, expect_errors=True)
        assert response.status_int in (statuses or (201,)), response.text

    def delete(self, path: str, *statuses: int) -> None:
        assert self.pool.delete(path, headers=self.pool.owner, expect_errors=True).status_int in statuses

    def at(self, root: Path) -> Scenario:
        """The same scenario in a newly opened pool."""
        return replace(self, pool=open_pool(root), held=list(self.held), leased=list(self.leased))


Act = Callable[[Scenario], object]


@dataclass(frozen=True)
class Operation:
    """`act` is killed, then repeated. `end` is the expected outcome where the reference does not cover it."""

    tree: Tree
    prepare: Act
    act: Act
    end: dict[str, str] = field(default_factory=dict)


def started(scenario: Scenario) -> None:
    scenario.flow = scenario.post()
    scenario.lease_all()


def one_result_missing(scenario: Scenario) -> None:
    started(scenario)
    while len(scenario.held) > 1:
        scenario.post_result(scenario.held.pop())


def second_iteration_open(scenario: Scenario) -> None:
    started(scenario)
    scenario.post_first_result("counter")


def post_last_result(scenario: Scenario) -> None:
    scenario.post_result(scenario.held[0], 201)


def post_rejected_result(scenario: Scenario) -> None:
    lease = next(lease for lease in scenario.held if lease.execution.job == "failing")
    scenario.post_result(lease, 422)


def post_with_idempotency_key(scenario: Scenario) -> None:
    scenario.flow, again = (scenario.post(**{"Idempotency-Key": "once"}) for _ in range(2))
    assert again == scenario.flow


def post_unless_posted(scenario: Scenario) -> None:
    known = scenario.pool.get("/flows").json["_embedded"]["items"]
    scenario.flow = known[0]["_links"]["self"] if known else scenario.post()


MERGING: Tree = [
    [Node("witness", if_="(variable) => 'x' in variable")],
    [Node("object", named=0), Node("list", named=1)],
]
ITERATING: Tree = [[Node("counter", while_="(variable, context) => context.iteration < 2")]]
FAILING: Tree = [
    [Node("witness")],
    [Node("counter", while_="async (variable, context) => context.iteration < 4"), Node("failing"), Node("x", named=0)],
]
LEAVES: Tree = [[Node("witness")], [Node("x"), Node("object", named=0), Node("text", if_="() => false")]]
FINISHED_LEAF: Tree = [[Node("witness")], [Node("object", named=2)]]

OPERATIONS = {
    "the last result of a level": Operation(MERGING, one_result_missing, post_last_result),
    "the last result of the root": Operation([[Node("list")]], started, post_last_result),
    "a result that is followed by another step": Operation(ITERATING, started, post_last_result),
    "a rejected result": Operation(FAILING, second_iteration_open, post_rejected_result),
    "posting": Operation(LEAVES, lambda scenario: None, post_unless_posted),
    "posting with an idempotency key": Operation(FINISHED_LEAF, lambda scenario: None, post_with_idempotency_key),
    "cancelling": Operation(
        FAILING, second_iteration_open, lambda scenario: scenario.delete(scenario.flow, 204), {"state": "cancelled"}
    ),
    "deleting a job": Operation(
        FAILING,
        second_iteration_open,
        lambda scenario: scenario.delete("/jobs/x", 204, 404),
        {"state": "failed", "path": "dependent.jobs[2]", "reason": "deleted"},
    ),
    "withdrawing a step": Operation(
        FAILING,
        second_iteration_open,
        lambda scenario: scenario.delete(f"/jobs/counter/variables/{scenario.flow.rsplit('/', 1)[1]}.1.0.2", 204),
        {"state": "failed", "path": "dependent.jobs[0]", "reason": "withdrawn"},
    ),
}


@pytest.fixture
def root(memory_path: Path) -> Path:
    return memory_path / "pool"


def prepared(root: Path, operation: Operation) -> Scenario:
    pool = open_pool(root)
    post_jobs(pool, {node.job for level in operation.tree for node in level})
    scenario = Scenario(pool, setup_of(pool).prepare(operation.tree))
    operation.prepare(scenario)
    return scenario


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_flow_operation_killed_at_any_call_is_completed(root: Path, operation: Operation) -> None:
    scenario = prepared(root, operation)
    running = scenario.at(root)
    recording = record(root, lambda: operation.act(running))
    assert len(recording.killed) > 1
    for snapshot in (*recording.killed, recording.done):
        after = scenario.at(snapshot.restore(root))
        operation.act(after)
        assert_completes(after, operation.end)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_snapshot_of_a_flow_operation_is_what_a_killed_process_leaves(root: Path, operation: Operation) -> None:
    scenario = prepared(root, operation).at(root)
    assert_a_kill_leaves_a_snapshot(root, lambda: operation.act(scenario), start_and_stop)


def assert_completes(scenario: Scenario, end: dict[str, str]) -> None:
    volunteers = Volunteers(scenario.pool, existing_jobs(scenario), Random(0))
    scenario.pool.clock.advance(3600)  # All earlier leases have expired.
    volunteers.work()
    served = scenario.pool.get(scenario.flow).json
    assert len(scenario.pool.get("/flows").json["_embedded"]["items"]) == 1
    if end:
        assert_ended(served, end)
        assert not list(filter(is_step, volunteers.leased))
    else:
        before = {lease.path: lease.execution for lease in scenario.leased}
        assert_agrees(served, scenario.prepared.reference(served), before | volunteers.leased)
    wait_for_trash()
    assert findings(FlatStore(scenario.pool.data, fsync=False)) == []


def existing_jobs(scenario: Scenario) -> list[str]:
    return [job for job in scenario.prepared.jobs if scenario.pool.get(job, expect_errors=True).status_int == 200]


def assert_ended(served: Document, end: dict[str, str]) -> None:
    assert served["state"] == end["state"]
    assert not [entry for entry in entries_of(served) if entry["state"] in ("open", "running")]
    if "path" in end:
        assert served["failure"]["path"] == end["path"]
        assert end["reason"] in served["failure"]["reason"]


def killed_after_the_result(root: Path) -> tuple[Scenario, Snapshot]:
    """A scenario, and the state in which its last result is stored and has no follow-up yet."""
    scenario = prepared(root, OPERATIONS["the last result of a level"])
    killed = record(root, lambda: post_last_result(scenario.at(root))).killed
    _, _, job_id, _, variable_id = scenario.held[0].path.split("/")
    return scenario, next(
        snapshot for snapshot in killed if snapshot.has(f"jobs/{job_id}/results/*/{variable_id}.json")
    )


def test_a_killed_start_is_completed_by_the_next(root: Path) -> None:
    scenario, left = killed_after_the_result(root)
    left.restore(root)
    recording = record(root, lambda: open_pool(root))
    assert len(recording.killed) > 1
    for snapshot in (*recording.killed, recording.done):
        assert_completes(scenario.at(snapshot.restore(root)), {})


def test_a_snapshot_of_a_start_is_what_a_killed_process_leaves(root: Path) -> None:
    _, left = killed_after_the_result(root)
    left.restore(root)
    assert_a_kill_leaves_a_snapshot(root, lambda: open_pool(root), start_and_stop)


def test_the_check_command_advances_the_flows_of_a_killed_process(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, left = killed_after_the_result(root)
    monkeypatch.setenv("COMP_POOL_DATA", str(left.restore(root)))
    monkeypatch.setenv("COMP_POOL_FSYNC", "0")
    main(["check"])
    flow_id = scenario.flow.rsplit("/", 1)[1]
    assert FlatStore(root, fsync=False).variables.state("witness", f"{flow_id}.0.0.1") == "open"
