"""The Python client against a real pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from comp_pool.client import Client
from comp_pool.errors import PoolError

from tests.conftest import MakeLocalServer

SQUARES = {
    "name": "Squares",
    "execute_function": "(variable, context) => ({...context, result: variable.n ** 2})",
    "validate_variable": "(variable) => Number.isInteger(variable.n)",
    "validate_result": "(variable, result) => result === variable.n ** 2",
}


@pytest.fixture
def client(make_local_server: MakeLocalServer) -> Iterator[Client]:
    server = make_local_server()
    with Client(server.url + "/", key=server.key) as client:
        yield client


@pytest.fixture
def job(client: Client) -> Any:
    return client.post_job(SQUARES)


def test_many_variables_are_stored_in_order(client: Client, job: Any) -> None:
    ids = client.post_variables(job, ({"n": number} for number in range(250)))
    assert [item.content["id"] for item in client.variables(job)] == ids
    assert len(ids) == 250


def test_the_result_of_a_leased_unit_is_listed(client: Client, job: Any) -> None:
    client.put_variable(job, "twelve", {"n": 12})
    lease = client.lease(job)
    client.post_result(lease, 144, run_seconds=0.001)
    assert [(item.content["variable"], item.content["result"]) for item in client.results(job)] == [("twelve", 144)]
    assert client.progress(job)["mean_run_seconds"] == 0.001


def test_a_unit_given_back_is_leased_again(client: Client, job: Any) -> None:
    client.put_variable(job, "twelve", {"n": 12})
    client.give_back(client.lease(job))
    assert client.lease(job)


def test_a_lease_without_work_has_the_time_to_retry(client: Client, job: Any) -> None:
    no_work = client.lease(job)
    assert not no_work
    assert no_work.retry_after > 0


def test_a_rejected_variable_raises_pool_error_with_the_reason(client: Client, job: Any) -> None:
    with pytest.raises(PoolError, match="validate_variable") as caught:
        client.post_variable(job, {"n": "twelve"})
    assert caught.value.status == 422
