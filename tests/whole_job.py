"""A job for volunteers behind a hostile proxy, and what the pool must have at its end."""

from __future__ import annotations

from tests.hostile_proxy import FAULTS, HostileProxy
from tests.serving import Served

LEASE_SECONDS = 3600
EXECUTE = "function (variable, context) { context.result = 3 * variable.n + 1; return context; }"
VALIDATE = "(variable, result) => result === undefined || result === 3 * variable.n + 1"


def post_whole_job(server: Served, units: int) -> str:
    """Posts a job with as many variables; returns its path."""
    job = {"name": "Whole", "execute_function": EXECUTE, "validate_result": VALIDATE}
    path = str(server.post("/jobs", {**job, "settings": {"lease_seconds": LEASE_SECONDS}})["_links"]["self"])
    for number in range(units):
        server.post(f"{path}/variables/{number}", {"n": number}, "PUT")
    return path


def done(server: Served, job: str) -> int:
    return int(server.get(f"{job}/progress")["variables"]["done"])


def expect_every_result_once(server: Served, job: str, units: int) -> None:
    """Every variable has one result, the right one, and nothing is counted that did not happen."""
    progress = server.get(f"{job}/progress")
    states = {"total": units, "open": 0, "leased": 0, "held": 0, "done": units, "failed": 0, "withdrawn": 0}
    assert progress["variables"] == states
    assert progress["results"] == {"accepted": units, "rejected": 0, "failures": 0}
    for number in range(units):
        stored = server.get(f"{job}/variables/{number}/results")
        assert [item["result"] for item in stored["_embedded"]["items"]] == [3 * number + 1]


def expect_every_fault(proxy: HostileProxy) -> None:
    """Requests for leases and posted results have seen each of them, and no redirect was followed elsewhere."""
    assert proxy.followed == 0
    for kind in ("lease", "result"):
        assert {fault for seen, fault in proxy.given if seen == kind} == set(FAULTS)
