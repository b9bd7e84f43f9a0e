"""Several variables leased, and several results posted, by one call of the client."""

import pytest
from comp_pool.client import Client
from comp_pool.errors import ForeignResponse, MissingLink
from comp_pool.leases import Lease, NoWork
from comp_pool.links import Document
from fake_pool import FakePool


@pytest.fixture
def job(pool: FakePool, client: Client) -> Document:
    pool.has_batches = True
    pool.add_job("adder", "() => 1", [{"a": number} for number in range(3)])
    return client.job("adder")


def leases_of(client: Client, job: Document, count: int) -> list[Lease]:
    leases = client.lease_many(job, count)
    assert isinstance(leases, list)
    return leases


def test_several_variables_are_leased_by_one_request(pool: FakePool, client: Client, job: Document) -> None:
    leases = leases_of(client, job, 2)
    assert [(lease.name, lease.data, lease.seconds) for lease in leases] == [
        ("0000", {"a": 0}, 30),
        ("0001", {"a": 1}, 30),
    ]
    assert pool.requests[-1].query == {"count": ["2"]}


def test_fewer_are_leased_where_there_are_no_more(client: Client, job: Document) -> None:
    assert len(leases_of(client, job, 256)) == 3
    nothing = client.lease_many(job, 256)
    assert isinstance(nothing, NoWork)
    assert nothing.retry_after == 0.1


def test_each_result_has_its_outcome(pool: FakePool, client: Client, job: Document) -> None:
    first, second, third = leases_of(client, job, 3)
    pool.outcomes = {"0001": [(503, 7)]}
    found = client.post_results(job, [(third, 3, None), (second, 2, 0.5), (first, {"ä": "\n"}, 0)])
    assert [outcome.location.removeprefix(pool.url) for outcome in found] == [
        "jobs/adder/variables/0002/results/20261122",
        "",
        "jobs/adder/variables/0000/results/20261122",
    ]
    error = found[1].error
    assert error is not None
    assert (error.status, error.detail, error.retry_after) == (503, "planned", 7)
    assert pool.jobs["adder"].results["0000"]["result"] == {"ä": "\n"}


def test_the_request_has_a_line_for_each_result(pool: FakePool, client: Client, job: Document) -> None:
    first, second, _ = leases_of(client, job, 3)
    client.post_results(job, [(first, "[1,\n2]", 0.25), (second, "2", None)], text=True)
    request = pool.requests[-1]
    link = "/jobs/adder/variables/{}/results?lease=token-{}"
    assert request.headers["Content-Type"] == "application/x-ndjson"
    assert request.body.decode().splitlines() == [
        f'{{"post_result":"{link.format("0000", 0)}","result":[1, 2],"run_seconds":0.250000}}',
        f'{{"post_result":"{link.format("0001", 1)}","result":2}}',
    ]


def test_outcomes_of_other_results_are_a_foreign_response(pool: FakePool, client: Client, job: Document) -> None:
    first, *_ = leases_of(client, job, 3)
    pool.intercept("POST", "results$", 200, {"Content-Type": "application/json"}, '{"outcomes": []}')
    with pytest.raises(ForeignResponse, match="no outcomes of these results"):
        client.post_results(job, [(first, 1, None)])


def test_a_pool_without_batches_has_no_links_for_them(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", "() => 1", [{"a": 1}])
    job = client.job("adder")
    with pytest.raises(MissingLink, match="lease_variables"):
        client.lease_many(job, 2)
    with pytest.raises(MissingLink, match="post_results"):
        client.post_results(job, [])
