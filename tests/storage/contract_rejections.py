"""Refused results: kept apart, the variable served again, then parked, then released."""

from __future__ import annotations

import pytest

from storage import ids
from storage.base import Store
from storage.errors import NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import JOB, accept, add, at_once, eventually, lease_all, park, refusal, withdrawal


class RejectionsContract(BaseContract):
    def test_a_refused_result_is_kept(self, store: Store, other: Store) -> None:
        add(store, "a")
        document = refusal("a")
        assert store.results.reject(JOB, "a", document, max_errors=3) is False
        assert other.results.rejected(JOB, "a") == [document]

    def test_it_is_no_outcome(self, store: Store) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", refusal("a"), max_errors=3)
        assert (store.results.outcome(JOB, "a"), store.variables.state(JOB, "a")) == (None, "open")

    def test_refused_results_come_oldest_first(self, store: Store) -> None:
        add(store, "a")
        documents = [refusal("a") for _ in range(5)]
        for document in documents:
            store.results.reject(JOB, "a", document, max_errors=9)
        assert store.results.rejected(JOB, "a") == documents

    def test_a_variable_has_none_at_first(self, store: Store) -> None:
        add(store, "a")
        assert store.results.rejected(JOB, "a") == []

    def test_the_same_refusal_again_counts_once(self, store: Store) -> None:
        add(store, "a")
        document = refusal("a")
        for _ in range(3):
            assert store.results.reject(JOB, "a", document, max_errors=2) is False
        assert (len(store.results.rejected(JOB, "a")), store.counts.get(JOB).rejected) == (1, 1)

    def test_under_its_lease_the_variable_is_open_again(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        store.results.reject(JOB, "a", refusal("a"), max_errors=3, deadline=lease.deadline)
        assert store.variables.state(JOB, "a") == "open"
        assert lease_all(store) == ["a"]

    def test_without_its_lease_the_variable_stays_lent(self, store: Store) -> None:
        add(store, "a")
        store.leases.lease(JOB, 60)
        store.results.reject(JOB, "a", refusal("a"), max_errors=3)
        assert store.variables.state(JOB, "a") == "leased"

    def test_under_a_lease_that_another_has_by_now_it_stays_lent(self, store: Store, other: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 0.02)
        assert lease is not None
        eventually(lambda: other.leases.lease(JOB, 60))
        store.results.reject(JOB, "a", refusal("a"), max_errors=3, deadline=lease.deadline)
        assert store.variables.state(JOB, "a") == "leased"

    def test_an_unknown_variable_has_nothing_to_refuse(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.results.reject(JOB, "unknown", refusal("unknown"), max_errors=3)

    def test_a_refusal_beside_a_result_leaves_the_variable_done(self, store: Store) -> None:
        add(store, "a")
        accept(store, "a")
        assert store.results.reject(JOB, "a", refusal("a"), max_errors=1, deadline=1) is False
        assert store.variables.state(JOB, "a") == "done"
        assert list(store.maintenance.check(False)) == []

    # Parking

    def test_the_last_refusal_allowed_parks(self, store: Store) -> None:
        add(store, "a")
        parked = [store.results.reject(JOB, "a", refusal("a"), max_errors=3) for _ in range(3)]
        assert parked == [False, False, True]
        assert store.variables.state(JOB, "a") == "failed"

    def test_a_parked_variable_is_not_lent(self, store: Store) -> None:
        add(store, "a")
        park(store, "a")
        assert store.leases.lease(JOB, 60) is None
        assert not store.leases.has_work(JOB)

    def test_a_lent_one_is_parked_as_well(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        assert store.results.reject(JOB, "a", refusal("a"), max_errors=1, deadline=lease.deadline)
        assert (store.variables.state(JOB, "a"), store.counts.get(JOB).leased, store.leases.next_deadline(JOB)) == (
            "failed",
            0,
            None,
        )

    def test_a_parked_variable_keeps_no_more(self, store: Store) -> None:
        add(store, "a")
        park(store, "a")
        assert store.results.reject(JOB, "a", refusal("a"), max_errors=1) is True
        assert (len(store.results.rejected(JOB, "a")), store.counts.get(JOB).rejected) == (1, 1)

    def test_of_many_refusals_at_once_all_say_that_it_failed(self, store: Store, other: Store) -> None:
        add(store, "a")
        acts = [lambda by=by: by.results.reject(JOB, "a", refusal("a"), max_errors=1) for by in (store, other) * 4]
        assert at_once(acts) == [True] * 8
        assert store.counts.get(JOB).failed == 1

    def test_a_refusal_and_a_result_at_once_end_in_the_result(self, store: Store, other: Store) -> None:
        names = [f"v{number}" for number in range(12)]
        add(store, *names)
        for name in names:
            at_once(
                [
                    lambda name=name: other.results.reject(JOB, name, refusal(name), max_errors=1),
                    lambda name=name: accept(store, name),
                ]
            )
            assert store.variables.state(JOB, name) == "done"
        counts = store.counts.get(JOB)
        assert (counts.accepted, counts.failed, counts.open) == (12, 0, 0)
        assert list(store.maintenance.check(False)) == []

    # Releasing

    def test_a_released_variable_is_open(self, store: Store, other: Store) -> None:
        add(store, "a")
        park(store, "a")
        assert other.results.release(JOB, "a") is True
        assert store.variables.state(JOB, "a") == "open"
        assert lease_all(store) == ["a"]

    def test_its_errors_are_forgotten(self, store: Store) -> None:
        add(store, "a")
        park(store, "a")
        store.results.release(JOB, "a")
        assert store.results.rejected(JOB, "a") == []
        assert store.results.reject(JOB, "a", refusal("a"), max_errors=2) is False

    def test_it_can_fail_again(self, store: Store) -> None:
        add(store, "a")
        for _ in range(3):
            park(store, "a")
            assert store.results.release(JOB, "a")
        park(store, "a")
        assert (store.variables.state(JOB, "a"), store.counts.get(JOB).failed) == ("failed", 1)

    def test_what_has_not_failed_is_not_released(self, store: Store) -> None:
        add(store, *"abcd")
        store.leases.lease_variable(JOB, "b", 60)
        accept(store, "c")
        store.results.withdraw(JOB, "d", withdrawal("d"))
        assert [store.results.release(JOB, name) for name in "abcd"] == [False] * 4

    def test_of_many_releases_at_once_one_counts(self, store: Store, other: Store) -> None:
        add(store, "a")
        park(store, "a")
        outcomes = at_once([lambda by=by: by.results.release(JOB, "a") for by in (store, other) * 4])
        assert sorted(map(str, outcomes)) == ["False"] * 7 + ["True"]
        assert store.counts.get(JOB).failed == 0

    def test_a_released_variable_can_be_finished(self, store: Store) -> None:
        add(store, "a")
        park(store, "a")
        store.results.release(JOB, "a")
        accept(store, "a")
        counts = store.counts.get(JOB)
        assert (counts.accepted, counts.failed, counts.open) == (1, 0, 0)

    def test_a_reopened_store_sees_the_same_refusals(self, store: Store, open_store: OpenStore) -> None:
        add(store, *"ab")
        store.results.reject(JOB, "a", refusal("a"), max_errors=2)
        park(store, "b")
        before = store.results.rejected(JOB, "a")
        store.close()
        reopened = open_store()
        assert reopened.results.rejected(JOB, "a") == before
        assert reopened.results.reject(JOB, "a", refusal("a"), max_errors=2) is True
        assert reopened.results.release(JOB, "b")

    def test_ids_of_results_begin_with_the_time(self) -> None:
        first, second = ids.timed_id(), ids.timed_id()
        assert first[:14].isdigit()
        assert first != second
