"""A few hundred random trees, computed in random order: the pool agrees with the reference.

Most call the Python twins of the functions; another test shows that these are equal to the sandbox's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest import mock

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from pool.sandbox import UNDEFINED, Sandbox, ScriptError
from storage.base import Document, canonical
from tests.conftest import PoolApp, memory_directory
from tests.flows.functions import (
    FAILING_IFS,
    FAILING_WHILES,
    IFS,
    RESULT_CHECKS,
    TWINS,
    VARIABLE_CHECKS,
    WHILES,
)
from tests.flows.helpers import (
    SETTINGS,
    PreparedTree,
    TableSandbox,
    Volunteers,
    assert_agrees,
    entries_of,
    is_step,
    post_jobs,
    setup_of,
)
from tests.flows.trees import Tree, trees

seeds = st.integers(0, 1 << 32)
often_once = st.sampled_from([1, 1, 2])
no_deadline = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def pool_with_every_job(sandbox: Sandbox) -> Iterator[PoolApp]:
    # A job of which every result is rejected is used by many trees, and must not be paused.
    with memory_directory() as directory, mock.patch("pool.variable_errors.FAILING_VARIABLES", math.inf):
        pool = PoolApp(directory / "pool", sandbox, **SETTINGS)
        post_jobs(pool)
        yield pool


@pytest.fixture(scope="module")
def flow_pool() -> Iterator[PoolApp]:
    """One pool for all trees, with the twins."""
    with pool_with_every_job(TableSandbox()) as pool:
        yield pool


@pytest.fixture
def sandbox_pool(sandbox: Sandbox) -> Iterator[PoolApp]:
    with pool_with_every_job(sandbox) as pool:
        yield pool


def post(pool: PoolApp, prepared: PreparedTree) -> str:
    return str(pool.post_json("/flows", prepared.flow, headers=pool.owner, status=201).headers["Location"])


@given(tree=trees, seed=seeds, times=often_once)
@settings(no_deadline, max_examples=150)
def test_a_flow_agrees_with_the_reference(flow_pool: PoolApp, tree: Tree, seed: int, times: int) -> None:
    assert_flows_agree(flow_pool, tree, seed, times)


@given(tree=trees, seed=seeds, times=often_once)
@settings(no_deadline, max_examples=20)
def test_a_flow_in_the_sandbox_agrees_with_the_reference(
    sandbox_pool: PoolApp, tree: Tree, seed: int, times: int
) -> None:
    assert_flows_agree(sandbox_pool, tree, seed, times)


def assert_flows_agree(flow_pool: PoolApp, tree: Tree, seed: int, times: int) -> None:
    prepared = setup_of(flow_pool).prepare(tree, times)
    flows = [post(flow_pool, prepared) for _ in range(times)]
    volunteers = Volunteers(flow_pool, prepared.jobs, Random(seed))
    volunteers.work()
    all_served = [flow_pool.get(flow).json for flow in flows]
    assert_none_used_twice([served for served in all_served if served["state"] == "done"])
    for served in all_served:
        assert_agrees(served, prepared.reference(served), volunteers.leased)
    assert_no_other_steps(volunteers.leased, {served["id"] for served in all_served})


def assert_none_used_twice(flows: list[Document]) -> None:
    """Asserts that no reserved variable was used twice. An ended flow releases those that it did not use."""
    entries = [entry for served in flows for entry in entries_of(served) if entry.get("taken") and entry["iterations"]]
    assert len({entry["variable"] for entry in entries}) == len(entries)


def assert_no_other_steps(paths: Iterable[str], flow_ids: set[str]) -> None:
    """Asserts that all steps belong to these flows, and none to a flow that ended before."""
    assert {path.rsplit("/", 1)[1].split(".")[0] for path in filter(is_step, paths)} <= flow_ids


@given(tree=trees, seed=seeds, steps=st.integers(0, 12))
@settings(no_deadline, max_examples=60)
def test_a_cancelled_flow_leaves_no_step_open(flow_pool: PoolApp, tree: Tree, seed: int, steps: int) -> None:
    prepared = setup_of(flow_pool).prepare(tree)
    flow = post(flow_pool, prepared)
    volunteers = Volunteers(flow_pool, prepared.jobs, Random(seed))
    volunteers.work(steps)
    status = flow_pool.delete(flow, headers=flow_pool.owner, expect_errors=True).status_int
    before = set(volunteers.leased)
    volunteers.work()
    assert not [path for path in volunteers.leased.keys() - before if is_step(path)]
    assert_is_cancelled(flow_pool.get(flow).json, status)


def assert_is_cancelled(served: Document, status: int) -> None:
    """Asserts that the flow is cancelled, or had ended before."""
    assert (status, served["state"]) in ((204, "cancelled"), (409, "done"), (409, "failed"))
    assert not {entry["state"] for entry in entries_of(served)} & {"waiting", "running"}
    steps = [step for entry in entries_of(served) for step in entry["steps"]]
    assert not {step["state"] for step in steps if is_step(step["_links"]["get_variable"])} & {"open", "leased"}


VARIABLES: list[Document] = [{}, {"x": 0}, {"x": 1}, {"x": 3, "y": 1, "forbidden": True}]
RESULTS = [None, True, 2, 3, "2", [1], {"x": 1}]
ITERATIONS = [{"iteration": iteration, "result": result} for iteration in range(1, 5) for result in RESULTS]
MERGED = [{}, {"x": 1}, {"x": 1, "y": 2}]
# As the pool calls them: with a context of the level below or of an iteration, with none, and with a result.
CALLS = {
    **{source: [VARIABLES, MERGED] for source in IFS | FAILING_IFS},
    **{source: [VARIABLES, ITERATIONS] for source in WHILES | FAILING_WHILES},
    **{source: [VARIABLES, MERGED] for source in VARIABLE_CHECKS},
    **{source: [VARIABLES, [UNDEFINED, 1, 2, 3], [{}]] for source in RESULT_CHECKS},
}


@pytest.mark.parametrize("source", TWINS)
def test_a_function_has_the_same_value_in_both_languages(sandbox: Sandbox, source: str) -> None:
    twins = TableSandbox()
    for arguments in itertools.product(*CALLS[source]):
        assert value_of(sandbox, source, arguments) == value_of(twins, source, arguments)


def value_of(sandbox: Sandbox, source: str, arguments: Sequence[Any]) -> str:
    try:
        return canonical(sandbox.call(source, arguments).value)
    except ScriptError as ex:
        return ex.kind
