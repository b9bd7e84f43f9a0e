"""`kill -9` before any change to the disk: whoever goes on comes to the same answer, and each step runs once."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from comp_pool.cli import main

from pool.sandbox import Outcome, Sandbox, ScriptError
from storage.base import Document
from storage.flat import FlatStore
from tests.conftest import PoolApp
from tests.flows.functions import CONDITIONS, RESULT_CHECKS, VARIABLE_CHECKS, Thrown
from tests.flows.helpers import (
    SETTINGS,
    Lease,
    Posted,
    Volunteers,
    assert_agrees,
    entries_of,
    is_step,
    lease_of,
    post_jobs,
    site_of,
)
from tests.flows.trees import Node, Tree
from tests.storage.faults import CHANGING, Countdown, Strike, die, die_in_mid_write, survives
from tests.storage.helpers import eventually, findings

MOST_CALLS = 500


class TableSandbox(Sandbox):
    """Knows what each function comes to: starting a child for each kill would take the time of the test."""

    def call(self, source: str, arguments: Sequence[Any], job_id: str = "") -> Outcome:
        table: dict[str, Callable[..., Any]] = {**CONDITIONS, **VARIABLE_CHECKS, **RESULT_CHECKS}
        try:
            return Outcome(table[source](*arguments), "")
        except Thrown as ex:
            raise ScriptError("throw", str(ex)) from ex

    def check(self, source: str, job_id: str = "") -> None:
        pass


def open_pool(root: Path) -> PoolApp:
    """As a process of the server does when it starts."""
    return PoolApp(root, TableSandbox(), **SETTINGS)


@dataclass
class Scene:
    """A pool with one flow, and leases that volunteers hold."""

    pool: PoolApp
    posted: Posted
    flow: str = ""
    held: list[Lease] = field(default_factory=list)
    leased: list[Lease] = field(default_factory=list)

    def post(self, **headers: str) -> str:
        posted = self.pool.post_json("/flows", self.posted.flow, headers=self.pool.owner | headers, status=201)
        return str(posted.headers["Location"])

    def lease_all(self) -> None:
        """Holds all that is open now, sorted."""
        jobs = sorted(self.posted.jobs)
        found = [lease_of(job, leased) for job in jobs for leased in iter(lambda job=job: self._lease(job), None)]
        self.held += found
        self.leased += found

    def _lease(self, job: str) -> Document | None:
        response = self.pool.get(f"{job}/variables")
        return response.json if response.status_int == 200 else None

    def answer(self, job: str, *statuses: int) -> None:
        """Posts the result of the first lease held of a job."""
        lease = next(lease for lease in self.held if lease.execution.job == job)
        self.held.remove(lease)
        self.post_result(lease, *statuses)

    def post_result(self, lease: Lease, *statuses: int) -> None:
        response = self.pool.post_json(lease.post_result, lease.result, expect_errors=True)
        assert response.status_int in (statuses or (201,)), response.text

    def delete(self, path: str, *statuses: int) -> None:
        assert self.pool.delete(path, headers=self.pool.owner, expect_errors=True).status_int in statuses

    def at(self, root: Path) -> Scene:
        """The same, in a pool that has just been opened."""
        return replace(self, pool=open_pool(root), held=list(self.held), leased=list(self.leased))


Act = Callable[[Scene], object]


@dataclass(frozen=True)
class Operation:
    """`act` is killed, and done once more afterwards. `end` is what comes of it where the reference can't tell."""

    tree: Tree
    prepare: Act
    act: Act
    end: dict[str, str] = field(default_factory=dict)


def begun(scene: Scene) -> None:
    scene.flow = scene.post()
    scene.lease_all()


def all_but_one_answered(scene: Scene) -> None:
    begun(scene)
    while len(scene.held) > 1:
        scene.post_result(scene.held.pop())


def an_iteration_open(scene: Scene) -> None:
    begun(scene)
    scene.answer("counter")


def last_answered(scene: Scene) -> None:
    scene.post_result(scene.held[0], 201)


def refused(scene: Scene) -> None:
    lease = next(lease for lease in scene.held if lease.execution.job == "failing")
    scene.post_result(lease, 422)


def posted_with_key(scene: Scene) -> None:
    scene.flow = scene.post(**{"Idempotency-Key": "once"})


def posted_unless_it_is_there(scene: Scene) -> None:
    known = scene.pool.get("/flows").json["_embedded"]["items"]
    scene.flow = known[0]["_links"]["self"] if known else scene.post()


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
AT_ONCE: Tree = [[Node("witness")], [Node("object", named=2)]]

OPERATIONS = {
    "the last result of an array": Operation(MERGING, all_but_one_answered, last_answered),
    "the last result of the root": Operation([[Node("list")]], begun, last_answered),
    "a result that is followed by another step": Operation(ITERATING, begun, last_answered),
    "a result that is refused": Operation(FAILING, an_iteration_open, refused),
    "posting": Operation(LEAVES, lambda scene: None, posted_unless_it_is_there),
    "posting with a key of idempotency": Operation(AT_ONCE, lambda scene: None, posted_with_key),
    "cancelling": Operation(
        FAILING, an_iteration_open, lambda scene: scene.delete(scene.flow, 204), {"state": "cancelled"}
    ),
    "deleting a job": Operation(
        FAILING,
        an_iteration_open,
        lambda scene: scene.delete("/jobs/x", 204, 404),
        {"state": "failed", "path": "dependent.jobs[2]", "reason": "deleted"},
    ),
    "withdrawing a step": Operation(
        FAILING,
        an_iteration_open,
        lambda scene: scene.delete(f"/jobs/counter/variables/{scene.flow.rsplit('/', 1)[1]}.1.0.2", 204),
        {"state": "failed", "path": "dependent.jobs[0]", "reason": "withdrawn"},
    ),
}
KILLED = [
    pytest.param(operation, strike, names, id=f"{name}, {strike.__name__}")
    for name, operation in OPERATIONS.items()
    for strike, names in ((die, CHANGING), (die_in_mid_write, ("write",)))
]


