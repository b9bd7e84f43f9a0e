"""The cost of a flow's step: leasing it and posting its result, compared with a job that no flow uses."""

from __future__ import annotations

from argparse import Namespace
from statistics import median
from typing import Any

from app import Pool
from bench import pools
from config import Config
from pool.flows.check import segments_of
from pool.results import Posted
from pool.scheduling import Volunteer

BREADTHS = (10, 100, 1000)
CODE = "(variable, context) => ({ result: variable.n })"


def post_job(pool: Pool, name: str, count: int) -> None:
    pool.jobs.post({"name": name, "execute_function": CODE}, pool.keys.operator())
    pool.variables.post(name, [{"n": number} for number in range(count)], pool.keys.operator())


def post_flow(pool: Pool, job: str, breadth: int) -> Any:
    flow = {"jobs": [{"job": "/jobs/sum"}], "dependent": {"jobs": [{"job": f"/jobs/{job}"}] * breadth}}
    return pool.flows.post(flow, pool.keys.operator(), segments_of)


def lease_and_post(pool: Pool, job: str) -> None:
    leased = pool.variables.lease(job, Volunteer())
    if leased is None:
        raise RuntimeError(f"job {job!r} has no open variable")
    value = {str(leased.document["data"]["n"]): 1}
    pool.results.post(pool.results.job(job), leased.variable_id, Posted(value, leased.token))


def cycles(pool: Pool, job: str, count: int) -> float:
    """The median time of `count` cycles, in seconds."""
    return median(pools.seconds(lambda: lease_and_post(pool, job)) for _ in range(count))


def run(options: Namespace) -> None:
    print("Lease + result in milliseconds (median): a job without flows, a step of a flow, and their ratio")
    with pools.directory(options.directory) as root:
        pool = Pool(Config(data=root))
        pool.store.maintenance.prepare()
        post_job(pool, "sum", 1)
        for breadth in BREADTHS:
            compare(pool, breadth)
        pool.close()


def compare(pool: Pool, breadth: int) -> None:
    plain, steps = f"plain-{breadth}", f"steps-{breadth}"
    for name in (plain, steps):
        post_job(pool, name, breadth)
    posting = pools.seconds(lambda: post_flow(pool, steps, breadth))
    baseline, step = cycles(pool, plain, breadth), cycles(pool, steps, breadth)
    times = f"{baseline * 1e3:.2f} and {step * 1e3:.2f}, ratio {step / baseline:.1f}"
    print(f"  {breadth} entries: {times}; posting the flow: {posting * 1e3:.0f}")
