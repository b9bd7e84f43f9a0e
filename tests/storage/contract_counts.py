"""Counts after each kind of journal event, and reports of a job's functions."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import pytest

from storage.base import Store
from storage.clock import ManualClock
from storage.errors import NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import JOB, accept, add, fail_variable, rejected_result, result, withdrawal


def nonzero_counts(store: Store) -> dict[str, Any]:
    """The counts that are not zero."""
    counts = store.counts.get(JOB)
    named = {name: value for name, value in asdict(counts).items() if isinstance(value, int)}
    del named["timed_results"]
    return {name: value for name, value in (named | {"open": counts.open}).items() if value}


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
        store.leases.give_back(JOB, "a", lease.deadline)
        assert nonzero_counts(store) == {"posted": 1, "open": 1}

    def test_an_extended_lease_is_counted_once(self, store: Store) -> None:
        add(store, "a")
        lease = store.leases.lease(JOB, 60)
        assert lease is not None
        store.leases.extend(JOB, "a", lease.deadline, 600)
        assert nonzero_counts(store) == {"posted": 1, "leased": 1}

    def test_an_accepted_result_is_counted(self, store: Store, other: Store) -> None:
        add(store, *"ab")
        accept(store, "a")
        assert nonzero_counts(other) == {"posted": 2, "accepted": 1, "open": 1}

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

    def test_minutes_older_than_an_hour_are_dropped(self, store: Store, clock: ManualClock) -> None:
        add(store, "a")
        accept(store, "a")
        clock.advance(62 * 60)
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
