"""Attacks on jobs whose results are held, as strangers make them: by HTTP, under ids and addresses of their choice."""

from __future__ import annotations

from typing import Any

import pytest

from pool.trust import holding
from storage.clock import ManualClock
from tests.conftest import PoolApp, address
from tests.resources.helpers import other_key, problem

JOB = "/jobs/example-job"


def trusting(pool: PoolApp, variables: int = 1, **trust: Any) -> None:
    pool.post_job(settings={"trust": trust})
    for number in range(variables):
        pool.post_variable(JOB, f"v{number:03}", x=number)


class Person:
    """A volunteer at an address."""

    def __init__(self, pool: PoolApp, number: int, at: int | None = None) -> None:
        self._pool = pool
        self._headers = {"Volunteer": f"an-unguessable-id-{number:04}"}
        self.address = address(number if at is None else at)

    def lease(self, status: int = 200) -> Any:
        response = self._pool.get(f"{JOB}/variables", headers=self._headers, extra_environ=self.address, status=status)
        return response.json if status == 200 else response

    def post(self, leased: Any, value: Any = None, status: int = 201) -> Any:
        link, right = leased["_links"]["post_result"], leased["x"] * 2
        return self._pool.post_json(
            link, right if value is None else value, headers=self._headers, extra_environ=self.address, status=status
        )

    def compute(self, value: Any = None) -> str:
        return str(self.post(self.lease(), value).headers["Location"])


def states(pool: PoolApp) -> list[str]:
    items = pool.get(f"{JOB}/variables/index").json["_embedded"]["items"]
    return [item["state"] for item in items]


@pytest.mark.parametrize(("number", "at"), [(1, 1), (2, 1), (1, 2)], ids=["id", "other id", "other address"])
def test_nobody_gets_the_second_answer_to_its_own_variable(pool: PoolApp, number: int, at: int) -> None:
    trusting(pool, policy="quorum")
    Person(pool, 1).compute("a lie")
    Person(pool, number, at).lease(status=204)
    Person(pool, 3).compute()


def test_a_replica_can_not_be_posted_without_its_lease(pool: PoolApp) -> None:
    trusting(pool, policy="quorum")
    location = Person(pool, 1).compute("a lie")
    path = location.rpartition("/")[0]
    problem(pool.post_json(path, "a lie", extra_environ=address(2), expect_errors=True), 403, "lease")


def test_a_lease_that_is_replayed_stores_nothing_twice(pool: PoolApp) -> None:
    trusting(pool, 2, policy="quorum")
    liar = Person(pool, 1)
    leased = liar.lease()
    first = liar.post(leased, "a lie").headers["Location"]
    assert liar.post(leased, "another").headers["Location"] == first
    # Under another id and address it is the same lease still.
    assert Person(pool, 2).post(leased, "a lie").headers["Location"] == first
    path = first.rpartition("/")[0]
    assert pool.get(path, headers=pool.owner).json["count"] == 1


def test_a_lease_of_one_variable_is_none_of_another(pool: PoolApp) -> None:
    trusting(pool, 2, policy="quorum")
    liar = Person(pool, 1)
    leased, other = liar.lease(), liar.lease()
    token = leased["_links"]["post_result"].partition("?")[2]
    path = other["_links"]["self"].partition("?")[0] if isinstance(other["_links"]["self"], str) else ""
    forged = f"{path}/results?{token}"
    problem(pool.post_json(forged, 1, extra_environ=liar.address, expect_errors=True), 403, "another variable")


def test_what_others_answered_is_not_shown(pool: PoolApp) -> None:
    trusting(pool, policy="quorum")
    location = Person(pool, 1).compute(123456)
    shown = pool.get(location).json
    assert (shown["state"], "result" in shown, shown["volunteer"]) == ("held", False, None)
    assert pool.get(location.rpartition("/")[0]).json["count"] == 0
    assert pool.get(location, headers=pool.owner).json["result"] == 123456


def test_a_lease_does_not_show_that_an_answer_is_held(pool: PoolApp) -> None:
    trusting(pool, policy="quorum")
    first = Person(pool, 1).lease()
    Person(pool, 1).post(first)
    second = Person(pool, 2).lease()
    assert second.keys() == first.keys()
    assert second["_links"].keys() == first["_links"].keys()


def test_a_quorum_can_not_be_starved_for_longer_than_a_lease(pool: PoolApp, clock: ManualClock) -> None:
    trusting(pool, policy="quorum")
    Person(pool, 1).compute()
    Person(pool, 2).lease()
    Person(pool, 3).lease(status=204)
    clock.advance(400)
    Person(pool, 3).compute()
    assert states(pool) == ["done"]


def test_lies_that_are_not_drawn_wait_with_those_that_are(pool: PoolApp) -> None:
    """Nobody can lie in what is not checked: nothing is accepted before the draw, and all of a batch by it."""
    trusting(pool, 8, policy="audit", every=4)
    for number in range(4):
        Person(pool, 1).compute(None if number else "a lie")
    assert "done" not in states(pool)


def test_a_flood_of_lies_is_refused_before_it_holds_the_job(
    pool: PoolApp, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "BATCHES_OF_PREFIX", 2)
    trusting(pool, 20, policy="audit", every=4)
    for number in range(8):
        Person(pool, number, at=1).compute("a lie")
    clock.advance(2)
    problem(Person(pool, 99, at=1).lease(status=429), 429, "results of this address are held")
    Person(pool, 100, at=2).compute()


def test_the_location_of_what_was_thrown_back_says_why(pool: PoolApp) -> None:
    trusting(pool, policy="quorum")
    lie = Person(pool, 1).compute("a lie")
    for number in (2, 3):
        Person(pool, number).compute()
    document = problem(pool.get(lie, expect_errors=True), 410, "other volunteers agree")
    assert document["type"] == "urn:comp-pool:not-kept"


def test_results_posted_together_are_held_each_by_itself(pool: PoolApp) -> None:
    trusting(pool, 3, policy="quorum")
    person = {"Volunteer": "an-unguessable-id-of-mine", "Content-Type": "application/x-ndjson"}
    items = pool.get(f"{JOB}/variables?count=3", headers=person).json["_embedded"]["items"]
    lines = "".join(f'{{"post_result": "{item["_links"]["post_result"]}", "result": 1}}\n' for item in items)
    outcomes = pool.post(f"{JOB}/results", lines, headers=person).json["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == [201] * 3
    assert {pool.get(outcome["location"]).json["state"] for outcome in outcomes} == {"held"}


def test_an_auditor_gets_what_waits_for_another_answer_and_decides(pool: PoolApp) -> None:
    trusting(pool, 3, policy="quorum")
    lie = Person(pool, 1).compute("a lie")
    variable = pool.get(lie).json["variable"]
    link = pool.get(JOB).json["_links"]["lease_audit"]
    leased = pool.get(link, headers=pool.owner, status=200).json
    assert leased["_links"]["self"].endswith(variable)
    pool.get(link, headers=pool.owner, status=204)
    pool.post_json(leased["_links"]["post_result"], leased["x"] * 2, headers=pool.owner, status=201)
    problem(pool.get(lie, expect_errors=True), 410, "owner, or an auditor")


def test_nobody_else_gets_what_is_audited(pool: PoolApp) -> None:
    trusting(pool, policy="quorum")
    Person(pool, 1).compute()
    problem(pool.get(f"{JOB}/variables?audit=1", expect_errors=True), 401, "needs its owner's key")
    problem(pool.get(f"{JOB}/variables?audit=1", headers=other_key(pool), expect_errors=True), 403, "another key")
