"""Rejected results: stored apart from outcomes; too many of them fail the variable; a release opens it again."""

from __future__ import annotations

import pytest

from storage.base import STUCK_SECONDS, ErrorIds, Store
from storage.clock import ManualClock
from storage.errors import NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    error,
    fail_variable,
    lease_all,
    rejected_result,
    run_concurrently,
    withdrawal,
)


class RejectionsContract(BaseContract):
    def test_a_rejected_result_is_stored(self, store: Store, other: Store) -> None:
        add(store, "a")
        document = rejected_result("a")
        assert store.results.reject(JOB, "a", document, max_errors=3) is False
        assert other.results.rejected(JOB, "a") == [document]

    def test_a_rejected_result_is_not_the_outcome(self, store: Store) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", rejected_result("a"), max_errors=3)
        assert (store.results.outcome(JOB, "a"), store.variables.state(JOB, "a")) == (None, "open")

    def test_rejected_results_are_listed_oldest_first(self, store: Store) -> None:
        add(store, "a")
        documents = [rejected_result("a") for _ in range(5)]
        for document in documents:
            store.results.reject(JOB, "a", document, max_errors=9)
        assert store.results.rejected(JOB, "a") == documents

    def test_a_new_variable_has_no_rejected_results(self, store: Store) -> None:
        add(store, "a")
        assert store.results.rejected(JOB, "a") == []

    def test_the_same_result_rejected_again_counts_once(self, store: Store) -> None:
        add(store, "a")
        document = rejected_result("a")
        for _ in range(3):
            assert store.results.reject(JOB, "a", document, max_errors=2) is False
        assert (len(store.results.rejected(JOB, "a")), store.counts.get(JOB).rejected) == (1, 1)

    def test_a_rejection_under_the_lease_opens_the_variable(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        store.results.reject(JOB, "a", rejected_result("a"), max_errors=3, identity=lease.identity)
        assert store.variables.state(JOB, "a") == "open"
        assert lease_all(store) == ["a"]

    def test_a_rejection_without_the_lease_leaves_the_variable_leased(self, store: Store) -> None:
        add(store, "a")
        store.leases.lease(JOB, 60)
        store.results.reject(JOB, "a", rejected_result("a"), max_errors=3)
        assert store.variables.state(JOB, "a") == "leased"

    def test_a_rejection_under_an_expired_lease_does_not_end_the_next(
        self, store: Store, other: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        clock.advance(63)
        assert other.leases.lease(JOB, 60) is not None
        store.results.reject(JOB, "a", rejected_result("a"), max_errors=3, identity=lease.identity)
        assert store.variables.state(JOB, "a") == "leased"

    def test_a_rejection_for_an_unknown_variable_raises_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.results.reject(JOB, "unknown", rejected_result("unknown"), max_errors=3)

    def test_a_rejection_after_an_accepted_result_leaves_the_variable_done(self, store: Store) -> None:
        add(store, "a")
        accept(store, "a")
        assert store.results.reject(JOB, "a", rejected_result("a"), max_errors=1, identity=1) is False
        assert store.variables.state(JOB, "a") == "done"
        assert list(store.maintenance.check(False)) == []

    def test_the_ids_of_errors_are_listed_oldest_first(self, store: Store) -> None:
        add(store, "a")
        documents = [error(store, "a") for _ in range(5)]
        for document in documents:
            store.results.reject(JOB, "a", document, max_errors=9)
        assert store.results.rejected_ids(JOB, "a") == [document["id"] for document in documents]
        assert store.results.rejected(JOB, "a", [documents[2]["id"], "unknown"]) == [documents[2]]

    # Failing

    def test_the_last_rejection_allowed_fails_the_variable(self, store: Store) -> None:
        add(store, "a")
        failed = [store.results.reject(JOB, "a", rejected_result("a"), max_errors=3) for _ in range(3)]
        assert failed == [False, False, True]
        assert store.variables.state(JOB, "a") == "failed"

    def test_the_caller_decides_how_many_errors_count(self, store: Store) -> None:
        add(store, "a")
        counted = []

        def count(error_ids: ErrorIds) -> int:
            counted.append(list(error_ids))
            return len(error_ids) // 2

        failed = [store.results.reject(JOB, "a", error(store, "a"), 2, count=count) for _ in range(4)]
        assert failed == [False, False, False, True]
        assert counted[-1] == store.results.rejected_ids(JOB, "a")

    def test_a_failed_variable_is_not_leased(self, store: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        assert store.leases.lease(JOB, 60) is None
        assert not store.leases.has_work(JOB)

    def test_a_leased_variable_fails_and_its_lease_ends(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        assert store.results.reject(JOB, "a", rejected_result("a"), max_errors=1, identity=lease.identity)
        assert (store.variables.state(JOB, "a"), store.counts.get(JOB).leased, store.leases.next_deadline(JOB)) == (
            "failed",
            0,
            None,
        )

    def test_a_failed_variable_stores_no_more_rejected_results(self, store: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        assert store.results.reject(JOB, "a", rejected_result("a"), max_errors=1) is True
        assert (len(store.results.rejected(JOB, "a")), store.counts.get(JOB).rejected) == (1, 1)

    def test_each_of_many_concurrent_rejections_returns_that_the_variable_failed(
        self, store: Store, other: Store
    ) -> None:
        add(store, "a")
        calls = [
            lambda by=by: by.results.reject(JOB, "a", rejected_result("a"), max_errors=1) for by in (store, other) * 4
        ]
        assert run_concurrently(calls) == [True] * 8
        assert store.counts.get(JOB).failed == 1

    def test_a_result_wins_over_a_concurrent_rejection(self, store: Store, other: Store) -> None:
        names = [f"v{number}" for number in range(12)]
        add(store, *names)
        for name in names:
            run_concurrently(
                [
                    lambda name=name: other.results.reject(JOB, name, rejected_result(name), max_errors=1),
                    lambda name=name: accept(store, name),
                ]
            )
            assert store.variables.state(JOB, name) == "done"
        counts = store.counts.get(JOB)
        assert (counts.accepted, counts.failed, counts.open) == (12, 0, 0)
        assert list(store.maintenance.check(False)) == []

    # Stuck variables

    @pytest.mark.parametrize(
        ("errors", "state"),
        [
            ([], "open"),
            ([("a", 59)], "open"),
            ([("a", 60)], "stuck"),
            ([("a", 90), ("a", 0)], "stuck"),
            ([("a", 90), ("b", 59)], "open"),
            ([("a", 90), ("b", 60)], "stuck"),  # For an hour nobody but b has failed on it.
            ([("a", 90), ("b", 70), ("b", 0)], "stuck"),
            ([("b", 90), ("a", 80), ("b", 0)], "open"),
        ],
    )
    def test_a_variable_is_stuck_when_for_an_hour_only_one_party_fails_on_it(
        self, store: Store, clock: ManualClock, errors: list[tuple[str, int]], state: str
    ) -> None:
        """`errors` are parties, and how many minutes ago each failed."""
        add(store, "a")
        now = 90
        for party, minutes_ago in errors:
            clock.advance(60 * (now - minutes_ago))
            now = minutes_ago
            store.results.reject(JOB, "a", error(store, "a", party * 12), max_errors=9)
        clock.advance(60 * now)
        assert store.variables.state(JOB, "a") == state
        assert store.results.stuck(JOB, 9) == (["a"] if state == "stuck" else [])

    def test_failed_variables_are_listed_until_they_are_released(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            add(store, name)
        for name in ("a", "b"):
            store.results.reject(JOB, name, error(store, name), max_errors=1)
        assert sorted(store.results.failed(JOB, 9)) == ["a", "b"]
        assert len(store.results.failed(JOB, 1)) == 1
        store.results.release(JOB, "a")
        assert store.results.failed(JOB, 9) == ["b"]

    def test_a_stuck_variable_can_be_leased(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", error(store, "a"), max_errors=9)
        clock.advance(STUCK_SECONDS)
        assert lease_all(store) == ["a"]
        assert (store.variables.state(JOB, "a"), store.results.stuck(JOB, 9)) == ("leased", [])

    def test_a_variable_whose_lease_expired_is_stuck_again(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", error(store, "a"), max_errors=9)
        lease_all(store)
        clock.advance(STUCK_SECONDS)
        assert store.variables.state(JOB, "a") == "stuck"

    @pytest.mark.parametrize("end", ["done", "withdrawn", "failed", "open"])
    def test_a_finished_failed_or_released_variable_is_not_stuck(
        self, store: Store, clock: ManualClock, end: str
    ) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", error(store, "a"), max_errors=9)
        clock.advance(STUCK_SECONDS)
        if end == "done":
            accept(store, "a")
        elif end == "withdrawn":
            store.results.withdraw(JOB, "a", withdrawal("a"))
        else:
            fail_variable(store, "a")
        if end == "open":
            store.results.release(JOB, "a")
        assert (store.variables.state(JOB, "a"), store.results.stuck(JOB, 9)) == (end, [])

    def test_so_many_stuck_variables_are_listed(self, store: Store, clock: ManualClock) -> None:
        names = [f"v{number}" for number in range(5)]
        add(store, "fine", *names)
        for name in names:
            store.results.reject(JOB, name, error(store, name), max_errors=9)
        clock.advance(STUCK_SECONDS)
        assert sorted(store.results.stuck(JOB, 9)) == names
        assert len(store.results.stuck(JOB, 3)) == 3

    def test_stuck_variables_of_an_unknown_job_raise_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.results.stuck("unknown", 9)

    # Releasing

    def test_a_released_variable_is_open(self, store: Store, other: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        assert other.results.release(JOB, "a") is True
        assert store.variables.state(JOB, "a") == "open"
        assert lease_all(store) == ["a"]

    def test_a_release_resets_the_rejected_results(self, store: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        store.results.release(JOB, "a")
        assert store.results.rejected(JOB, "a") == []
        assert store.results.reject(JOB, "a", rejected_result("a"), max_errors=2) is False

    def test_a_released_variable_can_fail_again(self, store: Store) -> None:
        add(store, "a")
        for _ in range(3):
            fail_variable(store, "a")
            assert store.results.release(JOB, "a")
        fail_variable(store, "a")
        assert (store.variables.state(JOB, "a"), store.counts.get(JOB).failed) == ("failed", 1)

    def test_a_variable_that_has_not_failed_is_not_released(self, store: Store) -> None:
        add(store, *"abcd")
        store.leases.lease_variable(JOB, "b", 60)
        accept(store, "c")
        store.results.withdraw(JOB, "d", withdrawal("d"))
        assert [store.results.release(JOB, name) for name in "abcd"] == [False] * 4

    def test_one_of_many_concurrent_releases_succeeds(self, store: Store, other: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        outcomes = run_concurrently([lambda by=by: by.results.release(JOB, "a") for by in (store, other) * 4])
        assert sorted(map(str, outcomes)) == ["False"] * 7 + ["True"]
        assert store.counts.get(JOB).failed == 0

    def test_a_released_variable_can_be_finished(self, store: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        store.results.release(JOB, "a")
        accept(store, "a")
        counts = store.counts.get(JOB)
        assert (counts.accepted, counts.failed, counts.open) == (1, 0, 0)

    def test_a_reopened_store_reads_the_same_rejected_results(self, store: Store, open_store: OpenStore) -> None:
        add(store, *"ab")
        store.results.reject(JOB, "a", rejected_result("a"), max_errors=2)
        fail_variable(store, "b")
        before = store.results.rejected(JOB, "a")
        store.close()
        reopened = open_store()
        assert reopened.results.rejected(JOB, "a") == before
        assert reopened.results.reject(JOB, "a", rejected_result("a"), max_errors=2) is True
        assert reopened.results.release(JOB, "b")
