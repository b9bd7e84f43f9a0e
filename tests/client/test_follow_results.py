"""`Client.follow_results`: the stream of a job to its end, through outages of the pool."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from comp_pool.client import Client
from comp_pool.errors import PoolError, Unreachable
from comp_pool.links import Document
from comp_pool.retry_policy import Retries
from comp_pool.stream import follow, wait_text
from fake_clock import FakeClock

from pool.sandbox import Sandbox
from storage.clock import ManualClock
from tests.conftest import local_server
from tests.serving import LocalServer

SOURCE = "(variable) => ({ result: variable })"


@pytest.fixture(scope="module", autouse=True)
def started(sandbox: Sandbox) -> None:
    """Start the processes of the pool's sandbox, which are none that a test leaves behind."""
    sandbox.check(SOURCE)


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[LocalServer]:
    server = local_server(tmp_path, sandbox, ManualClock())
    yield server
    server.stop()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(server: LocalServer, clock: FakeClock) -> Iterator[Client]:
    with Client(server.url, key=server.key, clock=clock, retries=Retries(attempts=1)) as client:
        yield client


@pytest.fixture
def job(client: Client) -> Document:
    """Return a job with three variables."""
    job = client.post_job({"name": "Job", "execute_function": SOURCE, "settings": {"max_errors": 1}})
    for number in range(3):
        client.put_variable(job, f"v{number}", {"n": number})
    return job


def finish(client: Client, job: Document, number: int) -> None:
    variable = Document(job.address, {"_links": {"post_result": f"/jobs/job/variables/v{number}/results"}})
    client.post_result(variable, number)


def entries(stream: Iterator[Document]) -> list[tuple[str, str]]:
    return [(entry.content["variable"], entry.content["state"]) for entry in stream]


def test_results_come_until_nothing_is_left(client: Client, job: Document) -> None:
    stream = client.follow_results(job)
    for number in (2, 0):
        finish(client, job, number)
        assert next(stream).content["result"] == number
    finish(client, job, 1)
    assert entries(stream) == [("v1", "done")]


def test_the_order_of_input_and_errors_are_options(client: Client, job: Document) -> None:
    client._transport.send("DELETE", client.job("job").link("put_variable", {"variable": "v1"}))
    finish(client, job, 2)
    finish(client, job, 0)
    assert entries(client.follow_results(job, order="input")) == [("v0", "done"), ("v2", "done")]
    with_errors = [("v0", "done"), ("v1", "withdrawn"), ("v2", "done")]
    assert entries(client.follow_results(job, order="input", errors=True)) == with_errors


def test_a_stream_continues_after_a_cursor(client: Client, job: Document) -> None:
    for number in range(3):
        finish(client, job, number)
    first = next(client.follow_results(job))
    assert entries(client.follow_results(job, cursor=first.content["cursor"])) == [("v1", "done"), ("v2", "done")]


def test_an_outage_is_waited_through(server: LocalServer, client: Client, clock: FakeClock, job: Document) -> None:
    told: list[Exception] = []

    def on_outage(ex: Exception, _seconds: float) -> None:
        told.append(ex)
        if len(told) == 2:
            server.start()
            finish(client, job, 1)
            finish(client, job, 2)

    stream = client.follow_results(job, on_outage=on_outage)
    finish(client, job, 0)
    assert next(stream).content["result"] == 0
    server.stop()
    client.close()
    assert entries(stream) == [("v1", "done"), ("v2", "done")]
    assert [type(ex) for ex in told] == [Unreachable, Unreachable]
    assert len(clock.waits) == 2


def test_what_is_no_outage_is_raised(client: Client, job: Document) -> None:
    with pytest.raises(PoolError, match="must be accepted or input"):
        next(client.follow_results(job, order="backwards"))


def page(*states: str, is_last: bool = False, **headers: str) -> Document:
    items = [{"_links": {"get_variable": f"/v{number}"}, "state": state} for number, state in enumerate(states)]
    links = {} if is_last else {"next": "/next"}
    return Document("http://pool/", {"_links": links, "_embedded": {"items": items}}, headers)


def states(clock: FakeClock, *pages: Document) -> list[str]:
    served = iter(pages)
    return [entry.content["state"] for entry in follow(lambda _: next(served), "/", clock)]


def test_a_stuck_variable_is_told_once_until_it_is_not_stuck_any_more(clock: FakeClock) -> None:
    assert states(clock, page("stuck"), page("stuck"), page(), page("stuck"), page(is_last=True)) == ["stuck"] * 2
    assert states(clock, page("stuck"), page("done", is_last=True)) == ["stuck", "done"]


def test_without_a_place_to_wait_the_client_waits(clock: FakeClock) -> None:
    assert states(clock, page(**{"Retry-After": "2"}), page("done", is_last=True)) == ["done"]
    (waited,) = clock.waits
    assert 2 <= waited <= 2.4


def test_a_request_waits_for_less_than_the_timeout_of_the_client() -> None:
    assert [wait_text(timeout) for timeout in (30, 100, 1)] == ["21", "25", "0.7"]
