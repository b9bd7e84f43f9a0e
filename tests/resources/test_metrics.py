"""`/metrics`: sums over all jobs, and series of a bounded number of them."""

from __future__ import annotations

import pytest

from resources import metrics
from tests.conftest import PoolApp, address


def samples(pool: PoolApp) -> dict[str, float]:
    lines = pool.get("/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines if not line.startswith("#"))}


def compute(pool: PoolApp, job: str, value: int = 2) -> None:
    pool.post_json(pool.lease(job)["post_result"], value, status=201)


def test_metrics_are_prometheus_text(module_pool: PoolApp) -> None:
    response = module_pool.get("/metrics", status=200)
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"


def test_metrics_count_what_happened(pool: PoolApp) -> None:
    job = pool.post_job(validate_result="(variable, result) => result === undefined || result === 2")
    done = pool.post_variable(job, "done")
    pool.post_json(f"{done}/results", 3, extra_environ=address(1), status=422)
    link = pool.lease(job)["post_result"]
    pool.clock.advance(2.5)
    pool.post_json(link, 2, status=201)
    pool.delete(pool.post_variable(job, "withdrawn"), headers=pool.owner, status=204)
    pool.post_variable(job, "left")
    found = samples(pool)
    of_job = {name: value for name, value in found.items() if "example-job" in name}
    assert of_job == {
        'comp_pool_variables{job="example-job",state="open"}': 1,
        'comp_pool_variables{job="example-job",state="leased"}': 0,
        'comp_pool_variables{job="example-job",state="held"}': 0,
        'comp_pool_variables{job="example-job",state="done"}': 1,
        'comp_pool_variables{job="example-job",state="failed"}': 0,
        'comp_pool_variables{job="example-job",state="withdrawn"}': 1,
        'comp_pool_results_total{job="example-job",verdict="accepted"}': 1,
        'comp_pool_results_total{job="example-job",verdict="rejected"}': 1,
        'comp_pool_failures_total{job="example-job"}': 0,
        'comp_pool_run_seconds_sum{job="example-job"}': 2.5,
        'comp_pool_run_seconds_count{job="example-job"}': 1,
    }
    # Of one job the sums are the same.
    assert {name: value for name, value in found.items() if name not in of_job} == {
        'comp_pool_jobs{state="open"}': 1,
        "comp_pool_jobs_uncounted": 0,
        'comp_pool_all_variables{state="open"}': 1,
        'comp_pool_all_variables{state="leased"}': 0,
        'comp_pool_all_variables{state="held"}': 0,
        'comp_pool_all_variables{state="done"}': 1,
        'comp_pool_all_variables{state="failed"}': 0,
        'comp_pool_all_variables{state="withdrawn"}': 1,
        'comp_pool_all_results{verdict="accepted"}': 1,
        'comp_pool_all_results{verdict="rejected"}': 1,
        "comp_pool_all_failures": 0,
        "comp_pool_all_run_seconds_sum": 2.5,
        "comp_pool_all_run_seconds_count": 1,
    }


def test_every_metric_has_its_help_and_type(pool: PoolApp) -> None:
    pool.post_job()
    lines = pool.get("/metrics").text.splitlines()
    named = {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")}
    for kind in ("HELP", "TYPE"):
        assert {line.split()[2] for line in lines if line.startswith(f"# {kind} ")} == named


def test_of_many_jobs_the_most_active_have_series(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "LISTED", 2)
    jobs = [pool.post_job(name=name) for name in ("a", "b", "c", "d")]
    for job in jobs:
        pool.post_variable(job)
    for job in (jobs[1], jobs[3]):
        compute(pool, job)
    found = samples(pool)
    listed = {name.split(chr(34))[1] for name in found if name.startswith("comp_pool_variables")}
    assert listed == {"b", "d"}
    assert (found['comp_pool_jobs{state="open"}'], found['comp_pool_all_results{verdict="accepted"}']) == (4, 2)


def test_a_paused_job_is_counted_by_its_state(pool: PoolApp) -> None:
    pool.patch_json(pool.post_job(), {"state": "paused"}, headers=pool.owner)
    pool.post_job(name="open")
    found = samples(pool)
    assert (found['comp_pool_jobs{state="open"}'], found['comp_pool_jobs{state="paused"}']) == (1, 1)
