"""Two processes that receive the last results of a level concurrently start the next level once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from storage.base import Document
from tests.flows.helpers import Lease, job_document, parse_lease
from tests.serving import Server, wait_until
from tests.storage.helpers import run_concurrently

# A broken rule shows in the first ten rounds.
ROUNDS = 25
LEAF, PARENT = "/jobs/object", "/jobs/witness"


class Connection:
    """A kept-alive connection, which stays with one process of the server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = HTTPConnection(server.url.removeprefix("http://"), timeout=20)
        self.get("/health")

    def get(self, path: str) -> Document | None:
        return self._request("GET", path)

    def post(self, path: str, document: Any, method: str = "POST", **headers: str) -> Any:
        headers |= {"Content-Type": "application/json", "Authorization": f"Bearer {self._server.key}"}
        return self._request(method, path, json.dumps(document), headers)

    def _request(self, method: str, path: str, *sent: Any) -> Any:
        self._connection.request(method, path, *sent)
        with self._connection.getresponse() as response:
            content = response.read()
            if response.status == 503:  # Another request under the same idempotency key is in progress.
                return self._request(method, path, *sent)
            assert response.status < 300, content
            return json.loads(content) if content else None

    def process(self) -> int:
        """The server's process at the other end."""
        local, remote = self._connection.sock.getsockname()[1], self._connection.sock.getpeername()[1]
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        (inode,) = (row[9] for row in rows if (_port(row[1]), _port(row[2])) == (remote, local))
        return next(pid for pid in self._server.processes() if f"socket:[{inode}]" in _descriptors(pid))

    def close(self) -> None:
        self._connection.close()


def _port(address: str) -> int:
    return int(address.split(":")[1], 16)


def _descriptors(pid: int) -> list[str]:
    return [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("server"), DEMO="0", FSYNC="0")
    started.start()
    yield started
    started.kill()


@pytest.fixture
def connections(server: Server) -> Iterator[list[Connection]]:
    """One connection to each of two processes of a server, whose jobs are new."""
    opened = [Connection(server)]
    while (opened[-1].process() == opened[0].process()) or len(opened) < 2:
        opened.append(Connection(server))
        assert len(opened) < 100
    renew_jobs(opened[0])
    yield [opened[0], opened[-1]]
    for connection in opened:
        connection.close()


def renew_jobs(connection: Connection) -> None:
    jobs = connection.get("/jobs/index?limit=100")
    assert jobs is not None
    for job in jobs["_embedded"]["items"]:
        connection.post(job["_links"]["self"], None, "DELETE")
    for job_id in ("object", "witness"):
        connection.post("/jobs", job_document(job_id))


def post_flow(connection: Connection, number: int, entries: int) -> str:
    """Posts a flow with a parent above some entries; returns its path."""
    variables = [f"{LEAF}/variables/v{number}-{index}" for index in range(entries)]
    for index, variable in enumerate(variables):
        connection.post(variable, {"x": index}, "PUT")
    dependent = {"jobs": [{"job": LEAF, "variable": variable} for variable in variables]}
    flow = {"jobs": [{"job": PARENT, "if": "(variable) => 'x' in variable"}], "dependent": dependent}
    return str(connection.post("/flows", flow)["_links"]["self"])


def leases(connection: Connection, job: str) -> list[Lease]:
    """Leases all open variables."""
    leased = iter(lambda: connection.get(f"{job}/variables"), None)
    return [parse_lease(job, document) for document in leased]


def post_results_concurrently(connections: Sequence[Connection], leases_to_finish: Sequence[Lease]) -> None:
    """Posts each result over another connection."""

    def post_result(connection: Connection, lease: Lease) -> Callable[[], Any]:
        return lambda: connection.post(lease.post_result, lease.result)

    all_succeed_concurrently([post_result(*pair) for pair in zip(connections, leases_to_finish, strict=True)])


def all_succeed_concurrently(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    outcomes = run_concurrently(calls)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    return outcomes


def has_started(connection: Connection, flow: str) -> bool:
    """Whether the parent's condition has been evaluated, which happens in the background."""
    served = connection.get(flow)
    assert served is not None
    return bool(served["jobs"][0]["state"] != "waiting")


def assert_parent_is_executed_once(connection: Connection, flow: str) -> None:
    flow_id = flow.rsplit("/", 1)[1]
    wait_until(lambda: has_started(connection, flow))
    parents = leases(connection, PARENT)
    assert [parent.path for parent in parents] == [f"{PARENT}/variables/{flow_id}.0.0.1"]
    connection.post(parents[0].post_result, parents[0].result)
    assert leases(connection, PARENT) == []
    served = connection.get(flow)
    assert served is not None
    assert (served["state"], served["result"], served["jobs"][0]["iterations"]) == ("done", parents[0].result, 1)


def test_two_concurrent_last_results_start_the_parent_once(connections: list[Connection]) -> None:
    for number in range(ROUNDS):
        flow = post_flow(connections[0], number, 2)
        post_results_concurrently(connections, leases(connections[0], LEAF))
        assert_parent_is_executed_once(connections[number % 2], flow)


def test_a_last_result_posted_twice_concurrently_starts_the_parent_once(connections: list[Connection]) -> None:
    for number in range(ROUNDS):
        flow = post_flow(connections[0], number, 1)
        post_results_concurrently(connections, leases(connections[0], LEAF) * 2)
        assert_parent_is_executed_once(connections[number % 2], flow)


def test_a_flow_cancelled_concurrently_with_its_last_result_leaves_no_step_open(
    server: Server, connections: list[Connection]
) -> None:
    one, other = connections
    for number in range(ROUNDS):
        flow = post_flow(one, number, 1)
        (lease,) = leases(one, LEAF)
        calls = [partial(one.post, lease.post_result, lease.result), partial(other.post, flow, None, "DELETE")]
        assert run_concurrently(calls)[1] is None  # If the result is second, it is refused.
        # The process that advances the flow removes this marker last, when it has cleaned up.
        wait_until(lambda flow=flow: not (server.data / flow.strip("/") / "running").exists())
        assert leases(one, PARENT) == []
        served = one.get(flow)
        assert served is not None
        assert served["state"] == "cancelled"


def test_concurrent_posts_with_one_idempotency_key_create_one_flow(connections: list[Connection]) -> None:
    for number in range(ROUNDS):
        connections[0].post(f"{LEAF}/variables/v{number}", {}, "PUT")
        key = {"Idempotency-Key": f"key-{number}"}
        flow = {"jobs": [{"job": LEAF}]}
        posted = all_succeed_concurrently([partial(one.post, "/flows", flow, **key) for one in connections])
        assert posted[0]["id"] == posted[1]["id"]