def prepared(root: Path, operation: Operation) -> Scene:
    pool = open_pool(root)
    post_jobs(pool, {node.job for level in operation.tree for node in level})
    scene = Scene(pool, site_of(pool).prepare(operation.tree))
    operation.prepare(scene)
    return scene


def calls_of_opening(root: Path, names: tuple[str, ...]) -> int:
    """How often a process that opens the pool changes the disk: that is another test's concern."""
    (_, copy) = next(copies(root))
    with Countdown(0, die).over(names) as counted:
        open_pool(copy)
    return counted.calls


def copies(root: Path, first: int = 1) -> Iterator[tuple[int, Path]]:
    for number in range(first, MOST_CALLS):
        copy = root.with_name(f"{root.name}-{number}")
        # Hard links stay such: recovery tells by them what a dead process had come to.
        subprocess.run(["cp", "-a", root, copy], check=True)
        yield number, copy
        subprocess.run(["rm", "-r", copy], check=True)
    raise AssertionError("it never ended")


@pytest.mark.parametrize(("operation", "strike", "names"), KILLED)
def test_killed_at_any_point(tmp_path: Path, operation: Operation, strike: Strike, names: tuple[str, ...]) -> None:
    scene = prepared(tmp_path / "prepared", operation)
    opening = calls_of_opening(scene.pool.data, names)
    for number, root in copies(scene.pool.data, opening + 1):
        survived = survives(lambda root=root: operation.act(scene.at(root)), number, strike, names)
        after = scene.at(root)
        operation.act(after)
        assert_comes_to_its_end(after, operation.end)
        if survived:
            return


def assert_comes_to_its_end(scene: Scene, end: dict[str, str]) -> None:
    volunteers = Volunteers(scene.pool, jobs_there(scene), Random(0))
    with patch("storage.ids.now_milliseconds", in_an_hour):  # Leases of those who never answer have run out.
        volunteers.work()
    shown = scene.pool.get(scene.flow).json
    assert len(scene.pool.get("/flows").json["_embedded"]["items"]) == 1
    if end:
        assert_ended(shown, end)
    else:
        before = {lease.path: lease.execution for lease in scene.leased}
        assert_agrees(shown, scene.posted.reference(shown), before | volunteers.leased)
    if shown["state"] != "done":
        assert not list(filter(is_step, volunteers.leased))
    eventually(lambda: not findings(FlatStore(scene.pool.data, fsync=False)))  # A deleted job goes away meanwhile.


def in_an_hour() -> int:
    return time.time_ns() // 1_000_000 + 3_600_000


def jobs_there(scene: Scene) -> list[str]:
    return [job for job in scene.posted.jobs if scene.pool.get(job, expect_errors=True).status_int == 200]


def assert_ended(shown: Document, end: dict[str, str]) -> None:
    assert shown["state"] == end["state"]
    assert not [entry for entry in entries_of(shown) if entry["state"] in ("open", "running")]
    if "path" in end:
        assert shown["failure"]["path"] == end["path"]
        assert end["reason"] in shown["failure"]["reason"]


def test_a_start_that_is_killed_is_repeated(tmp_path: Path) -> None:
    scene = prepared(tmp_path / "prepared", OPERATIONS["the last result of an array"])
    for number, root in copies(killed_past_the_result(scene)):
        survived = survives(lambda root=root: open_pool(root), number, die, CHANGING)
        assert_comes_to_its_end(scene.at(root), {})
        if survived:
            return


def killed_past_the_result(scene: Scene) -> Path:
    """A pool where the last result is there, and nothing has come of it."""
    for number, root in copies(scene.pool.data):
        assert not survives(lambda root=root: last_answered(scene.at(root)), number, die, CHANGING)
        if has_result(root, scene.held[0]):
            return root
    raise AssertionError("it was never stored")


def has_result(root: Path, lease: Lease) -> bool:
    store = FlatStore(root, fsync=False)
    _, _, job_id, _, variable_id = lease.path.split("/")
    try:
        return store.results.outcome(job_id, variable_id) is not None
    finally:
        store.close()


def test_check_moves_on_what_a_killed_process_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = prepared(tmp_path / "prepared", OPERATIONS["the last result of an array"])
    root = killed_past_the_result(scene)
    monkeypatch.setenv("COMP_POOL_DATA", str(root))
    monkeypatch.setenv("COMP_POOL_FSYNC", "0")
    main(["check"])
    flow_id = scene.flow.rsplit("/", 1)[1]
    assert FlatStore(root, fsync=False).variables.state("witness", f"{flow_id}.0.0.1") == "open"
