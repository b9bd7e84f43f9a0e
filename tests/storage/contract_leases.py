"""Leases: one holder at a time, until the deadline; extended, given back, expired or lost."""

from __future__ import annotations

import pytest

from storage.base import Lease, Store
from storage.clock import ManualClock
from storage.errors import LeaseLost, NotFound
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
    variables,
)


def leased(store: Store, seconds: float = 60) -> Lease:
    lease = store.leases.lease(JOB, seconds)
    assert lease is not None
    return lease


def expired_lease(store: Store, clock: ManualClock) -> Lease:
    """A lease whose deadline has passed."""
    lease = leased(store, 60)
    clock.advance(63)
    return lease


class LeasesContract(BaseContract):
    def test_a_lease_carries_the_variable(self, store: Store) -> None:
        add(store, "a")
        lease = leased(store)
        assert (lease.variable_id, lease.document) == ("a", store.variables.get(JOB, "a"))

    @pytest.mark.parametrize("seconds", [0.5, 60, 300, 86_400])
    def test_the_deadline_is_at_most_four_percent_later_than_requested(
        self, store: Store, clock: ManualClock, seconds: float
    ) -> None:
        add(store, "a")
        now = clock.now_milliseconds()
        assert now + seconds * 1000 <= leased(store, seconds).deadline <= now + seconds * 1040

    def test_a_job_without_variables_has_nothing_to_lease(self, store: Store) -> None:
        assert store.leases.lease(JOB, 60) is None

    def test_a_lease_from_an_unknown_job_raises_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.leases.lease("unknown", 60)

    def test_each_variable_is_leased_once(self, store: Store) -> None:
        names = [f"v{number:03}" for number in range(300)]
        add(store, *names)
        assert lease_all(store) == names

    def test_two_stores_lease_each_variable_once(self, store: Store, other: Store) -> None:
        names = [f"v{number:03}" for number in range(150)]
        add(store, *names)
        seen = []
        while (lease := store.leases.lease(JOB, 60) or other.leases.lease(JOB, 60)) is not None:
            seen.append(lease.variable_id)
            store, other = other, store
        assert sorted(seen) == names

    def test_one_of_many_concurrent_callers_leases_a_variable(self, store: Store, other: Store) -> None:
        for name in "abcdefgh":
            add(store, name)
            outcomes = run_concurrently([lambda by=by: by.leases.lease(JOB, 60) for by in (store, other) * 4])
            assert [lease.variable_id for lease in outcomes if isinstance(lease, Lease)] == [name]

    def test_concurrent_callers_lease_different_variables(self, store: Store, other: Store) -> None:
        add(store, *(f"v{number}" for number in range(16)))
        outcomes = run_concurrently([lambda by=by: by.leases.lease(JOB, 60) for by in (store, other) * 8])
        assert len({lease.variable_id for lease in outcomes if isinstance(lease, Lease)}) == 16

    def test_variables_are_leased_in_random_order(self, store: Store) -> None:
        names = [f"v{number:03}" for number in range(60)]
        add(store, *names)
        order = [leased(store).variable_id for _ in names]
        assert order != names
        assert order != sorted(names, reverse=True)

    def test_a_variable_posted_later_is_leased(self, store: Store, other: Store) -> None:
        add(store, "a")
        assert lease_all(store) == ["a"]
        add(other, "b")
        assert lease_all(store) == ["b"]

    def test_finished_and_failed_variables_are_not_leased(self, store: Store) -> None:
        add(store, *"abc")
        accept(store, "a")
        fail_variable(store, "b")
        assert lease_all(store) == ["c"]

    # Expiry

    def test_a_variable_with_an_expired_lease_is_leased_again(
        self, store: Store, other: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        expired_lease(store, clock)
        assert leased(other).variable_id == "a"

    def test_a_variable_is_not_leased_again_before_the_deadline(
        self, store: Store, other: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        leased(store, 60)
        clock.advance(59.9)
        assert other.leases.lease(JOB, 60) is None

    def test_one_of_many_concurrent_callers_leases_a_variable_after_its_lease_expired(
        self, store: Store, other: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        expired_lease(store, clock)
        outcomes = run_concurrently([lambda by=by: by.leases.lease(JOB, 60) for by in (store, other) * 4])
        assert sum(isinstance(outcome, Lease) for outcome in outcomes) == 1

    # By id

    def test_a_variable_is_leased_by_id(self, store: Store) -> None:
        add(store, *"abc")
        lease = store.leases.lease_variable(JOB, "b", 60)
        assert lease is not None
        assert (lease.variable_id, store.variables.state(JOB, "b")) == ("b", "leased")

    def test_a_leased_variable_is_not_leased_again_by_id(self, store: Store, other: Store) -> None:
        add(store, "a")
        leased(store)
        assert other.leases.lease_variable(JOB, "a", 60) is None

    def test_a_finished_or_failed_variable_is_not_leased_by_id(self, store: Store) -> None:
        add(store, *"ab")
        accept(store, "a")
        fail_variable(store, "b")
        assert store.leases.lease_variable(JOB, "a", 60) is None
        assert store.leases.lease_variable(JOB, "b", 60) is None

    def test_an_unknown_variable_is_not_leased_by_id(self, store: Store) -> None:
        assert store.leases.lease_variable(JOB, "unknown", 60) is None

    def test_a_variable_with_an_expired_lease_is_leased_by_id(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        expired_lease(store, clock)
        lease = store.leases.lease_variable(JOB, "a", 60)
        assert lease is not None
        assert lease.variable_id == "a"

    # Sampling

    # Several at once

    def test_several_are_leased_at_once_as_far_as_there_are_any(self, store: Store) -> None:
        add(store, *"abcde")
        first, rest = store.leases.lease_many(JOB, 2, 60), store.leases.lease_many(JOB, 9, 60)
        assert (len(first), len(rest)) == (2, 3)
        assert sorted(lease.variable_id for lease in first + rest) == list("abcde")
        assert store.leases.lease_many(JOB, 2, 60) == []

    def test_large_variables_end_a_lease_of_several(self, store: Store) -> None:
        add(store, *"abcde")
        size = store.leases.lease_many(JOB, 1, 60)[0].size
        assert len(store.leases.lease_many(JOB, 4, 60, max_bytes=2 * size)) == 2

    def test_of_several_the_excluded_ones_are_passed_over(self, store: Store) -> None:
        add(store, *"abcde")
        for name in "bd":
            store.results.reject(JOB, name, error(store, name), max_errors=9)
        leases = store.leases.lease_many(JOB, 9, 60, lambda _, error_ids: bool(error_ids))
        assert sorted(lease.variable_id for lease in leases) == list("ace")
        assert lease_all(store) == ["b", "d"]

    # Excluded variables

    def test_an_excluded_variable_is_passed_over(self, store: Store) -> None:
        add(store, *"abc")
        for name in "ab":
            store.results.reject(JOB, name, error(store, name), max_errors=9)
        mine = store.results.rejected_ids(JOB, "a")
        leased = [store.leases.lease(JOB, 60, lambda _, error_ids: error_ids == mine) for _ in range(3)]
        assert sorted(lease.variable_id for lease in leased if lease) == ["b", "c"]
        assert lease_all(store) == ["a"]

    def test_a_variable_without_errors_is_asked_about_too(self, store: Store) -> None:
        add(store, "a", "b")
        lease = store.leases.lease(JOB, 60, lambda variable_id, error_ids: variable_id == "a" and not error_ids)
        assert lease is not None
        assert lease.variable_id == "b"

    def test_where_all_are_excluded_there_is_nothing_to_lease(self, store: Store) -> None:
        names = [f"v{number}" for number in range(200)]  # More than a store may sample at once.
        add(store, *names)
        for name in names:
            store.results.reject(JOB, name, error(store, name), max_errors=9)
        assert store.leases.lease(JOB, 60, lambda _, error_ids: True) is None
        assert lease_all(store) == sorted(names)

    def test_each_excluded_variable_is_looked_at_once_for_a_lease(self, store: Store) -> None:
        add(store, *"abcdef")
        seen: list[str] = []
        assert store.leases.lease(JOB, 60, lambda name, _: not seen.append(name)) is None
        assert sorted(seen) == list("abcdef")

    def test_one_variable_among_many_excluded_ones_is_found(self, store: Store) -> None:
        names = [f"v{number}" for number in range(60)]
        add(store, "fine", *names)
        for name in names:
            store.results.reject(JOB, name, error(store, name), max_errors=9)
        lease = store.leases.lease(JOB, 60, lambda _, error_ids: bool(error_ids))
        assert lease is not None
        assert lease.variable_id == "fine"

    def test_an_excluded_variable_with_an_expired_lease_is_passed_over(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", error(store, "a"), max_errors=9)
        lease_all(store)
        clock.advance(63)
        assert store.leases.lease(JOB, 60, lambda _, error_ids: True) is None
        assert lease_all(store) == ["a"]

    @pytest.mark.parametrize("is_leased_before", [False, True])
    def test_an_excluded_variable_is_not_leased_by_id(
        self, store: Store, clock: ManualClock, is_leased_before: bool
    ) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", error(store, "a"), max_errors=9)
        if is_leased_before:
            lease_all(store)
            clock.advance(63)
        assert store.leases.lease_variable(JOB, "a", 60, lambda _, error_ids: True) is None
        assert store.leases.lease_variable(JOB, "a", 60, lambda _, error_ids: False)

    def test_a_sample_has_open_variables_only(self, store: Store) -> None:
        add(store, *"abcdef")
        store.leases.lease_variable(JOB, "a", 60)
        accept(store, "b")
        fail_variable(store, "c")
        assert sorted(store.leases.sample(JOB, 10)) == ["d", "e", "f"]

    def test_a_sample_has_at_most_the_requested_number(self, store: Store) -> None:
        store.variables.add(JOB, variables(f"v{number}" for number in range(50)))
        sample = store.leases.sample(JOB, 7)
        assert len(sample) == len(set(sample)) == 7

    def test_a_sample_leases_nothing(self, store: Store) -> None:
        add(store, "a")
        store.leases.sample(JOB, 10)
        assert store.variables.state(JOB, "a") == "open"

    def test_a_sample_includes_variables_with_expired_leases(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        expired_lease(store, clock)
        assert store.leases.sample(JOB, 10) == ["a"]

    # Extending

    def test_an_extended_lease_expires_later(self, store: Store, other: Store, clock: ManualClock) -> None:
        add(store, "a")
        lease = leased(store, 10)
        later = other.leases.extend(JOB, "a", lease.identity, 60)
        assert later.deadline >= clock.now_milliseconds() + 60_000
        clock.advance(59)
        assert (store.leases.lease(JOB, 60), store.variables.state(JOB, "a")) == (None, "leased")

    def test_an_extension_by_less_than_what_is_left_shortens_a_lease(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        lease = leased(store, 600)
        term = store.leases.extend(JOB, "a", lease.identity, 60)
        assert term.deadline <= clock.now_milliseconds() + 60 * 1040
        clock.advance(63)
        assert store.leases.lease(JOB, 600) is not None
        with pytest.raises(LeaseLost):
            store.leases.give_back(JOB, "a", term.identity)

    def test_an_expired_lease_can_be_extended_until_another_caller_leases(
        self, store: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        lease = expired_lease(store, clock)
        assert store.leases.extend(JOB, "a", lease.identity, 60).deadline > lease.deadline
        assert store.leases.lease(JOB, 60) is None

    def test_an_extended_lease_is_lost_under_its_former_identity(self, store: Store) -> None:
        add(store, "a")
        lease = leased(store, 1)
        store.leases.extend(JOB, "a", lease.identity, 60)
        with pytest.raises(LeaseLost):
            store.leases.extend(JOB, "a", lease.identity, 60)

    @pytest.mark.parametrize("seconds", [1, 600])
    def test_a_lease_given_back_is_not_extended(self, store: Store, seconds: float) -> None:
        add(store, "a")
        lease = leased(store, 60)
        store.leases.give_back(JOB, "a", lease.identity)
        with pytest.raises(LeaseLost) as caught:
            store.leases.extend(JOB, "a", lease.identity, seconds)
        assert caught.value.variable_id == "a"

    def test_an_expired_lease_is_not_extended_after_another_caller_leased(
        self, store: Store, other: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        lease = expired_lease(store, clock)
        leased(other)
        with pytest.raises(LeaseLost):
            store.leases.extend(JOB, "a", lease.identity, 600)

    def test_a_lease_is_current_until_it_ends_or_passes_to_somebody_else(
        self, store: Store, other: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        lease = expired_lease(store, clock)
        assert other.leases.is_current(JOB, "a", lease.identity)
        latest = leased(other)
        assert not store.leases.is_current(JOB, "a", lease.identity)
        assert store.leases.is_current(JOB, "a", latest.identity)
        store.leases.give_back(JOB, "a", latest.identity)
        assert not store.leases.is_current(JOB, "a", latest.identity)

    @pytest.mark.parametrize("seconds", [1, 600])
    def test_the_lease_of_a_finished_variable_is_lost(self, store: Store, seconds: float) -> None:
        add(store, "a")
        lease = leased(store, 60)
        accept(store, "a")
        with pytest.raises(LeaseLost):
            store.leases.extend(JOB, "a", lease.identity, seconds)
        with pytest.raises(LeaseLost):
            store.leases.give_back(JOB, "a", lease.identity)

    def test_the_lease_of_an_unknown_variable_is_lost(self, store: Store) -> None:
        for job_id in (JOB, "unknown"):
            with pytest.raises(LeaseLost):
                store.leases.extend(job_id, "unknown", 1, 60)
            with pytest.raises(LeaseLost):
                store.leases.give_back(job_id, "unknown", 1)

    # Giving back

    def test_a_variable_given_back_is_open(self, store: Store, other: Store) -> None:
        add(store, "a")
        lease = leased(store)
        other.leases.give_back(JOB, "a", lease.identity)
        assert store.variables.state(JOB, "a") == "open"
        assert store.leases.lease(JOB, 60) is not None

    def test_a_lease_is_given_back_once(self, store: Store) -> None:
        add(store, "a")
        lease = leased(store)
        outcomes = run_concurrently([lambda: store.leases.give_back(JOB, "a", lease.identity)] * 4)
        assert outcomes.count(None) == 1
        assert [type(outcome) for outcome in outcomes].count(LeaseLost) == 3

    def test_an_expired_lease_is_not_given_back_after_another_caller_leased(
        self, store: Store, other: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        lease = expired_lease(store, clock)
        leased(other)
        with pytest.raises(LeaseLost):
            store.leases.give_back(JOB, "a", lease.identity)
        assert store.variables.state(JOB, "a") == "leased"

    # Available work, and deadlines

    def test_a_job_with_open_variables_has_work(self, store: Store) -> None:
        assert not store.leases.has_work(JOB)
        add(store, "a")
        assert store.leases.has_work(JOB)

    def test_a_job_with_every_variable_leased_has_no_work(self, store: Store) -> None:
        add(store, *"abc")
        lease_all(store)
        assert not store.leases.has_work(JOB)

    def test_a_job_has_work_again_when_a_lease_expires(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        expired_lease(store, clock)
        assert store.leases.has_work(JOB)

    def test_an_unknown_job_has_no_work(self, store: Store) -> None:
        assert not store.leases.has_work("unknown")

    def test_the_identity_of_a_lease_given_back_is_not_valid_for_the_next(self, store: Store) -> None:
        add(store, "a")
        former = leased(store)
        store.leases.give_back(JOB, "a", former.identity)
        present = leased(store)
        with pytest.raises(LeaseLost):
            store.leases.give_back(JOB, "a", former.identity)
        with pytest.raises(LeaseLost):
            store.leases.extend(JOB, "a", former.identity, 60)
        assert store.leases.extend(JOB, "a", present.identity, 60).deadline >= present.deadline

    def test_a_rejection_under_a_lease_given_back_does_not_end_the_next(self, store: Store) -> None:
        add(store, "a")
        former = leased(store)
        store.leases.give_back(JOB, "a", former.identity)
        leased(store)
        store.results.reject(JOB, "a", rejected_result("a"), max_errors=3, identity=former.identity)
        assert store.variables.state(JOB, "a") == "leased"

    def test_many_leases_given_back_do_not_postpone_the_next_deadline(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        for _ in range(50):
            lease = leased(store, 60)
            store.leases.give_back(JOB, "a", lease.identity)
        assert leased(store, 60).deadline <= clock.now_milliseconds() + 60 * 1040

    # Clocks that are set, and a length of leases that is changed

    @pytest.mark.parametrize("seconds", [30, 3600, 86_400])
    def test_after_the_clock_was_set_back_the_next_lease_is_no_longer_and_the_former_one_is_lost(
        self, store: Store, clock: ManualClock, seconds: float
    ) -> None:
        add(store, "a")
        former = leased(store)
        store.leases.give_back(JOB, "a", former.identity)
        clock.advance(-seconds)
        present = leased(store)
        assert present.deadline <= clock.now_milliseconds() + 60 * 1040
        with pytest.raises(LeaseLost):
            store.leases.give_back(JOB, "a", former.identity)
        store.leases.give_back(JOB, "a", present.identity)
        assert store.variables.state(JOB, "a") == "open"

    def test_identities_grow_while_the_clock_is_set_forth_and_back(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        identities = []
        for seconds in (0, 86_400, -86_400, -3600, 63, 3600, 86_400):
            clock.advance(seconds)
            lease = leased(store)
            identities.append(lease.identity)
            store.leases.give_back(JOB, "a", lease.identity)
        assert identities == sorted(set(identities))

    @pytest.mark.parametrize("seconds", [3600, 86_400])
    def test_a_shortened_lease_ends_in_time_though_the_clock_was_set_back(
        self, store: Store, other: Store, clock: ManualClock, seconds: float
    ) -> None:
        add(store, "a")
        leased(store, 60)
        clock.advance(-seconds)
        other.leases.shorten(JOB, 60)
        assert (other.leases.lease(JOB, 60), store.variables.state(JOB, "a")) == (None, "leased")
        clock.advance(63)
        assert leased(other).variable_id == "a"

    def test_a_shortened_lease_has_its_former_identity(self, store: Store) -> None:
        add(store, *"ab")
        for lease, end in (
            (leased(store, 600), lambda lease: store.leases.give_back(JOB, lease.variable_id, lease.identity)),
            (leased(store, 600), lambda lease: store.leases.extend(JOB, lease.variable_id, lease.identity, 60)),
        ):
            store.leases.shorten(JOB, 60)
            end(lease)

    def test_the_identity_of_a_shortened_lease_is_not_valid_for_the_next(
        self, store: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        former = leased(store, 600)
        store.leases.shorten(JOB, 60)
        clock.advance(63)
        present = leased(store, 600)
        with pytest.raises(LeaseLost):
            store.leases.extend(JOB, "a", former.identity, 60)
        assert present.identity > former.identity

    def test_leases_that_are_not_too_long_are_not_shortened(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        lease = leased(store, 60)
        store.leases.shorten(JOB, 60)
        clock.advance(1)
        store.leases.shorten(JOB, 60)
        assert store.leases.next_deadline(JOB) == lease.deadline

    def test_the_leases_of_an_unknown_job_are_not_shortened(self, store: Store) -> None:
        store.leases.shorten("unknown", 60)

    def test_a_lease_is_as_long_as_requested_after_a_longer_one(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        store.leases.give_back(JOB, "a", leased(store, 86_400).identity)
        assert leased(store, 60).deadline <= clock.now_milliseconds() + 60 * 1040

    def test_the_next_deadline_is_the_earliest(self, store: Store) -> None:
        add(store, *"ab")
        late, soon = leased(store, 600), leased(store, 60)
        assert store.leases.next_deadline(JOB) == soon.deadline < late.deadline

    def test_a_job_without_leases_has_no_next_deadline(self, store: Store) -> None:
        add(store, "a")
        assert store.leases.next_deadline(JOB) is None

    def test_an_ended_lease_is_not_the_next_deadline(self, store: Store) -> None:
        add(store, *"ab")
        soon, late = leased(store, 60), leased(store, 600)
        store.results.accept(JOB, soon.variable_id, rejected_result(soon.variable_id), soon.identity)
        assert store.leases.next_deadline(JOB) == late.deadline
        store.leases.give_back(JOB, late.variable_id, late.identity)
        assert store.leases.next_deadline(JOB) is None

    def test_a_reopened_store_reads_the_same_leases(self, store: Store, open_store: OpenStore) -> None:
        add(store, "a")
        lease = leased(store)
        store.close()
        reopened = open_store()
        assert reopened.leases.lease(JOB, 60) is None
        reopened.leases.give_back(JOB, "a", lease.identity)
        assert lease_all(reopened) == ["a"]
