"""Two processes that receive the last results of an array at the same instant start what waits for them once."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NoReturn

import pytest

from storage.base import Document
from storage.flat import FlatStore
from tests.conftest import MakeServer
from tests.flows.helpers import Lease, job_document, lease_of
from tests.serving import Server
from tests.storage.helpers import at_once

ROUNDS = 100
LEAF, PARENT = "/jobs/object", "/jobs/witness"


class Connection:
    """One that is kept alive, and so stays with one process of the server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._kept = HTTPConnection(server.url.removeprefix("http://"), timeout=20)
        self.get("/health")

    def get(self, path: str) -> Document | None:
        return self._ask("GET", path)

    def post(self, path: str, document: Any, method: str = "POST", **headers: str) -> Any:
        headers |= {"Content-Type": "application/json", "Authorization": f"Bearer {self._server.key}"}
        return self._ask(method, path, json.dumps(document), headers)

    def _ask(self, method: str, path: str, *sent: Any) -> Any:
        self._kept.request(method, path, *sent)
        with self._kept.getresponse() as response:
            content = response.read()
            assert response.status < 300, content
            return json.loads(content) if content else None

    def process(self) -> int:
        """The one that holds the other end."""
        local, remote = self._kept.sock.getsockname()[1], self._kept.sock.getpeername()[1]
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        (inode,) = (row[9] for row in rows if (_port(row[1]), _port(row[2])) == (remote, local))
        return next(pid for pid in self._server.processes() if f"socket:[{inode}]" in _descriptors(pid))

    def close(self) -> None:
        self._kept.close()


def _port(address: str) -> int:
    return int(address.split(":")[1], 16)


def _descriptors(pid: int) -> list[str]:
    return [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]


@pytest.fixture
def connections(make_server: MakeServer) -> Iterator[list[Connection]]:
    """One to each of two processes."""
    server = make_server(DEMO="0", FSYNC="0", WORKERS="2")
    opened = [Connection(server)]
    while (opened[-1].process() == opened[0].process()) or len(opened) < 2:
        opened.append(Connection(server))
        assert len(opened) < 100
    yield [opened[0], opened[-1]]
    for connection in opened:
        connection.close()


def post_flow(connection: Connection, number: int, entries: int) -> str:
    """A parent on top of some entries; returns its path."""
    variables = [f"{LEAF}/variables/v{number}-{index}" for index in range(entries)]
    for index, variable in enumerate(variables):
        connection.post(variable, {"x": index}, "PUT")
    dependent = {"jobs": [{"job": LEAF, "variable": variable} for variable in variables]}
    flow = {"jobs": [{"job": PARENT, "if": "(variable) => 'x' in variable"}], "dependent": dependent}
    return str(connection.post("/flows", flow)["_links"]["self"])


def leases(connection: Connection, job: str) -> list[Lease]:
    """Of all that is open."""
    leased = iter(lambda: connection.get(f"{job}/variables"), None)
    return [lease_of(job, document) for document in leased]


def answers_at_once(connections: Sequence[Connection], answers: Sequence[Lease]) -> None:
    """Each over another connection."""

    def answer(connection: Connection, lease: Lease) -> Callable[[], Any]:
        return lambda: connection.post(lease.post_result, lease.result)

    succeed_at_once([answer(*pair) for pair in zip(connections, answers, strict=True)])


def succeed_at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    outcomes = at_once(acts)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    return outcomes


def assert_parent_ran_once(connection: Connection, flow: str) -> None:
    flow_id = flow.rsplit("/", 1)[1]
    parents = leases(connection, PARENT)
    assert [parent.path for parent in parents] == [f"{PARENT}/variables/{flow_id}.0.0.1"]
    connection.post(parents[0].post_result, parents[0].result)
    assert leases(connection, PARENT) == []
    shown = connection.get(flow)
    assert shown is not None
    assert (shown["state"], shown["result"], shown["jobs"][0]["iterations"]) == ("done", parents[0].result, 1)


def post_jobs(connection: Connection) -> None:
    for job in (LEAF, PARENT):
        connection.post("/jobs", job_document(job.rsplit("/", 1)[1]))


def test_the_last_two_results_at_once_start_the_parent_once(connections: list[Connection]) -> None:
    post_jobs(connections[0])
    for number in range(ROUNDS):
        flow = post_flow(connections[0], number, 2)
        answers_at_once(connections, leases(connections[0], LEAF))
        assert_parent_ran_once(connections[number % 2], flow)


def test_the_last_result_twice_at_once_starts_the_parent_once(connections: list[Connection]) -> None:
    post_jobs(connections[0])
    for number in range(ROUNDS):
        flow = post_flow(connections[0], number, 1)
        answers_at_once(connections, leases(connections[0], LEAF) * 2)
        assert_parent_ran_once(connections[number % 2], flow)


def test_a_flow_cancelled_when_its_last_result_comes_leaves_no_step_open(connections: list[Connection]) -> None:
    post_jobs(connections[0])
    one, other = connections
    for number in range(ROUNDS):
        flow = post_flow(one, number, 1)
        (lease,) = leases(one, LEAF)
        acts = [partial(one.post, lease.post_result, lease.result), partial(other.post, flow, None, "DELETE")]
        assert at_once(acts)[1] is None  # The result is refused where it comes second.
        assert leases(one, PARENT) == []
        shown = one.get(flow)
        assert shown is not None
        assert shown["state"] == "cancelled"


def test_a_flow_sent_twice_at_once_with_one_key_of_idempotency_is_one(connections: list[Connection]) -> None:
    post_jobs(connections[0])
    for number in range(ROUNDS):
        connections[0].post(f"{LEAF}/variables/v{number}", {}, "PUT")
        key = {"Idempotency-Key": f"key-{number}"}
        flow = {"jobs": [{"job": LEAF}]}
        posted = succeed_at_once([partial(one.post, "/flows", flow, **key) for one in connections])
        assert posted[0]["id"] == posted[1]["id"]


def test_a_turn_ends_with_its_block_although_a_process_was_forked_in_it(tmp_path: Path) -> None:
    """As a sandbox's is, in another thread: until it runs its program, it shares what is locked."""
    one, other = (FlatStore(tmp_path, fsync=False) for _ in range(2))
    one.create_flow("flow", {})
    with one.turn("flow") as is_ours:
        assert is_ours
        child = os.fork() or _wait_for_ever()
    try:
        with other.turn("flow") as is_theirs:
            assert is_theirs
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _wait_for_ever() -> NoReturn:
    while True:
        signal.pause()
