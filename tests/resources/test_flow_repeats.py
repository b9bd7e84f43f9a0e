"""Posting a flow again: a retry with an idempotency key, or a new run."""

from __future__ import annotations

from typing import Any

import pytest

from pool.flows.posting import idempotency_key_of
from pool.keys import Caller, digest
from storage.flat import FlatStore
from tests.conftest import MakePool, PoolApp
from tests.resources.flow_helpers import (
    ALWAYS,
    NEVER,
    Document,
    entries_of,
    get_flow,
    post,
    post_flow,
    post_result,
    tree,
)
from tests.resources.helpers import documents, other_key, problem

ALPHA = "/jobs/alpha"
E: Document = {"job": ALPHA}
NAMED = {**E, "variable": f"{ALPHA}/variables/a"}
KEY = {"Idempotency-Key": "a-key"}
MOUNTED = {"SCRIPT_NAME": "/pool"}


@pytest.fixture
def filled(pool: PoolApp) -> PoolApp:
    alpha = pool.post_job("Alpha")
    for name in ("a", "b", "c"):
        pool.post_variable(alpha, name)
    return pool


def posted(pool: PoolApp, flow: Document, **headers: str) -> str:
    return str(post(pool, flow, **headers).headers["Location"])


def run_again(pool: PoolApp, flow: str, status: int = 201, **headers: str) -> Any:
    return pool.post(flow, headers={**pool.owner, **headers}, status=status)


def count(pool: PoolApp) -> int:
    return int(pool.get("/flows").json["count"])


# Retries with an idempotency key


def test_the_same_idempotency_key_stores_one_flow(filled: PoolApp) -> None:
    assert posted(filled, {"jobs": [E]}, **KEY) == posted(filled, {"jobs": [E]}, **KEY)
    assert count(filled) == 1


def test_a_repeated_post_reserves_nothing(filled: PoolApp) -> None:
    posted(filled, {"jobs": [E, E, E]}, **KEY)
    before = documents(filled)
    posted(filled, {"jobs": [E, E, E]}, **KEY)
    assert documents(filled) == before


def test_a_repeated_post_responds_with_the_current_state(filled: PoolApp) -> None:
    post_result(filled, posted(filled, {"jobs": [E]}, **KEY), "jobs[0]", {"x": 1})
    assert post(filled, {"jobs": [E]}, **KEY).json["result"] == {"x": 1}


def test_a_repeated_post_works_after_the_job_was_deleted(filled: PoolApp) -> None:
    flow = posted(filled, {"jobs": [E]}, **KEY)
    filled.delete(ALPHA, headers=filled.owner, status=204)
    assert posted(filled, {"jobs": [E]}, **KEY) == flow


@pytest.mark.parametrize("other", [{"jobs": [E, E]}, {"jobs": [E], "name": "x"}, {"jobs": [{**E, "if": NEVER}]}, {}])
def test_another_flow_with_the_same_key_is_409(filled: PoolApp, other: Document) -> None:
    posted(filled, {"jobs": [E]}, **KEY)
    before = documents(filled)
    problem(post(filled, other, status=409, **KEY), 409, "Idempotency-Key")
    assert documents(filled) == before


def test_the_order_of_fields_does_not_matter(filled: PoolApp) -> None:
    first = posted(filled, {"jobs": [NAMED], "name": "x"}, **KEY)
    assert posted(filled, {"name": "x", "jobs": [dict(reversed(NAMED.items()))]}, **KEY) == first


def test_a_request_whose_key_is_in_progress_does_not_wait(filled: PoolApp) -> None:
    store = FlatStore(filled.data, fsync=False)
    with store.flows.lock(idempotency_key_of(Caller(digest(filled.key)), "a-key")):
        refused = post(filled, {"jobs": [E]}, status=503, **KEY)
    assert problem(refused, 503, "in progress")["type"] == "urn:comp-pool:in-progress"
    assert refused.headers["Retry-After"] == "2"
    post(filled, {"jobs": [E]}, **KEY)
    store.close()


def test_another_idempotency_key_stores_another_flow(filled: PoolApp) -> None:
    other = {"Idempotency-Key": "another-key"}
    assert posted(filled, {"jobs": [E]}, **KEY) != posted(filled, {"jobs": [E]}, **other)


def test_without_a_key_each_post_stores_a_flow(filled: PoolApp) -> None:
    assert posted(filled, {"jobs": [E]}) != posted(filled, {"jobs": [E]})
    assert count(filled) == 2


def test_idempotency_keys_are_per_owner(filled: PoolApp) -> None:
    flow = posted(filled, {"jobs": [E]}, **KEY)
    key = other_key(filled)
    filled.post_json("/jobs", {"name": "Mine", "execute_function": "() => 1"}, headers=key, status=201)
    filled.put_json("/jobs/mine/variables/one", {}, headers=key, status=201)
    assert posted(filled, {"jobs": [{"job": "/jobs/mine"}]}, **KEY, **key) != flow


def test_a_refused_post_does_not_use_up_its_key(filled: PoolApp) -> None:
    post(filled, {"jobs": []}, status=422, **KEY)
    posted(filled, {"jobs": [E]}, **KEY)


