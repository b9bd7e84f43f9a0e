"""Held results: stored, and not the outcome; released by an accepted result, thrown back, or parked."""

from __future__ import annotations

from storage.base import Document, Finish, Store
from storage.clock import ManualClock
from storage.errors import AlreadyFinished, AlreadyHeld, NotFound
from tests.storage.contract_base import BaseContract
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    fail_variable,
    findings,
    lease_all,
    result,
    run_concurrently,
    withdrawal,
)


def held_result(name: str, **fields: object) -> Document:
    return result(name, held="2026-01-01T00:00:00Z", **fields)


def hold(store: Store, *names: str) -> list[Document]:
    documents = [held_result(name) for name in names]
    found = {document["variable"]: Finish(document) for document in documents}
    assert store.held.hold_many(JOB, found) == {}
    return documents


class HeldContract(BaseContract):
    def test_a_held_result_is_stored_and_is_no_outcome(self, store: Store, other: Store) -> None:
        add(store, "a")
        assert other.held.of(JOB, "a") == []
        documents = hold(store, "a")
        assert other.held.of(JOB, "a") == documents
        assert (other.results.outcome(JOB, "a"), other.variables.state(JOB, "a")) == (None, "held")
        assert findings(store) == []

    def test_the_ids_of_held_results_are_known_without_them(self, store: Store, other: Store) -> None:
        add(store, "a")
        assert other.held.ids(JOB, "a") == []
        documents = hold(store, "a")
        assert other.held.ids(JOB, "a") == [documents[0]["id"]]

    def test_a_held_variable_is_not_leased(self, store: Store) -> None:
        add(store, "a", "b")
        hold(store, "a")
        assert lease_all(store) == ["b"]
        assert store.leases.lease_variable(JOB, "a", 60) is None
        assert store.held.variables(JOB, 10) == ["a"]

    def test_held_variables_are_counted(self, store: Store) -> None:
        add(store, "a", "b")
        hold(store, "a")
        counts = store.counts.get(JOB)
        assert (counts.open, counts.leased, counts.held, counts.accepted) == (1, 0, 1, 0)

    def test_a_held_result_ends_its_lease(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        assert store.held.hold_many(JOB, {"a": Finish(held_result("a"), lease.identity)}) == {}
        assert (store.variables.state(JOB, "a"), store.counts.get(JOB).leased) == ("held", 0)

    def test_a_late_result_ends_the_lease_of_another(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        first = store.leases.lease(JOB, 60)
        clock.advance(63)
        assert first is not None and store.leases.lease(JOB, 60) is not None
        assert store.held.hold_many(JOB, {"a": Finish(held_result("a"), first.identity)}) == {}
        assert (store.variables.state(JOB, "a"), store.counts.get(JOB).leased) == ("held", 0)
        assert findings(store) == []

    def test_a_lease_after_a_held_result_has_a_later_identity(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        store.held.hold_many(JOB, {"a": Finish(held_result("a"), lease.identity)})
        assert store.held.want_more(JOB, "a", 1)
        later = store.leases.lease(JOB, 60)
        assert later is not None and later.identity > lease.identity

    def test_a_second_result_of_a_held_variable_is_refused(self, store: Store) -> None:
        add(store, "a")
        documents = hold(store, "a")
        refused = store.held.hold_many(JOB, {"a": Finish(held_result("a"))})
        assert isinstance(refused["a"], AlreadyHeld)
        assert store.held.of(JOB, "a") == documents

    def test_a_result_that_was_checked_against_other_answers_is_refused(self, store: Store) -> None:
        add(store, "a")
        documents = hold(store, "a")
        assert store.held.want_more(JOB, "a", 1)
        refused = store.held.hold_many(JOB, {"a": Finish(held_result("a"), answers=0)})
        assert isinstance(refused["a"], AlreadyHeld)
        assert store.held.of(JOB, "a") == documents

    def test_of_concurrent_results_one_is_held(self, store: Store, other: Store) -> None:
        add(store, "a")
        calls = [
            lambda used=used: used.held.hold_many(JOB, {"a": Finish(held_result("a"))})
            for used in (store, other, store, other)
        ]
        outcomes = run_concurrently(calls)
        assert sum(outcome == {} for outcome in outcomes) == 1
        assert len(store.held.of(JOB, "a")) == 1

    def test_a_wanted_answer_is_held_beside_the_first(self, store: Store) -> None:
        add(store, "a")
        first = hold(store, "a")
        assert store.held.wanting(JOB, 10) == []
        assert store.held.want_more(JOB, "a", 1)
        assert store.held.wanting(JOB, 10) == ["a"]
        assert lease_all(store) == ["a"]
        assert store.variables.state(JOB, "a") == "leased"
        assert store.held.of(JOB, "a") == first
        second = hold(store, "a")
        assert store.held.of(JOB, "a") == first + second
        assert findings(store) == []

    def test_more_is_wanted_beside_the_answers_that_are_known(self, store: Store) -> None:
        add(store, "a")
        hold(store, "a")
        assert store.held.want_more(JOB, "a", 2) is False
        assert store.variables.state(JOB, "a") == "held"

    def test_more_is_wanted_of_held_variables_alone(self, store: Store) -> None:
        add(store, "a")
        assert store.held.want_more(JOB, "a", 1) is False
        assert store.variables.state(JOB, "a") == "open"

    def test_a_finished_or_failed_variable_holds_nothing(self, store: Store) -> None:
        add(store, "a", "b")
        accept(store, "a")
        fail_variable(store, "b")
        refused = store.held.hold_many(JOB, {name: Finish(held_result(name)) for name in ("a", "b", "unknown")})
        assert [type(refused[name]) for name in ("a", "b", "unknown")] == [AlreadyFinished, AlreadyHeld, NotFound]
        assert findings(store) == []

    def test_an_accepted_result_ends_the_holding(self, store: Store) -> None:
        add(store, "a")
        (document,) = hold(store, "a")
        accepted = {name: value for name, value in document.items() if name != "held"}
        store.results.accept(JOB, "a", accepted)
        assert (store.results.outcome(JOB, "a"), store.held.of(JOB, "a")) == (accepted, [])
        assert (store.variables.state(JOB, "a"), store.counts.get(JOB).held) == ("done", 0)
        assert findings(store) == []

    def test_a_withdrawal_ends_the_holding(self, store: Store) -> None:
        add(store, "a", "b")
        hold(store, "a", "b")
        store.held.want_more(JOB, "b", 1)
        for name in ("a", "b"):
            store.results.withdraw(JOB, name, withdrawal(name))
        assert (store.held.of(JOB, "a"), store.held.of(JOB, "b")) == ([], [])
        assert findings(store) == []

    # Thrown back

    def test_a_result_thrown_back_opens_its_variable(self, store: Store, other: Store) -> None:
        add(store, "a")
        (document,) = hold(store, "a")
        assert other.held.throw_back(JOB, "a", [document["id"]], "wrong") == [document["id"]]
        assert (store.variables.state(JOB, "a"), store.held.of(JOB, "a")) == ("open", [])
        thrown = store.held.get(JOB, "a", document["id"])
        assert thrown is not None and (thrown["rejected"], thrown["result"]) == ("wrong", document["result"])
        assert findings(store) == []

    def test_of_many_results_thrown_back_the_later_ones_are_kept_without_their_values(self, store: Store) -> None:
        add(store, "a")
        for _ in range(12):
            (document,) = hold(store, "a")
            store.held.throw_back(JOB, "a", [document["id"]], "wrong")
        thrown = store.held.thrown_back(JOB, "a")
        assert ["result" in document for document in thrown] == [True] * 10 + [False] * 2
        assert findings(store) == []

    def test_a_result_thrown_back_is_no_error_of_its_variable(self, store: Store) -> None:
        add(store, "a")
        (document,) = hold(store, "a")
        store.held.throw_back(JOB, "a", [document["id"]], "wrong")
        assert store.results.rejected_ids(JOB, "a") == []
        counts = store.counts.get(JOB)
        assert (counts.rejected, counts.failed, counts.failing) == (1, 0, {})

    def test_a_variable_stays_held_while_another_result_is(self, store: Store) -> None:
        add(store, "a")
        (first,) = hold(store, "a")
        store.held.want_more(JOB, "a", 1)
        (second,) = hold(store, "a")
        store.held.throw_back(JOB, "a", [first["id"]], "wrong")
        assert (store.variables.state(JOB, "a"), store.held.of(JOB, "a")) == ("held", [second])
        assert findings(store) == []

    def test_what_is_not_held_is_not_thrown_back(self, store: Store) -> None:
        add(store, "a")
        assert store.held.throw_back(JOB, "a", ["unknown"], "wrong") == []
        assert store.held.get(JOB, "a", "unknown") is None

    # Parked

    def test_a_parked_variable_has_failed_and_keeps_its_answers(self, store: Store) -> None:
        add(store, "a")
        documents = hold(store, "a")
        assert store.held.park(JOB, "a")
        assert (store.variables.state(JOB, "a"), store.held.of(JOB, "a")) == ("failed", documents)
        assert (store.counts.get(JOB).failed, store.counts.get(JOB).held, lease_all(store)) == (1, 0, [])
        assert store.held.park(JOB, "a") is False
        assert findings(store) == []

    def test_a_parked_variable_can_be_released(self, store: Store) -> None:
        add(store, "a")
        documents = hold(store, "a")
        store.held.park(JOB, "a")
        assert store.results.release(JOB, "a")
        assert (store.variables.state(JOB, "a"), store.held.of(JOB, "a")) == ("open", documents)
        assert findings(store) == []
