"""Limits on what strangers can make the pool read, store or write."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from pool.sandbox import SandboxBusy
from pool.validation import Validation, Verdict
from resources import request
from tests.conftest import PoolApp, address

FAILING = {"validate_result": "() => { throw new Error('no'); }", "validate_variable": "() => true"}


def test_a_page_of_large_results_ends_early_with_a_next_link(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pool.results.PAGE_BYTES", 100)
    monkeypatch.setattr("pool.results.RESULTS_PER_READ", 2)
    job = pool.post_job()
    for number in range(3):
        pool.post_json(f"{pool.post_variable(job, f'v{number}')}/results", "x" * 60, status=201)
    sizes, path = [], f"{job}/results"
    while path:
        page = pool.get(path).json
        sizes.append(page["count"])
        path = page["_links"].get("next")
    assert sizes == [2, 1]


# Ninety kilobytes that take two megabytes once they are parsed, and a limit of a page in proportion.
PARSED_BYTES = 2_000_000
LARGE = b"[" + b",".join([b"[]"] * 30_000) + b"]"


def test_large_results_are_in_memory_by_twos_and_threes(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pool.results.PAGE_BYTES", 2 * len(LARGE))
    job = pool.post_job()
    json_type = {"Content-Type": "application/json"}
    for number in range(8):
        pool.post(f"{pool.post_variable(job, f'v{number}')}/results", LARGE, headers=json_type, status=201)
    for media_type in ("application/json", "application/x-ndjson", "text/csv"):
        tracemalloc.start()
        try:
            pool.get(f"{job}/results", headers={"Accept": media_type})
            assert tracemalloc.get_traced_memory()[1] < 5 * PARSED_BYTES
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("path", ["variables/index?limit=", "results?limit=", "results?last="])
def test_a_page_for_people_has_few_rows(pool: PoolApp, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "DEFAULT_PAGE", 2)
    job = pool.post_job()
    for name in ("one", "two", "three"):
        pool.post_variable(job, name)
        pool.post_json(f"{job}/variables/{name}/results", 1, status=201)
    page = pool.get(f"{job}/{path}3", headers={"Accept": "text/html"}).text
    assert page.count("<tr>") == 1 + 2
    assert len(pool.get(f"{job}/{path}3").json["_embedded"]["items"]) == 3


def test_a_failed_variable_makes_no_further_reports(pool: PoolApp) -> None:
    job = pool.post_job(**FAILING, settings={"max_errors": 1})
    variable = pool.post_variable(job)
    for number in range(4):
        pool.post_json(f"{variable}/results", number, extra_environ=address(number), status=409 if number else 422)
    reports = pool.get(f"{job}/progress", headers=pool.owner).json["reports"]
    assert reports["validate_result"]["errors"] == 1


def test_the_newest_rejected_results_are_shown(pool: PoolApp) -> None:
    job = pool.post_job(validate_result="() => false", validate_variable="() => true", settings={"max_errors": 100})
    variable = pool.post_variable(job)
    for number in range(25):
        pool.post_json(f"{variable}/results", number, extra_environ=address(number), status=422)
    items = pool.get(f"{variable}/results", headers=pool.owner).json["_embedded"]["items"]
    assert [item["result"] for item in items] == list(range(5, 25))


def test_a_mount_prefix_with_two_slashes_does_not_become_a_host(pool: PoolApp) -> None:
    links = pool.get("/", extra_environ={"SCRIPT_NAME": "//evil.example"}).json["_links"]
    assert links["self"] == "/evil.example/"


def test_a_result_judged_by_a_deleted_job_is_not_stored_in_a_new_job_of_the_name(
    pool: PoolApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = pool.post_job(validate_result="() => true")
    variable = pool.post_variable(job)
    judge = Validation.judge_results

    def judge_and_replace_the_job(self: Validation, *arguments: Any) -> list[Verdict | SandboxBusy]:
        verdicts = judge(self, *arguments)
        pool.delete(job, headers=pool.owner)
        pool.post_variable(pool.post_job())
        return verdicts

    monkeypatch.setattr(Validation, "judge_results", judge_and_replace_the_job)
    pool.post_json(f"{variable}/results", 1, status=404)
    assert pool.get(f"{variable}/results").json["count"] == 0
