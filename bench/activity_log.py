"""What a compaction of the activity log costs: the longest calls around one, in two processes that follow the log.

Each logs leases and results of 5,000 volunteers at an even rate, without HTTP, and a log that is nearly full grows
beyond its size. Compared are the calls before the compaction begins with those of the seconds from then on.
`--checkout` measures another version. Latencies need a quiet machine; processor time does not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from bench import pools

HERE = Path(__file__).parents[1]
PROCESSES = 2
# In processes of their own, so that another version can run it.
PROGRAM = """
import json, os, random, sys, time
from pool.peers import Peer
from pool.standing import Earned, Standing
from storage.flat import FlatStore
from storage.flat.followed_log import MAX_BYTES

VOLUNTEERS, RATE, SECONDS, LEFT = 5000, 400, 12, 1_000_000
root, is_first = sys.argv[1], sys.argv[2] == "0"
path = f"{root}/activity.ndjson"
store = FlatStore(root)
standing = Standing(store)
job = {"uid": "job", "validate_result": "x"}
peers = [Peer(f"{number:012x}", f"{number:016x}") for number in range(VOLUNTEERS)]

def cycle():
    peer, lease = random.choice(peers), f"{random.getrandbits(64):016x}"
    variable, until = f"v{random.randrange(10**6):07}", int(time.time() * 1000) + 300_000
    def lease_it():
        standing.is_proven(peer)
        standing.leased("job", peer, [(lease, variable, until)])
    def accept():
        standing.holds(lease)
        standing.accepted(job, [Earned(lease, peer, [peer.prefix], 1.5)])
    return lease_it, accept

def fill():
    append, events = store.activity.append, []
    store.activity.append = events.extend
    while True:
        for act in cycle():
            act()
        if len(events) > 500:
            append(events)
            del events[:]
            if os.path.getsize(path) > MAX_BYTES - LEFT:
                break
    store.activity.append = append

if is_first:
    fill()
standing.active_volunteers(1)
print("ready", flush=True)
sys.stdin.readline()

inode, begun, calls, switches = os.stat(path).st_ino, None, [], 0
started, used = time.perf_counter(), time.process_time()
due = started
while due < started + SECONDS:
    for act in cycle():
        time.sleep(max(0, due - time.perf_counter()))
        before = time.perf_counter()
        act()
        calls.append((before, time.perf_counter() - before))
        due = max(due + 0.5 / RATE, time.perf_counter() - 0.1)
    status = os.stat(path)
    if begun is None and (status.st_ino != inode or status.st_size > MAX_BYTES):
        begun = calls[-2][0]
    if status.st_ino != inode:
        inode, switches = status.st_ino, switches + 1

def figures(seconds):
    ordered = sorted(1000 * length for length in seconds)
    return {"max_ms": round(ordered[-1], 2), "p99_ms": round(ordered[int(0.99 * len(ordered))], 2)}

print(json.dumps({
    "compactions": switches,
    "before": figures([length for at, length in calls if at < begun - 0.2]),
    "since": figures([length for at, length in calls if at >= begun - 0.2]),
    "over_10_ms": sum(length > 0.01 for at, length in calls if at >= begun - 0.2),
    "processor_seconds": round(time.process_time() - used, 2),
    "log_megabytes": round(os.path.getsize(path) / 1e6, 1),
}))
store.close()
"""


def run(options: Namespace) -> None:
    print(json.dumps(measure(options), indent=2))


def measure(options: Namespace) -> list[dict[str, Any]]:
    with pools.directory(options.directory) as root:
        processes: list[subprocess.Popen[str]] = []
        for number in range(PROCESSES):
            arguments = [sys.executable, "-c", PROGRAM, str(root / "data"), str(number)]
            checkout = Path(options.checkout or HERE)
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            processes.append(subprocess.Popen(arguments, cwd=checkout, text=True, **pipes))  # type: ignore[call-overload]
            _line(processes[-1])
        for process in processes:
            _send(process)
        figures = [json.loads(_line(process)) for process in processes]
        for process in processes:
            process.wait()
        return figures


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _send(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
