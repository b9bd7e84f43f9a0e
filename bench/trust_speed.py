"""What each policy of trust costs the pool: processor time per computation, a lease and a result, without HTTP."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from app import Pool
from bench import pools
from config import Config
from pool.peers import Peer
from pool.results import Posted
from pool.scheduling import Volunteer

VALIDATOR = "(variable, result) => result === undefined || result === variable.x * 2"
POLICIES = ("none", "validator", "audit", "quorum", "adaptive")
COMPUTATIONS, VOLUNTEERS, RUNS = 1000, 7, 3


def measure(options: Namespace) -> dict[str, Any]:
    """Microseconds of the server's process, without syncs; the best of three runs: other work only adds."""
    found: dict[str, Any] = {policy: [] for policy in POLICIES}
    for _ in range(RUNS):
        for policy in POLICIES:
            with pools.directory(options.directory) as root:
                found[policy].append(_of_policy(root, policy))
    return {"microseconds": {policy: round(min(times), 1) for policy, times in found.items()}}


def _of_policy(root: Path, policy: str) -> float:
    pool = Pool(Config(data=root / "pool", fsync=False, demo=False))
    pool.open()
    operator = pool.keys.operator()
    validator = {"validate_result": VALIDATOR} if policy == "validator" else {}
    job = {"name": "job", "execute_function": "(variable) => ({result: variable.x * 2})", **validator}
    pool.jobs.post({**job, "settings": {"trust": {"policy": policy}}}, operator)
    pool.variables.put_many("job", {f"v{number:05}": {"x": number} for number in range(COMPUTATIONS)}, operator)
    _compute(pool, 10)
    started = time.process_time()
    _compute(pool, COMPUTATIONS // 2)
    spent = time.process_time() - started
    pool.close()
    return spent / (COMPUTATIONS // 2) * 1e6


def _compute(pool: Pool, count: int) -> None:
    for number in range(count):
        peer = Peer(f"{number % VOLUNTEERS:012x}", f"{number % VOLUNTEERS:016x}", is_trusted=True)
        leased = pool.variables.lease("job", Volunteer(peer))
        if leased is not None:
            result = Posted(leased.document["data"]["x"] * 2, leased.token, peer=peer)
            pool.results.post("job", leased.variable_id, result)


def run(options: Namespace) -> None:
    print("Processor time of the pool per lease and result, in microseconds, by policy")
    for policy, microseconds in measure(options)["microseconds"].items():
        print(f"  {policy}: {microseconds}")
