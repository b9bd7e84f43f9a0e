"""The server's clock is set forth and back while volunteers compute: no lease, result or count suffers for long."""

from __future__ import annotations

import pytest

from storage.clock import ManualClock
from tests.conftest import PoolApp, address

SET = pytest.mark.parametrize("seconds", [-86_400, -3600, 3600, 86_400])
SET_BACK = pytest.mark.parametrize("seconds", [-86_400, -3600])


@pytest.fixture
def job(pool: PoolApp) -> str:
    return pool.post_job(settings={"lease_seconds": 60})


def lease_seconds(pool: PoolApp, job: str) -> int:
    return int(pool.get(f"{job}/variables", status=200).headers["Lease-Seconds"])


@SET
def test_a_result_is_accepted_with_a_run_time_that_is_not_negative(
    pool: PoolApp, job: str, clock: ManualClock, seconds: float
) -> None:
    pool.post_variable(job)
    links = pool.lease(job)
    clock.advance(seconds)
    pool.post_json(links["post_result"], 2, headers={"Run-Seconds": "1.5"}, status=201)
    progress = pool.get(f"{job}/progress").json
    assert progress["variables"]["done"] == 1
    assert 0 <= progress["mean_run_seconds"] <= 1.5


@SET
def test_a_lease_that_is_lost_ends_after_its_usual_time(
    pool: PoolApp, job: str, clock: ManualClock, seconds: float
) -> None:
    pool.post_variable(job)
    pool.lease(job)
    clock.advance(seconds)
    # Whoever finds nothing to lease finds out that the lease is too long.
    pool.get(f"{job}/variables")
    clock.advance(63)
    assert 60 <= lease_seconds(pool, job) <= 63


@SET
def test_a_lease_can_be_extended_and_given_back(pool: PoolApp, job: str, clock: ManualClock, seconds: float) -> None:
    pool.post_variable(job)
    links = pool.lease(job)
    clock.advance(seconds)
    if seconds < 0:
        pool.get(f"{job}/variables", status=204)
        response = pool.post(links["lease"], status=200)
        assert 60 <= int(response.headers["Lease-Seconds"]) <= 63
        links = response.json["_links"]
    pool.delete(links["lease"], status=204)
    assert 60 <= lease_seconds(pool, job) <= 63


@SET
def test_the_rate_counts_no_result_of_minutes_to_come(
    pool: PoolApp, job: str, clock: ManualClock, seconds: float
) -> None:
    for number in range(10):
        pool.post_json(f"{pool.post_variable(job, f'v{number}')}/results", 2, status=201)
    clock.advance(seconds)
    assert pool.get(f"{job}/progress").json["results_per_minute"] == 0


@SET_BACK
def test_a_job_whose_leases_are_too_long_is_served_beside_one_with_work(
    pool: PoolApp, job: str, clock: ManualClock, seconds: float
) -> None:
    pool.post_variable(job)
    pool.lease(job)
    pool.get(f"{job}/variables", status=204)
    pool.post_variable(pool.post_job(name="Other"))
    clock.advance(seconds)
    # This scheduler looks at every job.
    pool.get("/jobs/scheduled/short-first")
    clock.advance(63)
    pool.get(f"{job}/variables", status=200)


@SET_BACK
def test_a_volunteer_is_free_again_after_the_usual_time_of_its_leases(
    pool: PoolApp, job: str, clock: ManualClock, seconds: float
) -> None:
    for number in range(8):
        pool.post_variable(job, f"v{number}")
    for _ in range(4):
        pool.get(f"{job}/variables", extra_environ=address(1), status=200)
    pool.get(f"{job}/variables", extra_environ=address(1), status=429)
    clock.advance(seconds)
    pool.get(f"{job}/variables", extra_environ=address(1), status=429)
    clock.advance(63)
    pool.get(f"{job}/variables", extra_environ=address(1), status=200)


def test_a_lowered_length_of_leases_applies_to_a_variable_given_back(pool: PoolApp) -> None:
    job = pool.post_job(settings={"lease_seconds": 86_400})
    pool.post_variable(job)
    pool.delete(pool.lease(job)["lease"], status=204)
    pool.patch_json(job, {"settings": {"lease_seconds": 60}}, headers=pool.owner, status=200)
    assert 60 <= lease_seconds(pool, job) <= 63


def test_a_lowered_length_of_leases_applies_to_present_ones(pool: PoolApp, clock: ManualClock) -> None:
    job = pool.post_job(settings={"lease_seconds": 86_400})
    pool.post_variable(job)
    pool.lease(job)
    pool.patch_json(job, {"settings": {"lease_seconds": 60}}, headers=pool.owner, status=200)
    pool.get(f"{job}/variables", status=204)
    clock.advance(63)
    pool.get(f"{job}/variables", status=200)
