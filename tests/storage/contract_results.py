"""Results: one outcome per variable, under concurrent calls too; and the pages of accepted results."""

from __future__ import annotations

import pytest

from storage.base import Finish, Page, Store
from storage.errors import AlreadyFinished, InvalidCursor, InvalidId, NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    fail_variable,
    lease_all,
    rejected_result,
    result,
    run_concurrently,
    withdrawal,
)


def values(page: Page) -> list[object]:
    return [item["result"] for item in page.items]


class ResultsContract(BaseContract):
    def test_an_accepted_result_is_the_outcome(self, store: Store, other: Store) -> None:
        add(store, "a")
        document = result("a", {"text": "ä😀", "deep": [None, {}]})
        store.results.accept(JOB, "a", document)
        assert other.results.outcome(JOB, "a") == document

    def test_the_facts_of_a_variable_are_its_outcome_and_its_errors(self, store: Store) -> None:
        add(store, "a")
        rejected, accepted = rejected_result("a"), result("a")
        assert store.results.look_up_many(JOB, ["a"]) == {"a": (None, [])}
        store.results.reject(JOB, "a", rejected, 3)
        store.results.accept(JOB, "a", accepted)
        assert store.results.look_up_many(JOB, ["a"]) == {"a": (accepted, [rejected["id"]])}

    def test_facts_of_several_variables_come_together(self, store: Store) -> None:
        add(store, *"abc")
        rejected, accepted = rejected_result("a"), result("b")
        store.results.reject(JOB, "a", rejected, 3)
        store.results.accept(JOB, "b", accepted)
        facts = store.results.look_up_many(JOB, [*"abc", "missing", "../a"])
        assert isinstance(facts.pop("../a"), InvalidId)
        assert facts == {
            "a": (None, [rejected["id"]]),
            "b": (accepted, []),
            "c": (None, []),
            "missing": (None, []),
        }

    def test_a_failed_variable_that_gets_its_result_with_others_is_counted_once(self, store: Store) -> None:
        add(store, *"abc")
        assert store.results.reject(JOB, "a", rejected_result("a"), 1)
        assert store.results.accept_many(JOB, {name: Finish(result(name)) for name in "abc"}) == {}
        counts = store.counts.get(JOB)
        assert (counts.accepted, counts.failed, counts.open) == (3, 0, 0)

    def test_an_unfinished_variable_has_no_outcome(self, store: Store) -> None:
        add(store, "a")
        assert store.results.outcome(JOB, "a") is None

    def test_a_withdrawal_is_the_outcome(self, store: Store) -> None:
        add(store, "a")
        document = withdrawal("a")
        store.results.withdraw(JOB, "a", document)
        assert store.results.outcome(JOB, "a") == document

    def test_a_result_accepted_under_its_lease_ends_it(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        store.results.accept(JOB, "a", result("a"), lease.identity)
        assert (store.variables.state(JOB, "a"), store.counts.get(JOB).leased) == ("done", 0)

    def test_a_result_without_a_lease_is_accepted(self, store: Store) -> None:
        add(store, "a")
        accept(store, "a")
        assert store.variables.state(JOB, "a") == "done"
        assert store.leases.lease(JOB, 60) is None

    def test_an_accepted_result_ends_any_lease_of_its_variable(self, store: Store) -> None:
        add(store, "a")
        lease_all(store)
        store.results.accept(JOB, "a", result("a"), identity=1)
        assert store.counts.get(JOB).leased == 0

    def test_a_late_result_of_a_failed_variable_is_accepted(self, store: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        accept(store, "a")
        assert (store.variables.state(JOB, "a"), store.counts.get(JOB).failed) == ("done", 0)

    def test_a_second_result_raises_already_finished_with_the_first(self, store: Store) -> None:
        add(store, "a")
        winner = result("a", "first")
        store.results.accept(JOB, "a", winner)
        with pytest.raises(AlreadyFinished) as caught:
            store.results.accept(JOB, "a", result("a", "second"))
        assert (caught.value.variable_id, caught.value.outcome) == ("a", winner)
        assert store.results.outcome(JOB, "a") == winner

    def test_a_withdrawn_variable_accepts_no_result(self, store: Store) -> None:
        add(store, "a")
        document = withdrawal("a")
        store.results.withdraw(JOB, "a", document)
        with pytest.raises(AlreadyFinished) as caught:
            accept(store, "a")
        assert caught.value.outcome == document

    def test_an_unknown_variable_accepts_no_result(self, store: Store) -> None:
        with pytest.raises(NotFound):
            accept(store, "unknown")

    def test_one_of_many_concurrent_results_is_accepted(self, store: Store, other: Store) -> None:
        for name in "abcd":
            add(store, name)
            calls = [
                lambda number=number, name=name: (store, other)[number % 2].results.accept(
                    JOB, name, result(name, number)
                )
                for number in range(8)
            ]
            outcomes = run_concurrently(calls)
            winner = outcomes.index(None)
            losers = [outcome for outcome in outcomes if isinstance(outcome, AlreadyFinished)]
            assert [loser.outcome["result"] for loser in losers] == [winner] * 7
        assert store.counts.get(JOB).accepted == 4

    def test_one_of_a_result_and_a_concurrent_withdrawal_succeeds(self, store: Store, other: Store) -> None:
        names = [f"v{number}" for number in range(12)]
        add(store, *names)
        for name in names:
            outcomes = run_concurrently(
                [
                    lambda name=name: store.results.accept(JOB, name, result(name)),
                    lambda name=name: other.results.withdraw(JOB, name, withdrawal(name)),
                ]
            )
            assert outcomes.count(None) == 1
            assert store.variables.state(JOB, name) == ("done" if outcomes[0] is None else "withdrawn")
        counts = store.counts.get(JOB)
        assert (counts.accepted + counts.withdrawn, counts.open) == (12, 0)

    def test_a_result_and_a_concurrent_give_back_leave_no_open_marker(self, store: Store, other: Store) -> None:
        names = [f"v{number}" for number in range(12)]
        add(store, *names)
        for _ in names:
            lease = store.leases.lease(JOB, 60)
            assert lease is not None
            name, identity = lease.variable_id, lease.identity
            run_concurrently([lambda: accept(store, name), lambda: other.leases.give_back(JOB, name, identity)])  # noqa: B023
        assert lease_all(store) == []
        assert list(store.maintenance.check(False)) == []

    # Pages

    def test_results_are_listed_in_the_order_of_acceptance(self, store: Store) -> None:
        add(store, *"abc")
        for name in "cab":
            store.results.accept(JOB, name, result(name, name))
        assert values(store.results.page(JOB, None, 10)) == ["c", "a", "b"]

    def test_results_are_listed_in_input_order(self, store: Store) -> None:
        add(store, *"dabc")
        for name in "cad":
            store.results.accept(JOB, name, result(name, name))
        assert values(store.results.page_in_input_order(JOB, None, 10)) == ["d", "a", "c"]

    def test_withdrawn_rejected_and_failed_variables_are_not_listed(self, store: Store) -> None:
        add(store, *"abcd")
        store.results.accept(JOB, "a", result("a", "a"))
        store.results.withdraw(JOB, "b", withdrawal("b"))
        store.results.reject(JOB, "c", rejected_result("c"), max_errors=9)
        fail_variable(store, "d")
        assert values(store.results.page(JOB, None, 10)) == ["a"]
        assert values(store.results.page_in_input_order(JOB, None, 10)) == ["a"]

    def test_each_listed_result_is_its_document_with_a_cursor(self, store: Store) -> None:
        add(store, "a")
        document = result("a")
        store.results.accept(JOB, "a", document)
        for read in (store.results.page, store.results.page_in_input_order):
            [item] = read(JOB, None, 10).items
            assert item == {**document, "cursor": item["cursor"]}

    @pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
    @pytest.mark.parametrize("order", ["page", "page_in_input_order"])
    def test_pages_list_every_result_once(self, store: Store, order: str, limit: int) -> None:
        add(store, *"abcdefg")
        store.results.withdraw(JOB, "b", withdrawal("b"))
        for name in "acdeg":
            store.results.accept(JOB, name, result(name, name))
        seen, cursor = [], None
        for _ in range(20):
            page = getattr(store.results, order)(JOB, cursor, limit)
            assert len(page.items) <= limit
            seen += values(page)
            cursor = page.next
            if cursor is None:
                break
        assert "".join(map(str, seen)) == "acdeg"

    def test_the_cursor_of_a_result_continues_after_it(self, store: Store, other: Store) -> None:
        add(store, *"abc")
        for name in "ab":
            store.results.accept(JOB, name, result(name, name))
        end = store.results.page(JOB, None, 10).items[-1]["cursor"]
        assert store.results.page(JOB, end, 10) == Page([], None)
        other.results.accept(JOB, "c", result("c", "c"))
        assert values(store.results.page(JOB, end, 10)) == ["c"]

    def test_a_page_of_large_results_is_short_and_its_cursor_leads_on(self, store: Store) -> None:
        add(store, *"abc")
        for name in "abc":
            store.results.accept(JOB, name, result(name, "x" * 1_000_000))
        for read in (store.results.page, store.results.page_in_input_order):
            cursor, sizes = None, []
            while not sizes or cursor:
                page = read(JOB, cursor, 10)
                cursor = page.next
                sizes.append(len(page.items))
                assert page.size > 1_000_000
            assert sizes == [1, 1, 1]

    @pytest.mark.parametrize(("count", "expected"), [(1, "g"), (3, "deg"), (5, "acdeg"), (9, "acdeg")])
    def test_the_last_results_begin_at_a_cursor(self, store: Store, count: int, expected: str) -> None:
        add(store, *"abcdefg")
        for name in "acde":
            store.results.accept(JOB, name, result(name, name))
        store.results.withdraw(JOB, "b", withdrawal("b"))
        store.results.accept(JOB, "g", result("g", "g"))
        page = store.results.page(JOB, store.results.cursor_of_last(JOB, count), 10)
        assert "".join(map(str, values(page))) == expected

    def test_other_journal_events_are_not_listed(self, store: Store) -> None:
        add(store, "a")
        accept(store, "a")
        cursor = store.results.page(JOB, None, 1).items[0]["cursor"]
        store.counts.report(JOB, "validate_result", "message", "")
        page = store.results.page(JOB, cursor, 1)
        assert (page.items, page.next) == ([], None)

    @pytest.mark.parametrize("order", ["page", "page_in_input_order"])
    @pytest.mark.parametrize("cursor", ["", "x", "-1", "1", "999999", "../x"])
    def test_an_invalid_cursor_of_results_is_refused(self, store: Store, order: str, cursor: str) -> None:
        add(store, "a")
        accept(store, "a")
        with pytest.raises(InvalidCursor):
            getattr(store.results, order)(JOB, cursor, 10)

    def test_a_reopened_store_reads_the_same_results(self, store: Store, open_store: OpenStore) -> None:
        add(store, *"ab")
        accept(store, "b", "a")
        before = store.results.page(JOB, None, 10)
        store.close()
        assert open_store().results.page(JOB, None, 10) == before
