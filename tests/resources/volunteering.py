"""Volunteers who compute by HTTP, for tests of what they are credited with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pool.credit import DAY
from tests.conftest import PoolApp, address

HTML = {"Accept": "text/html"}
JOB = "/jobs/example-job"


def volunteer(name: str) -> dict[str, str]:
    return {"Volunteer": f"volunteer-of-the-name-{name}"}


ANNA, BEN, CARLA = map(volunteer, ("anna", "ben", "carla"))


def wait_for_noon(pool: PoolApp) -> None:
    """Far from the end of the day, whenever the tests run."""
    pool.clock.advance((DAY / 2 - pool.clock.now_milliseconds()) % DAY / 1000)


def compute(pool: PoolApp, who: dict[str, str], units: int = 1, seconds: float = 2.0, job: str = JOB) -> None:
    """Computes new units of a job, each of so many seconds; it is posted if there is none."""
    if pool.get(job, status="*").status_int == 404:
        pool.post_job(job.removeprefix("/jobs/"))
    for number in range(units):
        pool.post_json(f"{job}/variables", {"x": 1, "number": number}, headers=pool.owner, status=201)
        link = pool.lease(job, **who)["post_result"]
        pool.clock.advance(seconds)
        pool.post_json(link, 2, headers={**who, "Run-Seconds": str(seconds)}, status=201)


def change(pool: PoolApp, who: dict[str, str], status: int = 200, at: int = 1, **fields: Any) -> dict[str, Any]:
    """Changes a volunteer's name, team, or whether it is shown; returns its record, or the problem."""
    response = pool.patch_json("/volunteer", fields, headers=who, extra_environ=address(at), status=status)
    return dict(response.json)


def board(pool: PoolApp, query: str = "") -> list[dict[str, Any]]:
    """The rows of the leaderboard, after the age of those that were ranked before."""
    pool.clock.advance(11)
    rows: Sequence[dict[str, Any]] = pool.get(f"/leaderboard?{query}").json["_embedded"]["items"]
    return [{name: value for name, value in row.items() if name != "_links"} for row in rows]


def names(pool: PoolApp, query: str = "") -> list[str | None]:
    return [row["name"] for row in board(pool, query)]
