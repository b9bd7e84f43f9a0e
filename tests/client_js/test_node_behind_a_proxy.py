"""A whole job at a pool itself, computed by a volunteer in Node behind a proxy that harms half of its requests.

Most of its units are leased and posted by twos, some alone: each kind of request gets every fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from node_process import run_node

from pool.sandbox import Sandbox
from storage.clock import ManualClock
from tests.conftest import local_server
from tests.hostile_proxy import HostileProxy
from tests.serving import LocalServer
from tests.whole_job import LEASE_SECONDS, expect_every_fault, expect_every_result_once, post_whole_job

UNITS = 80
# Two workers, whose clock runs faster than the system's. They keep their processes, whose starts would take longer than
# all else, and tell a run time of which two units fit into a batch.
VOLUNTEER = """
import { volunteer } from "./index.js";
import { systemClock } from "./lib/timers.js";
import { platform as node } from "./node/platform.js";

const [root, units] = process.argv.slice(1);
const clock = {
  now: () => systemClock.now() * 500,
  after: (milliseconds, callback) => systemClock.after(milliseconds / 500, callback),
};
const kept = (executor) => ({
  compute: async (...unit) => ({ ...(await executor.compute(...unit)), seconds: 6 }),
  reset: () => {},
  close: () => executor.close(),
});
async function open(...options) {
  const executors = await node.open(...options);
  const { capabilities, engine } = executors;
  return { capabilities, engine, create: () => kept(executors.create()), close: () => executors.close() };
}
const errors = [];
const helper = volunteer(root, { clock, platform: { ...node, open }, workers: 2 });
helper.on("error", ({ kind, message }) => errors.push([kind, message]));
await new Promise((resolve) => {
  helper.on("progress", ({ totals }) => totals.units >= units && resolve());
  void helper.start();
});
await helper.stop();
console.log(JSON.stringify({ totals: helper.totals, errors }));
"""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox, clock: ManualClock) -> Iterator[LocalServer]:
    server = local_server(tmp_path, sandbox, clock)
    yield server
    server.stop()


def test_every_result_arrives_once(server: LocalServer, clock: ManualClock) -> None:
    job = post_whole_job(server, UNITS)
    # Leases whose responses were lost expire once there is nothing else to compute.
    with HostileProxy(server, on_idle=lambda: clock.advance(LEASE_SECONDS)) as proxy:
        script = ["--input-type=module", "--eval", VOLUNTEER]
        said = json.loads(run_node(*script, f"{proxy.url}/", str(UNITS)))
    expect_every_result_once(server, job, UNITS)
    assert (said["totals"]["units"], said["totals"]["rejected"], said["totals"]["failed"]) == (UNITS, 0, 0)
    assert any(kind == "foreign" and "text/html" in message for kind, message in said["errors"])
    expect_every_fault(proxy)
