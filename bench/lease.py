"""The cost of a lease, and of a lease with its result, in a small job and in a large one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from argparse import Namespace
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

from bench import pools
from storage.flat import FlatStore

# Run under strace. The two calls of os.access mark where the measured operation begins and ends.
PROGRAM = """
import os, sys
from bench import pools
from storage.flat import FlatStore
root, job_id, operation = sys.argv[1:]
store = FlatStore(root)
for _ in range(3):
    lease = store.leases.lease(job_id, 3600)
    store.results.accept(job_id, lease.variable_id, pools.result(job_id, lease.variable_id), lease.identity)
lease = store.leases.lease(job_id, 3600) if operation == "accept" else None
document = pools.result(job_id, lease.variable_id) if lease else None
os.access("/begin", os.F_OK)
store.results.accept(job_id, lease.variable_id, document, lease.identity) if lease else store.leases.lease(job_id, 3600)
os.access("/end", os.F_OK)
"""


def run(options: Namespace) -> None:
    sizes = {"small": options.small, "large": options.large}
    print(f"Leases of {options.leases} variables each, interleaved, in jobs of {options.small} and {options.large}")
    with pools.directory(options.directory) as root:
        for job_id, size in sizes.items():
            elapsed = pools.seconds(partial(pools.fill, root, job_id, size))
            print(f"  {size} variables posted in {elapsed:.1f} s, unsynced")
        _compare("lease", *_lease(root, options))
        _compare("lease + accept, fsync off", *_lease_and_accept(root, options, fsync=False))
        _compare("lease + accept, fsync on", *_lease_and_accept(root, options, fsync=True))
        for operation in ("lease", "accept"):
            for job_id, size in sizes.items():
                print(f"  system calls of one {operation} at {size}: {system_calls(root, job_id, operation)}")


def _compare(name: str, small: list[float], large: list[float]) -> None:
    print(f"  {name}")
    print(f"    small  {pools.summary(small)}")
    print(f"    large  {pools.summary(large)}")
    print(f"    ratio of medians, large : small = {median(large) / median(small):.2f}")


def _lease(root: Path, options: Namespace) -> tuple[list[float], list[float]]:
    """Each lease is given back, unmeasured, so that the small job does not run out of variables."""
    store = FlatStore(root)
    times: dict[str, list[float]] = {"small": [], "large": []}
    for number in range(2 * options.leases):
        job_id = ("small", "large")[number % 2]
        started = perf_counter()
        lease = store.leases.lease(job_id, 300)
        times[job_id].append(perf_counter() - started)
        assert lease is not None
        store.leases.give_back(job_id, lease.variable_id, lease.identity)
    store.close()
    return times["small"], times["large"]


def _lease_and_accept(root: Path, options: Namespace, fsync: bool) -> tuple[list[float], list[float]]:
    store = FlatStore(root, fsync=fsync)
    times: dict[str, list[float]] = {"small": [], "large": []}
    # Two rounds (fsync off and on) finish three tenths of the small job each, so it does not run out of variables.
    for number in range(2 * min(options.leases, options.small * 3 // 10)):
        job_id = ("small", "large")[number % 2]
        times[job_id].append(pools.seconds(partial(_cycle, store, job_id)))
    store.close()
    return times["small"], times["large"]


def _cycle(store: FlatStore, job_id: str) -> None:
    lease = store.leases.lease(job_id, 300)
    assert lease is not None
    store.results.accept(job_id, lease.variable_id, pools.result(job_id, lease.variable_id), lease.identity)


def system_calls(root: Path, job_id: str, operation: str) -> str:
    """The number of system calls, in total and by name, as strace counts them."""
    if shutil.which("strace") is None:
        return "not counted: strace is not installed"
    command = ["strace", "-f", "-o", f"{root}/strace", sys.executable, "-c", PROGRAM, str(root), job_id, operation]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"not counted: {done.stderr.strip().splitlines()[-1]}"
    traced = Path(f"{root}/strace").read_text(encoding="utf-8", errors="replace")
    traced = traced.split('"/begin"', 1)[1].split('"/end"', 1)[0]
    calls = re.findall(r"^\d+ +(\w+)\(", traced, re.MULTILINE)[:-1]
    counts = sorted(((calls.count(name), name) for name in set(calls)), reverse=True)
    return f"{len(calls)}: " + ", ".join(f"{count} {name}" for count, name in counts)
