"""Reports: what is recorded, and the limit per minute."""

from __future__ import annotations

from pathlib import Path

import pytest

from pool.reports import MAX_CONSOLE, PER_MINUTE, Reports
from storage.base import Document, Store
from storage.clock import ManualClock
from tests.storage.helpers import JOB, job


@pytest.fixture
def reports(store: Store) -> Reports:
    store.jobs.create(JOB, job())
    return Reports(store)


def report_of(store: Store, function: str = "validate_result") -> Document:
    return store.counts.get(JOB).reports[function]


def recorded(tmp_path: Path) -> int:
    journal = tmp_path / "store" / "jobs" / JOB / "journal" / "events.ndjson"
    return journal.read_text().count('"report"') if journal.exists() else 0


def test_an_error_is_counted_with_its_message_and_console(store: Store, reports: Reports) -> None:
    reports.add(JOB, "validate_result", "first", "")
    reports.add(JOB, "validate_result", "second", "said")
    found = report_of(store)
    assert (found["errors"], found["message"], found["console"]) == (2, "second", "said")


def test_console_output_alone_is_no_error(store: Store, reports: Reports) -> None:
    reports.add(JOB, "validate_result", None, "said")
    found = report_of(store)
    assert (found["errors"], found["message"], found["console"]) == (0, None, "said")


def test_a_minute_has_a_limited_number_of_reports(tmp_path: Path, reports: Reports) -> None:
    for _ in range(PER_MINUTE + 5):
        reports.add(JOB, "validate_result", "again", "")
    assert recorded(tmp_path) == PER_MINUTE


def test_suppressed_errors_are_counted_with_the_next_report(store: Store, reports: Reports, clock: ManualClock) -> None:
    for _ in range(PER_MINUTE + 5):
        reports.add(JOB, "validate_result", "again", "")
    assert report_of(store)["errors"] == PER_MINUTE
    clock.advance(61)
    reports.add(JOB, "validate_result", "later", "")
    assert report_of(store)["errors"] == PER_MINUTE + 6


def test_each_function_has_a_limit_of_its_own(store: Store, reports: Reports) -> None:
    for _ in range(PER_MINUTE + 5):
        reports.add(JOB, "validate_result", "again", "")
    reports.add(JOB, "variable_scheduler", "first", "")
    assert report_of(store, "variable_scheduler")["errors"] == 1


def test_what_units_print_is_recorded_once_a_minute_of_each_address(
    tmp_path: Path, reports: Reports, clock: ManualClock
) -> None:
    for _ in range(5):
        for prefix in ("a" * 12, "b" * 12):
            reports.add_console(JOB, prefix, "said")
    assert recorded(tmp_path) == 2
    clock.advance(61)
    reports.add_console(JOB, "a" * 12, "said")
    assert recorded(tmp_path) == 3
    assert len(reports._consoles) == 1


def test_what_a_unit_printed_is_cut(store: Store, reports: Reports) -> None:
    reports.add_console(JOB, "a" * 12, "x" * 10_000)
    assert len(report_of(store, "execute_function")["console"]) == MAX_CONSOLE
