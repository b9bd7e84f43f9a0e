"""A pool that does not serve this client: it requires a newer one, or its operator has blocked this one.

The volunteer says so once, and stops.
"""

from typing import Any

import pytest
from comp_pool import cli
from comp_pool.capabilities import Capabilities
from comp_pool.client import Client
from comp_pool.errors import Blocked, Excluded, Outdated
from comp_pool.events import Event
from comp_pool.options import Options
from comp_pool.retry_policy import Retries
from comp_pool.volunteer import Volunteer
from fake_clock import FakeClock
from fake_executor import DOUBLE, FakeExecutor
from fake_pool import FakePool

LEASES = "variables$"
OUTDATED = "urn:comp-pool:outdated"
BLOCKED = "urn:comp-pool:blocked"


@pytest.mark.parametrize("fields", [{}, {"protocol": 1}, {"protocol": 0}, {"protocol": "x"}, {"protocol": None}])
def test_a_pool_of_this_protocol_is_understood(pool: FakePool, client: Client, fields: dict[str, Any]) -> None:
    pool.root_fields = fields
    assert client.root()


def test_a_pool_of_a_later_protocol_is_refused(pool: FakePool, client: Client) -> None:
    pool.root_fields = {"protocol": 2}
    with pytest.raises(Outdated, match="this pool speaks protocol 2, and this client 1: update comp-pool"):
        client.root()


@pytest.mark.parametrize(("problem", "error"), [(OUTDATED, Outdated), (BLOCKED, Blocked)])
def test_the_problem_has_its_reason_and_is_not_retried(
    pool: FakePool, client: Client, problem: str, error: type[Excluded]
) -> None:
    pool.problem_type = problem
    pool.inject_fault("GET", ".", 503, times=9)
    with pytest.raises(error) as caught:
        client.root()
    assert caught.value.detail == "injected fault"
    assert len(pool.requests) == 1


def test_all_workers_stop(pool: FakePool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = FakeExecutor()
    monkeypatch.setattr("comp_pool.worker_loop.Executor", lambda **options: shared)
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    pool.problem_type = OUTDATED
    pool.inject_fault("GET", LEASES, 400, times=99)
    events: list[Event] = []
    options = Options(workers=2, capabilities=Capabilities((), 512))
    with Client(pool.url, retries=Retries(attempts=1), clock=clock) as client:
        volunteer = Volunteer(client, options, events.append)
        with pytest.raises(Outdated, match="injected fault"):
            volunteer.run()
    assert len(pool.received("GET", LEASES)) <= 2
    assert (events, clock.waits) == ([], [])


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (OUTDATED, "this client is outdated: injected fault"),
        (BLOCKED, "injected fault"),
    ],
)
def test_the_command_ends_with_one_line(
    pool: FakePool,
    quiet: list[str],
    problem: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("comp_pool.work_command.detect_capabilities", lambda memory_bytes: Capabilities((), 512))
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    pool.problem_type = problem
    pool.inject_fault("GET", LEASES, 400, times=99)
    assert cli.main(["work", pool.url, "--volunteer-id", "x" * 16, *quiet]) == 1
    assert capsys.readouterr().err == f"comp-pool: {line}\n"


def test_the_command_does_not_start_with_a_pool_of_a_later_protocol(
    pool: FakePool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("comp_pool.work_command.detect_capabilities", lambda memory_bytes: Capabilities((), 512))
    pool.root_fields = {"protocol": 2}
    assert cli.main(["work", pool.url, "--volunteer-id", "x" * 16]) == 1
    assert "this pool speaks protocol 2, and this client 1: update comp-pool" in capsys.readouterr().err
