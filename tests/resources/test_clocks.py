"""The server's clock is set forth and back while volunteers compute: no lease, result or count suffers for long."""

from __future__ import annotations

import pytest

from storage.clock import ManualClock
from tests.conftest import PoolApp, address
from tests.resources.flow_helpers import get_flow, post_flow

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
    # Set right again: an extended lease is extended further.
    clock.advance(-seconds)
    links = pool.post(links["lease"], status=200).json["_links"]
    pool.delete(links["lease"], status=204)
    assert 60 <= lease_seconds(pool, job) <= 63


def rate(pool: PoolApp, job: str) -> float:
    return float(pool.get(f"{job}/progress").json["results_per_minute"])


def accept(pool: PoolApp, job: str, *numbers: int) -> None:
    for number in numbers:
        pool.post_json(f"{pool.post_variable(job, f'v{number}')}/results", 2, status=201)


@SET
def test_the_rate_counts_no_result_of_minutes_to_come(
    pool: PoolApp, job: str, clock: ManualClock, seconds: float
) -> None:
    accept(pool, job, *range(10))
    clock.advance(seconds)
    assert rate(pool, job) == 0
    # Not when these minutes have come either.
    clock.advance(3600 + abs(seconds))
    assert rate(pool, job) == 0


@SET
def test_rate_and_remaining_time_are_those_of_the_results_since(
    pool: PoolApp, job: str, clock: ManualClock, seconds: float
) -> None:
    accept(pool, job, *range(10))
    clock.advance(seconds)
    accept(pool, job, 10)
    clock.advance(90)
    accept(pool, job, *range(11, 20))
    for number in range(20):
        pool.post_variable(job, f"open-{number}")
    progress = pool.get(f"{job}/progress").json
    # Ten in the last one and a half minutes, counted from the beginning of a minute.
    assert 10 / 2.5 <= progress["results_per_minute"] <= 10 / 1.5
    assert progress["eta_seconds"] == pytest.approx(20 / progress["results_per_minute"] * 60, rel=0.01)


@SET
def test_what_is_posted_again_is_stored_once(pool: PoolApp, job: str, clock: ManualClock, seconds: float) -> None:
    headers = {**pool.owner, "Idempotency-Key": "one"}
    document = {"name": "Job", "execute_function": "() => ({ result: 1 })"}
    posted = pool.post_json("/jobs", document, headers=headers, status=201).json
    pool.post_variable(job)
    link = pool.lease(job)["post_result"]
    location = pool.post_json(link, 2, status=201).headers["Location"]
    clock.advance(seconds)
    assert pool.post_json("/jobs", document, headers=headers, status=201).json == posted
    assert pool.post_json(link, 2, status=201).headers["Location"] == location


@SET
def test_a_flow_goes_on(pool: PoolApp, job: str, clock: ManualClock, seconds: float) -> None:
    pool.post_variable(job)
    # The entry of the upper level gets a step of its own when the lower one is done.
    flow = post_flow(pool, [{"job": job}], [{"job": job}])
    links = pool.lease(job)
    clock.advance(seconds)
    pool.post_json(links["post_result"], {"x": 1}, status=201)
    links = pool.lease(job)
    clock.advance(-seconds)
    pool.post_json(links["post_result"], {"x": 2}, status=201)
    assert get_flow(pool, flow)["state"] == "done"


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