def test_a_refused_post_stores_nothing(filled: PoolApp) -> None:
    before = documents(filled)
    post(filled, {"jobs": []}, status=422, **KEY)
    assert documents(filled) == before


# New runs


def test_a_new_run_is_another_flow(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    again = run_again(filled, flow)
    assert again.headers["Location"] == again.json["_links"]["self"] != flow
    assert get_flow(filled, again.headers["Location"]) == again.json


def test_the_run_again_link_starts_a_new_run(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    assert run_again(filled, get_flow(filled, flow)["_links"]["run_again"]).json["state"] == "running"


def test_a_new_run_has_the_same_name_and_tree(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "while": NEVER}, E], [{**NAMED, "if": ALWAYS}], name="A name")
    again = run_again(filled, flow).json
    assert again["name"] == "A name"
    expected = {path: _tree_of(entry) for path, entry in entries_of(filled, flow).items()}
    found = entries_of(filled, again["_links"]["self"])
    assert {path: _tree_of(entry) for path, entry in found.items()} == expected


def _tree_of(entry: Document) -> Document:
    return {name: entry[name] for name in ("job", "variable", "if", "while") if name in entry}


def test_runs_reserve_different_variables(filled: PoolApp) -> None:
    flows = [post_flow(filled, [E])]
    flows += [run_again(filled, flows[0]).headers["Location"] for _ in range(2)]
    assert len({entries_of(filled, flow)["jobs[0]"]["variable"] for flow in flows}) == 3


def test_the_result_of_a_named_variable_is_used_again(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    post_result(filled, flow, "jobs[0]", {"x": 1})
    assert run_again(filled, flow).json["result"] == {"x": 1}


def test_all_other_steps_are_computed_anew(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [NAMED])
    for path in ("dependent.jobs[0]", "jobs[0]"):
        post_result(filled, flow, path, {"x": 1})
    again = run_again(filled, flow).headers["Location"]
    post_result(filled, again, "jobs[0]", {"x": 2})
    assert (get_flow(filled, flow)["result"], get_flow(filled, again)["result"]) == ({"x": 1}, {"x": 2})


def test_a_new_run_is_checked_like_a_posted_flow(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E, E])
    document = problem(run_again(filled, flow, status=422), 422)
    assert [error["path"] for error in document["errors"]] == [f"jobs[{index}].variable" for index in range(3)]


def test_a_new_run_needs_the_job(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    filled.delete(ALPHA, headers=filled.owner, status=204)
    problem(run_again(filled, flow, status=422), 422, "jobs[0].job", "alpha")


def test_a_failed_flow_can_run_again(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**NAMED, "while": "(variable, context) => context.result.wrong.wrong"}])
    post_result(filled, flow, "jobs[0]", {"x": 1})
    assert run_again(filled, flow).json["state"] == "failed"


def test_the_same_idempotency_key_starts_one_new_run(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    assert run_again(filled, flow, **KEY).json["id"] == run_again(filled, flow, **KEY).json["id"]
    assert count(filled) == 2


def test_a_new_run_below_a_mount_prefix(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    again = filled.post(flow, headers=filled.owner, extra_environ=MOUNTED, status=201)
    assert again.headers["Location"].startswith("/pool/flows/")
    assert again.json["jobs"][0]["variable"] == f"/pool{NAMED['variable']}"


@pytest.mark.parametrize(("key", "status"), [("none", 401), ("wrong", 401), ("foreign", 403)])
def test_only_its_owner_runs_a_flow_again(filled: PoolApp, key: str, status: int) -> None:
    headers = {"none": {}, "wrong": {"Authorization": "Bearer " + "x" * 43}, "foreign": other_key(filled)}[key]
    flow = post_flow(filled, [NAMED])
    before = documents(filled)
    problem(filled.post(flow, headers=headers, status=status), status, "key")
    assert documents(filled) == before


def test_the_operator_runs_any_flow_again(filled: PoolApp) -> None:
    key = other_key(filled)
    filled.post_json("/jobs", {"name": "Mine", "execute_function": "() => 1"}, headers=key, status=201)
    filled.put_json("/jobs/mine/variables/one", {}, headers=key, status=201)
    named = {"job": "/jobs/mine", "variable": "/jobs/mine/variables/one"}
    assert run_again(filled, posted(filled, {"jobs": [named]}, **key)).json["owner"] == "operator"


def test_a_keyless_flow_cannot_be_run_again_without_a_key(make_pool: MakePool) -> None:
    pool = make_pool(open=True)
    pool.post_json("/jobs", {"name": "Alpha", "execute_function": "() => 1"}, status=201)
    pool.put_json("/jobs/alpha/variables/a", {}, status=201)
    flow = pool.post_json("/flows", tree([NAMED]), status=201).headers["Location"]
    problem(pool.post(flow, status=401), 401, "key")


def test_running_an_unknown_flow_again_is_404(pool: PoolApp) -> None:
    problem(run_again(pool, "/flows/nobody", status=404), 404, "nobody")
