"""Streams: entries of finished variables, in both orders, from a cursor on; and the signature that shows news."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storage.base import Store
from storage.errors import InvalidCursor, NotFound
from storage.stream_store import Entries
from tests.storage.contract_base import BaseContract
from tests.storage.helpers import JOB, accept, add, fail_variable, rejected_result, result, withdrawal

BYTES = 1 << 20


def accepted(store: Store, cursor: str | None = None, limit: int = 10, errors: bool = False) -> Entries:
    return store.stream.in_order_of_acceptance(JOB, cursor, limit, BYTES, errors)


def by_input(store: Store, cursor: str | None = None, limit: int = 10, errors: bool = False) -> Entries:
    return store.stream.in_order_of_input(JOB, cursor, limit, BYTES, errors)


def names(entries: Entries) -> list[str]:
    return [item["variable"] for item in entries.items]


class StreamContract(BaseContract):
    def test_an_entry_is_the_accepted_result_with_a_cursor(self, store: Store, other: Store) -> None:
        add(store, "a")
        document = result("a", [1])
        store.results.accept(JOB, "a", document)
        found = accepted(other)
        assert found == Entries([{**document, "cursor": found.cursor}], found.cursor, has_more=False)

    def test_entries_are_in_the_order_of_acceptance_or_of_input(self, store: Store) -> None:
        add(store, "a", "b", "c")
        accept(store, "c", "a", "b")
        assert (names(accepted(store)), names(by_input(store))) == (["c", "a", "b"], ["a", "b", "c"])

    def test_input_order_ends_before_what_is_not_finished(self, store: Store) -> None:
        add(store, "a", "b", "c")
        accept(store, "a", "c")
        first = by_input(store)
        assert (names(first), first.has_more) == (["a"], False)
        accept(store, "b")
        assert names(by_input(store, first.cursor)) == ["b", "c"]

    @pytest.mark.parametrize("read", [accepted, by_input])
    def test_a_page_is_limited_and_says_whether_there_is_more(self, store: Store, read: Callable[..., Entries]) -> None:
        add(store, "a", "b")
        accept(store, "a", "b")
        first = read(store, limit=1)
        assert (names(first), first.has_more) == (["a"], True)
        last = read(store, first.cursor, limit=1)
        assert (names(last), last.has_more) == (["b"], False)

    def test_a_page_of_large_documents_ends_early(self, store: Store) -> None:
        add(store, "a", "b")
        for name in ("a", "b"):
            store.results.accept(JOB, name, result(name, "x" * 1000))
        found = store.stream.in_order_of_acceptance(JOB, None, 10, 500)
        assert (names(found), found.has_more) == (["a"], True)

    @pytest.mark.parametrize("read", [accepted, by_input])
    def test_errors_are_entries_where_they_are_wanted(self, store: Store, read: Callable[..., Entries]) -> None:
        add(store, "a", "b", "c")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        rejected = rejected_result("b")
        store.results.reject(JOB, "b", rejected, max_errors=1)
        accept(store, "c")
        assert names(read(store)) == ["c"]
        withdrawn, failed, _ = read(store, errors=True).items
        assert "withdrawn" in withdrawn
        assert set(failed) == {"variable", "failed", "error", "cursor"}
        assert failed["error"] == rejected["id"]

    def test_a_released_variable_has_no_entry_for_its_failure(self, store: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        store.results.release(JOB, "a")
        assert accepted(store, errors=True).items == []
        assert by_input(store, errors=True).items == []

    def test_a_variable_that_failed_again_after_its_release_has_one_entry(self, store: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        store.results.release(JOB, "a")
        fail_variable(store, "a")
        assert names(accepted(store, errors=True)) == ["a"]

    def test_what_makes_no_entry_is_behind_the_cursor(self, store: Store) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", rejected_result("a"), max_errors=5)
        cursor = accepted(store).cursor
        assert cursor != "0"
        assert accepted(store, cursor) == Entries([], cursor, has_more=False)

    @pytest.mark.parametrize("read", [accepted, by_input])
    def test_the_end_is_behind_all_that_there_is(self, store: Store, read: Callable[..., Entries]) -> None:
        assert read(store, "end") == Entries([], "0", has_more=False)
        add(store, "a")
        accept(store, "a")
        behind = read(store).cursor
        assert read(store, "end") == Entries([], behind, has_more=False)
        add(store, "b")
        accept(store, "b")
        assert [item["variable"] for item in read(store, behind).items] == ["b"]

    @pytest.mark.parametrize("read", [accepted, by_input])
    @pytest.mark.parametrize("cursor", ["1", "x", "", "-1", "99999", "0-", "0-00000000"])
    def test_a_cursor_of_no_entry_is_invalid(self, store: Store, read: Callable[..., Entries], cursor: str) -> None:
        add(store, "a")
        accept(store, "a")
        with pytest.raises(InvalidCursor):
            read(store, cursor)

    @pytest.mark.parametrize("read", [accepted, by_input])
    def test_a_job_without_variables_has_an_empty_stream(self, store: Store, read: Callable[..., Entries]) -> None:
        assert read(store) == Entries([], "0", has_more=False)

    @pytest.mark.parametrize("read", [accepted, by_input])
    def test_a_job_that_does_not_exist_has_no_stream(self, empty: Store, read: Callable[..., Entries]) -> None:
        with pytest.raises(NotFound):
            read(empty)

    def test_the_signature_changes_with_each_change_of_any_process(self, store: Store, other: Store) -> None:
        seen = [store.stream.signature(JOB)]
        for change in (
            lambda: add(other, "a", "b"),
            lambda: accept(other, "a"),
            lambda: fail_variable(other, "b"),
            lambda: other.results.release(JOB, "b"),
            lambda: other.results.withdraw(JOB, "b", withdrawal("b")),
        ):
            change()
            seen.append(store.stream.signature(JOB))
        assert len(set(seen)) == len(seen)
        assert store.stream.signature(JOB) == seen[-1]

    @pytest.mark.parametrize("read", [accepted, by_input])
    def test_the_cursor_of_a_page_of_results_continues_a_stream(
        self, store: Store, read: Callable[..., Entries]
    ) -> None:
        add(store, "a", "b")
        accept(store, "a", "b")
        page = store.results.page_in_input_order if read is by_input else store.results.page
        assert names(read(store, page(JOB, None, 1).items[0]["cursor"])) == ["b"]
