"""`/status`: what the whole pool does now, for pages that many people watch."""

from __future__ import annotations

from typing import Any

from pool.pool_status import ACTIVE_SECONDS, MAX_AGE
from tests.conftest import PoolApp
from tests.resources.helpers import VOLUNTEER

OTHER = {"Volunteer": "another-volunteer-1"}


def status(pool: PoolApp) -> dict[str, Any]:
    """The figures, after the age of those that were counted before."""
    pool.clock.advance(MAX_AGE)
    return dict(pool.get("/status", status=200).json)


def compute(pool: PoolApp, job: str, volunteer: dict[str, str] = VOLUNTEER) -> None:
    link = pool.lease(job, **volunteer)["post_result"]
    pool.post_json(link, 2, headers={**volunteer, "Run-Seconds": "1"}, status=201)


def test_an_empty_pool_has_done_nothing(module_pool: PoolApp) -> None:
    found = module_pool.get("/status", status=200).json
    assert (found["volunteers"], found["results"], found["results_per_minute"]) == (0, 0, 0)
    assert found["jobs"] == {"open": 0, "paused": 0}


def test_results_are_counted_with_their_rate_and_their_volunteers(pool: PoolApp) -> None:
    job = pool.post_job()
    for number in range(5):
        pool.post_variable(job, f"v{number}")
    pool.clock.advance(120)
    for volunteer in (VOLUNTEER, OTHER, OTHER):
        compute(pool, job, volunteer)
    found = status(pool)
    assert (found["volunteers"], found["results"]) == (2, 3)
    assert found["results_per_minute"] > 0
    assert found["jobs"]["open"] == 1
    pool.clock.advance(ACTIVE_SECONDS + 60)
    assert (status(pool)["volunteers"], status(pool)["results_per_minute"]) == (0, 0)
    assert status(pool)["results"] == 3


def test_the_counts_of_active_jobs_are_listed(pool: PoolApp) -> None:
    job = pool.post_job()
    for name in ("a", "b", "c"):
        pool.post_variable(job, name)
    compute(pool, job)
    pool.lease(job)
    [item] = status(pool)["_embedded"]["items"]
    assert item["_links"] == {"self": f"{job}/progress", "get_job": job}
    assert (item["id"], item["state"], item["complete"]) == ("example-job", "open", False)
    assert item["variables"] == {"total": 3, "open": 1, "leased": 1, "held": 0, "done": 1, "failed": 0}


def test_a_job_in_review_is_not_listed(pool: PoolApp) -> None:
    pool.post_job()
    pool.pool.store.jobs.update("example-job", lambda job: {**job, "state": "review"})
    assert status(pool)["_embedded"]["items"] == []


def test_the_figures_are_counted_once_for_all_who_ask(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_variable(job)
    first = pool.get("/status", status=200)
    compute(pool, job)
    assert pool.get("/status", headers={"If-None-Match": first.headers["ETag"]}, status=304).body == b""
    assert status(pool)["results"] == 1


def test_counting_takes_a_fiftieth_of_the_time_at_most(pool: PoolApp) -> None:
    figures = pool.pool.status.figures
    summary = pool.pool.index.summary

    def slow(listed: int) -> Any:
        pool.clock.advance(10.0)
        return summary(listed)

    pool.pool.index.summary = slow  # type: ignore[method-assign]
    first = figures()
    pool.clock.advance(400.0)
    assert figures() is first
    pool.clock.advance(110.0)
    assert figures() is not first
