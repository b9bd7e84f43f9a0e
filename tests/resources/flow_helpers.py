"""Helpers of the tests of flows: posting flows and results of their steps, reading their states."""

from __future__ import annotations

from typing import Any

from webtest import TestResponse

from tests.conftest import PoolApp
from tests.pool.flows.helpers import Document, tree

__all__ = ["Document", "tree"]

WAIT_SECONDS = 7 * 86_400
ALWAYS, NEVER = "() => true", "() => false"
ONCE_MORE = "(variable, context) => context.iteration < 2"


def post(pool: PoolApp, flow: Any, status: int = 201, **headers: str) -> TestResponse:
    """Posts a flow, as the operator unless `headers` has another key."""
    return pool.post_json("/flows", flow, headers={**pool.owner, **headers}, status=status)


def post_flow(pool: PoolApp, *levels: list[Document], **fields: Any) -> str:
    """Posts a flow with these levels as the operator; returns its path."""
    return str(post(pool, tree(*levels, **fields)).headers["Location"])


def get_flow(pool: PoolApp, flow: str) -> Document:
    """The document of a flow, as its owner gets it."""
    return dict(pool.get(flow, headers=pool.owner, status=200).json)


def entries_of(pool: PoolApp, flow: str) -> dict[str, Document]:
    """The entries of a flow by their paths."""
    level, found = get_flow(pool, flow), {}
    while level:
        found |= {entry["path"]: entry for entry in level["jobs"]}
        level = level.get("dependent", {})
    return found


def states_of(pool: PoolApp, flow: str) -> dict[str, str]:
    return {path: entry["state"] for path, entry in entries_of(pool, flow).items()}


def step_of(pool: PoolApp, flow: str, path: str = "jobs[0]") -> str:
    """The path of the variable of an entry's newest step."""
    return str(entries_of(pool, flow)[path]["steps"][-1]["_links"]["get_variable"])


def post_result(pool: PoolApp, flow: str, path: str, result: Any, status: int = 201, **environ: str) -> TestResponse:
    """Posts a result of an entry's newest step, as a volunteer does."""
    return pool.post_json(f"{step_of(pool, flow, path)}/results", result, extra_environ=environ, status=status)


def fail_step(pool: PoolApp, flow: str, path: str) -> None:
    """A result that the job rejects fails an entry's newest step, and the flow waits until it fails too."""
    post_result(pool, flow, path, {"ok": False}, status=422)
    pool.clock.advance(WAIT_SECONDS)
    get_flow(pool, flow)


def counts(pool: PoolApp, job: str) -> dict[str, int]:
    """The number of variables of a job by state, without zeros. Asserts that progress and index agree."""
    totals = pool.get(f"{job}/progress").json["variables"]
    items = pool.get(f"{job}/variables/index?limit=1000").json["_embedded"]["items"]
    states = [item["state"] for item in items]
    found = {state: count for state, count in totals.items() if count and state != "total"}
    assert found == {state: states.count(state) for state in states}
    return found


def failure_of(pool: PoolApp, flow: str) -> tuple[str, str]:
    """The path and reason of a flow's failure."""
    document = get_flow(pool, flow)
    assert document["state"] == "failed", document
    return document["failure"]["path"], document["failure"]["reason"]
