"""Flows that use the same jobs concurrently: which variables each reserves, and which they share."""

from __future__ import annotations

from random import Random

import pytest

from storage.base import Document
from tests.conftest import PoolApp
from tests.flows.helpers import Volunteers, entries_of, is_step, post_jobs

LEAF, PARENT = "/jobs/x", "/jobs/counter"


@pytest.fixture(autouse=True)
def _jobs(pool: PoolApp) -> None:
    post_jobs(pool, ["x", "counter"])


def post(pool: PoolApp, flow: Document) -> Document:
    posted = pool.post_json("/flows", flow, headers=pool.owner, status=201)
    return dict(pool.get(posted.headers["Location"]).json)


def reserved(flow: Document) -> list[str]:
    return [entry["variable"] for entry in entries_of(flow) if entry.get("taken")]


def work(pool: PoolApp) -> Volunteers:
    volunteers = Volunteers(pool, [LEAF, PARENT], Random(0))
    volunteers.work()
    return volunteers


def test_two_flows_reserve_different_variables(pool: PoolApp) -> None:
    variables = [pool.post_variable(LEAF, name) for name in ("a", "b", "c", "d")]
    flows = [post(pool, {"jobs": [{"job": LEAF}, {"job": LEAF}]}) for _ in range(2)]
    assert sorted(variable for flow in flows for variable in reserved(flow)) == variables


def test_no_flow_reserves_a_step_of_another(pool: PoolApp) -> None:
    pool.post_variable(LEAF, "a")
    post(pool, {"jobs": [{"job": LEAF, "while": "() => true"}]})
    assert pool.post_json(pool.lease(LEAF)["post_result"], 1).status_int == 201
    assert is_step(pool.get(f"{LEAF}/variables/index").json["_embedded"]["items"][1]["_links"]["self"])
    pool.post_json("/flows", {"jobs": [{"job": LEAF}]}, headers=pool.owner, status=422)
    variable = pool.post_variable(LEAF, "b")
    assert reserved(post(pool, {"jobs": [{"job": LEAF}]})) == [variable]


def test_a_variable_named_by_two_flows_is_computed_once(pool: PoolApp) -> None:
    variable = pool.post_variable(LEAF, "a", x=4)
    flow = {"jobs": [{"job": PARENT}], "dependent": {"jobs": [{"job": LEAF, "variable": variable}]}}
    flows = [post(pool, flow) for _ in range(2)]
    volunteers = work(pool)
    steps = [f"{PARENT}/variables/{flow['id']}.0.0.1" for flow in flows]
    assert sorted(volunteers.leased) == sorted([variable, *steps])
    assert all(volunteers.leased[step].variable == {"x": 5} for step in steps)


def test_a_reserved_variable_that_was_not_used_is_reserved_by_the_next_flow(pool: PoolApp) -> None:
    variable = pool.post_variable(LEAF, "a")
    skipped = post(pool, {"jobs": [{"job": LEAF, "if": "() => false"}]})
    assert skipped["state"] == "done"
    assert reserved(post(pool, {"jobs": [{"job": LEAF}]})) == reserved(skipped) == [variable]
