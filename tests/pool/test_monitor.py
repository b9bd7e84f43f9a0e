"""What watchers of a job see, and when it is made anew."""

from __future__ import annotations

from typing import Any

import pytest

from pool.monitor import FRESH_SECONDS, JOBS_KEPT, Monitor, mark_of, preview_of
from storage.base import Store
from storage.clock import ManualClock
from storage.errors import NotFound
from tests.storage.helpers import result

JOB: dict[str, Any] = {"id": "tides", "uid": "u1", "name": "Tides", "state": "open"}


@pytest.fixture
def monitor(store: Store) -> Monitor:
    store.jobs.create("tides", {**JOB, "created": store.clock.now_text()})
    return Monitor(store)


def accept(store: Store, variable_id: str, **fields: Any) -> None:
    store.variables.add("tides", {variable_id: {"id": variable_id, "data": 1, "created": store.clock.now_text()}})
    document = {**result(variable_id, job_id="tides"), "created": store.clock.now_text(), **fields}
    store.results.accept("tides", variable_id, document)


def test_it_is_made_at_most_once_in_two_seconds(monitor: Monitor, store: Store, clock: ManualClock) -> None:
    first = monitor.view("tides")
    accept(store, "a")
    assert monitor.view("tides") is first
    clock.advance(FRESH_SECONDS)
    assert monitor.view("tides").fields["variables"]["done"] == 1


def test_a_change_of_the_job_is_seen_at_once(monitor: Monitor, store: Store) -> None:
    monitor.view("tides")
    store.jobs.update("tides", lambda job: {**job, "state": "paused"})
    assert monitor.view("tides").fields["state"] == "paused"


def test_a_job_posted_again_has_nothing_of_the_former(monitor: Monitor, store: Store) -> None:
    accept(store, "a")
    monitor.view("tides")
    store.jobs.delete("tides")
    with pytest.raises(NotFound):
        monitor.view("tides")
    store.jobs.create("tides", {**JOB, "uid": "u2", "created": store.clock.now_text()})
    assert (monitor.view("tides").latest, monitor.view("tides").fields["volunteers"]) == ([], [])


def test_an_unchanged_job_keeps_its_revision(monitor: Monitor, store: Store, clock: ManualClock) -> None:
    accept(store, "a")
    clock.advance(600)
    first = monitor.view("tides")
    clock.advance(90)
    assert monitor.view("tides") is not first
    assert monitor.view("tides").revision == first.revision


def test_a_falling_rate_is_told_once_a_minute(monitor: Monitor, store: Store, clock: ManualClock) -> None:
    accept(store, "a")
    clock.advance(60 - clock.now_milliseconds() / 1000 % 60 + 1)
    revisions = []
    for _ in range(8):
        revisions.append(monitor.view("tides").revision)
        clock.advance(15)
    assert len(set(revisions)) == 2


def test_processes_agree_on_the_revision(monitor: Monitor, store: Store) -> None:
    accept(store, "a", volunteer="v" * 16)
    assert Monitor(store).view("tides").revision == monitor.view("tides").revision


def test_the_latest_results_are_the_newest_first(monitor: Monitor, store: Store) -> None:
    for name in "abc":
        accept(store, name, result={"level": name}, id=f"result-{name}")
    assert [one["preview"] for one in monitor.view("tides").latest] == [f'{{"level":"{name}"}}' for name in "cba"]


def test_few_jobs_are_kept(monitor: Monitor, store: Store) -> None:
    for number in range(JOBS_KEPT + 2):
        store.jobs.create(f"job-{number}", {**JOB, "id": f"job-{number}", "created": store.clock.now_text()})
        monitor.view(f"job-{number}")
    assert len(monitor._entries) == JOBS_KEPT


def test_a_mark_is_that_of_one_job() -> None:
    marks = {mark_of(job, name) for job in (JOB, {**JOB, "uid": "u2"}) for name in ("one", "two")}
    assert len(marks) == 4
    assert mark_of(JOB, "one") == mark_of(dict(JOB), "one")
    assert mark_of(JOB, None) is mark_of(JOB, "") is None


@pytest.mark.parametrize(
    ("value", "preview"), [(2, "2"), ("ü", '"ü"'), ("x" * 198, f'"{"x" * 198}"'), ("x" * 199, f'"{"x" * 198}…')]
)
def test_a_preview_is_the_beginning_of_the_value(value: object, preview: str) -> None:
    assert preview_of(value) == preview
