"""A few hundred random trees, answered in random order: the pool comes to what the reference comes to."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from pool.sandbox import Sandbox, ScriptError
from storage.base import Document, canonical
from tests.conftest import PoolApp
from tests.flows.functions import CONDITIONS, Thrown
from tests.flows.helpers import (
    SETTINGS,
    Posted,
    Volunteers,
    assert_agrees,
    entries_of,
    is_step,
    post_jobs,
    site_of,
)
from tests.flows.trees import Tree, trees

seeds = st.integers(0, 1 << 32)
lasting = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def flow_pool(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """One pool with every job, for all trees."""
    pool = PoolApp(tmp_path_factory.mktemp("flows") / "pool", sandbox, **SETTINGS)
    post_jobs(pool)
    return pool


def post(pool: PoolApp, posted: Posted) -> str:
    return str(pool.post_json("/flows", posted.flow, headers=pool.owner, status=201).headers["Location"])


@given(tree=trees, seed=seeds, times=st.sampled_from([1, 1, 2]))
@settings(lasting, max_examples=300)
def test_a_flow_comes_to_what_the_reference_comes_to(flow_pool: PoolApp, tree: Tree, seed: int, times: int) -> None:
    posted = site_of(flow_pool).prepare(tree, times)
    flows = [post(flow_pool, posted) for _ in range(times)]
    volunteers = Volunteers(flow_pool, posted.jobs, Random(seed))
    volunteers.work()
    shown = [flow_pool.get(flow).json for flow in flows]
    assert_none_used_twice([one for one in shown if one["state"] == "done"])
    for one in shown:
        assert_agrees(one, posted.reference(one), volunteers.leased)
    assert_no_other_steps(volunteers.leased, {one["id"] for one in shown})


def assert_none_used_twice(flows: list[Document]) -> None:
    """Of the variables that were taken. A flow gives back what it has not used when it ends."""
    entries = [entry for shown in flows for entry in entries_of(shown) if entry.get("taken") and entry["iterations"]]
    assert len({entry["variable"] for entry in entries}) == len(entries)


def assert_no_other_steps(paths: Iterable[str], flow_ids: set[str]) -> None:
    """Of a flow that ended before."""
    assert {path.rsplit("/", 1)[1].split(".")[0] for path in filter(is_step, paths)} <= flow_ids


@given(tree=trees, seed=seeds, steps=st.integers(0, 12))
@settings(lasting, max_examples=60)
def test_a_flow_that_is_cancelled_leaves_no_step_open(flow_pool: PoolApp, tree: Tree, seed: int, steps: int) -> None:
    posted = site_of(flow_pool).prepare(tree)
    flow = post(flow_pool, posted)
    volunteers = Volunteers(flow_pool, posted.jobs, Random(seed))
    volunteers.work(steps)
    status = flow_pool.delete(flow, headers=flow_pool.owner, expect_errors=True).status_int
    before = set(volunteers.leased)
    volunteers.work()
    assert not [path for path in volunteers.leased.keys() - before if is_step(path)]
    assert_is_cancelled(flow_pool.get(flow).json, status)


def assert_is_cancelled(shown: Document, status: int) -> None:
    """Or had ended before."""
    assert (status, shown["state"]) in ((204, "cancelled"), (409, "done"), (409, "failed"))
    assert not {entry["state"] for entry in entries_of(shown)} & {"waiting", "running"}
    steps = [step for entry in entries_of(shown) for step in entry["steps"]]
    assert not {step["state"] for step in steps if is_step(step["_links"]["get_variable"])} & {"open", "leased"}


VARIABLES: list[Document] = [{}, {"x": 0}, {"x": 1}, {"x": 3, "y": 1, "forbidden": True}]
RESULTS = [None, True, 2, 3, "2", [1], {"x": 1}]


@pytest.mark.parametrize("source", CONDITIONS)
def test_a_condition_says_the_same_in_both_languages(sandbox: Sandbox, source: str) -> None:
    contexts = [{"iteration": iteration, "result": result} for iteration in range(1, 5) for result in RESULTS]
    for arguments in itertools.product(VARIABLES, contexts):
        assert in_javascript(sandbox, source, arguments) == in_python(source, arguments)


def in_javascript(sandbox: Sandbox, source: str, arguments: Sequence[Any]) -> str:
    try:
        return canonical(sandbox.call(source, arguments).value)
    except ScriptError as ex:
        return ex.kind


def in_python(source: str, arguments: Sequence[Any]) -> str:
    try:
        return canonical(CONDITIONS[source](*arguments))
    except Thrown:
        return "throw"
