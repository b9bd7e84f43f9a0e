"""What a stranger can do to an open pool: each attack with its cost to the stranger and its harm to others.

`--checkout` names the directory of another version to attack first, so that one run shows before and after.
"""

from __future__ import annotations

import itertools
import threading
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench import pools
from bench.http import ROOT
from bench.strangers import ANY, EXECUTE, OWNER, STRANGER, VOLUNTEER, Client, server

# Others than STRANGER, whose time in the sandbox is used up by the attacks before.
FILLER, SQUATTER, LARGE = "203.0.113.67", "203.0.113.68", "203.0.113.69"
SECONDS = 5.0
# Processor time of one call; the limit is 250 ms.
BURN = "() => { const end = Date.now() + 230; while (Date.now() < end); return true; }"
ONCE_A_KEY = {"Idempotency-Key": "once"}
# A level of many conditions takes the pool seconds to compile.
SLOW_SOURCES, POSTS = 1000, 80


def latencies(action: Callable[[], object], seconds: float = SECONDS) -> str:
    """Of an action repeated for some seconds."""
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        times.append(1000 * pools.seconds(action))
        time.sleep(0.01)
    return (
        f"median {median(times):.1f} ms, p99 {sorted(times)[int(len(times) * 0.99)]:.0f} ms, worst {max(times):.0f} ms"
    )


def lease_and_give_back(owner: Client, job: str) -> None:
    status, variable = owner.send("GET", f"{job}/variables")
    if status == 200:
        owner.send("DELETE", variable["_links"]["lease"])


def slow_conditions(owner: Client, port: int) -> str:
    """Ten flows of forty entries, each with an `if` that burns processor time; leases of a job that no flow uses."""
    stranger, job = Client(port, STRANGER), owner.post_job("honest")
    strange = stranger.post_job("slow-flow", 1)
    entry = {"job": strange, "variable": f"{strange}/variables/v0", "if": BURN}
    quiet = latencies(lambda: lease_and_give_back(owner, job))
    started = time.perf_counter()
    flows = [stranger.send("POST", "/flows", {"jobs": [entry] * 40})[1]["_links"]["self"] for _ in range(10)]
    posting = time.perf_counter() - started
    busy = latencies(lambda: lease_and_give_back(owner, job), 2 * SECONDS)
    for flow in flows:
        owner.send("DELETE", flow)
    return f"lease + give back alone: {quiet}\n{'':25}beside the flows, posted in {posting:.1f} s: {busy}"


