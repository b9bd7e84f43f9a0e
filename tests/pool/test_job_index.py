"""The index of jobs: it follows what any process does, expired leases and a clock that is set back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pool import job_index
from pool.job_index import LISTING_SECONDS, JobIndex
from storage.base import Document, Store
from storage.clock import ManualClock
from storage.flat import FlatStore
from storage.flow_store import UsedJob
from tests.storage.helpers import result, variable

ALL: tuple[str, ...] = ()


@pytest.fixture
def index(store: Store) -> JobIndex:
    return JobIndex(store)


@pytest.fixture
def other(store: FlatStore, clock: ManualClock) -> Iterator[FlatStore]:
    """Another process."""
    other = FlatStore(store._tree.root, fsync=False, clock=clock)
    yield other
    other.close()


def add_job(store: Store, job_id: str, variables: int = 1, **fields: Any) -> None:
    facts = {"id": job_id, "uid": job_id, "created": store.clock.now_text(), "state": "open", "key": "k"}
    settings: Document = {"metadata": {"owner": "me"}, "requirements": {}, "settings": {"lease_seconds": 60}}
    store.jobs.create(job_id, {**facts, **settings, **fields})
    names = [f"v{number}" for number in range(variables)]
    store.variables.add(job_id, {name: variable(name, job_id=job_id) for name in names})


def ready(index: JobIndex, *owners: str) -> list[str]:
    """The jobs that have work, as the index has found."""
    groups = index.matching(lambda _: True, owners)
    for group in groups:
        for job_id in index.draw([group.ready], 1000):
            index.has_work(index._store.jobs.get(job_id))
    return sorted(job_id for group in groups for job_id in index.draw([group.ready], 1000))


def awaited(index: JobIndex) -> list[str]:
    return sorted(job_id for group in index.matching(lambda _: True, ALL) for job_id in index.draw([group.awaited], 99))


def lease(store: Store, job_id: str = "a", seconds: float = 60) -> int:
    leased = store.leases.lease(job_id, seconds)
    assert leased is not None
    # Or an empty shard would still look like work.
    store.leases.sample(job_id, 1)
    return leased.identity


def test_a_job_with_work_is_ready_and_one_without_is_not(store: Store, index: JobIndex) -> None:
    add_job(store, "a")
    add_job(store, "b", variables=0)
    assert ready(index) == ["a"]


def test_a_job_posted_by_another_process_is_known_at_once(index: JobIndex, other: Store) -> None:
    assert index.ids_after(None, 9) == []
    add_job(other, "a")
    assert index.ids_after(None, 9) == ready(index) == ["a"]


def test_a_job_deleted_by_another_process_is_gone_at_once(store: Store, index: JobIndex, other: Store) -> None:
    add_job(store, "a")
    assert ready(index) == ["a"]
    other.jobs.delete("a")
    assert index.ids_after(None, 9) == ready(index) == []


def test_ids_are_sorted_and_paged(store: Store, index: JobIndex) -> None:
    for job_id in ("c", "a", "d", "b"):
        add_job(store, job_id)
    assert index.ids_after(None, 3) == ["a", "b", "c"]
    assert index.ids_after("b", 3) == ["c", "d"]
    # A cursor is an id that may be gone meanwhile.
    assert index.ids_after("bb", 1) == ["c"]


@pytest.mark.parametrize("state", ["paused", "closed", "review"])
def test_a_job_that_is_not_open_is_not_ready(store: Store, index: JobIndex, other: Store, state: str) -> None:
    add_job(store, "a")
    assert ready(index) == ["a"]
    other.jobs.update("a", lambda document: {**document, "state": state})
    assert ready(index) == []
    other.jobs.update("a", lambda document: {**document, "state": "open"})
    assert ready(index) == ["a"]


def test_an_idle_job_is_ready_when_another_process_posts_a_variable(
    store: Store, index: JobIndex, other: Store
) -> None:
    add_job(store, "a", variables=0)
    assert ready(index) == []
    other.variables.add("a", {"x": variable("x", job_id="a")})
    assert ready(index) == ["a"]


def test_an_idle_job_is_ready_when_a_lease_is_given_back(store: Store, index: JobIndex, other: Store) -> None:
    add_job(store, "a")
    identity = lease(store)
    assert ready(index) == []
    other.leases.give_back("a", "v0", identity)
    assert ready(index) == ["a"]


def test_an_idle_job_is_ready_when_a_lease_expires(store: Store, index: JobIndex, clock: ManualClock) -> None:
    add_job(store, "a")
    lease(store, seconds=60)
    assert ready(index) == []
    clock.advance(64)
    assert ready(index) == ["a"]


def test_an_idle_job_stays_idle_while_its_lease_is_extended(store: Store, index: JobIndex, clock: ManualClock) -> None:
    add_job(store, "a")
    identity = lease(store)
    assert ready(index) == []
    store.leases.extend("a", "v0", identity, 600)
    clock.advance(64)
    assert ready(index) == []
    clock.advance(600)
    assert ready(index) == ["a"]


def test_leases_are_shortened_when_the_clock_is_set_back(store: Store, index: JobIndex, clock: ManualClock) -> None:
    add_job(store, "a")
    lease(store)
    assert ready(index) == []
    clock.advance(-86400)
    assert ready(index) == []
    clock.advance(64)
    assert ready(index) == ["a"]


def test_an_idle_job_that_a_flow_uses_is_awaited(store: Store, index: JobIndex, other: Store) -> None:
    add_job(store, "a", variables=0)
    assert (ready(index), awaited(index)) == ([], [])
    other.flows.create("f1", {"jobs": ["a"]})
    other.flows.add_reference(UsedJob("a"), "f1")
    assert (ready(index), awaited(index)) == ([], ["a"])
    other.flows.remove_reference(UsedJob("a"), "f1")
    assert (ready(index), awaited(index)) == ([], [])


def test_jobs_of_an_owner_are_found(store: Store, index: JobIndex) -> None:
    for owner in ("me", "you", "they"):
        add_job(store, owner, metadata={"owner": owner})
    add_job(store, "nobody", metadata={})
    assert ready(index, "you", "they", "you") == ["they", "you"]
    assert ready(index, "unknown") == []


def test_a_changed_owner_is_followed(store: Store, index: JobIndex, other: Store) -> None:
    add_job(store, "a")
    assert ready(index, "me") == ["a"]
    other.jobs.update("a", lambda document: {**document, "metadata": {"owner": "you"}})
    assert (ready(index, "me"), ready(index, "you")) == ([], ["a"])


def test_owners_and_requirements_without_jobs_are_forgotten(store: Store, index: JobIndex) -> None:
    for number in range(20):
        add_job(store, "a", metadata={"owner": f"owner {number}"}, requirements={"memory_mb": number})
        assert ready(index) == ["a"]
        store.jobs.delete("a")
    assert ready(index) == []
    assert index._groups._groups == {None: {}}


def test_many_jobs_are_loaded_by_and_by(store: Store, other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_index, "LOADED", 2)
    for number in range(5):
        add_job(other, f"j{number}")
    fresh = JobIndex(store)
    # One more at most: the one whose turn it is.
    assert len(ready(fresh)) in (2, 3)
    assert [len(ready(fresh)) for _ in range(3)][-1] == 5
    assert len(fresh.ids_after(None, 9)) == 5


@pytest.mark.parametrize(
    "document", ["{", "[]", '{"id":"bad","state":"open"}', '{"id":"bad","state":"open","settings":3,"metadata":[]}']
)
def test_a_damaged_job_keeps_nobody_from_the_others(
    store: FlatStore, index: JobIndex, document: str, clock: ManualClock
) -> None:
    add_job(store, "a")
    add_job(store, "bad")
    assert ready(index) == ["a", "bad"]
    Path(store._tree.root, "jobs", "bad", "job.json").write_text(document)
    for _ in range(4):
        index.matching(lambda _: True, ALL)
    assert ready(index) == ["a"]
    assert index.summary(9).states["damaged"] == 1


def test_what_people_do_in_the_directory_of_jobs_is_found(
    store: FlatStore, index: JobIndex, clock: ManualClock
) -> None:
    add_job(store, "a")
    add_job(store, "b")
    assert ready(index) == ["a", "b"]
    jobs = Path(store._tree.root, "jobs")
    shutil.copytree(jobs / "a", jobs / "copy")
    shutil.rmtree(jobs / "b")
    clock.advance(LISTING_SECONDS)
    assert index.ids_after(None, 9) == ["a", "copy"]


def test_the_sums_are_those_of_all_jobs(store: Store, index: JobIndex, other: Store) -> None:
    add_job(store, "a", variables=3)
    add_job(store, "b", variables=2)
    store.results.accept("a", "v0", result("v0", job_id="a"))
    assert index.summary(1).sums["accepted"] == 1
    other.results.accept("b", "v0", result("v0", job_id="b"))
    lease(other, "a")
    sums = index.summary(1).sums
    assert {name: sums[name] for name in ("open", "leased", "accepted", "run_seconds")} == {
        "open": 2,
        "leased": 1,
        "accepted": 2,
        "run_seconds": 4,
    }


def test_the_sums_follow_expired_leases_and_deleted_jobs(store: Store, index: JobIndex, clock: ManualClock) -> None:
    add_job(store, "a", variables=2)
    add_job(store, "b", variables=2)
    lease(store)
    assert (index.summary(1).sums["leased"], index.summary(1).sums["open"]) == (1, 3)
    clock.advance(64)
    assert (index.summary(1).sums["leased"], index.summary(1).sums["open"]) == (0, 4)
    store.jobs.delete("b")
    assert index.summary(1).sums["open"] == 2


def test_jobs_not_counted_yet_are_told(store: Store, other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        add_job(other, f"j{number}")
    monkeypatch.setattr(job_index, "LOADED", 2)
    index = JobIndex(store)
    assert [index.summary(1).uncounted for _ in range(3)] == [3, 1, 0]
    assert index.summary(1).sums["open"] == 5


def test_the_most_active_jobs_are_listed(store: Store, index: JobIndex) -> None:
    for number in range(4):
        add_job(store, f"j{number}", variables=3)
        for name in range(number):
            store.results.accept(f"j{number}", f"v{name}", result(f"v{name}", job_id=f"j{number}"))
    assert list(index.summary(4).listed) == ["j0", "j1", "j2", "j3"]
    assert list(index.summary(2).listed) == ["j2", "j3"]


def test_jobs_without_a_key_are_known_with_their_age(store: Store, index: JobIndex) -> None:
    add_job(store, "a")
    add_job(store, "b", key=None)
    assert index.anonymous_jobs() == [("b", store.jobs.get("b")["created"])]
