"""The usage of anonymous posters: sums by poster and of all, changed by many processes at once."""

from __future__ import annotations

import pytest

from storage.base import Store
from storage.poster_store import Usage
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import run_concurrently

ONE = Usage(1, 2, 300)


class Refused(Exception):
    pass


class PostersContract(BaseContract):
    def test_a_new_store_has_no_usage(self, empty: Store) -> None:
        assert empty.posters.of("a") == empty.posters.total() == Usage()

    def test_usage_is_summed_by_poster_and_in_total(self, store: Store, other: Store) -> None:
        for poster, subject in (("a", "j1"), ("a", "j2"), ("a", "j2"), ("b", "j1")):
            store.posters.add(poster, subject, ONE)
        assert other.posters.of("a") == Usage(3, 6, 900)
        assert other.posters.of("b") == ONE
        assert other.posters.total() == Usage(4, 8, 1200)

    def test_posters_and_keys_with_quotas_are_counted_apart(self, store: Store, other: Store) -> None:
        store.posters.add("a", "j1", ONE)
        store.quotas.add("a", "j1", Usage(2, 2, 2))
        store.posters.remove("j1")
        assert (other.posters.total(), other.quotas.of("a")) == (Usage(), Usage(2, 2, 2))

    def test_the_check_gets_what_the_usage_would_be(self, store: Store) -> None:
        store.posters.add("a", "j1", ONE)
        store.posters.add("b", "j2", ONE)
        seen: list[Usage] = []
        store.posters.add("a", "j3", ONE, lambda poster, total: seen.extend((poster, total)))
        assert seen == [Usage(2, 4, 600), Usage(3, 6, 900)]

    def test_a_check_that_raises_adds_nothing(self, store: Store) -> None:
        def refuse(_poster: Usage, _total: Usage) -> None:
            raise Refused

        with pytest.raises(Refused):
            store.posters.add("a", "j1", ONE, refuse)
        assert store.posters.total() == store.posters.of("a") == Usage()

    def test_a_removed_subject_is_forgotten_for_all_posters(self, store: Store, other: Store) -> None:
        for poster, subject in (("a", "j1"), ("a", "j2"), ("b", "j1")):
            store.posters.add(poster, subject, ONE)
        for _ in range(2):
            other.posters.remove("j1")
        assert (store.posters.of("a"), store.posters.of("b"), store.posters.total()) == (ONE, Usage(), ONE)

    def test_a_recount_forgets_what_does_not_exist(self, store: Store, other: Store) -> None:
        for subject in ("j1", "j2"):
            store.posters.add("a", subject, ONE)
        other.posters.recount(lambda subject: subject == "j2")
        assert store.posters.of("a") == store.posters.total() == ONE

    def test_of_concurrent_posters_none_exceeds_a_limit(self, open_store: OpenStore) -> None:
        stores = [open_store() for _ in range(4)]

        def allow_ten(_poster: Usage, total: Usage) -> None:
            if total.jobs > 10:
                raise Refused

        def post(number: int, store: Store) -> int:
            added = 0
            for job in range(10):
                try:
                    store.posters.add(f"p{number}", f"j{number}-{job}", ONE, allow_ten)
                    added += 1
                except Refused:
                    pass
            return added

        calls = [lambda number=number, store=store: post(number, store) for number, store in enumerate(stores)]
        assert sum(run_concurrently(calls)) == 10
        assert stores[0].posters.total().jobs == 10