def one_idempotency_key(owner: Client, port: int) -> str:
    """Posts of one large flow under one key, from many connections; requests for the pool's health meanwhile."""
    stranger = Client(port, STRANGER)
    job = stranger.post_job("keyed", 1)
    condition = "() => {{ const unused = {0}; return true; }}"
    entry = {"job": job, "variable": f"{job}/variables/v0"}
    entries = [{**entry, "if": condition.format(number)} for number in range(SLOW_SOURCES)]
    answers = Counter[int]()

    def post() -> None:
        status, _ = Client(port, STRANGER).send("POST", "/flows", {"jobs": entries}, **ONCE_A_KEY)
        answers[status] += 1

    threads = [threading.Thread(target=post) for _ in range(POSTS)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    figures = latencies(lambda: owner.send("GET", "/health"), 3.0)
    for thread in threads:
        thread.join()
    return f"GET /health meanwhile: {figures}; answers {dict(answers)}"


def burning_validators(owner: Client, port: int) -> str:
    """Ten jobs of one stranger, each with results that are slow to judge; honest results meanwhile."""
    stranger, job = Client(port, STRANGER), owner.post_job("judged", 1000, validate_result=ANY)
    for burner in range(10):
        path = stranger.post_job(f"burner-{burner}", 0, validate_result=BURN)
        # By the operator, whose requests are not limited.
        for variable in range(50):
            owner.send("PUT", f"{path}/variables/v{variable}", {"x": variable})
    answers = Counter[int]()
    with attack_from_threads(
        port,
        lambda client, thread, count: client.send("POST", f"/jobs/burner-{thread}/variables/v{count % 50}/results", 1),
    ):
        volunteer, numbers = Client(port, VOLUNTEER), itertools.count()

        def post_result() -> None:
            status, _ = volunteer.send("POST", f"{job}/variables/v{next(numbers) % 1000}/results", 1)
            answers[status] += 1

        figures = latencies(post_result)
    return f"an honest result: {figures}; answers {dict(answers)}"


@contextmanager
def attack_from_threads(port: int, attack: Callable[[Client, int, int], object]) -> Iterator[None]:
    """Ten connections that repeat an attack: `attack(client, number of the thread, count)`."""
    has_ended = threading.Event()

    def run(number: int) -> None:
        client, count = Client(port, STRANGER), 0
        while not has_ended.is_set():
            attack(client, number, count)
            count += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        has_ended.set()
        for thread in threads:
            thread.join()


def fill_disk(_owner: Client, port: int) -> str:
    """Jobs of nearly a megabyte, for some seconds, from four connections."""
    stored, answers, end = Counter[str](), Counter[int](), time.perf_counter() + SECONDS
    padding = "x" * 980_000

    def post(thread: int) -> None:
        client, number = Client(port, LARGE), 0
        while time.perf_counter() < end:
            number += 1
            job = {"name": f"big {thread} {number}", "execute_function": f"() => '{padding}'"}
            status, _ = client.send("POST", "/jobs", job)
            answers[status] += 1
            stored["bytes"] += 980_000 * (status == 201)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = f"at that rate {stored['bytes'] / SECONDS * 60 / 1e6:.0f} MB a minute"
    return f"{stored['bytes'] / 1e6:.0f} MB in {SECONDS:g} s ({rate}); answers {dict(answers)}"


def fill_with_variables(_owner: Client, port: int) -> str:
    """Batches of variables for one job, for some seconds."""
    client, stored, answers = Client(port, FILLER), 0, Counter[int]()
    client.post_job("filled", 0)
    end = time.perf_counter() + SECONDS
    lines = b"".join(b'{"x": %d}\n' % number for number in range(2000))
    while time.perf_counter() < end:
        status = post_lines(client, "/jobs/filled/variables", lines)
        answers[status] += 1
        stored += 2000 * (status == 201)
    return f"{stored} variables in {SECONDS:g} s; answers {dict(answers)}"


def post_lines(client: Client, path: str, lines: bytes) -> int:
    connection: Any = client._connection
    connection.request("POST", path, lines, {"Content-Type": "application/x-ndjson", "X-Forwarded-For": FILLER})
    response = connection.getresponse()
    response.read()
    return int(response.status)


def squat_names(owner: Client, port: int) -> str:
    """Jobs of many names, without variables; then an owner posts one of these names."""
    client, answers = Client(port, SQUATTER), Counter[int]()
    for held in range(100):
        status, _ = client.send("POST", "/jobs", {"name": f"name {held}", "execute_function": EXECUTE})
        answers[status] += 1
        time.sleep(0.02)
    status, _ = owner.send("POST", "/jobs", {"name": "name 1", "execute_function": EXECUTE})
    return f"{answers[201]} of 100 names held; an owner's job of such a name: {status}"


ATTACKS: dict[str, Callable[[Client, int], str]] = {
    "slow conditions": slow_conditions,
    "one idempotency key": one_idempotency_key,
    "burning validators": burning_validators,
    "many variables": fill_with_variables,
    "names": squat_names,
    "large jobs": fill_disk,
}


def run(options: Namespace) -> None:
    for checkout in [*([Path(options.checkout).absolute()] if options.checkout else []), ROOT]:
        print(f"A stranger against an open pool of the version in {checkout.name}")
        with pools.directory(options.directory) as root, server(checkout, root, OPEN="1") as port:
            key = (root / "secrets" / "operator.key").read_text().strip()
            for name, attack in ATTACKS.items():
                # A connection of its own for each: the server closes idle ones.
                print(f"  {name + ':':<23}{attack(Client(port, OWNER, key), port)}", flush=True)
