"""What one anonymous stranger can do to a default pool, as a program: each attack with its cost and its harm.

`--checkout` names the directory of another version to attack, so that one run shows before and after.
"""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench import http as http_bench
from bench import pools
from bench.http import ROOT

EXECUTE = "(variable, context) => { context.result = variable.x; return context; }"
VALIDATE = "(variable, result) => result === variable.x"
ANY = "() => true"
BURN = """(variable, result) => {
  const end = Date.now() + (result === variable.x ? 0 : 240);
  while (Date.now() < end);
  return result === variable.x;
}"""
STRANGER, VOLUNTEER, OWNER = "203.0.113.66", "198.51.100.7", "192.0.2.1"
VARIABLES = 100
SECONDS = 4.0


class Client:
    """Requests of one address, as a proxy names it; `key` makes it an owner."""

    def __init__(self, port: int, address: str, key: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"X-Forwarded-For": address, **({"Authorization": f"Bearer {key}"} if key else {})}

    def send(self, method: str, path: str, value: Any = None, **headers: str) -> tuple[int, Any]:
        body = None if value is None else json.dumps(value).encode()
        types = {"Content-Type": "application/json"} if body else {}
        self._connection.request(method, path, body, {**types, **self._headers, **headers})
        response = self._connection.getresponse()
        content = response.read()
        is_json = content and "json" in (response.getheader("Content-Type") or "")
        return response.status, json.loads(content) if is_json else None

    def post_job(self, name: str, variables: int = VARIABLES, **fields: Any) -> str:
        job = {"name": name, "execute_function": EXECUTE, "validate_variable": ANY, **fields}
        status, posted = self.send("POST", "/jobs", job)
        assert status == 201, posted
        for number in range(variables):
            self.send("PUT", f"/jobs/{name}/variables/v{number}", {"x": number})
        return f"/jobs/{name}"

    def counts(self, job: str) -> dict[str, int]:
        return dict(self.send("GET", f"{job}/progress")[1]["variables"])


def new_id() -> dict[str, str]:
    return {"Volunteer": secrets.token_hex(16)}


def park_variables(owner: Client, stranger: Client) -> str:
    """Five wrong results for each variable, under a new id each."""
    job = owner.post_job("parked", validate_result=VALIDATE)
    started, answers = time.perf_counter(), Counter[int]()
    for number in range(VARIABLES):
        for wrong in range(5):
            status, _ = stranger.send("POST", f"{job}/variables/v{number}/results", f"wrong {wrong}", **new_id())
            answers[status] += 1
    seconds = time.perf_counter() - started
    return f"{owner.counts(job)['failed']} of {VARIABLES} variables failed; {answers.total()} posts, {seconds:.1f} s"


def park_under_leases(owner: Client, stranger: Client) -> str:
    """The same where the job requires a lease: five wrong results under each lease."""
    job = owner.post_job("leased", validate_result=VALIDATE, settings={"require_lease": True})
    leases = 0
    for _ in range(5 * VARIABLES):
        identity = new_id()
        status, variable = stranger.send("GET", f"{job}/variables", **identity)
        if status != 200:
            break
        leases += 1
        for wrong in range(5):
            stranger.send("POST", variable["_links"]["post_result"], f"wrong {wrong}", **identity)
    return f"{owner.counts(job)['failed']} of {VARIABLES} variables failed; {leases} leases"


def fail_flow(owner: Client, stranger: Client, volunteer: Client) -> str:
    """Five wrong results for the one step of a running flow; then it is released, if it failed, and computed."""
    job = owner.post_job("flowing", 1, validate_result=VALIDATE)
    flow = {"jobs": [{"job": job, "variable": f"{job}/variables/v0"}]}
    _, posted = owner.send("POST", "/flows", flow)
    path = posted["_links"]["self"]
    for wrong in range(5):
        stranger.send("POST", f"{job}/variables/v0/results", f"wrong {wrong}", **new_id())
    after = owner.send("GET", path)[1]["state"]
    owner.send("PATCH", f"{job}/variables/v0", {"state": "open"})
    volunteer.send("POST", f"{job}/variables/v0/results", 0)
    return f"the flow is {after}; released and computed, it is {owner.send('GET', path)[1]['state']}"


