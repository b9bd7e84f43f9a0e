"""Profiles in two processes: one order of events for both, and what a compaction keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pool import profiles
from pool.errors import Conflict
from pool.profiles import Profiles, State
from storage.base import Store
from storage.clock import ManualClock
from storage.flat import FlatStore
from storage.flat.followed_log import FollowedLog

ANNA, BEN, CARLA = "a" * 16, "b" * 16, "c" * 16
CREDITED = {BEN}


@pytest.fixture
def here(store: Store) -> Profiles:
    return Profiles(store, "A pool", lambda: CREDITED)


@pytest.fixture
def there(store: Store, tmp_path: Path, clock: ManualClock) -> Iterator[Profiles]:
    """Another process."""
    other = FlatStore(tmp_path / "store", fsync=False, clock=clock)
    yield Profiles(other, "A pool", lambda: CREDITED)
    other.close()


def test_each_process_sees_what_the_other_does(here: Profiles, there: Profiles) -> None:
    here.change(ANNA, {"name": "Anna", "shown": True})
    assert there.of(ANNA).name == "Anna"
    version = here.version
    there.ban("rude", text="Anna")
    assert here.of(ANNA).removed == "rude"
    assert here.version > version
    here.forget(ANNA)
    assert ANNA not in there.shown()
    assert there.bans()


def test_of_two_who_choose_a_name_at_once_the_first_is_shown(
    here: Profiles, there: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = FollowedLog.append

    def racing(log: FollowedLog, events: list[dict[str, object]]) -> None:
        monkeypatch.setattr(FollowedLog, "append", append)
        there.change(BEN, {"name": "anna", "shown": True})
        append(log, events)

    monkeypatch.setattr(FollowedLog, "append", racing)
    with pytest.raises(Conflict):
        here.change(ANNA, {"name": "Anna", "shown": True})
    assert set(here.shown()) == set(there.shown()) == {BEN}


def test_a_compaction_drops_the_oldest_of_those_without_a_unit(
    here: Profiles, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "PROFILES_KEPT", 2)
    for volunteer in (BEN, ANNA, CARLA):
        here.change(volunteer, {"name": volunteer, "shown": True})
        clock.advance(1)
    here.ban("rude", text="Rude")
    assert set(here.shown()) == {BEN, CARLA}


def test_no_process_keeps_more_profiles_than_that(
    here: Profiles, there: Profiles, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "PROFILES_KEPT", 2)
    for volunteer in (BEN, ANNA, CARLA):
        here.change(volunteer, {"name": volunteer, "shown": True})
        clock.advance(1)
    assert set(here.shown()) == set(there.shown()) == {BEN, CARLA}


def test_a_line_written_by_hand_is_skipped(here: Profiles, tmp_path: Path) -> None:
    with open(tmp_path / "store" / "profiles.ndjson", "w") as stream:
        stream.write('{"event": "profile"}\nno json\n{"event": "__init__"}\n{"event": "ban"}\n')
    here.change(ANNA, {"name": "Anna", "shown": True})
    assert set(here.shown()) == {ANNA}


def test_a_state_is_that_of_its_summary(here: Profiles, clock: ManualClock) -> None:
    for volunteer, name in ((ANNA, "Anna"), (BEN, "Ben")):
        here.change(volunteer, {"name": name, "team": "Blue", "shown": True})
        clock.advance(1)
    here.change(ANNA, {"name": "Ann"})
    restored = State()
    for event in here._state.summary(CREDITED):
        restored.apply(event)
    assert restored.profiles == here._state.profiles
    assert restored.is_taken("ANN", BEN)
    assert not restored.is_taken("Anna", BEN)
