"""Variables: stored once, whole or not at all, in order of posting; and their states."""

from __future__ import annotations

import pytest

from storage.base import Page, Store
from storage.clock import ManualClock
from storage.errors import AlreadyExists, AlreadyFinished, InvalidCursor, InvalidId, NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.contract_jobs import HOSTILE_IDS
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    fail_variable,
    result,
    run_concurrently,
    variable,
    variables,
    withdrawal,
)


def names(page: Page) -> list[str]:
    return [item["variable"] for item in page.items]


class VariablesContract(BaseContract):
    def test_a_variable_is_read_as_it_was_stored(self, store: Store) -> None:
        document = variable("a", {"text": "ä😀", "list": [1, {"deep": None}]})
        store.variables.add(JOB, {"a": document})
        assert store.variables.get(JOB, "a") == document

    def test_a_large_variable_is_stored_whole(self, store: Store) -> None:
        store.variables.add(JOB, {"a": variable("a", {"text": "x" * 300_000})})
        assert len(store.variables.get(JOB, "a")["data"]["text"]) == 300_000

    def test_several_are_read_until_they_have_so_many_bytes(self, store: Store) -> None:
        documents = {name: variable(name, {"text": name * 1000}) for name in "abc"}
        store.variables.add(JOB, documents)
        assert store.variables.read(JOB, "ca", 1 << 20) == [documents["c"], documents["a"]]
        assert store.variables.read(JOB, "abc", 1500) == [documents["a"], documents["b"]]
        assert store.variables.read(JOB, "abc", 0) == [documents["a"]]
        with pytest.raises(NotFound):
            store.variables.read(JOB, ["none"], 1)

    def test_adding_returns_the_ids_that_are_new(self, store: Store) -> None:
        add(store, "b")
        assert sorted(store.variables.add(JOB, variables("abc"))) == ["a", "c"]

    def test_adding_no_variables_returns_no_ids(self, store: Store) -> None:
        assert store.variables.add(JOB, {}) == []

    def test_adding_equal_data_again_changes_nothing(self, store: Store) -> None:
        first = variable("a", {"x": 1})
        store.variables.add(JOB, {"a": first})
        assert store.variables.add(JOB, {"a": {**variable("a", {"x": 1}), "created": "later"}}) == []
        assert store.variables.get(JOB, "a") == first
        assert store.counts.get(JOB).posted == 1

    def test_a_finished_variable_added_again_stays_finished(self, store: Store) -> None:
        add(store, "a")
        accept(store, "a")
        add(store, "a")
        assert store.variables.state(JOB, "a") == "done"

    @pytest.mark.parametrize("data", [{"x": 2}, {"x": True}, {}, {"x": 1, "y": 1}, [1]])
    def test_other_data_under_an_existing_id_raises_already_exists(self, store: Store, data: object) -> None:
        add(store, "a")
        with pytest.raises(AlreadyExists) as caught:
            store.variables.add(JOB, {"a": variable("a", data)})
        assert (caught.value.kind, caught.value.identifier) == ("variable", "a")
        assert store.variables.get(JOB, "a")["data"] == {"x": 1}

    def test_no_variable_of_a_refused_batch_is_stored(self, store: Store) -> None:
        add(store, "m")
        batch = variables("amz") | {"m": variable("m", "other")}
        with pytest.raises(AlreadyExists):
            store.variables.add(JOB, batch)
        assert store.counts.get(JOB).posted == 1
        with pytest.raises(NotFound):
            store.variables.get(JOB, "a")

    def test_one_of_many_concurrent_additions_with_different_data_succeeds(self, store: Store, other: Store) -> None:
        calls = [
            lambda number=number: (store, other)[number % 2].variables.add(JOB, {"a": variable("a", {"x": number})})
            for number in range(8)
        ]
        outcomes = run_concurrently(calls)
        winner = outcomes.index(["a"])
        assert [type(outcome) for outcome in outcomes].count(AlreadyExists) == 7
        assert store.variables.get(JOB, "a")["data"] == {"x": winner}
        assert store.counts.get(JOB).posted == 1

    def test_one_of_many_concurrent_equal_additions_is_new(self, store: Store, other: Store) -> None:
        calls = [lambda by=by: by.variables.add(JOB, variables("a")) for by in (store, other) * 4]
        assert sorted(map(str, run_concurrently(calls))) == ["['a']"] + ["[]"] * 7
        assert store.counts.get(JOB).posted == 1

    @pytest.mark.parametrize("variable_id", [*HOSTILE_IDS, "index"])
    def test_a_hostile_variable_id_is_refused(self, store: Store, variable_id: str) -> None:
        with pytest.raises(InvalidId):
            store.variables.add(JOB, {"good": variable("good"), variable_id: variable(variable_id)})
        with pytest.raises(InvalidId):
            store.variables.get(JOB, variable_id)
        assert store.counts.get(JOB).posted == 0

    def test_a_variable_with_the_longest_id_is_leased_and_finished(self, store: Store) -> None:
        add(store, "a" * 100)
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        store.results.accept(JOB, lease.variable_id, result(lease.variable_id), lease.identity)
        assert store.variables.state(JOB, "a" * 100) == "done"

    def test_an_unknown_variable_is_not_found(self, store: Store) -> None:
        for read in (
            store.variables.get,
            store.variables.state,
            store.results.outcome,
            store.results.rejected,
            store.results.release,
        ):
            with pytest.raises(NotFound) as caught:
                read(JOB, "unknown")
            assert (caught.value.kind, caught.value.identifier) == ("variable", "unknown")

    def test_for_a_variable_of_an_unknown_job_the_job_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound) as caught:
            store.variables.get("unknown", "a")
        assert caught.value.kind == "job"

    # States

    def test_a_new_variable_is_open(self, store: Store) -> None:
        add(store, "a")
        assert store.variables.state(JOB, "a") == "open"

    def test_a_variable_under_a_lease_is_leased(self, store: Store, other: Store) -> None:
        add(store, "a")
        store.leases.lease(JOB, 60)
        assert other.variables.state(JOB, "a") == "leased"

    def test_a_variable_with_an_expired_lease_is_open(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        store.leases.lease(JOB, 60)
        clock.advance(63)
        assert store.variables.state(JOB, "a") == "open"

    def test_a_variable_with_an_accepted_result_is_done(self, store: Store, other: Store) -> None:
        add(store, "a")
        accept(store, "a")
        assert other.variables.state(JOB, "a") == "done"

    def test_a_variable_with_too_many_rejected_results_is_failed(self, store: Store, other: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        assert other.variables.state(JOB, "a") == "failed"

    def test_a_variable_with_a_withdrawal_is_withdrawn(self, store: Store, other: Store) -> None:
        add(store, "a")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert other.variables.state(JOB, "a") == "withdrawn"

    # Withdrawing

    def test_a_withdrawn_variable_is_not_leased(self, store: Store) -> None:
        add(store, "a")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert store.leases.lease(JOB, 60) is None
        assert store.leases.lease_variable(JOB, "a", 60) is None

    def test_a_leased_variable_can_be_withdrawn(self, store: Store) -> None:
        add(store, "a")
        store.leases.lease(JOB, 60)
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert store.variables.state(JOB, "a") == "withdrawn"

    def test_a_failed_variable_can_be_withdrawn(self, store: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert store.variables.state(JOB, "a") == "withdrawn"

    def test_a_withdrawn_variable_can_still_be_read(self, store: Store) -> None:
        add(store, "a")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert store.variables.get(JOB, "a")["id"] == "a"

    def test_a_finished_variable_is_not_withdrawn(self, store: Store) -> None:
        add(store, "a")
        document = result("a")
        store.results.accept(JOB, "a", document)
        with pytest.raises(AlreadyFinished) as caught:
            store.results.withdraw(JOB, "a", withdrawal("a"))
        assert (caught.value.variable_id, caught.value.outcome) == ("a", document)

    def test_an_unknown_variable_is_not_withdrawn(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.results.withdraw(JOB, "unknown", withdrawal("unknown"))

    # The order of posting

    def test_variables_are_listed_in_the_order_of_posting(self, store: Store) -> None:
        for name in "cab":
            add(store, name)
        assert names(store.variables.page(JOB, None, 10)) == ["c", "a", "b"]

    def test_a_batch_is_listed_in_its_order(self, store: Store) -> None:
        add(store, *"zebra")
        assert names(store.variables.page(JOB, None, 10)) == list(dict.fromkeys("zebra"))

    def test_each_listed_variable_has_its_time_of_posting(self, store: Store) -> None:
        document = variable("a")
        store.variables.add(JOB, {"a": document})
        assert store.variables.page(JOB, None, 1).items[0]["at"] == document["created"]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
    def test_pages_list_every_variable_once(self, store: Store, limit: int) -> None:
        add(store, *"abcdefg")
        page, seen = store.variables.page(JOB, None, limit), []
        while page.next is not None:
            assert len(page.items) == limit
            seen += names(page)
            page = store.variables.page(JOB, page.next, limit)
        assert "".join(seen + names(page)) == "abcdefg"

    def test_the_cursor_of_a_variable_continues_after_it(self, store: Store) -> None:
        add(store, *"abc")
        first = store.variables.page(JOB, None, 2).items[0]
        assert names(store.variables.page(JOB, first["cursor"], 10)) == ["b", "c"]

    def test_the_last_cursor_continues_with_variables_posted_later(self, store: Store, other: Store) -> None:
        add(store, "a")
        end = store.variables.page(JOB, None, 10).items[-1]["cursor"]
        assert store.variables.page(JOB, end, 10) == Page([], None)
        add(other, "b")
        assert names(store.variables.page(JOB, end, 10)) == ["b"]

    def test_an_empty_job_has_an_empty_page(self, store: Store) -> None:
        assert store.variables.page(JOB, None, 10) == Page([], None)

    @pytest.mark.parametrize("cursor", ["", "x", "-1", "1", "999999", "1.5", "²", "9" * 30, "../x"])
    def test_an_invalid_cursor_of_variables_is_refused(self, store: Store, cursor: str) -> None:
        add(store, "a")
        with pytest.raises(InvalidCursor) as caught:
            store.variables.page(JOB, cursor, 10)
        assert caught.value.cursor == cursor

    def test_a_reopened_store_reads_the_same_variables(self, store: Store, open_store: OpenStore) -> None:
        add(store, *"abcd")
        accept(store, "a")
        fail_variable(store, "b")
        store.leases.lease_variable(JOB, "c", 60)
        before = store.variables.page(JOB, None, 10)
        store.close()
        reopened = open_store()
        assert reopened.variables.page(JOB, None, 10) == before
        assert [reopened.variables.state(JOB, name) for name in "abcd"] == ["done", "failed", "leased", "open"]
