"""What counting costs after many events, cold and warm; and what `check` costs for a whole job."""

from __future__ import annotations

import resource
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench import pools
from storage import ids
from storage.base import Document
from storage.flat import FlatStore
from storage.flat.paths import JobPaths

JOB = "job"


def run(options: Namespace) -> None:
    with pools.directory(options.directory) as root:
        print(f"Counting {options.events} events")
        _count(root, options.events)
    with pools.directory(options.directory) as root:
        print(f"Checking a job of {options.checked} variables")
        pools.fill(root, JOB, options.checked)
        store = FlatStore(root)
        took = pools.seconds(lambda: list(store.maintenance.check(False)))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  {took:.1f} s, {took / options.checked * 1e6:.1f} µs a variable; at most {memory:.0f} MiB of memory")


def _count(root: Path, events: int) -> None:
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, {"id": JOB})
    path = JobPaths(str(root), JOB).events_journal
    for first in range(0, events, pools.BATCH):
        store._files.append(path, _accepted(first, min(first + pools.BATCH, events)))
    cold = pools.seconds(lambda: store.counts.get(JOB))
    print(f"  without a tally      {cold * 1e3:10.2f} ms")
    kept = pools.seconds(lambda: FlatStore(root, fsync=False).counts.get(JOB))
    print(f"  in a new process     {kept * 1e3:10.2f} ms")
    warm = median(pools.seconds(lambda: store.counts.get(JOB)) for _ in range(1000))
    print(f"  warm, nothing new    {warm * 1e3:10.2f} ms; {cold / warm:.0f} times less than without a tally")
    store._files.append(path, _accepted(0, 100))
    print(f"  warm, 100 new events {pools.seconds(lambda: store.counts.get(JOB)) * 1e3:10.2f} ms")


def _accepted(first: int, end: int) -> Iterator[Document]:
    moment = ids.now_text()
    for number in range(first, end):
        facts = {"variable": f"v{number:07}", "was": "leased", "result": f"{number:026}", "run_seconds": 1.0}
        yield {"event": "accepted", "at": moment, **facts}
