"""What each policy of trust costs the pool per computation, a lease and a result: processor time and system calls.

In one process, without HTTP and without syncs. `--checkout` measures another version beside it, from before there were
policies: there `none` and `validator` are jobs without the setting.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from bench import pools

HERE = Path(__file__).parents[1]
POLICIES = ("none", "validator", "audit", "quorum", "adaptive")
OLD_POLICIES = ("none", "validator")
RUNS = 5
# In a process of its own, so that another version can run it. The two calls of os.access mark what is measured.
PROGRAM = """
import os, sys, time
from pathlib import Path
from app import Pool
from config import Config
from pool.peers import Peer
from pool.results import Posted
from pool.scheduling import Volunteer

COMPUTATIONS, VOLUNTEERS = 1000, 7
root, policy, is_old = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "old"
pool = Pool(Config(data=root / "pool", fsync=False, demo=False))
pool.open()
job = {"name": "job", "execute_function": "(variable) => ({result: variable.x * 2})"}
if policy == "validator":
    job["validate_result"] = "(variable, result) => result === undefined || result === variable.x * 2"
if not is_old:
    job["settings"] = {"trust": {"policy": policy}}
pool.jobs.post(job, pool.keys.operator())
variables = {f"v{number:05}": {"x": number} for number in range(COMPUTATIONS)}
pool.variables.put_many("job", variables, pool.keys.operator())

# Older versions take the id.
job_of = getattr(pool.results, "job", str)

def compute(count):
    done = 0
    for number in range(count):
        name = f"{number % VOLUNTEERS:016x}"
        peer = Peer(name[4:], name, is_trusted=True)
        leased = pool.variables.lease("job", Volunteer(peer))
        if leased is not None:
            result = Posted(leased.document["data"]["x"] * 2, leased.token, peer=peer)
            pool.results.post(job_of("job"), leased.variable_id, result)
            done += 1
    return done

compute(20)
os.access("/begin", os.F_OK)
started = time.process_time()
done = compute(COMPUTATIONS // 2)
spent = time.process_time() - started
os.access("/end", os.F_OK)
print(done, spent / done * 1e6)
os._exit(0)
"""


def measure(options: Namespace) -> dict[str, Any]:
    """Microseconds and system calls per computation; of the microseconds the least of some runs: other work adds."""
    versions: dict[str, tuple[Path, tuple[str, ...]]] = {"now": (HERE, POLICIES)}
    if options.checkout is not None:
        versions["before"] = (Path(options.checkout), OLD_POLICIES)
    cases = [(version, policy) for version, (_, policies) in versions.items() for policy in policies]
    times: dict[tuple[str, str], list[float]] = {case: [] for case in cases}
    # Alternating, so that a busy moment of the machine concerns all.
    for _ in range(RUNS):
        for case in cases:
            times[case].append(_microseconds(options, versions[case[0]][0], *case))
    found: dict[str, Any] = {"microseconds": {}, "system_calls": {}}
    for version, policy in cases:
        name = policy if version == "now" else f"{policy}, before"
        found["microseconds"][name] = round(min(times[version, policy]), 1)
        found["system_calls"][name] = _system_calls(options, versions[version][0], version, policy)
    return found


def _command(root: Path, version: str, policy: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(root), policy, "old" if version == "before" else "new"]


def _run(command: list[str], checkout: Path) -> tuple[int, float]:
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    count, microseconds = done.stdout.split()[-2:]
    return int(count), float(microseconds)


def _microseconds(options: Namespace, checkout: Path, version: str, policy: str) -> float:
    with pools.directory(options.directory) as root:
        return _run(_command(root, version, policy), checkout)[1]


def _system_calls(options: Namespace, checkout: Path, version: str, policy: str) -> float | None:
    """Those of the process that leases and stores, as strace counts them; not of the sandbox."""
    if shutil.which("strace") is None:
        return None
    with pools.directory(options.directory) as root:
        trace = root / "strace"
        count, _ = _run(["strace", "-f", "-o", str(trace), *_command(root, version, policy)], checkout)
        text = trace.read_text(encoding="utf-8", errors="replace")
    own = text.split(maxsplit=1)[0]
    measured = text.split('"/begin"', 1)[1].split('"/end"', 1)[0]
    calls = Counter(re.findall(rf"^{own} +(\w+)\(", measured, re.MULTILINE))
    return round(calls.total() / count, 1)


def run(options: Namespace) -> None:
    found = measure(options)
    print("A lease and a result, by policy: microseconds of processor time, system calls")
    for policy, microseconds in found["microseconds"].items():
        print(f"  {policy}: {microseconds}, {found['system_calls'][policy]}")
