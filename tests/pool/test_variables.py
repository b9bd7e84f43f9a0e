"""Variables: the ids of a batch, idempotency keys, and when to ask again for work."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from app import Pool
from pool.errors import Conflict, Invalid, Withdrawn
from pool.keys import Caller
from pool.variables import MAX_RETRY_AFTER, Volunteer
from storage.clock import ManualClock
from storage.errors import AlreadyExists
from storage.flow_store import UsedJob
from tests.conftest import EXECUTE
from tests.storage.helpers import result

Post = Callable[..., "list[str]"]
EVEN = "(variable) => variable.x % 2 === 0"


@pytest.fixture
def post(parts: Pool, operator: Caller) -> Post:
    """Posts variables with these values of `x` to a job; returns their ids."""
    parts.jobs.post({"name": "job", "execute_function": EXECUTE, "settings": {"lease_seconds": 60}}, operator)

    def post(*values: int, **options: Any) -> list[str]:
        return parts.variables.post("job", [{"x": value} for value in values], operator, **options)

    return post


# Ids


@pytest.mark.parametrize("count", [1, 9, 10, 101])
@pytest.mark.parametrize("key", [None, "a-key-of-mine"])
def test_the_ids_of_a_batch_sort_in_its_order(parts: Pool, post: Post, count: int, key: str | None) -> None:
    ids = post(*range(count), key=key)
    assert ids == sorted(ids)
    assert [parts.variables.get("job", name)["data"]["x"] for name in ids] == list(range(count))


def test_ids_without_a_key_begin_with_the_time(post: Post) -> None:
    first, second = post(1, 2)
    assert re.fullmatch(r"\d{20}-[0-9a-f]{6}", first)
    assert second == f"{first}-1"


def test_the_same_key_and_values_are_stored_once(parts: Pool, post: Post) -> None:
    assert post(1, 2, key="a-key-of-mine") == post(1, 2, key="a-key-of-mine")
    assert parts.store.counts.get("job").posted == 2
    post(1, 2, key="another")
    assert parts.store.counts.get("job").posted == 4


@pytest.mark.parametrize("values", [(2, 1), (1, 3), (1,), (1, 2, 3), range(1, 12)])
def test_other_values_with_the_same_key_are_a_conflict(parts: Pool, post: Post, values: Any) -> None:
    post(1, 2, key="a-key-of-mine")
    with pytest.raises(Conflict, match="Idempotency-Key"):
        post(*values, key="a-key-of-mine")
    assert parts.store.counts.get("job").posted == 2


def test_keys_are_those_of_one_job(parts: Pool, post: Post, operator: Caller) -> None:
    (first,) = post(1, key="a-key-of-mine")
    parts.jobs.post({"name": "other", "execute_function": EXECUTE}, operator)
    assert parts.variables.post("other", [{"x": 2}], operator, "a-key-of-mine") != [first]
    parts.jobs.delete("job", operator)
    parts.jobs.post({"name": "job", "execute_function": EXECUTE}, operator)
    assert post(2, key="a-key-of-mine") != [first]


def test_an_invalid_value_is_named_by_its_line_and_none_is_stored(parts: Pool, operator: Caller) -> None:
    parts.jobs.post({"name": "job", "execute_function": EXECUTE, "validate_variable": EVEN}, operator)
    values = [{"x": 2}, {"x": 4}, {"x": 5}]
    with pytest.raises(Invalid) as caught:
        parts.variables.post("job", values, operator, lines=(1, 3, 4))
    assert caught.value.field == "line 4"
    assert "validate_variable(variable, context) rejected it" in caught.value.reason
    assert parts.store.counts.get("job").posted == 0


# Under a chosen id


@pytest.mark.parametrize("other", [{"x": 2}, {}, {"x": 1, "y": 1}, {"x": "1"}, {"x": [1]}, {"x": True}])
def test_an_id_has_one_variable(parts: Pool, post: Post, operator: Caller, other: Any) -> None:
    assert parts.variables.put("job", "one", {"x": 1}, operator)
    assert not parts.variables.put("job", "one", {"x": 1}, operator)
    with pytest.raises(AlreadyExists):
        parts.variables.put("job", "one", other, operator)


def test_the_id_of_a_withdrawn_variable_is_not_free(parts: Pool, post: Post, operator: Caller) -> None:
    parts.variables.put("job", "one", {"x": 1}, operator)
    parts.variables.withdraw("job", "one", operator)
    with pytest.raises(Withdrawn, match="'one' was withdrawn by its owner"):
        parts.variables.put("job", "one", {"x": 1}, operator)


@pytest.mark.parametrize("variable_id", ["20141202090909123456-5f3c9a.0.0.1", "20141202090909123456-5f3c9a.9.9.999999"])
def test_ids_of_steps_are_reserved(parts: Pool, post: Post, operator: Caller, variable_id: str) -> None:
    with pytest.raises(Invalid, match="reserved for steps of flows"):
        parts.variables.put("job", variable_id, {"x": 1}, operator)


@pytest.mark.parametrize(
    "variable_id", ["20141202090909123456-5f3c9a", "20141202090909123456-5f3c9a.0.0", "a.0.0.1", "x" * 100]
)
def test_similar_ids_are_not_reserved(parts: Pool, post: Post, operator: Caller, variable_id: str) -> None:
    assert parts.variables.put("job", variable_id, {"x": 1}, operator)


# Retry-After


def test_a_job_without_leases_is_polled_at_the_usual_interval(parts: Pool, post: Post) -> None:
    assert parts.variables.retry_after("job") == MAX_RETRY_AFTER


@pytest.mark.parametrize(("seconds", "expected"), [(0, 15), (45, 15), (55, 5), (60, 1), (1000, 1)])
def test_a_leased_variable_may_be_free_when_its_lease_expires(
    parts: Pool, post: Post, clock: ManualClock, seconds: float, expected: int
) -> None:
    post(1)
    parts.variables.lease("job", Volunteer())
    clock.advance(seconds)
    assert expected <= parts.variables.retry_after("job") <= expected + 4


@pytest.mark.parametrize(("run_seconds", "expected"), [(None, 1), (0.1, 1), (7, 7), (100, MAX_RETRY_AFTER)])
def test_a_job_of_a_flow_is_polled_after_its_mean_run_time(
    parts: Pool, post: Post, run_seconds: float | None, expected: int
) -> None:
    (name,) = post(1)
    parts.store.results.accept("job", name, result(name, run_seconds=run_seconds))
    parts.store.flows.add_reference(UsedJob("job"), "20141202090909123456-5f3c9a")
    assert parts.variables.retry_after("job") == expected
