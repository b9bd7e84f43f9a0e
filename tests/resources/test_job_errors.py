"""`/jobs/{job}/errors`: what its owner learns of a job that fails."""

from __future__ import annotations

from typing import Any

import pytest

from storage.base import Document
from tests.conftest import PoolApp, address


@pytest.fixture
def job(pool: PoolApp) -> str:
    job = pool.post_job("Tides")
    for variable in ("one", "two", "three"):
        pool.post_variable(job, variable)
    return job


def report(pool: PoolApp, job: str, message: str, **fields: Any) -> str:
    """Reports that the next variable failed; returns the variable's path."""
    links = pool.lease(job)
    error = {"kind": "threw", "message": message}
    pool.post_json(links["post_report"], {"error": error, **fields}, extra_environ=address(1), status=204)
    return links["self"]


def errors(pool: PoolApp, job: str) -> Document:
    return dict(pool.get(f"{job}/errors", headers=pool.owner, status=200).json)


def only_group(pool: PoolApp, job: str) -> Document:
    (group,) = errors(pool, job)["_embedded"]["items"]
    return dict(group)


def test_errors_come_with_the_job_and_its_counts(pool: PoolApp, job: str) -> None:
    report(pool, job, "no")
    pool.post_json(pool.lease(job)["post_result"], 5, status=201)
    document = errors(pool, job)
    assert (document["name"], document["state"]) == ("Tides", "open")
    assert [document[name] for name in ("accepted", "rejected", "failures", "stuck")] == [1, 0, 1, []]


def test_a_group_keeps_its_id_while_its_message_varies(pool: PoolApp, job: str) -> None:
    report(pool, job, "no level of 1")
    first = only_group(pool, job)
    report(pool, job, "no level of 2")
    second = only_group(pool, job)
    assert (first["id"], second["message"], second["count"]) == (second["id"], "no level of 2", 2)


def test_an_error_without_a_message_is_listed_by_its_kind(pool: PoolApp, job: str) -> None:
    report(pool, job, "")
    assert only_group(pool, job)["message"] == "threw"


def test_stuck_variables_have_a_link(pool: PoolApp, job: str) -> None:
    path = report(pool, job, "no")
    pool.clock.advance(3700)
    document = errors(pool, job)
    (stuck,) = document["stuck"]
    assert document["_links"]["variable"].replace("{variable}", stuck) == path


def test_unchanged_errors_are_304(pool: PoolApp, job: str) -> None:
    tag = pool.get(f"{job}/errors", headers=pool.owner).headers["ETag"]
    condition = {"If-None-Match": tag, **pool.owner}
    assert pool.get(f"{job}/errors", headers=condition, status=304).body == b""
    report(pool, job, "no")
    pool.get(f"{job}/errors", headers=condition, status=200)


def test_a_304_needs_the_owners_key(pool: PoolApp, job: str) -> None:
    tag = pool.get(f"{job}/errors", headers=pool.owner).headers["ETag"]
    pool.get(f"{job}/errors", headers={"If-None-Match": tag}, status=401)
