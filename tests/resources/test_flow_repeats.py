"""A flow that is posted again: the same one after a lost answer, or a new run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import MakePool, PoolApp
from tests.resources.flow_helpers import ALWAYS, NEVER, Document, answer, entries_of, post, post_flow, shown, tree
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


# The same flow, sent again after a lost answer


def test_under_the_same_key_it_is_the_same_flow(filled: PoolApp) -> None:
    assert posted(filled, {"jobs": [E]}, **KEY) == posted(filled, {"jobs": [E]}, **KEY)
    assert count(filled) == 1


def test_it_takes_nothing_a_second_time(filled: PoolApp) -> None:
    posted(filled, {"jobs": [E, E, E]}, **KEY)
    before = documents(filled)
    posted(filled, {"jobs": [E, E, E]}, **KEY)
    assert documents(filled) == before


def test_it_is_shown_as_far_as_it_is(filled: PoolApp) -> None:
    answer(filled, posted(filled, {"jobs": [E]}, **KEY), "jobs[0]", {"x": 1})
    assert post(filled, {"jobs": [E]}, **KEY).json["result"] == {"x": 1}


def test_it_is_the_same_even_where_the_job_is_gone(filled: PoolApp) -> None:
    flow = posted(filled, {"jobs": [E]}, **KEY)
    filled.delete(ALPHA, headers=filled.owner, status=204)
    assert posted(filled, {"jobs": [E]}, **KEY) == flow


@pytest.mark.parametrize("other", [{"jobs": [E, E]}, {"jobs": [E], "name": "x"}, {"jobs": [{**E, "if": NEVER}]}, {}])
def test_with_another_flow_the_key_is_409(filled: PoolApp, other: Document) -> None:
    posted(filled, {"jobs": [E]}, **KEY)
    before = documents(filled)
    problem(post(filled, other, status=409, **KEY), 409, "Idempotency-Key")
    assert documents(filled) == before


def test_the_order_of_fields_makes_no_other_flow(filled: PoolApp) -> None:
    first = posted(filled, {"jobs": [NAMED], "name": "x"}, **KEY)
    assert posted(filled, {"name": "x", "jobs": [dict(reversed(NAMED.items()))]}, **KEY) == first


def test_another_key_makes_another_flow(filled: PoolApp) -> None:
    other = {"Idempotency-Key": "another-key"}
    assert posted(filled, {"jobs": [E]}, **KEY) != posted(filled, {"jobs": [E]}, **other)


def test_without_a_key_each_post_is_a_flow(filled: PoolApp) -> None:
    assert posted(filled, {"jobs": [E]}) != posted(filled, {"jobs": [E]})
    assert count(filled) == 2


def test_every_owner_has_keys_of_their_own(filled: PoolApp) -> None:
    flow = posted(filled, {"jobs": [E]}, **KEY)
    key = other_key(filled)
    filled.post_json("/jobs", {"name": "Mine", "execute_function": "() => 1"}, headers=key, status=201)
    filled.put_json("/jobs/mine/variables/one", {}, headers=key, status=201)
    assert posted(filled, {"jobs": [{"job": "/jobs/mine"}]}, **KEY, **key) != flow


def test_a_refused_post_leaves_its_key_free(filled: PoolApp) -> None:
    post(filled, {"jobs": []}, status=422, **KEY)
    posted(filled, {"jobs": [E]}, **KEY)


def test_and_leaves_nothing_else(filled: PoolApp) -> None:
    before = documents(filled)
    post(filled, {"jobs": []}, status=422, **KEY)
    assert documents(filled) == before


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 201])
def test_a_key_that_is_none_is_400(filled: PoolApp, key: str) -> None:
    before = documents(filled)
    problem(post(filled, {"jobs": [E]}, status=400, **{"Idempotency-Key": key}), 400, "Idempotency-Key")
    assert documents(filled) == before


# A new run


def test_a_run_again_is_another_flow(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    again = run_again(filled, flow)
    assert again.headers["Location"] == again.json["_links"]["self"] != flow
    assert shown(filled, again.headers["Location"]) == again.json


def test_it_follows_the_link(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    assert run_again(filled, shown(filled, flow)["_links"]["run_again"]).json["state"] == "running"


def test_it_has_the_same_name_and_tree(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "while": NEVER}, E], [{**NAMED, "if": ALWAYS}], name="A name")
    again = run_again(filled, flow).json
    assert again["name"] == "A name"
    wanted = {path: _tree_of(entry) for path, entry in entries_of(filled, flow).items()}
    found = entries_of(filled, again["_links"]["self"])
    assert {path: _tree_of(entry) for path, entry in found.items()} == wanted


def _tree_of(entry: Document) -> Document:
    return {name: entry[name] for name in ("job", "variable", "if", "while") if name in entry}


def test_what_the_first_took_the_second_does_not(filled: PoolApp) -> None:
    flows = [post_flow(filled, [E])]
    flows += [run_again(filled, flows[0]).headers["Location"] for _ in range(2)]
    assert len({entries_of(filled, flow)["jobs[0]"]["variable"] for flow in flows}) == 3


def test_a_result_that_a_named_variable_has_is_used_again(filled: PoolApp) -> None:
    flow = post_flow(filled, [NAMED])
    answer(filled, flow, "jobs[0]", {"x": 1})
    assert run_again(filled, flow).json["result"] == {"x": 1}


def test_all_else_is_computed_anew(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [NAMED])
    for path in ("dependent.jobs[0]", "jobs[0]"):
        answer(filled, flow, path, {"x": 1})
    again = run_again(filled, flow).headers["Location"]
    answer(filled, again, "jobs[0]", {"x": 2})
    assert (shown(filled, flow)["result"], shown(filled, again)["result"]) == ({"x": 1}, {"x": 2})


def test_it_is_checked_as_any_flow_is(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E, E])
    document = problem(run_again(filled, flow, status=422), 422)
    assert [error["path"] for error in document["errors"]] == [f"jobs[{place}].variable" for place in range(3)]


def test_the_job_must_still_be_there(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    filled.delete(ALPHA, headers=filled.owner, status=204)
    problem(run_again(filled, flow, status=422), 422, "jobs[0].job", "alpha")


def test_a_failed_flow_may_run_again(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**NAMED, "while": "(variable, context) => context.result.wrong.wrong"}])
    answer(filled, flow, "jobs[0]", {"x": 1})
    assert run_again(filled, flow).json["state"] == "failed"


def test_a_run_again_may_be_sent_again_under_a_key(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    assert run_again(filled, flow, **KEY).json["id"] == run_again(filled, flow, **KEY).json["id"]
    assert count(filled) == 2


def test_it_works_below_a_mount_prefix(filled: PoolApp) -> None:
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


def test_the_operator_may(filled: PoolApp) -> None:
    key = other_key(filled)
    filled.post_json("/jobs", {"name": "Mine", "execute_function": "() => 1"}, headers=key, status=201)
    filled.put_json("/jobs/mine/variables/one", {}, headers=key, status=201)
    named = {"job": "/jobs/mine", "variable": "/jobs/mine/variables/one"}
    assert run_again(filled, posted(filled, {"jobs": [named]}, **key)).json["owner"] == "operator"


def test_a_keyless_flow_is_nobodys_to_run_again(make_pool: MakePool) -> None:
    pool = make_pool(open=True)
    pool.post_json("/jobs", {"name": "Alpha", "execute_function": "() => 1"}, status=201)
    pool.put_json("/jobs/alpha/variables/a", {}, status=201)
    flow = pool.post_json("/flows", tree([NAMED]), status=201).headers["Location"]
    problem(pool.post(flow, status=401), 401, "key")


def test_an_unknown_flow_is_404(pool: PoolApp) -> None:
    problem(run_again(pool, "/flows/nobody", status=404), 404, "nobody")
