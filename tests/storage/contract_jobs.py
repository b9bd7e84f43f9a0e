"""Jobs: made once, changed one at a time, taken away whole, and made again under the same name."""

from __future__ import annotations

import pytest

from storage.base import Document, Store
from storage.errors import AlreadyExists, InvalidId, NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import JOB, accept, add, at_once, eventually, job, park, variable

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

    def test_half_a_surrogate_pair_is_kept(self, empty: Store) -> None:
        empty.jobs.create(JOB, job(title="\ud800"))
        assert empty.jobs.get(JOB)["title"] == "\ud800"

    def test_a_job_that_exists_is_not_created_again(self, store: Store) -> None:
        with pytest.raises(AlreadyExists) as caught:
            store.jobs.create(JOB, job(second=True))
        assert (caught.value.kind, caught.value.identifier) == ("job", JOB)

    def test_a_refused_creation_leaves_the_job_as_it_was(self, store: Store) -> None:
        add(store, "a")
        with pytest.raises(AlreadyExists):
            store.jobs.create(JOB, job(second=True))
        assert "second" not in store.jobs.get(JOB)
        assert store.variables.state(JOB, "a") == "open"

    def test_of_many_creations_at_once_one_wins(self, empty: Store) -> None:
        acts = [lambda number=number: empty.jobs.create(JOB, job(number=number)) for number in range(8)]
        outcomes = at_once(acts)
        winner = outcomes.index(None)
        assert [type(outcome) for outcome in outcomes].count(AlreadyExists) == 7
        assert empty.jobs.get(JOB)["number"] == winner

    @pytest.mark.parametrize("job_id", HOSTILE_IDS)
    def test_a_hostile_id_of_a_job_is_refused(self, empty: Store, job_id: str) -> None:
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

    # Changing

    def test_an_update_returns_the_new_document(self, store: Store) -> None:
        assert store.jobs.update(JOB, counted)["count"] == 1

    def test_an_update_is_read_by_the_other_store(self, store: Store, other: Store) -> None:
        other.jobs.get(JOB)
        store.jobs.update(JOB, counted)
        assert other.jobs.get(JOB)["count"] == 1

    def test_updates_in_quick_succession_are_all_seen(self, store: Store, other: Store) -> None:
        for number in range(1, 50):
            store.jobs.update(JOB, counted)
            store.jobs.update(JOB, lambda document: {**document, "count": 0})
            store.jobs.update(JOB, lambda document, number=number: {**document, "count": number % 10})
            assert other.jobs.get(JOB)["count"] == number % 10

    def test_updates_at_once_are_all_kept(self, store: Store, other: Store) -> None:
        acts = [lambda by=by: by.jobs.update(JOB, counted) for by in (store, other) * 6]
        assert not [outcome for outcome in at_once(acts) if isinstance(outcome, Exception)]
        assert store.jobs.get(JOB)["count"] == 12

    def test_a_change_that_raises_changes_nothing(self, store: Store) -> None:
        def refuse(document: Document) -> Document:
            document["spoilt"] = True
            raise KeyError("no")

        with pytest.raises(KeyError):
            store.jobs.update(JOB, refuse)
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

    def test_of_many_deletions_at_once_one_wins(self, store: Store) -> None:
        outcomes = at_once([lambda: store.jobs.delete(JOB)] * 8)
        assert outcomes.count(None) == 1
        assert [type(outcome) for outcome in outcomes].count(NotFound) == 7

    def test_many_jobs_are_deleted_at_once(self, empty: Store) -> None:
        names = [f"job-{number}" for number in range(12)]
        for name in names:
            empty.jobs.create(name, job(name))
        assert at_once([lambda name=name: empty.jobs.delete(name) for name in names]) == [None] * 12
        assert empty.jobs.ids() == []

    def test_deletion_takes_everything_with_it(self, store: Store) -> None:
        add(store, "a")
        store.jobs.delete(JOB)
        for ask in (
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
                ask()

    def test_the_other_store_sees_the_deletion(self, store: Store, other: Store) -> None:
        add(store, "a", "b")
        assert other.leases.lease(JOB, 60) is not None
        other.jobs.get(JOB)
        store.jobs.delete(JOB)
        with pytest.raises(NotFound):
            other.leases.lease(JOB, 60)
        with pytest.raises(NotFound):
            other.jobs.get(JOB)

    # The same name again

    def test_the_same_name_again_is_a_new_job(self, store: Store, other: Store) -> None:
        add(store, "a", "b", "c")
        accept(store, "a")
        park(store, "b")
        other.counts.get(JOB)
        other.leases.lease(JOB, 60)
        store.jobs.delete(JOB)
        store.jobs.create(JOB, job(second=True))
        assert other.jobs.get(JOB)["second"]
        assert other.counts.get(JOB).posted == 0
        assert other.leases.lease(JOB, 60) is None

    def test_the_same_name_again_counts_anew_however_often(self, store: Store, other: Store) -> None:
        for number in range(1, 8):
            add(store, *(f"v{index}" for index in range(number)))
            assert other.counts.get(JOB).posted == number
            store.jobs.delete(JOB)
            eventually(
                lambda: not list(store.maintenance.check(False))
            )  # What is taken away is gone, and its room used again.
            store.jobs.create(JOB, job())

    def test_the_same_variables_in_it_are_new_ones(self, store: Store) -> None:
        add(store, "a")
        accept(store, "a")
        store.jobs.delete(JOB)
        store.jobs.create(JOB, job())
        add(store, "a")
        assert store.variables.state(JOB, "a") == "open"
        assert store.results.outcome(JOB, "a") is None

    def test_jobs_do_not_mix(self, store: Store) -> None:
        store.jobs.create("two", job("two"))
        add(store, "a")
        with pytest.raises(NotFound):
            store.variables.get("two", "a")
        assert store.counts.get("two").posted == 0

    def test_a_reopened_store_sees_the_same_job(self, store: Store, open_store: OpenStore) -> None:
        store.jobs.update(JOB, counted)
        before = store.jobs.get(JOB)
        store.close()
        assert open_store().jobs.get(JOB) == before
