"""`render`, the function that draws a job's results: who gets it, and the results that it is called with."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import PoolApp
from tests.resources.helpers import problem

JOB = "/jobs/example-job"
RENDER = "(results) => ({ type: 'table', columns: ['x'], rows: results.map(({ result }) => [result]) })"


@pytest.fixture
def drawn(pool: PoolApp) -> PoolApp:
    """A pool with a job that has `render`, and five results."""
    pool.post_job(render=RENDER)
    for number in range(5):
        pool.post_variable(JOB, f"v{number}", x=number)
        pool.post_json(pool.lease(JOB)["post_result"], number, status=201)
    return pool


def items(pool: PoolApp, query: str) -> list[dict[str, Any]]:
    return list(pool.get(f"{JOB}/results?{query}", status=200).json["_embedded"]["items"])


def test_the_job_has_it_and_lists_and_volunteers_do_not(pool: PoolApp) -> None:
    pool.post_job(render=RENDER)
    pool.post_variable(JOB)
    assert pool.get(JOB).json["render"] == RENDER
    [listed] = pool.get("/jobs/index").json["_embedded"]["items"]
    assert (listed["has_render"], "render" in listed) == (True, False)
    assert "render" not in pool.get("/jobs/scheduler", status=200).json


def test_its_digest_is_that_of_the_same_job_without_it(pool: PoolApp) -> None:
    with_render, without = (pool.post_job(name, **fields) for name, fields in (("A", {"render": RENDER}), ("B", {})))
    assert pool.get(with_render).json["digest"] == pool.get(without).json["digest"]


def test_it_can_be_changed_and_removed(pool: PoolApp) -> None:
    pool.post_job(render=RENDER)
    changed = pool.patch_json(JOB, {"render": "() => null"}, headers=pool.owner, status=200)
    assert changed.json["render"] == "() => null"
    problem(pool.patch_json(JOB, {"render": "() => )"}, headers=pool.owner, status=422), 422, "render: ")
    pool.patch_json(JOB, {"render": None}, headers=pool.owner, status=200)
    assert "render" not in pool.get(JOB).json


def test_the_last_results_come_in_order_and_their_cursor_leads_on(drawn: PoolApp) -> None:
    page = drawn.get(f"{JOB}/results?last=2", status=200).json
    assert [item["result"] for item in page["_embedded"]["items"]] == [3, 4]
    drawn.post_variable(JOB, "later")
    drawn.post_json(drawn.lease(JOB)["post_result"], 5, status=201)
    assert [item["result"] for item in items(drawn, f"cursor={page['cursor']}")] == [5]


@pytest.mark.parametrize("last", [5, 1000])
def test_no_more_than_there_are(drawn: PoolApp, last: int) -> None:
    assert [item["result"] for item in items(drawn, f"last={last}")] == [0, 1, 2, 3, 4]


INVALID = ["last=0", "last=1001", "last=x", "last=2&order=input", "last=2&cursor=0", "inputs=1"]


@pytest.mark.parametrize("query", INVALID)
def test_an_invalid_query_is_400(drawn: PoolApp, query: str) -> None:
    problem(drawn.get(f"{JOB}/results?{query}", status=400), 400, query.partition("=")[0])


def test_results_come_with_their_inputs(drawn: PoolApp) -> None:
    found = items(drawn, "last=2&inputs=true")
    assert sorted((item["variable"], item["input"]["x"]) for item in found) == [
        (item["variable"], int(item["variable"][1:])) for item in sorted(found, key=lambda item: str(item["variable"]))
    ]
    assert not any("input" in item for item in items(drawn, "last=2"))


def test_a_page_of_large_inputs_is_short_and_leads_on(pool: PoolApp) -> None:
    pool.post_job()
    for name in "abcd":
        pool.post_variable(JOB, name, x=1, text="x" * 500_000)
        pool.post_json(f"{JOB}/variables/{name}/results", 2, status=201)
    first = pool.get(f"{JOB}/results?inputs=true", status=200).json
    assert first["count"] == 3
    second = pool.get(first["_links"]["next"], status=200).json
    assert [item["variable"] for item in second["_embedded"]["items"]] == ["d"]
    assert second["_embedded"]["items"][0]["input"]["x"] == 1
