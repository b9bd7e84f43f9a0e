"""The cost of counting journal events, cold and warm, and of `check` on a whole job."""

from __future__ import annotations

import resource
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench import pools
from storage.base import Document
from storage.clock import Clock
from storage.flat import FlatStore, events
from storage.flat.tree import Tree

JOB = "job"


def run(options: Namespace) -> None:
    with pools.directory(options.directory) as root:
        print(f"Counting {options.events} events")
        _count(root, options.events)
    with pools.directory(options.directory) as root:
        print(f"Checking a job of {options.checked} variables")
        pools.fill(root, JOB, options.checked)
        store = FlatStore(root)
        took = pools.seconds(lambda: list(store.maintenance.check(repair=False)))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  {took:.1f} s, {took / options.checked * 1e6:.1f} µs per variable; at most {memory:.0f} MiB of memory")


def _count(root: Path, count: int) -> None:
    store, tree = FlatStore(root, fsync=False), Tree(root, fsync=False, clock=Clock())
    store.jobs.create(JOB, {"id": JOB})
    path = tree.job(JOB).events_journal
    for first in range(0, count, pools.BATCH):
        tree.writer.append(path, _accepted(first, min(first + pools.BATCH, count)))
    cold = pools.seconds(lambda: store.counts.get(JOB))
    print(f"  cold, no snapshot    {cold * 1e3:10.2f} ms")
    loaded = pools.seconds(lambda: FlatStore(root, fsync=False).counts.get(JOB))
    print(f"  cold, snapshot       {loaded * 1e3:10.2f} ms")
    warm = median(pools.seconds(lambda: store.counts.get(JOB)) for _ in range(1000))
    print(f"  warm, no new events  {warm * 1e3:10.2f} ms; {cold / warm:.0f} times faster than without a snapshot")
    tree.writer.append(path, _accepted(0, 100))
    print(f"  warm, 100 new events {pools.seconds(lambda: store.counts.get(JOB)) * 1e3:10.2f} ms")


def _accepted(first: int, end: int) -> Iterator[Document]:
    for number in range(first, end):
        yield events.outcome(pools.result(JOB, f"v{number:07}"), "leased")
