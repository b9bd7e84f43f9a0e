"""Volunteers that compute a job of a pool without HTTP: each at an address of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app import Pool
from pool.keys import Caller
from pool.peers import Peer
from pool.results import Posted
from pool.variables import Volunteer
from storage.base import Document
from tests.conftest import EXECUTE

JOB = "job"


def volunteer(number: int, address: int | None = None) -> Peer:
    return Peer(f"{number if address is None else address:012x}", f"{number:016x}")


def post_job(parts: Pool, operator: Caller, variables: int = 1, trust: Any = None, **fields: Any) -> None:
    settings = {"trust": trust, **fields.pop("settings", {})}
    parts.jobs.post({"name": JOB, "execute_function": EXECUTE, "settings": settings, **fields}, operator)
    parts.variables.put_many(JOB, {f"v{number}": {"x": number} for number in range(variables)}, operator)


def right(variable_id: str) -> Any:
    return int(variable_id[1:]) * 2


def compute(
    parts: Pool, peer: Peer, units: int = 1, answer: Callable[[str], Any] = right, **posted: Any
) -> list[tuple[str, str, str]]:
    """Leases and posts so many units; returns the variable, the result's id and the token of each."""
    done = []
    for _ in range(units):
        leased = parts.variables.lease(JOB, Volunteer(peer))
        if leased is None:
            break
        result = Posted(answer(leased.variable_id), leased.token, peer=peer, **posted)
        done.append(
            (leased.variable_id, parts.results.post(parts.results.job(JOB), leased.variable_id, result), leased.token)
        )
    return done


def state(parts: Pool, variable_id: str = "v0") -> str:
    return parts.store.variables.state(JOB, variable_id)


def states(parts: Pool) -> set[str]:
    items = parts.variables.page(JOB, None, 1000).items
    return {item["state"] for item in items}


def stored(parts: Pool, variable_id: str = "v0") -> Any:
    outcome = parts.store.results.outcome(JOB, variable_id)
    return None if outcome is None else outcome["result"]


def held(parts: Pool, variable_id: str = "v0") -> list[Document]:
    return parts.store.held.of(JOB, variable_id)


def findings(parts: Pool) -> list[str]:
    return [finding.problem for finding in parts.store.maintenance.check(False)]
