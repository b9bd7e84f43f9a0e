"""Maintenance: marks of start and stop, the check, recovery, closing."""

from __future__ import annotations

from storage.base import Store
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    eventually,
    fail_variable,
    findings,
    job,
    lease_all,
    rejected_result,
    withdrawal,
)


def populate(store: Store) -> None:
    """Adds one variable in each state, and a journal event of each kind."""
    add(store, *"abcdefg")
    store.leases.lease_variable(JOB, "a", 60)
    accept(store, "b")
    fail_variable(store, "c")
    store.results.withdraw(JOB, "d", withdrawal("d"))
    fail_variable(store, "e")
    store.results.release(JOB, "e")
    store.results.reject(JOB, "f", rejected_result("f"), max_errors=5)
    fail_variable(store, "g")
    accept(store, "g")
    store.counts.report(JOB, "f", "message", "")


class MaintenanceContract(BaseContract):
    def test_a_check_of_a_new_store_finds_nothing(self, empty: Store) -> None:
        assert findings(empty) == []

    def test_a_check_of_a_store_with_every_state_finds_nothing(self, store: Store) -> None:
        populate(store)
        assert findings(store) == []

    def test_a_repair_of_a_correct_store_changes_nothing(self, store: Store) -> None:
        populate(store)
        before = store.counts.get(JOB)
        assert findings(store, repair=True) == []
        assert store.counts.get(JOB) == before

    def test_recovery_of_a_correct_store_changes_nothing(self, store: Store, other: Store) -> None:
        populate(store)
        before = store.counts.get(JOB)
        other.maintenance.recover()
        assert (store.counts.get(JOB), findings(other)) == (before, [])

    def test_a_check_after_the_deletion_of_a_job_finds_nothing(self, store: Store) -> None:
        populate(store)
        store.jobs.delete(JOB)
        store.maintenance.recover()
        eventually(lambda: not findings(store))

    def test_the_first_start_follows_no_power_cut(self, empty: Store) -> None:
        assert empty.maintenance.mark_started() is False

    def test_a_restart_in_the_same_boot_follows_no_power_cut(self, empty: Store) -> None:
        empty.maintenance.mark_started()
        assert empty.maintenance.mark_started() is False

    def test_a_start_after_a_stop_follows_no_power_cut(self, empty: Store) -> None:
        empty.maintenance.mark_started()
        empty.maintenance.mark_stopped()
        assert empty.maintenance.mark_started() is False

    def test_a_stop_without_a_start_is_no_error(self, empty: Store) -> None:
        empty.maintenance.mark_stopped()

    def test_a_store_is_writable(self, empty: Store) -> None:
        assert empty.maintenance.is_writable() is True
        assert findings(empty) == []

    def test_a_store_can_be_closed_twice(self, store: Store) -> None:
        store.close()
        store.close()

    def test_a_check_after_closing_finds_nothing(self, store: Store, open_store: OpenStore) -> None:
        populate(store)
        store.close()
        assert findings(open_store()) == []

    def test_a_closed_store_can_be_used_again(self, store: Store) -> None:
        store.close()
        store.jobs.create("two", job("two"))
        add(store, "a")
        assert lease_all(store) == ["a"]