def hold_variables(owner: Client, stranger: Client) -> str:
    """Leases under new ids, until the pool refuses ten in a row."""
    job = owner.post_job("held", 10 * VARIABLES)
    held = refused = 0
    while refused < 10 and held < 10 * VARIABLES:
        status, _ = stranger.send("GET", f"{job}/variables", **new_id())
        held, refused = held + (status == 200), 0 if status == 200 else refused + 1
    return f"{held} of {10 * VARIABLES} variables held at once"


def occupy_sandbox(owner: Client, port: int) -> str:
    """Eight connections post wrong results, slow to judge, for a failed variable; a volunteer posts right ones."""
    job = owner.post_job("slow", 200, validate_result=BURN, settings={"max_errors": 1})
    end = time.perf_counter() + SECONDS

    def attack() -> None:
        client, number = Client(port, STRANGER), 0
        while time.perf_counter() < end:
            number += 1
            client.send("POST", f"{job}/variables/v0/results", f"wrong {number}")

    threads = [threading.Thread(target=attack) for _ in range(8)]
    Client(port, STRANGER).send("POST", f"{job}/variables/v0/results", "wrong")
    for thread in threads:
        thread.start()
    times, answers, volunteer = [], Counter[int](), Client(port, VOLUNTEER)
    for number in range(1, 200):
        if time.perf_counter() >= end:
            break
        started = time.perf_counter()
        status, _ = volunteer.send("POST", f"{job}/variables/v{number}/results", number)
        times.append(time.perf_counter() - started)
        answers[status] += 1
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    return f"{answers[503]} of {answers.total()} honest results got 503; median {1000 * median(times):.0f} ms"


def lie_about_run_time(owner: Client, stranger: Client) -> str:
    """One result that claims thirty years; then a hundred requests to the scheduler `short-first`."""
    lied, other = owner.post_job("lied-about", 20), owner.post_job("other", 20)
    for job, told in ((other, "0.01"), (lied, "999999999")):
        _, variable = stranger.send("GET", f"{job}/variables")
        time.sleep(0.05)
        stranger.send("POST", variable["_links"]["post_result"], 1, **{"Run-Seconds": told})
    _, progress = owner.send("GET", f"{lied}/progress")
    return f"a run time of {progress['mean_run_seconds']} s is recorded"


@contextmanager
def server(checkout: Path, root: Path, **settings: str) -> Iterator[int]:
    """A pool of the version in `checkout`, which takes the clients' addresses from X-Forwarded-For."""
    with http_bench.server(root, checkout, FSYNC="0", PROXIES="127.0.0.1", **settings) as port:
        yield port


def run(options: Namespace) -> None:
    for checkout in [*([Path(options.checkout).absolute()] if options.checkout else []), ROOT]:
        print(f"A stranger against the version in {checkout.name}")
        with pools.directory(options.directory) as root, server(checkout, root) as port:
            owner = Client(port, OWNER, (root / "secrets" / "operator.key").read_text().strip())
            stranger, volunteer = Client(port, STRANGER), Client(port, VOLUNTEER)
            print(f"  park variables:        {park_variables(owner, stranger)}")
            print(f"  park under leases:     {park_under_leases(owner, stranger)}")
            print(f"  fail a flow:           {fail_flow(owner, stranger, volunteer)}")
            print(f"  lie about run time:    {lie_about_run_time(owner, stranger)}")
            print(f"  occupy the sandbox:    {occupy_sandbox(owner, port)}")
            print(f"  hold variables:        {hold_variables(owner, stranger)}")
