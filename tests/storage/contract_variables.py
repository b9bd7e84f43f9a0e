"""Variables: stored whole or not at all, once, in order; and their state through their whole life."""

from __future__ import annotations

import pytest

from storage.base import Page, Store
from storage.errors import AlreadyExists, AlreadyFinished, InvalidCursor, InvalidId, NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.contract_jobs import HOSTILE_IDS
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    at_once,
    eventually,
    park,
    result,
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

    def test_a_large_variable_is_whole(self, store: Store) -> None:
        store.variables.add(JOB, {"a": variable("a", {"text": "x" * 300_000})})
        assert len(store.variables.get(JOB, "a")["data"]["text"]) == 300_000

    def test_the_new_ids_are_returned(self, store: Store) -> None:
        add(store, "b")
        assert sorted(store.variables.add(JOB, variables("abc"))) == ["a", "c"]

    def test_nothing_to_store_is_nothing_new(self, store: Store) -> None:
        assert store.variables.add(JOB, {}) == []

    def test_the_same_again_is_left_as_it_is(self, store: Store) -> None:
        first = variable("a", {"x": 1})
        store.variables.add(JOB, {"a": first})
        assert store.variables.add(JOB, {"a": {**variable("a", {"x": 1}), "created": "later"}}) == []
        assert store.variables.get(JOB, "a") == first
        assert store.counts.get(JOB).posted == 1

    def test_a_finished_one_stays_finished_when_it_is_stored_again(self, store: Store) -> None:
        add(store, "a")
        accept(store, "a")
        add(store, "a")
        assert store.variables.state(JOB, "a") == "done"

    @pytest.mark.parametrize("data", [{"x": 2}, {"x": True}, {}, {"x": 1, "y": 1}, [1]])
    def test_other_data_under_the_same_id_is_refused(self, store: Store, data: object) -> None:
        add(store, "a")
        with pytest.raises(AlreadyExists) as caught:
            store.variables.add(JOB, {"a": variable("a", data)})
        assert (caught.value.kind, caught.value.identifier) == ("variable", "a")
        assert store.variables.get(JOB, "a")["data"] == {"x": 1}

    def test_nothing_of_a_refused_batch_is_stored(self, store: Store) -> None:
        add(store, "m")
        batch = variables("amz") | {"m": variable("m", "other")}
        with pytest.raises(AlreadyExists):
            store.variables.add(JOB, batch)
        assert store.counts.get(JOB).posted == 1
        with pytest.raises(NotFound):
            store.variables.get(JOB, "a")

    def test_of_many_with_other_data_at_once_one_wins(self, store: Store, other: Store) -> None:
        acts = [
            lambda number=number: (store, other)[number % 2].variables.add(JOB, {"a": variable("a", {"x": number})})
            for number in range(8)
        ]
        outcomes = at_once(acts)
        winner = outcomes.index(["a"])
        assert [type(outcome) for outcome in outcomes].count(AlreadyExists) == 7
        assert store.variables.get(JOB, "a")["data"] == {"x": winner}
        assert store.counts.get(JOB).posted == 1

    def test_of_many_equal_ones_at_once_one_is_new(self, store: Store, other: Store) -> None:
        acts = [lambda by=by: by.variables.add(JOB, variables("a")) for by in (store, other) * 4]
        assert sorted(map(str, at_once(acts))) == ["['a']"] + ["[]"] * 7
        assert store.counts.get(JOB).posted == 1

    @pytest.mark.parametrize("variable_id", [*HOSTILE_IDS, "index"])
    def test_a_hostile_id_of_a_variable_is_refused(self, store: Store, variable_id: str) -> None:
        with pytest.raises(InvalidId):
            store.variables.add(JOB, {"good": variable("good"), variable_id: variable(variable_id)})
        with pytest.raises(InvalidId):
            store.variables.get(JOB, variable_id)
        assert store.counts.get(JOB).posted == 0

    def test_the_longest_id_is_stored(self, store: Store) -> None:
        add(store, "a" * 100)
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        store.results.accept(JOB, lease.variable_id, result(lease.variable_id), lease.deadline)
        assert store.variables.state(JOB, "a" * 100) == "done"

    def test_an_unknown_variable_is_not_found(self, store: Store) -> None:
        for ask in (
            store.variables.get,
            store.variables.state,
            store.results.outcome,
            store.results.rejected,
            store.results.release,
        ):
            with pytest.raises(NotFound) as caught:
                ask(JOB, "unknown")
            assert (caught.value.kind, caught.value.identifier) == ("variable", "unknown")

    def test_in_an_unknown_job_it_is_the_job_that_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound) as caught:
            store.variables.get("unknown", "a")
        assert caught.value.kind == "job"

    # States

    def test_a_new_variable_is_open(self, store: Store) -> None:
        add(store, "a")
        assert store.variables.state(JOB, "a") == "open"

    def test_a_lent_one_is_leased(self, store: Store, other: Store) -> None:
        add(store, "a")
        store.leases.lease(JOB, 60)
        assert other.variables.state(JOB, "a") == "leased"

    def test_one_whose_lease_has_run_out_is_open(self, store: Store) -> None:
        add(store, "a")
        store.leases.lease(JOB, 0.02)
        eventually(lambda: store.variables.state(JOB, "a") == "open")

    def test_an_accepted_one_is_done(self, store: Store, other: Store) -> None:
        add(store, "a")
        accept(store, "a")
        assert other.variables.state(JOB, "a") == "done"

    def test_a_parked_one_is_failed(self, store: Store, other: Store) -> None:
        add(store, "a")
        park(store, "a")
        assert other.variables.state(JOB, "a") == "failed"

    def test_a_withdrawn_one_is_withdrawn(self, store: Store, other: Store) -> None:
        add(store, "a")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert other.variables.state(JOB, "a") == "withdrawn"

    # Withdrawing

    def test_a_withdrawn_variable_is_not_lent(self, store: Store) -> None:
        add(store, "a")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert store.leases.lease(JOB, 60) is None
        assert store.leases.lease_variable(JOB, "a", 60) is None

    def test_a_leased_one_can_be_withdrawn(self, store: Store) -> None:
        add(store, "a")
        store.leases.lease(JOB, 60)
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert store.variables.state(JOB, "a") == "withdrawn"

    def test_a_failed_one_can_be_withdrawn(self, store: Store) -> None:
        add(store, "a")
        park(store, "a")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert store.variables.state(JOB, "a") == "withdrawn"

    def test_a_withdrawn_variable_can_still_be_read(self, store: Store) -> None:
        add(store, "a")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert store.variables.get(JOB, "a")["id"] == "a"

    def test_a_finished_one_is_not_withdrawn(self, store: Store) -> None:
        add(store, "a")
        document = result("a")
        store.results.accept(JOB, "a", document)
        with pytest.raises(AlreadyFinished) as caught:
            store.results.withdraw(JOB, "a", withdrawal("a"))
        assert (caught.value.variable_id, caught.value.outcome) == ("a", document)

    def test_an_unknown_one_is_not_withdrawn(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.results.withdraw(JOB, "unknown", withdrawal("unknown"))

    # The order of posting

    def test_variables_are_listed_in_the_order_of_posting(self, store: Store) -> None:
        for name in "cab":
            add(store, name)
        assert names(store.variables.page(JOB, None, 10)) == ["c", "a", "b"]

    def test_a_batch_keeps_its_order(self, store: Store) -> None:
        add(store, *"zebra")
        assert names(store.variables.page(JOB, None, 10)) == list(dict.fromkeys("zebra"))

    def test_each_says_when_it_was_posted(self, store: Store) -> None:
        document = variable("a")
        store.variables.add(JOB, {"a": document})
        assert store.variables.page(JOB, None, 1).items[0]["at"] == document["created"]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
    def test_pages_lead_through_all_variables_once(self, store: Store, limit: int) -> None:
        add(store, *"abcdefg")
        page, seen = store.variables.page(JOB, None, limit), []
        while page.next is not None:
            assert len(page.items) == limit
            seen += names(page)
            page = store.variables.page(JOB, page.next, limit)
        assert "".join(seen + names(page)) == "abcdefg"

    def test_the_cursor_of_an_item_leads_on_behind_it(self, store: Store) -> None:
        add(store, *"abc")
        first = store.variables.page(JOB, None, 2).items[0]
        assert names(store.variables.page(JOB, first["cursor"], 10)) == ["b", "c"]

    def test_the_last_cursor_leads_to_what_is_posted_later(self, store: Store, other: Store) -> None:
        add(store, "a")
        end = store.variables.page(JOB, None, 10).items[-1]["cursor"]
        assert store.variables.page(JOB, end, 10) == Page([], None)
        add(other, "b")
        assert names(store.variables.page(JOB, end, 10)) == ["b"]

    def test_an_empty_job_has_an_empty_page(self, store: Store) -> None:
        assert store.variables.page(JOB, None, 10) == Page([], None)

    @pytest.mark.parametrize("cursor", ["", "x", "-1", "1", "999999", "1.5", "²", "9" * 30, "../x"])
    def test_a_cursor_of_variables_that_is_not_theirs_is_refused(self, store: Store, cursor: str) -> None:
        add(store, "a")
        with pytest.raises(InvalidCursor) as caught:
            store.variables.page(JOB, cursor, 10)
        assert caught.value.cursor == cursor

    def test_a_reopened_store_sees_the_same_variables(self, store: Store, open_store: OpenStore) -> None:
        add(store, *"abcd")
        accept(store, "a")
        park(store, "b")
        store.leases.lease_variable(JOB, "c", 60)
        before = store.variables.page(JOB, None, 10)
        store.close()
        reopened = open_store()
        assert reopened.variables.page(JOB, None, 10) == before
        assert [reopened.variables.state(JOB, name) for name in "abcd"] == ["done", "failed", "leased", "open"]
