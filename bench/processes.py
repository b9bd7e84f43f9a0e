"""Leases per second of one, two, four and eight processes on one job: the cost of contention."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from time import monotonic

from bench import pools
from storage.flat import FlatStore

JOB = "job"
PROCESSES = (1, 2, 4, 8)


def run(options: Namespace) -> None:
    print(f"Concurrent leasing, {options.seconds} s per run, on {os.cpu_count()} cores")
    with pools.directory(options.directory) as root:
        pools.fill(root, JOB, options.variables)
        rates: dict[str, float] = {}
        for name, work in (("lease + give back", _give_back), ("lease + accept, fsync on", _accept)):
            for count in PROCESSES:
                rate = _rate(root, count, options.seconds, work)
                first = rates.setdefault(name, rate)
                print(f"  {name}, {count} processes: {rate:8.0f} per second, {rate / first:.2f} times one process")


Work = Callable[[FlatStore], None]


def _rate(root: Path, count: int, seconds: float, work: Work) -> float:
    context = get_context("fork")
    barrier, done = context.Barrier(count), context.Queue()
    processes = [
        context.Process(target=_worker, args=(root, barrier, seconds, work, done.put), daemon=True)
        for _ in range(count)
    ]
    for process in processes:
        process.start()
    total: int = sum(done.get() for _ in processes)
    for process in processes:
        process.join()
    return total / seconds


def _worker(root: Path, barrier: Barrier, seconds: float, work: Work, report: Callable[[int], None]) -> None:
    store, number = FlatStore(root), 0
    barrier.wait()
    end = monotonic() + seconds
    while monotonic() < end:
        work(store)
        number += 1
    store.close()
    report(number)


def _give_back(store: FlatStore) -> None:
    lease = store.leases.lease(JOB, 300)
    assert lease is not None, "no open variable left: raise --variables"
    store.leases.give_back(JOB, lease.variable_id, lease.identity)


def _accept(store: FlatStore) -> None:
    lease = store.leases.lease(JOB, 300)
    assert lease is not None, "no open variable left: raise --variables"
    store.results.accept(JOB, lease.variable_id, pools.result(JOB, lease.variable_id), lease.identity)
