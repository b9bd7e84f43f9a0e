"""Gunicorn is killed at random moments while volunteers answer: each result is used once, the answer is the same."""

from __future__ import annotations

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Any

import pytest

from storage.base import Document, canonical
from tests.conftest import MakeServer
from tests.flows.functions import ALL_JOBS
from tests.flows.helpers import (
    Posted,
    Site,
    compare_entries,
    compare_failure,
    compare_taken,
    entries_of,
    is_step,
    job_document,
    lease_of,
)
from tests.flows.reference import Execution
from tests.flows.trees import Node, Tree
from tests.serving import Server, wait_until

STRIKES, ROUNDS, VOLUNTEERS = 4, 3, 3
LONGEST_PEACE, LONGEST_PAUSE = 0.4, 0.1

TWICE = "(variable, context) => context.iteration < 2"
FOUR_TIMES = "async (variable, context) => context.iteration < 4"
HAS_X = "(variable) => 'x' in variable"

TREES: list[Tree] = [
    # Wide; an entry that is repeated, variables that are named and taken.
    [
        [Node("witness", while_=FOUR_TIMES)],
        [Node("x"), Node("x"), Node("list", named=0), Node("counter", while_=FOUR_TIMES), Node("object", named=2)],
    ],
    # Deep; an entry that is left out, what the validator replaces.
    [
        [Node("witness")],
        [Node("other", while_=TWICE), Node("text", if_="() => false")],
        [Node("replaced", named=0), Node("picky", if_=HAS_X), Node("nothing")],
        [Node("object", named=1, while_=TWICE), Node("counter")],
    ],
    # One that comes to nothing.
    [[Node("witness")], [Node("counter", while_="() => true")]],
]


