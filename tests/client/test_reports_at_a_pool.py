"""A native volunteer's reports at a pool itself: what the owner of a job reads."""

import re
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


DEEP = "() => { let result = 1; for (let level = 0; level < 200; level += 1) result = [result]; return { result }; }"
REFUSED = {
    "a reserved name": ("() => ({ result: { _links: {} } })", "not-json", "^the pool refused the result: .*_links"),
    "too deep": (DEEP, "not-json", "^the pool refused the result: .*nested deeper"),
    "too large in bytes": ("() => ({ result: 'Ω'.repeat(6e5) })", "too-large", "1200002 bytes"),
    "half a surrogate pair": ("() => ({ result: ['🦀'.slice(1)] })", "not-json", r"^result\[0\] has half a surrogate"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_result_that_the_pool_does_not_take_is_reported_and_its_lease_ends(owner: Client, case: str) -> None:
    source, kind, message = REFUSED[case]
    job = owner.post_job({"name": f"Refused: {case}", "execute_function": source})
    owner.put_variable(job, "one", {})
    Volunteer(owner, Options(units=1, job=job.content["id"], capabilities=Capabilities((), 512))).run()
    (error,) = owner.follow(job, "errors").items()
    assert error.content["kind"] == kind
    assert re.search(message, error.content["message"])
    assert owner.progress(job)["variables"] | {"open": 1, "leased": 0} == owner.progress(job)["variables"]
