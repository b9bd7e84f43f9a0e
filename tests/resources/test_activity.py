"""`/jobs/{job}/activity`: what pages that watch a job poll."""

from __future__ import annotations

from typing import Any

from tests.conftest import PoolApp
from tests.resources.helpers import HAL, VOLUNTEER, problem


def compute(pool: PoolApp, job: str, result: Any = 2, **headers: str) -> None:
    """Finishes the next variable; what watchers see is made anew."""
    pool.post_json(pool.lease(job, **headers)["post_result"], result, status=201)
    pool.clock.advance(3)


def test_it_has_all_that_a_watcher_sees(pool: PoolApp) -> None:
    job = pool.post_job()
    for name in ("one", "two"):
        pool.post_variable(job, name)
    compute(pool, job, {"level": 3}, **VOLUNTEER)
    found = pool.get(pool.get(job).json["_links"]["activity"], status=200).json
    assert found["variables"]["done"] == found["variables"]["open"] == 1
    assert [minute["results"] for minute in found["minutes"]] == [1]
    assert found["run_times"]["count"] == 1
    (volunteer,), (result,) = found["volunteers"], found["_embedded"]["items"]
    assert (volunteer["results"], volunteer["errors"]) == (1, 0)
    assert result["mark"] == volunteer["mark"]
    assert result["preview"] == '{"level":3}'
    assert pool.get(result["_links"]["self"]).json["result"] == {"level": 3}


def test_nobody_learns_the_id_of_a_volunteer(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_variable(job)
    compute(pool, job, **VOLUNTEER)
    stored = pool.get(f"{job}/results").json["_embedded"]["items"][0]["volunteer"]
    text = pool.get(f"{job}/activity").text
    assert stored not in text
    assert VOLUNTEER["Volunteer"] not in text


def test_an_unchanged_job_is_304(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = pool.get(f"{job}/activity").headers["ETag"]
    pool.clock.advance(600)
    response = pool.get(f"{job}/activity", headers={"If-None-Match": tag}, status=304)
    assert response.headers["ETag"] == tag
    assert response.body == b""


def test_a_result_makes_a_new_etag(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_variable(job)
    tag = pool.get(f"{job}/activity").headers["ETag"]
    compute(pool, job)
    pool.get(f"{job}/activity", headers={"If-None-Match": tag}, status=200)


def test_the_etag_of_hal_is_another(pool: PoolApp) -> None:
    job = pool.post_job()
    tag = pool.get(f"{job}/activity").headers["ETag"]
    assert pool.get(f"{job}/activity", headers={**HAL, "If-None-Match": tag}, status=200).json["_links"]["self"]["href"]


def test_errors_are_counted_by_volunteer(pool: PoolApp) -> None:
    job = pool.post_job(validate_result="(variable, result) => result === undefined")
    pool.post_variable(job)
    pool.post_json(pool.lease(job, **VOLUNTEER)["post_result"], 1, status=422)
    (volunteer,) = pool.get(f"{job}/activity").json["volunteers"]
    assert (volunteer["results"], volunteer["errors"]) == (0, 1)


def test_an_unknown_job_is_404(pool: PoolApp) -> None:
    problem(pool.get("/jobs/nobody/activity", status=404), 404, "nobody")
