"""The life of the store itself: begun, ended, checked, recovered, closed."""

from __future__ import annotations

from storage.base import Store
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import JOB, accept, add, eventually, findings, job, lease_all, park, refusal, withdrawal


def busy(store: Store) -> None:
    """One variable in each state, and each kind of event."""
    add(store, *"abcdefg")
    store.leases.lease_variable(JOB, "a", 60)
    accept(store, "b")
    park(store, "c")
    store.results.withdraw(JOB, "d", withdrawal("d"))
    park(store, "e")
    store.results.release(JOB, "e")
    store.results.reject(JOB, "f", refusal("f"), max_errors=5)
    park(store, "g")
    accept(store, "g")
    store.counts.report(JOB, "f", "message", "")


class CareContract(BaseContract):
    def test_a_new_store_has_nothing_to_find(self, empty: Store) -> None:
        assert findings(empty) == []

    def test_a_busy_store_has_nothing_to_find(self, store: Store) -> None:
        busy(store)
        assert findings(store) == []

    def test_a_repair_finds_nothing_either_and_changes_nothing(self, store: Store) -> None:
        busy(store)
        before = store.counts.get(JOB)
        assert findings(store, repair=True) == []
        assert store.counts.get(JOB) == before

    def test_recovery_of_a_whole_store_changes_nothing(self, store: Store, other: Store) -> None:
        busy(store)
        before = store.counts.get(JOB)
        other.maintenance.recover()
        assert (store.counts.get(JOB), findings(other)) == (before, [])

    def test_a_deleted_job_leaves_nothing_to_find(self, store: Store) -> None:
        busy(store)
        store.jobs.delete(JOB)
        store.maintenance.recover()
        eventually(lambda: not findings(store))

    def test_a_first_beginning_follows_no_accident(self, empty: Store) -> None:
        assert empty.maintenance.mark_started() is False

    def test_a_beginning_on_the_same_start_of_the_machine_follows_none(self, empty: Store) -> None:
        empty.maintenance.mark_started()
        assert empty.maintenance.mark_started() is False

    def test_a_beginning_after_an_end_follows_none(self, empty: Store) -> None:
        empty.maintenance.mark_started()
        empty.maintenance.mark_stopped()
        assert empty.maintenance.mark_started() is False

    def test_an_end_without_a_beginning_is_no_error(self, empty: Store) -> None:
        empty.maintenance.mark_stopped()

    def test_a_store_is_writable(self, empty: Store) -> None:
        assert empty.maintenance.is_writable() is True
        assert findings(empty) == []

    def test_a_store_can_be_closed_twice(self, store: Store) -> None:
        store.close()
        store.close()

    def test_a_closed_store_leaves_nothing_behind(self, store: Store, open_store: OpenStore) -> None:
        busy(store)
        store.close()
        assert findings(open_store()) == []

    def test_a_closed_store_can_be_used_again(self, store: Store) -> None:
        store.close()
        store.jobs.create("two", job("two"))
        add(store, "a")
        assert lease_all(store) == ["a"]
