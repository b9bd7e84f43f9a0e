"""A native volunteer's reports at a pool itself: what the owner of a job reads."""

from collections.abc import Iterator

import pytest
from comp_pool.capabilities import Capabilities
from comp_pool.client import Client
from comp_pool.links import Document
from comp_pool.options import Options
from comp_pool.volunteer import Volunteer

from pool.sandbox import Sandbox
from tests.conftest import local_server

SOURCE = "(variable) => { console.log('n is', variable.n); return { result: variable.n.toFixed(1) }; }"


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Client]:
    server = local_server(tmp_path_factory.mktemp("pool"), sandbox)
    with Client(server.url, key=server.key) as client:
        yield client
    server.stop()


@pytest.fixture(scope="module")
def job(owner: Client) -> Document:
    """Return a job after a unit that failed, and one that printed."""
    job = owner.post_job({"name": "Faulty", "execute_function": SOURCE})
    owner.put_variable(job, "empty", {"n": None})
    owner.put_variable(job, "two", {"n": 2})
    Volunteer(owner, Options(units=2, capabilities=Capabilities((), 512))).run()
    return job


def test_the_owner_reads_how_a_unit_failed(owner: Client, job: Document) -> None:
    (error,) = owner.follow(job, "errors").items()
    found = {name: error.content[name] for name in ("kind", "message", "console", "variable", "count")}
    assert found == {
        "kind": "threw",
        "message": "TypeError: Cannot read properties of null (reading 'toFixed')",
        "console": "n is null\n",
        "variable": "empty",
        "count": 1,
    }


def test_the_owner_reads_where_it_failed_and_in_what(owner: Client, job: Document) -> None:
    (error,) = owner.follow(job, "errors").items()
    assert "execute_function.js:1:" in error.content["stack"]
    assert error.content["engine"].startswith("V8 ")


def test_the_owner_reads_what_a_unit_printed(owner: Client, job: Document) -> None:
    assert owner.progress(job)["reports"]["execute_function"]["console"] == "n is 2\n"


def test_a_lossy_job_has_results_as_json_writes_them(owner: Client) -> None:
    fields = {"execute_function": "() => ({ result: [NaN] })", "settings": {"lossy": True}}
    job = owner.post_job({"name": "Lossy", **fields})
    owner.put_variable(job, "one", {})
    Volunteer(owner, Options(units=1, job="lossy", capabilities=Capabilities((), 512))).run()
    (result,) = owner.results(job)
    assert result.content["result"] == [None]


def test_the_owner_reads_why_the_pool_refused_a_result(owner: Client) -> None:
    job = owner.post_job({"name": "Linking", "execute_function": "() => ({ result: { _links: {} } })"})
    owner.put_variable(job, "one", {})
    Volunteer(owner, Options(units=1, job="linking", capabilities=Capabilities((), 512))).run()
    (error,) = owner.follow(job, "errors").items()
    assert error.content["kind"] == "not-json"
    assert error.content["message"].startswith("the pool refused the result: ")
    assert "_links" in error.content["message"]
