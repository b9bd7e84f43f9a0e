"""Counts after each kind of journal event, and reports of a job's functions."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import pytest

from storage.base import Store
from storage.clock import ManualClock
from storage.errors import NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import JOB, accept, add, error, fail_variable, rejected_result, result, withdrawal


def nonzero_counts(store: Store) -> dict[str, Any]:
    """The counts that are not zero."""
    counts = store.counts.get(JOB)
    named = {name: value for name, value in asdict(counts).items() if isinstance(value, int)}
    for unsummed in ("timed_results", "last_minute"):
        del named[unsummed]
    return {name: value for name, value in (named | {"open": counts.open}).items() if value}


def reject(store: Store, variable_id: str, party: str = "a" * 12, **fields: Any) -> None:
    store.results.reject(JOB, variable_id, error(store, variable_id, party, **fields), max_errors=10**6)


class CountsContract(BaseContract):
    def test_the_counts_of_a_new_job_are_zero(self, store: Store) -> None:
        assert nonzero_counts(store) == {}

    def test_a_posted_variable_is_counted(self, store: Store, other: Store) -> None:
        add(store, *"abc")
        assert nonzero_counts(other) == {"posted": 3, "open": 3}

    def test_a_lease_is_counted(self, store: Store, other: Store) -> None:
        add(store, *"abc")
        store.leases.lease(JOB, 60)
        assert nonzero_counts(other) == {"posted": 3, "open": 2, "leased": 1}

    def test_an_expired_lease_counts_as_open(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        store.leases.lease(JOB, 60)
        clock.advance(63)
        assert nonzero_counts(store) == {"posted": 1, "open": 1}

    def test_a_lease_given_back_counts_as_open(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        store.leases.give_back(JOB, "a", lease.identity)
        assert nonzero_counts(store) == {"posted": 1, "open": 1}

    def test_an_extended_lease_is_counted_once(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        store.leases.extend(JOB, "a", lease.identity, 600)
        assert nonzero_counts(store) == {"posted": 1, "leased": 1}

    def test_an_accepted_result_is_counted(self, store: Store, other: Store) -> None:
        add(store, *"ab")
        accept(store, "a")
        assert nonzero_counts(other) == {"posted": 2, "accepted": 1, "open": 1}

    def test_who_contributed_is_counted(self, store: Store, other: Store) -> None:
        add(store, *"abc")
        store.results.accept(JOB, "a", result("a", volunteer="v"))
        accept(store, "b")
        reject(store, "c", volunteer="v")
        volunteers = other.counts.get(JOB).volunteers
        assert {name: (one["results"], one["errors"]) for name, one in volunteers.items()} == {"v": (1, 1), "": (1, 0)}
        assert (volunteers["v"]["run_seconds"], volunteers["v"]["timed_results"]) == (2.0, 1)

    def test_whoever_makes_names_up_drives_out_nobody_who_computes(self, store: Store) -> None:
        add(store, *"ab")
        store.results.accept(JOB, "a", result("a", volunteer="honest"))
        for number in range(60):
            reject(store, "b", volunteer=f"made-up-{number}")
        volunteers = store.counts.get(JOB).volunteers
        assert "honest" in volunteers
        assert len(volunteers) <= 50

    def test_the_latest_results_are_known(self, store: Store, other: Store) -> None:
        names = [f"v{number}" for number in range(12)]
        add(store, *names)
        for name in names:
            accept(store, name)
        assert [event["variable"] for event in other.counts.get(JOB).latest] == names[2:]

    def test_a_rejected_result_is_counted(self, store: Store, other: Store) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", rejected_result("a"), max_errors=3)
        assert nonzero_counts(other) == {"posted": 1, "rejected": 1, "open": 1}

    def test_a_failed_variable_is_counted(self, store: Store, other: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        assert nonzero_counts(other) == {"posted": 1, "rejected": 1, "failed": 1}

    def test_a_released_variable_counts_as_open(self, store: Store, other: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        store.results.release(JOB, "a")
        assert nonzero_counts(other) == {"posted": 1, "rejected": 1, "open": 1}

    def test_a_withdrawn_variable_is_counted(self, store: Store, other: Store) -> None:
        add(store, *"ab")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert nonzero_counts(other) == {"posted": 2, "withdrawn": 1, "open": 1}

    def test_a_failed_variable_that_is_withdrawn_no_longer_counts_as_failed(self, store: Store) -> None:
        add(store, "a")
        fail_variable(store, "a")
        store.results.withdraw(JOB, "a", withdrawal("a"))
        assert nonzero_counts(store) == {"posted": 1, "rejected": 1, "withdrawn": 1}

    def test_counts_add_up_from_call_to_call(self, store: Store, other: Store) -> None:
        add(store, *"abcd")
        for number, name in enumerate("abcd", start=1):
            accept(store if number % 2 else other, name)
            assert store.counts.get(JOB).accepted == other.counts.get(JOB).accepted == number

    def test_the_mean_run_time_covers_results_that_have_one(self, store: Store) -> None:
        add(store, *"abc")
        for name, seconds in (("a", 1.5), ("b", 2.5), ("c", None)):
            store.results.accept(JOB, name, result(name, run_seconds=seconds))
        assert store.counts.get(JOB).mean_run_seconds == 2.0

    def test_the_mean_run_time_is_none_without_results(self, store: Store) -> None:
        assert store.counts.get(JOB).mean_run_seconds is None

    def test_results_are_counted_per_minute(self, store: Store, clock: ManualClock) -> None:
        add(store, *"ab")
        minute = clock.now_milliseconds() // 60_000
        for name, seconds in (("a", 60 * minute - 1), ("b", 60 * minute)):
            created = datetime.fromtimestamp(seconds, timezone.utc).isoformat()
            store.results.accept(JOB, name, result(name, created=created))
        assert store.counts.get(JOB).per_minute == {minute - 1: 1, minute: 1}
        assert store.counts.get(JOB).last_minute == minute

    def test_minutes_older_than_an_hour_are_dropped(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        accept(store, "a")
        clock.advance(62 * 60)
        assert store.counts.get(JOB).per_minute == {}

    def test_minutes_to_come_are_dropped(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        accept(store, "a")
        clock.advance(-3600)
        assert store.counts.get(JOB).per_minute == {}

    def test_a_change_to_returned_counts_does_not_reach_the_store(self, store: Store) -> None:
        store.counts.report(JOB, "f", "message", "")
        counts = store.counts.get(JOB)
        counts.per_minute[1], counts.reports["f"]["errors"] = 5, 99
        assert store.counts.get(JOB).reports["f"]["errors"] == 1
        assert 1 not in store.counts.get(JOB).per_minute

    def test_the_counts_of_an_unknown_job_are_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.counts.get("unknown")

    def test_counts_of_many_events_survive_reopening(self, store: Store, open_store: OpenStore) -> None:
        add(store, *(f"v{number}" for number in range(60)))
        assert store.counts.get(JOB).posted == 60
        accept(store, "v1", "v2")
        store.close()
        reopened = open_store()
        assert (reopened.counts.get(JOB).posted, reopened.counts.get(JOB).accepted) == (60, 2)

    # Reports

    def test_a_report_is_stored_with_its_time(self, store: Store, other: Store, clock: ManualClock) -> None:
        store.counts.report(JOB, "validate_result", "it threw", "console")
        report = other.counts.get(JOB).reports["validate_result"]
        assert (report["errors"], report["message"], report["console"]) == (1, "it threw", "console")
        assert report["at"] == clock.now_text()

    def test_errors_are_counted_per_function(self, store: Store) -> None:
        for message in ("first", "second"):
            store.counts.report(JOB, "validate_result", message, "")
        store.counts.report(JOB, "variable_scheduler", "other", "")
        reports = store.counts.get(JOB).reports
        assert {name: report["errors"] for name, report in reports.items()} == {
            "validate_result": 2,
            "variable_scheduler": 1,
        }
        assert reports["validate_result"]["message"] == "second"

    def test_console_output_alone_does_not_count_as_an_error(self, store: Store) -> None:
        store.counts.report(JOB, "f", None, "printed")
        report = store.counts.get(JOB).reports["f"]
        assert (report["errors"], report["message"], report["console"]) == (0, None, "printed")

    # Errors

    def test_errors_with_one_message_are_a_group(self, store: Store, other: Store, clock: ManualClock) -> None:
        add(store, *"ab")
        documents = []
        for name in "ab":
            reject(store, name, rejected="too small", console="said\n")
            documents += other.results.rejected(JOB, name, other.results.rejected_ids(JOB, name))
            clock.advance(60)
        (group,) = other.counts.get(JOB).errors.values()
        assert group == {
            "function": "validate_result",
            "kind": "rejected",
            "message": "too small",
            "stack": "",
            "console": "said\n",
            "engine": "",
            "variable": "b",
            "error": documents[1]["id"],
            "count": 2,
            "first": documents[0]["created"],
            "last": documents[1]["created"],
        }

    def test_a_reported_failure_is_an_error_of_the_function_that_volunteers_run(self, store: Store) -> None:
        add(store, "a")
        failure = {"kind": "threw", "message": "TypeError: no", "stack": "at f"}
        reject(store, "a", failure=failure, console="said", engine="Chromium 131")
        counts = store.counts.get(JOB)
        (group,) = counts.errors.values()
        assert (counts.failures, counts.rejected) == (1, 0)
        assert (group["function"], group["kind"], group["message"]) == ("execute_function", "threw", "TypeError: no")
        assert (group["stack"], group["console"], group["engine"]) == ("at f", "said", "Chromium 131")

    @pytest.mark.parametrize(
        ("first", "second", "groups"),
        [
            ("x is 1", "x is 27.5", 1),
            ("at 0x1F", "at 0xff", 1),
            ('no "a" here', 'no "b" here', 1),
            ("no 'a' here", "no 'bcd' here", 1),
            ("no a here", "no b here", 2),
        ],
    )
    def test_messages_that_differ_in_numbers_and_quoted_text_are_one_group(
        self, store: Store, first: str, second: str, groups: int
    ) -> None:
        add(store, "a")
        for message in (first, second):
            reject(store, "a", rejected=message)
        assert len(store.counts.get(JOB).errors) == groups

    def test_errors_of_one_message_and_different_kinds_are_different_groups(self, store: Store) -> None:
        add(store, "a")
        reject(store, "a", rejected="no")
        for kind in ("threw", "timeout"):
            reject(store, "a", failure={"kind": kind, "message": "no"})
        assert sorted(group["kind"] for group in store.counts.get(JOB).errors.values()) == [
            "rejected",
            "threw",
            "timeout",
        ]

    def test_the_rarest_and_of_these_the_oldest_group_goes_when_there_are_too_many(
        self, store: Store, clock: ManualClock
    ) -> None:
        add(store, "a")
        words = ["".join(letters) for letters in itertools.product("abcd", repeat=3)]
        for word in [words[0], *words]:
            reject(store, "a", rejected=word)
            clock.advance(1)
        messages = {group["message"] for group in store.counts.get(JOB).errors.values()}
        assert messages == {words[0], *words[-49:]}

    def test_long_texts_of_a_group_are_cut(self, store: Store) -> None:
        add(store, "a")
        failure = {"kind": "threw", "message": "m" * 999, "stack": "s" * 9999}
        reject(store, "a", failure=failure, console="c" * 9999)
        (group,) = store.counts.get(JOB).errors.values()
        assert [len(group[name]) for name in ("message", "stack", "console")] == [300, 1000, 1000]
        (stored,) = store.results.rejected(JOB, "a")
        assert stored["failure"] == failure

    def test_an_error_without_a_message_is_grouped_under_its_kind(self, store: Store) -> None:
        add(store, "a")
        store.results.reject(JOB, "a", result("a", rejected=""), max_errors=9)
        (group,) = store.counts.get(JOB).errors.values()
        assert group["message"] == "rejected"

    def test_error_groups_survive_reopening(self, store: Store, open_store: OpenStore) -> None:
        add(store, "a")
        for number in range(30):
            reject(store, "a", rejected=f"no {number}")
            store.counts.get(JOB)
        before = store.counts.get(JOB)
        store.close()
        assert open_store().counts.get(JOB) == before

    def test_failing_variables_and_their_parties_are_kept(self, store: Store) -> None:
        add(store, *"abc")
        for name, party in (("a", "1"), ("a", "2"), ("b", "1")):
            reject(store, name, party * 12)
        failing = store.counts.get(JOB).failing
        assert {name: sorted(values) for name, values in failing.items()} == {
            "variables": ["a", "b"],
            "parties": ["1" * 12, "2" * 12],
        }

    def test_at_most_twenty_failing_variables_are_kept(self, store: Store) -> None:
        names = [f"v{number}" for number in range(30)]
        add(store, *names)
        for name in names:
            reject(store, name)
        assert store.counts.get(JOB).failing["variables"] == names[:20]

    @pytest.mark.parametrize("end", ["accepted", "resumed"])
    def test_nothing_fails_after_a_result_or_when_the_job_is_resumed(self, store: Store, end: str) -> None:
        add(store, *"ab")
        reject(store, "a")
        if end == "accepted":
            accept(store, "b")
        else:
            store.counts.resumed(JOB)
        assert store.counts.get(JOB).failing == {}

    def test_the_median_run_time_is_that_of_the_latest_results(self, store: Store) -> None:
        names = [f"v{number:03}" for number in range(110)]
        add(store, *names)
        for number, name in enumerate(names):
            store.results.accept(JOB, name, result(name, run_seconds=99.0 if number < 9 else 2.0 + (number > 60)))
        counts = store.counts.get(JOB)
        assert (counts.median_run_seconds, len(counts.recent_seconds)) == (2.0, 101)

    def test_unfinished_variables_are_open_or_leased(self, store: Store) -> None:
        add(store, *"abcdef")
        accept(store, "a")
        store.results.withdraw(JOB, "b", withdrawal("b"))
        fail_variable(store, "c")
        store.leases.lease(JOB, 60)
        assert store.counts.get(JOB).unfinished == 3
