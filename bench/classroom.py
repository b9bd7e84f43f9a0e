"""A class behind one address: thirty volunteers with two workers each, all new, with the pool's limits and without.

Each worker leases its next variable before it computes the present one, as the clients do. A computation is a wait.
"""

from __future__ import annotations

import threading
import time
from argparse import Namespace
from collections import Counter
from typing import Any

from bench import pools
from bench.http import ROOT
from bench.strangers import Client, new_id, server

VOLUNTEERS, WORKERS, UNIT_SECONDS = 30, 2, 0.5
ADDRESS = "203.0.113.7"


class Worker:
    def __init__(self, port: int, job: str, identity: dict[str, str], answers: Counter[int]) -> None:
        self._client, self._job, self._identity, self._answers = Client(port, ADDRESS), job, identity, answers

    def run(self) -> None:
        variable, has_computed = self._lease(), False
        while variable is not None or not self._is_done():
            if variable is None:
                # As long as the pool tells a client to wait, at least.
                time.sleep(1)
                variable = self._lease()
                continue
            # Before the first unit its run time is not known, and nothing is prefetched.
            following = self._lease() if has_computed else None
            time.sleep(UNIT_SECONDS)
            self._client.send("POST", variable["_links"]["post_result"], variable["x"], **self._identity)
            variable, has_computed = following or self._lease(), True

    def _lease(self) -> dict[str, Any] | None:
        status, variable = self._client.send("GET", f"{self._job}/variables", **self._identity)
        self._answers[status] += 1
        return variable if status == 200 else None

    def _is_done(self) -> bool:
        return bool(self._client.send("GET", f"{self._job}/progress")[1]["complete"])


def seconds_of(root: str, variables: int, **settings: str) -> tuple[float, Counter[int]]:
    """The time in which the class finishes a job, and the answers to its requests for leases."""
    with pools.directory(root) as data, server(ROOT, data, **settings) as port:
        owner = Client(port, "192.0.2.1", (data / "secrets" / "operator.key").read_text().strip())
        job = owner.post_job("class", variables)
        answers: Counter[int] = Counter()
        workers = [
            Worker(port, job, identity, answers)
            for identity in [new_id() for _ in range(VOLUNTEERS)]
            for _ in range(WORKERS)
        ]
        threads = [threading.Thread(target=worker.run) for worker in workers]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - started, answers


def run(options: Namespace) -> None:
    print(f"A class of {VOLUNTEERS} with {WORKERS} workers each behind one address, units of {UNIT_SECONDS} s")
    for variables in (200, 2000):
        free, _ = seconds_of(options.directory, variables, TRUSTED=ADDRESS)
        limited, answers = seconds_of(options.directory, variables)
        ideal = variables * UNIT_SECONDS / (VOLUNTEERS * WORKERS)
        print(
            f"  {variables} units: {limited:.1f} s with limits, {free:.1f} s without (ratio {limited / free:.2f}), "
            f"{ideal:.1f} s at best; {answers[429]} of {answers.total()} requests for a lease were refused"
        )
