"""`COMP_POOL_OPEN=review`: what is posted without a key waits for the operator."""

from __future__ import annotations

from typing import Any

import pytest

from pool.sandbox import Sandbox
from tests.conftest import EXECUTE, MakePool, PoolApp
from tests.resources.helpers import other_key, problem

JOB: dict[str, Any] = {"name": "Job", "execute_function": EXECUTE, "validate_variable": "() => true"}
PATH = "/jobs/job"


@pytest.fixture
def pool(make_pool: MakePool) -> PoolApp:
    return make_pool(open="review")


@pytest.fixture
def key(pool: PoolApp) -> dict[str, str]:
    """The headers with the key of a job in review."""
    return {"Authorization": f"Bearer {pool.post_json('/jobs', JOB, status=201).json['key']}"}


def approve(pool: PoolApp) -> None:
    pool.patch_json(PATH, {"state": "open"}, headers=pool.owner, status=200)


def test_a_strangers_job_is_in_review_and_the_response_says_so(pool: PoolApp) -> None:
    posted = pool.post_json("/jobs", {**JOB, "state": "paused"}, status=201).json
    assert posted["state"] == "review"
    assert "operator" in posted["review"]
    assert pool.get(PATH).json["state"] == "review"
    assert pool.get("/jobs/index").json["_embedded"]["items"][0]["state"] == "review"
    assert "review" not in pool.get(PATH).json


def test_a_job_posted_with_a_key_is_open(pool: PoolApp) -> None:
    posted = pool.post_json("/jobs", JOB, headers=other_key(pool), status=201).json
    assert (posted["state"], "review" in posted) == ("open", False)


@pytest.mark.usefixtures("key")
def test_a_job_in_review_is_served_to_nobody(pool: PoolApp) -> None:
    pool.get("/jobs/scheduled", status=204)
    pool.get(f"{PATH}/variables", status=204)


@pytest.mark.parametrize("posted_by", ["nobody", "poster", "operator"])
def test_its_functions_are_not_called(
    pool: PoolApp, key: dict[str, str], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, posted_by: str
) -> None:
    monkeypatch.setattr(sandbox, "call", lambda *_arguments: pytest.fail("a function was called"))
    headers = {"nobody": {}, "poster": key, "operator": pool.owner}[posted_by]
    problem(pool.put_json(f"{PATH}/variables/one", {"x": 1}, headers=headers, status=409), 409, "in review")
    problem(pool.post_json(f"{PATH}/variables", {"x": 1}, headers=headers, status=409), 409, "in review")
    refused = problem(pool.post_json("/flows", {"jobs": [{"job": PATH}]}, headers=headers, status=422), 422)
    assert "in review" in refused["errors"][0]["reason"]


def test_its_poster_changes_and_deletes_it_but_not_its_state(pool: PoolApp, key: dict[str, str]) -> None:
    pool.patch_json(PATH, {"metadata": {"owner": "me"}}, headers=key, status=200)
    for state in ("open", "paused", None):
        problem(pool.patch_json(PATH, {"state": state}, headers=key, status=403), 403, "only the operator")
    pool.delete(PATH, headers=key, status=204)


def test_the_operator_agrees(pool: PoolApp, key: dict[str, str]) -> None:
    approve(pool)
    pool.put_json(f"{PATH}/variables/one", {"x": 1}, status=201)
    assert pool.get("/jobs/scheduled", status=200).json["id"] == "job"
    pool.get(f"{PATH}/variables", status=200)
    pool.patch_json(PATH, {"state": "paused"}, headers=key, status=200)
    pool.patch_json(PATH, {"state": "open"}, headers=key, status=200)


@pytest.mark.usefixtures("key")
def test_a_flow_uses_an_approved_job(pool: PoolApp) -> None:
    approve(pool)
    pool.put_json(f"{PATH}/variables/one", {"x": 1}, status=201)
    pool.post_json("/flows", {"jobs": [{"job": PATH}]}, status=201)


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("setting", [False, True])
def test_a_job_stays_in_review_when_the_setting_changes(make_pool: MakePool, setting: bool) -> None:
    make_pool(open=setting).get(f"{PATH}/variables", status=204)


def test_its_name_is_no_choice_on_the_leaderboard(pool: PoolApp) -> None:
    pool.post_json("/jobs", {**JOB, "name": "Cheap pills"}, status=201)
    for query in ("", "?job=cheap-pills"):
        assert "Cheap pills" not in pool.get(f"/leaderboard{query}", headers={"Accept": "text/html"}).text
    pool.patch_json("/jobs/cheap-pills", {"state": "open"}, headers=pool.owner, status=200)
    pool.clock.advance(11)
    assert "Cheap pills" in pool.get("/leaderboard", headers={"Accept": "text/html"}).text
