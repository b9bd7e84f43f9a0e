"""Credit: sums by volunteer, job and day, and what a compaction keeps of them."""

from __future__ import annotations

import pytest

from pool import credit
from pool.credit import ANY_JOB, DAY, DAYS_KEPT, EARLIER, NOBODY, Ledger

TODAY = 20_000
NOW = TODAY * DAY + 5


def units(ledger: Ledger, first_day: int = EARLIER, job: str | None = None) -> dict[str, int]:
    return {name: sums.units for name, sums in ledger.of_volunteers(first_day, job).items()}


def compacted(ledger: Ledger, now: int = NOW) -> Ledger:
    restored = Ledger()
    for event in ledger.summary(now):
        restored.restore(event)
    return restored


@pytest.fixture
def ledger() -> Ledger:
    """Anna: one unit a day for ten days, the last one today; Ben: one unit of another job today."""
    filled = Ledger()
    for day in range(10):
        filled.add("anna", "job", NOW - day * DAY, 2.0)
    filled.add("ben", "other", NOW, None)
    return filled


def test_units_are_summed_since_a_day_and_by_job(ledger: Ledger) -> None:
    assert units(ledger) == {"anna": 10, "ben": 1}
    assert units(ledger, TODAY - 1) == {"anna": 2, "ben": 1}
    assert units(ledger, job="other") == {"ben": 1}
    assert units(ledger, job="unknown") == {}
    assert ledger.of_volunteers()["anna"].run_seconds == 20


def test_a_compaction_keeps_seven_days_apart(ledger: Ledger) -> None:
    restored = compacted(ledger)
    for first_day in (EARLIER, TODAY - DAYS_KEPT + 1, TODAY):
        assert units(restored, first_day) == units(ledger, first_day)
    assert len(list(ledger.summary(NOW))) == DAYS_KEPT + 1 + 1


def test_beyond_a_number_of_sums_a_compaction_keeps_them_without_their_jobs(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credit, "SUMS_KEPT", 2)
    restored = compacted(ledger, NOW + 100 * DAY)
    assert units(restored) == {"anna": 10, "ben": 1}
    monkeypatch.setattr(credit, "SUMS_KEPT", 1)
    ledger.add("carla", "other", NOW, 1.0)
    restored = compacted(ledger, NOW + 100 * DAY)
    assert len(units(restored)) == 2
    assert units(restored)["anna"] == 10
    assert sum(units(restored, job=ANY_JOB).values()) == 1


def test_the_sums_of_earlier_days_become_one_in_memory_too(ledger: Ledger) -> None:
    before = units(ledger)
    assert not any(ledger.forget_days(NOW + 100 * DAY))
    assert units(ledger) == before
    assert list(ledger.summary(NOW)) == list(ledger.summary(NOW + 100 * DAY))


def test_very_many_sums_are_kept_in_memory_without_their_jobs(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credit, "SUMS_KEPT", 1)
    assert not any(ledger.forget_days(NOW))
    assert units(ledger, job=ANY_JOB) != {}


def test_those_who_give_no_id_are_one(ledger: Ledger) -> None:
    for prefix in ("a", "b"):
        ledger.add(f"@{prefix}", "job", NOW, 1.0)
    assert units(ledger)[NOBODY] == 2


def test_credit_can_go_to_another_volunteer(ledger: Ledger) -> None:
    ledger.move("anna", "ben")
    assert units(ledger) == {"ben": 11}
    assert units(ledger, TODAY) == {"ben": 2}


def test_a_volunteer_is_forgotten_in_every_job(ledger: Ledger) -> None:
    ledger.add("anna", "other", NOW, 1.0)
    ledger.forget("anna")
    assert units(ledger) == {"ben": 1}
