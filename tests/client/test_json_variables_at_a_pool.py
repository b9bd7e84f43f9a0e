"""A native volunteer and the library at a pool whose variables are JSON values of every type."""

from collections.abc import Iterator

import pytest
from comp_pool.capabilities import Capabilities
from comp_pool.client import Client
from comp_pool.leases import Lease
from comp_pool.links import Document
from comp_pool.options import Options
from comp_pool.volunteer import Volunteer

from pool.sandbox import Sandbox
from tests.conftest import MakeLocalServer, local_server
from tests.json_variables import EXECUTE, VALUES, expected, post_json_variables, results
from tests.serving import LocalServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[LocalServer]:
    """A pool with the job, whose validator has been called."""
    server = local_server(tmp_path_factory.mktemp("pool"), sandbox)
    post_json_variables(server)
    yield server
    server.stop()


def test_the_function_gets_each_value_as_it_was_posted(server: LocalServer) -> None:
    with Client(server.url, volunteer="a-volunteer-under-test") as client:
        Volunteer(client, Options(units=len(VALUES), capabilities=Capabilities((), 512))).run()
    assert results(server, "/jobs/any") == expected()


def test_the_library_posts_leases_and_reads_them(make_local_server: MakeLocalServer) -> None:
    server = make_local_server()
    with Client(server.url, key=server.key) as client:
        client.post_job({"name": "Any", "execute_function": EXECUTE})
        names = client.post_variables(client.job("any"), [None, 5])
        job = client.job("any")
        leases = client.lease_many(job, 2)
        assert isinstance(leases, list)
        assert {lease.name: lease.data for lease in leases} == dict(zip(names, [None, 5], strict=True))
        assert isinstance(client.scheduled_job(), Document)
        client.put_variable(job, "text", "7")
        lease = client.lease(job)
        assert isinstance(lease, Lease)
        assert (lease.name, lease.data) == ("text", "7")


@pytest.mark.parametrize("embedded", [{"context": {}}, [], None, {}])
def test_without_an_embedded_variable_the_content_is_the_variable(embedded: object) -> None:
    assert Document("/", {"_links": {}, "_embedded": embedded, "x": 1}).data == {"x": 1}
