"""Jobs: created once, updated under a lock, deleted whole, and created again under the same name."""

from __future__ import annotations

import pytest

from storage.base import Document, Store
from storage.errors import AlreadyExists, InvalidId, NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import JOB, accept, add, eventually, fail_variable, job, run_concurrently, variable

HOSTILE_IDS = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    ".hidden",
    "a\0b",
    "a" * 101,
    "Upper",
    "ä",
    "a b",
    "a\n",
    "-a",
    "a@b",
    "a~",
]


def counted(document: Document) -> Document:
    return {**document, "count": document.get("count", 0) + 1}


class JobsContract(BaseContract):
    def test_a_job_is_read_as_it_was_created(self, empty: Store) -> None:
        document = job(metadata={"title": "ä\u2028😀"}, numbers=[1, 1.5, None, True])
        empty.jobs.create(JOB, document)
        assert empty.jobs.get(JOB) == document

    def test_half_a_surrogate_pair_is_stored(self, empty: Store) -> None:
        empty.jobs.create(JOB, job(title="\ud800"))
        assert empty.jobs.get(JOB)["title"] == "\ud800"

    def test_an_existing_job_is_not_created_again(self, store: Store) -> None:
        with pytest.raises(AlreadyExists) as caught:
            store.jobs.create(JOB, job(second=True))
        assert (caught.value.kind, caught.value.identifier) == ("job", JOB)

    def test_a_second_creation_leaves_the_job_unchanged(self, store: Store) -> None:
        add(store, "a")
        with pytest.raises(AlreadyExists):
            store.jobs.create(JOB, job(second=True))
        assert "second" not in store.jobs.get(JOB)
        assert store.variables.state(JOB, "a") == "open"

    def test_one_of_many_concurrent_creations_succeeds(self, empty: Store) -> None:
        calls = [lambda number=number: empty.jobs.create(JOB, job(number=number)) for number in range(8)]
        outcomes = run_concurrently(calls)
        winner = outcomes.index(None)
        assert [type(outcome) for outcome in outcomes].count(AlreadyExists) == 7
        assert empty.jobs.get(JOB)["number"] == winner

    @pytest.mark.parametrize("job_id", HOSTILE_IDS)
    def test_a_hostile_job_id_is_refused(self, empty: Store, job_id: str) -> None:
        with pytest.raises(InvalidId):
            empty.jobs.create(job_id, job(job_id))

    def test_an_unknown_job_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound) as caught:
            store.jobs.get("unknown")
        assert (caught.value.kind, caught.value.identifier) == ("job", "unknown")

    def test_job_ids_are_sorted(self, empty: Store) -> None:
        for job_id in ("c", "a", "b-2", "b"):
            empty.jobs.create(job_id, job(job_id))
        assert empty.jobs.ids() == ["a", "b", "b-2", "c"]

    def test_a_new_store_has_no_jobs(self, empty: Store) -> None:
        assert empty.jobs.ids() == []

    # Updating

    def test_an_update_returns_the_new_document(self, store: Store) -> None:
        assert store.jobs.update(JOB, counted)["count"] == 1

    def test_an_update_is_visible_to_another_store(self, store: Store, other: Store) -> None:
        other.jobs.get(JOB)
        store.jobs.update(JOB, counted)
        assert other.jobs.get(JOB)["count"] == 1

    def test_each_of_many_quick_updates_is_visible_to_another_store(self, store: Store, other: Store) -> None:
        for number in range(1, 50):
            store.jobs.update(JOB, counted)
            store.jobs.update(JOB, lambda document: {**document, "count": 0})
            store.jobs.update(JOB, lambda document, number=number: {**document, "count": number % 10})
            assert other.jobs.get(JOB)["count"] == number % 10

    def test_concurrent_updates_are_all_applied(self, store: Store, other: Store) -> None:
        calls = [lambda by=by: by.jobs.update(JOB, counted) for by in (store, other) * 6]
        assert not [outcome for outcome in run_concurrently(calls) if isinstance(outcome, Exception)]
        assert store.jobs.get(JOB)["count"] == 12

    def test_an_update_that_raises_changes_nothing(self, store: Store) -> None:
        def spoil(document: Document) -> Document:
            document["spoilt"] = True
            raise KeyError("no")

        with pytest.raises(KeyError):
            store.jobs.update(JOB, spoil)
        assert "spoilt" not in store.jobs.get(JOB)
        assert store.jobs.update(JOB, counted)["count"] == 1

    def test_an_unknown_job_is_not_updated(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.jobs.update("unknown", counted)

    # Deleting

    def test_a_deleted_job_is_not_found(self, store: Store) -> None:
        store.jobs.delete(JOB)
        with pytest.raises(NotFound):
            store.jobs.get(JOB)
        assert store.jobs.ids() == []

    def test_an_unknown_job_is_not_deleted(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.jobs.delete("unknown")

    def test_one_of_many_concurrent_deletions_succeeds(self, store: Store) -> None:
        outcomes = run_concurrently([lambda: store.jobs.delete(JOB)] * 8)
        assert outcomes.count(True) == 1
        assert [type(outcome) for outcome in outcomes].count(NotFound) == 7

    def test_a_job_that_is_not_the_expected_one_is_not_deleted(self, store: Store) -> None:
        assert store.jobs.delete(JOB, lambda document: document != store.jobs.get(JOB)) is False
        assert store.jobs.delete(JOB, lambda document: document == store.jobs.get(JOB)) is True
        assert store.jobs.ids() == []

    def test_many_jobs_are_deleted_concurrently(self, empty: Store) -> None:
        names = [f"job-{number}" for number in range(12)]
        for name in names:
            empty.jobs.create(name, job(name))
        assert run_concurrently([lambda name=name: empty.jobs.delete(name) for name in names]) == [True] * 12
        assert empty.jobs.ids() == []

    def test_deleting_a_job_deletes_everything_in_it(self, store: Store) -> None:
        add(store, "a")
        store.jobs.delete(JOB)
        for read in (
            lambda: store.variables.get(JOB, "a"),
            lambda: store.variables.state(JOB, "a"),
            lambda: store.results.outcome(JOB, "a"),
            lambda: store.results.rejected(JOB, "a"),
            lambda: store.leases.lease(JOB, 1),
            lambda: store.variables.page(JOB, None, 1),
            lambda: store.results.page(JOB, None, 1),
            lambda: store.counts.get(JOB),
            lambda: store.counts.report(JOB, "f", "message", ""),
            lambda: store.variables.add(JOB, {"b": variable("b")}),
        ):
            with pytest.raises(NotFound):
                read()

    def test_a_deletion_is_visible_to_another_store(self, store: Store, other: Store) -> None:
        add(store, "a", "b")
        assert other.leases.lease(JOB, 60) is not None
        other.jobs.get(JOB)
        store.jobs.delete(JOB)
        with pytest.raises(NotFound):
            other.leases.lease(JOB, 60)
        with pytest.raises(NotFound):
            other.jobs.get(JOB)

    # The same name again

    def test_a_job_with_the_name_of_a_deleted_job_is_new(self, store: Store, other: Store) -> None:
        add(store, "a", "b", "c")
        accept(store, "a")
        fail_variable(store, "b")
        other.counts.get(JOB)
        other.leases.lease(JOB, 60)
        store.jobs.delete(JOB)
        store.jobs.create(JOB, job(second=True))
        assert other.jobs.get(JOB)["second"]
        assert other.counts.get(JOB).posted == 0
        assert other.leases.lease(JOB, 60) is None

    def test_counts_start_at_zero_each_time_a_job_is_created_again(self, store: Store, other: Store) -> None:
        for number in range(1, 8):
            add(store, *(f"v{index}" for index in range(number)))
            assert other.counts.get(JOB).posted == number
            store.jobs.delete(JOB)
            # The inodes of deleted files are reused, so a new job must not be mistaken for the old one.
            eventually(lambda: not list(store.maintenance.check(False)))
            store.jobs.create(JOB, job())

    def test_the_variables_of_a_job_created_again_are_new(self, store: Store) -> None:
        add(store, "a")
        accept(store, "a")
        store.jobs.delete(JOB)
        store.jobs.create(JOB, job())
        add(store, "a")
        assert store.variables.state(JOB, "a") == "open"
        assert store.results.outcome(JOB, "a") is None

    def test_a_variable_belongs_to_one_job(self, store: Store) -> None:
        store.jobs.create("two", job("two"))
        add(store, "a")
        with pytest.raises(NotFound):
            store.variables.get("two", "a")
        assert store.counts.get("two").posted == 0

    def test_a_reopened_store_reads_the_same_job(self, store: Store, open_store: OpenStore) -> None:
        store.jobs.update(JOB, counted)
        before = store.jobs.get(JOB)
        store.close()
        assert open_store().jobs.get(JOB) == before

    def test_jobs_that_get_variables_of_others_are_marked_until_they_have_them(
        self, empty: Store, open_store: OpenStore
    ) -> None:
        for job_id in ("b", "a", "b"):
            empty.jobs.mark_moving(job_id)
        other = open_store()
        assert other.jobs.moving() == ["a", "b"]
        for _ in range(2):
            other.jobs.unmark_moving("b")
        assert empty.jobs.moving() == ["a"]

    def test_a_mark_needs_an_id(self, empty: Store) -> None:
        with pytest.raises(InvalidId):
            empty.jobs.mark_moving("../x")