class Caller:
    """Asks a server that comes and goes, again and again until it answers."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.key = server.key

    def ask(self, method: str, path: str, document: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and the document of the answer."""
        body = None if method == "GET" else json.dumps(document).encode()
        headers |= {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        while True:
            request = urllib.request.Request(self._server.url + path, body, headers, method=method)
            try:
                status, content = _answer(request)
            except (OSError, HTTPException):
                time.sleep(0.02)
                continue
            if status != 503:
                return status, json.loads(content) if content else None

    def get(self, path: str) -> Any:
        status, document = self.ask("GET", path)
        assert status == 200, (path, document)
        return document

    def items(self, path: str) -> Iterator[Document]:
        """Of every page."""
        following: str | None = path
        while following:
            page = self.get(following)
            yield from page["_embedded"]["items"]
            following = page["_links"].get("next")


def _answer(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as ex:
        with ex:
            return ex.code, ex.read()


class Volunteer(threading.Thread):
    """Leases and answers until it is told to end. `accepted` are the places of results, by variable."""

    def __init__(self, caller: Caller, seed: int) -> None:
        super().__init__()
        self._caller, self._random = caller, Random(seed)
        self._ends = threading.Event()
        self.executions: dict[str, Execution] = {}
        self.accepted: dict[str, set[str]] = defaultdict(set)
        self.troubles: list[Any] = []

    def run(self) -> None:
        while not self._ends.is_set():
            job = f"/jobs/{self._random.choice(list(ALL_JOBS))}"
            status, leased = self._caller.ask("GET", f"{job}/variables")
            if status == 200:
                self._answer(job, leased)
            elif status != 204:
                self.troubles.append((job, status, leased))

    def _answer(self, job: str, leased: Document) -> None:
        lease = lease_of(job, leased)
        self.executions[lease.path] = lease.execution
        time.sleep(self._random.uniform(0, LONGEST_PAUSE))
        status, answer = self._caller.ask("POST", lease.post_result, lease.result)
        if status == 201:
            self.accepted[lease.path].add(answer["_links"]["self"])
        elif status not in (409, 410):  # Somebody else was faster, or the flow has ended.
            self.troubles.append((lease.path, status, answer))

    def end(self) -> None:
        self._ends.set()
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
            volunteer.end()


def killed_and_started(server: Server, _random: Random) -> None:
    server.kill()
    server.start()


def worker_killed(server: Server, random: Random) -> None:
    os.kill(random.choice(wait_until(lambda: workers_of(server))), signal.SIGKILL)


def workers_of(server: Server) -> list[int]:
    (master,) = (pid for pid in server.processes() if os.getpgid(pid) == pid)
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [int(child) for child in children]


def prepare(server: Server, caller: Caller) -> Site:
    """The jobs; what is lost is lent again after a second."""
    for job_id in ALL_JOBS:
        assert caller.ask("POST", "/jobs", job_document(job_id, lease_seconds=1))[0] == 201

    def put(path: str, data: Document) -> None:
        assert caller.ask("PUT", path, data)[0] in (200, 201)

    def answer(path: str, result: Any) -> None:
        assert caller.ask("POST", f"{path}/results", result)[0] in (201, 409)

    return Site(put, answer)


def post_flows(caller: Caller, site: Site) -> list[tuple[Posted, Document]]:
    posted = [site.prepare(tree) for _ in range(ROUNDS) for tree in TREES]
    return [(one, post_flow(caller, one)) for one in posted]


def post_flow(caller: Caller, posted: Posted) -> Document:
    """Posted once, however often it is sent."""
    status, shown = caller.ask("POST", "/flows", posted.flow, **{"Idempotency-Key": posted.name})
    assert status == 201, shown
    return dict(shown)


@pytest.mark.parametrize("strike", [killed_and_started, worker_killed])
def test_each_step_is_used_once_and_the_answer_is_the_same(
    make_server: MakeServer, strike: Callable[[Server, Random], None]
) -> None:
    server, random = make_server(DEMO="0", FSYNC="0", FLOW_ITERATIONS="5"), Random(1)
    caller = Caller(server)
    site = prepare(server, caller)
    with struck(lambda: strike(server, random), random):
        flows = post_flows(caller, site)
    with working(caller) as volunteers, struck(lambda: strike(server, random), random):
        for posted, shown in flows:
            wait_for_results(caller, posted.reference(shown).executions())
    assert [volunteer.troubles for volunteer in volunteers] == [[]] * VOLUNTEERS
    assert_each_has_one_result(caller, volunteers)
    for posted, shown in flows:
        compare(caller, posted, shown["_links"]["self"])
    assert len(list(caller.items("/flows"))) == len(flows)
    assert_check_finds_nothing(server)


@contextmanager
def struck(strike: Callable[[], None], random: Random) -> Iterator[None]:
    """At random moments meanwhile, a few times."""

    def run() -> None:
        for _ in range(STRIKES):
            time.sleep(random.uniform(0, LONGEST_PEACE))
            strike()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def wait_for_results(caller: Caller, paths: dict[str, Execution]) -> None:
    """Without a look at the flow, which would move it on."""
    for path in paths:
        wait_until(lambda path=path: caller.ask("GET", f"{path}/results")[1].get("count"))


def assert_each_has_one_result(caller: Caller, volunteers: list[Volunteer]) -> None:
    stored = {
        item["_links"]["get_variable"]: item["_links"]["self"]
        for job in ALL_JOBS
        for item in caller.items(f"/jobs/{job}/results?limit=100")
    }
    for volunteer in volunteers:
        for path, places in volunteer.accepted.items():
            assert places == {stored[path]}


def compare(caller: Caller, posted: Posted, path: str) -> None:
    shown = caller.get(path)
    expected = posted.reference(shown)
    compare_taken(shown)
    if expected.failures:
        compare_failure(shown, expected)
    else:
        assert shown["state"] == "done", shown.get("failure")
        assert canonical(shown["result"]) == canonical(expected.result)
    compare_entries(shown, expected)
    assert steps_of(caller, shown) == {step for step in expected.executions() if is_step(step)}


def steps_of(caller: Caller, shown: Document) -> set[str]:
    """The variables that the flow has made, found in the jobs' lists."""
    jobs = {entry["job"] for entry in entries_of(shown)}
    variables = [item["_links"]["self"] for job in jobs for item in caller.items(f"{job}/variables/index?limit=100")]
    own = [path for path in variables if f"/variables/{shown['id']}." in path]
    assert len(set(own)) == len(own)
    return set(own)


def assert_check_finds_nothing(server: Server) -> None:
    server.stop()
    environment = {**os.environ, "COMP_POOL_DATA": str(server.data)}
    command = [sys.executable, "-m", "comp_pool", "check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "0 disagreements\n")
