"""The clock: its readings, and the manual one."""

from __future__ import annotations

import ast
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from storage.clock import Clock, ManualClock
from tests.serving import ROOT
from tests.storage.helpers import FixedClock

MOMENT = FixedClock(1_417_511_349_012_345)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_the_system_clock_reads_the_systems_time() -> None:
    assert abs(Clock().now_microseconds() / 1e6 - time.time()) < 60
    assert abs(Clock().monotonic() - time.monotonic()) < 60


def test_milliseconds_are_rounded_down() -> None:
    assert MOMENT.now_milliseconds() == 1_417_511_349_012


def test_text_is_in_utc_with_milliseconds() -> None:
    assert MOMENT.now_text() == "2014-12-02T09:09:09.012Z"


def test_a_datetime_is_in_utc() -> None:
    assert MOMENT.now_datetime() == datetime(2014, 12, 2, 9, 9, 9, 12_345, tzinfo=timezone.utc)


def test_a_manual_clock_begins_at_the_systems_time(clock: ManualClock) -> None:
    assert abs(clock.now_microseconds() / 1e6 - time.time()) < 60


def test_a_manual_clock_stands_still_but_for_its_readings(clock: ManualClock) -> None:
    first = clock.now_microseconds()
    assert [clock.now_microseconds(), clock.now_microseconds()] == [first + 1, first + 2]


def test_a_manual_clock_advances(clock: ManualClock) -> None:
    before, began = clock.now_microseconds(), clock.monotonic()
    clock.advance(1.5)
    assert clock.now_microseconds() == before + 1_500_001
    assert clock.monotonic() == pytest.approx(began + 1.5, abs=1e-5)


def test_a_manual_clock_is_set_back_but_for_its_monotonic_time(clock: ManualClock) -> None:
    before, began = clock.now_microseconds(), clock.monotonic()
    clock.advance(-3600)
    assert clock.now_microseconds() == before - 3_600_000_000 + 1
    assert clock.monotonic() == pytest.approx(began, abs=1e-5)


# Each compares with times that are not the pool's: those of processes, of files, and of work in the background.
SYSTEM_TIME = {"storage/clock.py", "storage/flat/jobs.py", "pool/sandbox/child.py", "pool/sandbox/child_process.py"}
SYSTEM_TIME |= {"storage/flat/throttle.py", "storage/flat/housekeeping.py"}


def test_the_pool_and_its_store_tell_the_time_by_the_clock_alone() -> None:
    paths = (path for room in ("pool", "resources", "storage") for path in (ROOT / room).rglob("*.py"))
    importing = {path.relative_to(ROOT).as_posix() for path in paths if _imports_time(path)}
    assert importing == SYSTEM_TIME


def _imports_time(path: Path) -> bool:
    imports = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import))
    return any(alias.name == "time" for node in imports for alias in node.names)
