"""A whole job at a pool itself, computed by `comp-pool work` behind a proxy that harms half of its requests.

Most of its units are leased and posted by twos, some alone: each kind of request gets every fault.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from comp_pool import batch_size, cli, work_command
from comp_pool.client import Client
from comp_pool.retry_policy import POLICY
from comp_pool.worker_loop import WorkerLoop
from fake_clock import FakeClock

from pool.sandbox import Sandbox
from storage.clock import ManualClock
from tests.conftest import local_server
from tests.hostile_proxy import HostileProxy
from tests.serving import LocalServer
from tests.whole_job import LEASE_SECONDS, expect_every_fault, expect_every_result_once, post_whole_job

UNITS = 80
VOLUNTEER = "a-volunteer-under-test"
IDLE_SECONDS = "3000"


@dataclass
class Pool:
    server: LocalServer
    clock: ManualClock
    job: str


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Pool]:
    clock = ManualClock()
    server = local_server(tmp_path_factory.mktemp("pool"), sandbox, clock)
    yield Pool(server, clock, post_whole_job(server, UNITS))
    server.stop()


def test_every_result_arrives_once(
    behind: Pool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = FakeClock(behind.clock.advance)
    monkeypatch.setattr(work_command, "Client", functools.partial(Client, clock=clock))
    # The starts of processes would take longer than all else.
    monkeypatch.setattr(batch_size, "POLICY", dataclasses.replace(POLICY, max_batch=2))
    monkeypatch.setattr(WorkerLoop, "_reset_before_wait", lambda *_: None)
    # Leases whose responses were lost expire once there is nothing else to compute.
    with HostileProxy(behind.server, on_idle=lambda: behind.clock.advance(LEASE_SECONDS)) as proxy:
        status = cli.main(["work", f"{proxy.url}/", "--volunteer-id", VOLUNTEER, "--idle-exit", IDLE_SECONDS])
    out = capsys.readouterr().out
    expect_every_result_once(behind.server, behind.job, UNITS)
    assert status == 0
    assert f"{UNITS} accepted, 0 rejected, 0 late, 0 errors;" in out
    assert "not a response of the pool: text/html" in out
    expect_every_fault(proxy)
