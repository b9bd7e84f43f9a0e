"""Gunicorn is killed at random moments while volunteers post results: each step has one result, the outcome agrees."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Any

from storage.base import Document, canonical
from tests.conftest import MakeServer
from tests.flows.helpers import (
    PreparedTree,
    TreeSetup,
    compare_entries,
    compare_failure,
    compare_reservations,
    entries_of,
    is_step,
    job_document,
    parse_lease,
)
from tests.flows.reference import Execution
from tests.flows.trees import Node, Tree
from tests.serving import Server, wait_until

KILLS, ROUNDS, VOLUNTEERS = 4, 2, 3
MAX_SECONDS_BETWEEN_KILLS, MAX_COMPUTING_SECONDS = 0.4, 0.1

TWICE = "(variable, context) => context.iteration < 2"
FOUR_TIMES = "async (variable, context) => context.iteration < 4"
HAS_X = "(variable) => 'x' in variable"

TREES: list[Tree] = [
    # Wide: repeated entries, named and reserved variables.
    [
        [Node("witness", while_=FOUR_TIMES)],
        [Node("x"), Node("x"), Node("list", named=0), Node("counter", while_=FOUR_TIMES), Node("object", named=2)],
    ],
    # Deep: a skipped entry, a result replaced by its validator.
    [
        [Node("witness")],
        [Node("other", while_=TWICE), Node("text", if_="() => false")],
        [Node("replaced", named=0), Node("picky", if_=HAS_X), Node("nothing")],
        [Node("object", named=1, while_=TWICE), Node("counter")],
    ],
    # A failing flow.
    [[Node("witness")], [Node("counter", while_="() => true")]],
]


JOBS = sorted({node.job for tree in TREES for level in tree for node in level})


class Caller:
    """Sends requests to a server that is killed and restarted, and repeats them until it responds."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.key = server.key

    def request(self, method: str, path: str, document: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and the document of the response."""
        body = None if method == "GET" else json.dumps(document).encode()
        headers |= {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        while True:
            request = urllib.request.Request(self._server.url + path, body, headers, method=method)
            try:
                status, content = _open(request)
            except (OSError, HTTPException):
                time.sleep(0.02)
                continue
            if status != 503:
                return status, json.loads(content) if content else None

    def get(self, path: str) -> Any:
        status, document = self.request("GET", path)
        assert status == 200, (path, document)
        return document

    def items(self, path: str) -> Iterator[Document]:
        """The items of all pages."""
        following: str | None = path
        while following:
            page = self.get(following)
            yield from page["_embedded"]["items"]
            following = page["_links"].get("next")


def _open(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as ex:
        with ex:
            return ex.code, ex.read()


class Volunteer(threading.Thread):
    """Leases and posts results until it is stopped. `accepted` are the locations of results, by variable."""

    def __init__(self, caller: Caller, seed: int) -> None:
        super().__init__()
        self._caller, self._random = caller, Random(seed)
        self._is_stopped = threading.Event()
        self.executions: dict[str, Execution] = {}
        self.accepted: dict[str, set[str]] = defaultdict(set)
        self.errors: list[Any] = []

    def run(self) -> None:
        while not self._is_stopped.is_set():
            job = f"/jobs/{self._random.choice(JOBS)}"
            status, leased = self._caller.request("GET", f"{job}/variables")
            if status == 200:
                self._compute(job, leased)
            elif status != 204:
                self.errors.append((job, status, leased))

    def _compute(self, job: str, leased: Document) -> None:
        lease = parse_lease(job, leased)
        self.executions[lease.path] = lease.execution
        time.sleep(self._random.uniform(0, MAX_COMPUTING_SECONDS))
        status, response = self._caller.request("POST", lease.post_result, lease.result)
        if status == 201:
            self.accepted[lease.path].add(response["_links"]["self"])
        elif status not in (409, 410):  # Another volunteer was first, or the flow has ended.
            self.errors.append((lease.path, status, response))

    def stop(self) -> None:
        self._is_stopped.set()
        self.join()


@contextmanager
def working(caller: Caller) -> Iterator[list[Volunteer]]:
    volunteers = [Volunteer(caller, seed) for seed in range(VOLUNTEERS)]
    for volunteer in volunteers:
        volunteer.start()
    try:
        yield volunteers
    finally:
        for volunteer in volunteers:
            volunteer.stop()


def restart_killed(server: Server, _random: Random) -> None:
    server.kill()
    server.start()


def kill_worker(server: Server, random: Random) -> None:
    os.kill(random.choice(wait_until(lambda: workers_of(server))), signal.SIGKILL)


def workers_of(server: Server) -> list[int]:
    (master,) = (pid for pid in server.processes() if os.getpgid(pid) == pid)
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [int(child) for child in children]


def prepare(caller: Caller) -> TreeSetup:
    """Posts the jobs. Their leases expire after a second."""
    for job_id in JOBS:
        assert caller.request("POST", "/jobs", job_document(job_id, lease_seconds=1))[0] == 201

    def put(path: str, data: Document) -> None:
        assert caller.request("PUT", path, data)[0] in (200, 201)

    def post_result(path: str, result: Any) -> None:
        assert caller.request("POST", f"{path}/results", result)[0] in (201, 409)

    return TreeSetup(put, post_result)


def post_flows(caller: Caller, setup: TreeSetup) -> list[tuple[PreparedTree, Document]]:
    prepared = [setup.prepare(tree) for _ in range(ROUNDS) for tree in TREES]
    return [(tree, post_flow(caller, tree)) for tree in prepared]


def post_flow(caller: Caller, prepared: PreparedTree) -> Document:
    """Posts a flow once, however often the request is repeated."""
    status, served = caller.request("POST", "/flows", prepared.flow, **{"Idempotency-Key": prepared.name})
    assert status == 201, served
    return dict(served)


def test_each_step_has_one_result_and_each_flow_agrees_with_the_reference(make_server: MakeServer) -> None:
    server = make_server(DEMO="0", FSYNC="0", FLOW_ITERATIONS="5")
    caller = Caller(server)
    setup = prepare(caller)
    with killing(server):
        flows = post_flows(caller, setup)
    with working(caller) as volunteers, killing(server):
        for prepared, served in flows:
            wait_for_steps(caller, prepared.reference(served).executions())
    assert [volunteer.errors for volunteer in volunteers] == [[]] * VOLUNTEERS
    assert_each_has_one_result(caller, volunteers)
    for prepared, served in flows:
        compare(caller, prepared, served["_links"]["self"])
    assert len(list(caller.items("/flows"))) == len(flows)
    assert_check_finds_nothing(server)


@contextmanager
def killing(server: Server) -> Iterator[None]:
    """Kills the server and one of its workers in turn, at random moments during the block, `KILLS` times."""
    random = Random(1)

    def run() -> None:
        for kill in itertools.islice(itertools.cycle([restart_killed, kill_worker]), KILLS):
            time.sleep(random.uniform(0, MAX_SECONDS_BETWEEN_KILLS))
            kill(server, random)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def wait_for_steps(caller: Caller, paths: dict[str, Execution]) -> None:
    """Polls the steps instead of the flow, since a GET of the flow would advance it."""
    for path in paths:
        wait_until(lambda path=path: caller.request("GET", f"{path}/results")[1].get("count"))


def assert_each_has_one_result(caller: Caller, volunteers: list[Volunteer]) -> None:
    stored = {
        item["_links"]["get_variable"]: item["_links"]["self"]
        for job in JOBS
        for item in caller.items(f"/jobs/{job}/results?limit=100")
    }
    for volunteer in volunteers:
        for path, locations in volunteer.accepted.items():
            assert locations == {stored[path]}


def compare(caller: Caller, prepared: PreparedTree, path: str) -> None:
    served = caller.get(path)
    expected = prepared.reference(served)
    compare_reservations(served)
    if expected.failures:
        compare_failure(served, expected)
    else:
        assert served["state"] == "done", served.get("failure")
        assert canonical(served["result"]) == canonical(expected.result)
    compare_entries(served, expected)
    assert steps_of(caller, served) == {step for step in expected.executions() if is_step(step)}


def steps_of(caller: Caller, served: Document) -> set[str]:
    """The steps of the flow, from the lists of variables of its jobs."""
    jobs = {entry["job"] for entry in entries_of(served)}
    variables = [item["_links"]["self"] for job in jobs for item in caller.items(f"{job}/variables/index?limit=100")]
    own = [path for path in variables if f"/variables/{served['id']}." in path]
    assert len(set(own)) == len(own)
    return set(own)


def assert_check_finds_nothing(server: Server) -> None:
    server.stop()
    environment = {**os.environ, "COMP_POOL_DATA": str(server.data)}
    command = [sys.executable, "-m", "comp_pool", "check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "0 disagreements\n")
