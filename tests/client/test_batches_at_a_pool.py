"""A native volunteer's batches at a pool itself: a whole job of short units."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from comp_pool.capabilities import Capabilities
from comp_pool.client import Client
from comp_pool.events import Totals
from comp_pool.options import Options
from comp_pool.volunteer import Volunteer

from pool.sandbox import Sandbox
from tests.conftest import local_server
from tests.serving import LocalServer
from tests.whole_job import expect_every_result_once, post_whole_job

UNITS = 120


@dataclass
class Computed:
    server: LocalServer
    job: str
    totals: Totals
    requests: int


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Computed]:
    """A job after two workers have computed all of it, and how many requests they made."""
    server = local_server(tmp_path_factory.mktemp("pool"), sandbox)
    job = post_whole_job(server, UNITS)
    requests = []
    app = server.app

    def counting(environ: dict[str, Any], start_response: Any) -> Any:
        requests.append(environ["PATH_INFO"])
        return app(environ, start_response)

    server.stop()
    server.app = counting
    server.start()
    with Client(server.url, volunteer="a-volunteer-under-test") as client:
        totals = Volunteer(client, Options(workers=2, units=UNITS, capabilities=Capabilities((), 512))).run()
    yield Computed(server, job, totals, len(requests))
    server.stop()


def test_every_result_arrives_once(computed: Computed) -> None:
    assert computed.totals.counts == {"accepted": UNITS}
    expect_every_result_once(computed.server, computed.job, UNITS)


def test_there_are_fewer_requests_than_units(computed: Computed) -> None:
    assert computed.requests < UNITS / 2
