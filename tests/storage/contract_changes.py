"""Changes of jobs: what is posted, updated or deleted is reported, and once whatever else happens to a watched job."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storage.base import Store
from storage.errors import NotFound
from storage.flow_store import UsedJob
from tests.storage.contract_base import BaseContract
from tests.storage.helpers import JOB, accept, add, error, fail_variable, job, rejected_result, withdrawal

Act = Callable[[Store], object]


def give_back(store: Store) -> None:
    lease = store.leases.lease_variable(JOB, "a", 60)
    assert lease is not None
    store.changes.watch(JOB)
    store.leases.give_back(JOB, "a", lease.identity)


def use_by_flow(store: Store) -> None:
    store.flows.create("f1", {"jobs": [JOB]})
    store.flows.add_reference(UsedJob(JOB), "f1")


def release(store: Store) -> None:
    fail_variable(store, "a")
    store.changes.watch(JOB)
    store.results.release(JOB, "a")


CHANGES: dict[str, Act] = {
    "a variable is posted": lambda store: add(store, "b"),
    "a result": lambda store: accept(store, "a"),
    "a withdrawal": lambda store: store.results.withdraw(JOB, "a", withdrawal("a")),
    "an error": lambda store: store.results.reject(JOB, "a", error(store, "a"), 9),
    "a failure": lambda store: fail_variable(store, "a"),
    "a release": release,
    "a lease": lambda store: store.leases.lease(JOB, 60),
    "a lease that is given back": give_back,
    "a report": lambda store: store.counts.report(JOB, "f", "message", ""),
    "the owner resumes it": lambda store: store.counts.resumed(JOB),
    "a flow uses it": use_by_flow,
}


class ChangesContract(BaseContract):
    @pytest.fixture
    def watcher(self, store: Store, other: Store) -> Store:
        """Another process that knows everything so far."""
        add(store, "a")
        other.changes.read()
        return other

    def test_at_first_any_job_may_have_changed(self, store: Store) -> None:
        assert store.changes.read()[0]
        assert store.changes.read() == (False, [])

    def test_a_posted_job_is_reported_to_every_process_once(self, store: Store, watcher: Store) -> None:
        store.changes.read()
        store.jobs.create("new", job("new"))
        assert store.changes.read() == watcher.changes.read() == (False, ["new"])
        assert store.changes.read() == watcher.changes.read() == (False, [])

    def test_an_update_is_reported(self, store: Store, watcher: Store) -> None:
        store.jobs.update(JOB, lambda document: {**document, "state": "paused"})
        assert watcher.changes.read() == (False, [JOB])

    def test_a_deletion_is_reported(self, store: Store, watcher: Store) -> None:
        store.jobs.delete(JOB)
        assert watcher.changes.read() == (False, [JOB])

    @pytest.mark.parametrize("act", CHANGES.values(), ids=CHANGES)
    def test_a_change_of_a_watched_job_is_reported(self, store: Store, watcher: Store, act: Act) -> None:
        watcher.changes.watch(JOB)
        act(store)
        assert JOB in watcher.changes.read()[1]

    def test_a_job_that_is_not_watched_is_not_reported(self, store: Store, watcher: Store) -> None:
        accept(store, "a")
        assert watcher.changes.read() == (False, [])

    def test_a_watch_reports_one_change(self, store: Store, watcher: Store) -> None:
        watcher.changes.watch(JOB)
        add(store, "b", "c")
        accept(store, "a")
        assert watcher.changes.read() == (False, [JOB])

    def test_one_watch_serves_every_process(self, store: Store, watcher: Store) -> None:
        store.changes.read()
        watcher.changes.watch(JOB)
        accept(store, "a")
        assert store.changes.read() == (False, [JOB])

    def test_a_job_is_watched_again_after_a_change(self, store: Store, watcher: Store) -> None:
        for name in "abc":
            watcher.changes.watch(JOB)
            add(store, f"x{name}")
            assert watcher.changes.read() == (False, [JOB])

    def test_an_unknown_job_is_not_watched(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.changes.watch("missing")

    def test_a_deleted_job_is_not_watched(self, store: Store) -> None:
        store.jobs.delete(JOB)
        with pytest.raises(NotFound):
            store.changes.watch(JOB)
        assert store.jobs.ids() == []

    def test_a_new_job_of_the_same_name_is_not_watched(self, store: Store, watcher: Store) -> None:
        watcher.changes.watch(JOB)
        store.jobs.delete(JOB)
        store.jobs.create(JOB, job())
        watcher.changes.read()
        add(store, "a")
        assert watcher.changes.read() == (False, [])

    def test_a_refused_error_leaves_the_watch_in_force(self, store: Store, watcher: Store) -> None:
        watcher.changes.watch(JOB)
        with pytest.raises(NotFound):
            store.results.reject(JOB, "missing", rejected_result("missing"), 9)
        accept(store, "a")
        assert watcher.changes.read() == (False, [JOB])
