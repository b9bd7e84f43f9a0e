"""Pools of any size, built fast in a temporary directory on a real disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, quantiles
from time import perf_counter

from storage import ids
from storage.base import Document
from storage.clock import Clock
from storage.flat import FlatStore

BATCH = 20_000
CLOCK = Clock()


@contextmanager
def directory(parent: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="comp-pool-bench-", dir=parent) as path:
        yield Path(path)


def fill(root: Path, job_id: str, count: int) -> None:
    """Creates a job with `count` variables. Unsynced, since posting is not measured."""
    store = FlatStore(root, fsync=False)
    store.jobs.create(job_id, {"id": job_id})
    for first in range(0, count, BATCH):
        names = (f"v{number:07}" for number in range(first, min(first + BATCH, count)))
        store.variables.add(job_id, {name: _variable(job_id, name) for name in names})
    store.close()
    os.sync()


def add_variables(root: Path, job_id: str, count: int, processes: int = 2) -> None:
    """Adds `count` variables with numbers `n` to a job of a pool that may be running. Unsynced, as above."""
    step = -(-count // processes)
    workers = [
        get_context("fork").Process(target=_add_range, args=(root, job_id, first, min(first + step, count)))
        for first in range(0, count, step)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise RuntimeError("variables could not be added")


def _add_range(root: Path, job_id: str, first: int, end: int) -> None:
    store = FlatStore(root, fsync=False)
    for start in range(first, end, BATCH):
        numbers = range(start, min(start + BATCH, end))
        documents = {
            f"v{number:07}": {**_variable(job_id, f"v{number:07}"), "data": {"n": number}} for number in numbers
        }
        store.variables.add(job_id, documents)
    store.close()


def _variable(job_id: str, name: str) -> Document:
    return {"job": job_id, "id": name, "created": CLOCK.now_text(), "data": {"x": name}}


def result(job_id: str, variable_id: str) -> Document:
    return {
        "job": job_id,
        "variable": variable_id,
        "id": ids.timed_id(CLOCK),
        "created": CLOCK.now_text(),
        "run_seconds": 1.0,
        "result": {"y": variable_id},
    }


def seconds(action: Callable[[], object]) -> float:
    started = perf_counter()
    action()
    return perf_counter() - started


def summary(times: Sequence[float]) -> str:
    percentiles = quantiles(times, n=100)
    figures = {"median": percentiles[49], "mean": mean(times), "p99": percentiles[98]}
    return "   ".join(f"{name} {value * 1e6:8.1f} µs" for name, value in figures.items())
