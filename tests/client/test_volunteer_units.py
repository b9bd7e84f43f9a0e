"""A volunteer with real child processes: deadlines of units, extensions of leases, and its shutdown."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from client_processes import children
from comp_pool.capabilities import Capabilities
from comp_pool.client import Client
from comp_pool.events import Event
from comp_pool.options import Options
from comp_pool.retry_policy import Retries
from comp_pool.seeds import unit_seed
from comp_pool.volunteer import Volunteer
from fake_pool import FakePool

from tests.serving import wait_until

# It blocks its thread, but leaves the processor to the tests.
LONG = "(v, c) => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, v.ms); c.result = 1; }"
ENDLESS = "() => { console.log('started'); for (;;); }"


class Watched:
    """A volunteer in a thread, and its events."""

    def __init__(self, pool: FakePool, **options: Any) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self.client = Client(pool.url, volunteer="a-volunteer-under-test", retries=Retries(attempts=1))
        options = {"capabilities": Capabilities((), 512), **options}
        self.volunteer = Volunteer(self.client, Options(**options), self._listen)
        self.thread = threading.Thread(target=self.volunteer.run)

    def _listen(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, kind: str, times: int = 1, seconds: float = 10.0) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.of(kind)) >= times, seconds)

    def ends(self, seconds: float = 10.0) -> bool:
        self.thread.join(seconds)
        return not self.thread.is_alive()

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


@contextmanager
def working(pool: FakePool, **options: Any) -> Iterator[Watched]:
    watched = Watched(pool, **options)
    watched.thread.start()
    try:
        yield watched
    finally:
        watched.volunteer.interrupt()
        watched.volunteer.interrupt()
        assert watched.ends()
        watched.client.close()


def test_the_function_starts_with_the_context_of_the_lease(pool: FakePool) -> None:
    job = pool.add_job("flowing", "(v, c) => { c.result = c.from; }", [{}])
    job.contexts["0000"] = {"from": "below"}
    with working(pool, units=1) as watched:
        assert watched.ends()
    assert job.results["0000"]["result"] == "below"


def test_its_random_numbers_follow_the_ids_of_job_and_variable(pool: FakePool) -> None:
    job = pool.add_job("random", "(v, c) => ({ result: [c.seed, Object.keys(c).includes('seed')] })", [{}, {}])
    with working(pool, units=2) as watched:
        assert watched.ends()
    expected = {name: [unit_seed("random", name), False] for name in ("0000", "0001")}
    assert {name: result["result"] for name, result in job.results.items()} == expected


def test_an_endless_unit_is_killed_at_its_limit_and_reported(pool: FakePool) -> None:
    pool.add_job("endless", ENDLESS, [{}])
    with working(pool, units=1, unit_seconds=1.5) as watched:
        assert watched.ends()
    assert watched.of("error")[0].message.startswith("timeout")
    (report,) = pool.reports
    assert (report["error"]["kind"], report["console"]) == ("timeout", "started\n")
    assert report["engine"].startswith("V8 ")


def test_an_endless_unit_is_killed_at_the_end_of_a_lease_that_can_t_be_extended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("comp_pool.worker_loop.MIN_UNIT_SECONDS", 0.0)
    with FakePool(lease_seconds=0.4) as pool:
        pool.add_job("endless", ENDLESS, [{}])
        pool.inject_fault("POST", "lease$", 409, times=99)
        with working(pool, units=1) as watched:
            assert watched.ends()
        assert watched.of("error")[0].message.startswith("timeout")


@dataclass
class Extended:
    pool: FakePool
    events: list[Event]


@pytest.fixture(scope="module")
def extended() -> Iterator[Extended]:
    """A pool after a unit that took longer than its lease."""
    with FakePool(lease_seconds=1.0) as pool:
        pool.add_job("long", LONG, [{"ms": 1200}])
        with working(pool, units=1) as watched:
            assert watched.ends()
        yield Extended(pool, watched.of("extended"))


def test_the_lease_of_a_long_unit_is_extended(extended: Extended) -> None:
    assert extended.pool.counts["extended"] >= 1
    assert len(extended.pool.jobs["long"].results) == 1


def test_an_extended_unit_is_posted_with_its_new_lease(extended: Extended) -> None:
    last = f"token-{len(extended.pool.tokens) - 1}"
    assert extended.pool.received("POST", "results$")[0].query["lease"] == [last]


def test_each_extension_is_an_event(extended: Extended) -> None:
    assert len(extended.events) == extended.pool.counts["extended"]
    event = extended.events[0]
    assert (event.job, event.variable, event.seconds) == ("long", "0000", 1.0)
    assert re.fullmatch(r"the unit has run for \d s", event.message)


@pytest.fixture(scope="module")
def unextended() -> Iterator[Extended]:
    """A pool after a unit whose lease could be extended only at the third attempt of a call, and then at once."""
    with FakePool(lease_seconds=3.0) as pool:
        pool.add_job("long", LONG, [{"ms": 5500}])
        pool.inject_fault("POST", "lease$", 500, times=2)
        with working(pool, units=1) as watched:
            assert watched.ends()
        yield Extended(pool, [event for event in watched.events if "extended" in event.kind])


def test_a_failed_extension_is_one_event_however_often_it_fails(unextended: Extended) -> None:
    assert [event.kind for event in unextended.events][:2] == ["not-extended", "extended"]
    failed = unextended.events[0]
    assert (failed.worker, failed.job, failed.variable) == (1, "long", "0000")
    assert re.match(r"the unit has [012] s left: .*500", failed.message)


def test_a_unit_goes_on_after_a_failed_extension(unextended: Extended) -> None:
    assert len(unextended.pool.jobs["long"].results) == 1


def test_an_interrupt_lets_the_unit_in_progress_end(pool: FakePool) -> None:
    pool.add_job("long", LONG, [{"ms": 300}, {"ms": 300}])
    with working(pool) as watched:
        assert watched.wait_for("leased")
        watched.volunteer.interrupt()
        assert watched.wait_for("stopping")
        assert watched.ends()
    assert watched.volunteer.totals["accepted"] == 1
    assert len(pool.jobs["long"].open) == 1


def test_an_interrupt_gives_back_what_takes_longer_than_the_grace_time(pool: FakePool) -> None:
    pool.add_job("endless", ENDLESS, [{}])
    with working(pool, grace=0.2) as watched:
        assert watched.wait_for("leased")
        watched.volunteer.interrupt()
        assert watched.ends()
    assert pool.jobs["endless"].open == ["0000"]


def test_a_second_interrupt_gives_back_at_once(pool: FakePool) -> None:
    pool.add_job("endless", ENDLESS, [{}, {}])
    with working(pool, workers=2, grace=60.0) as watched:
        assert watched.wait_for("leased", times=2)
        began = time.monotonic()
        watched.volunteer.interrupt()
        watched.volunteer.interrupt()
        assert watched.ends()
        assert time.monotonic() - began < 3
    assert sorted(pool.jobs["endless"].open) == ["0000", "0001"]


def test_an_interrupt_ends_a_wait(pool: FakePool) -> None:
    pool.retry_after = 60.0
    with working(pool) as watched:
        assert watched.wait_for("waiting")
        watched.volunteer.interrupt()
        assert watched.ends(2)


def test_a_second_interrupt_ends_the_wait_of_an_upload(pool: FakePool) -> None:
    pool.add_job("long", LONG, [{"ms": 0}])
    pool.inject_fault("POST", "results$", 503, Retry_After="60")
    with working(pool) as watched:
        assert watched.wait_for("offline")
        watched.volunteer.interrupt()
        watched.volunteer.interrupt()
        assert watched.wait_for("accepted")
        assert watched.ends(2)


@pytest.mark.parametrize("status", [503, 200])
def test_a_result_that_can_t_be_posted_at_a_shutdown_is_given_back(pool: FakePool, status: int) -> None:
    pool.add_job("long", LONG, [{"ms": 0}])
    for _ in range(9):
        pool.intercept("POST", "results$", status, {"Content-Type": "text/html", "Retry-After": "60"}, "Log in")
    with working(pool, grace=0.1) as watched:
        assert watched.wait_for("offline")
        watched.volunteer.interrupt()
        assert watched.wait_for("returned")
        assert watched.ends(2)
    assert pool.jobs["long"].open == ["0000"]
    assert watched.volunteer.totals.counts == {"returned": 1}
    (event,) = (event for event in watched.events if event.kind == "returned")
    assert event.message == f"the result could not be posted: {status} not a response of the pool: text/html"


def test_a_result_is_posted_if_the_pool_can_be_reached_again_during_the_shutdown(pool: FakePool) -> None:
    pool.add_job("long", LONG, [{"ms": 0}])
    pool.inject_fault("POST", "results$", 503, times=3)
    pool.inject_fault("DELETE", "lease$", 503, times=2)
    with working(pool, grace=0.0) as watched:
        assert pool.wait_for(lambda: len(pool.received("POST", "results$")) == 1)
        watched.volunteer.interrupt()
        assert watched.ends()
    assert watched.volunteer.totals.counts == {"accepted": 1}


def test_a_unit_is_given_back_if_the_pool_can_be_reached_again_during_the_shutdown(pool: FakePool) -> None:
    pool.add_job("endless", ENDLESS, [{}])
    pool.inject_fault("DELETE", "lease$", 503, times=2)
    with working(pool, grace=0.0) as watched:
        assert watched.wait_for("leased")
        watched.volunteer.interrupt()
        assert watched.ends()
    assert pool.jobs["endless"].open == ["0000"]
    assert watched.volunteer.totals.counts == {"returned": 1}


def test_a_unit_whose_pool_does_not_respond_during_the_shutdown_is_reported_as_lost(
    pool: FakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comp_pool.volunteer.CANCEL_SECONDS", 0.2)
    before = children()
    pool.add_job("endless", ENDLESS, [{}])
    with working(pool, grace=0.0) as watched:
        assert watched.wait_for("leased")
        with pool.changed:  # The pool responds to nothing meanwhile.
            watched.volunteer.interrupt()
            assert watched.ends()
            assert watched.volunteer.totals.counts == {"lost": 1}
    assert watched.events[-1].message == "the pool did not respond in time (and could not be given back)"
    # The worker's thread goes on until the pool has responded.
    wait_until(lambda: children() <= before)


# ---- batches


def units_of(*milliseconds: int) -> list[dict[str, Any]]:
    return [{"ms": ms} for ms in milliseconds]


def test_units_that_wait_for_a_long_one_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comp_pool.worker_loop.SHORT_UNIT_SECONDS", -1.0)
    with FakePool(lease_seconds=1.6) as pool:
        pool.has_batches = True
        pool.add_job("long", LONG, units_of(0, 0, 0, 1200, 0, 0, 0))
        with working(pool, units=7) as watched:
            assert watched.ends(20)
        returned = watched.of("returned")
        assert {event.message for event in returned} == {"a unit before it takes long"}
        assert sorted(event.variable for event in returned) == ["0004", "0005", "0006"]
        assert pool.counts["extended"] >= 1
        assert watched.volunteer.totals.counts == {"accepted": 7, "returned": 3}


def test_a_unit_that_crashes_among_short_ones_is_the_only_one_that_fails(pool: FakePool) -> None:
    pool.has_batches = True
    source = "(v, c) => { if (v.ms) { const a = []; for (;;) a.push(new Array(1000).fill(1)); } c.result = 1; }"
    pool.add_job("short", source, units_of(0, 0, 0, 0, 1, 0, 0))
    with working(pool, units=7, memory_bytes=64 << 20) as watched:
        assert watched.ends(20)
    (event,) = watched.of("error")
    assert (event.variable, event.message.partition(":")[0]) == ("0004", "memory")
    assert len(pool.jobs["short"].results) == 6


def test_results_of_a_batch_that_can_t_be_posted_at_a_shutdown_are_given_back(pool: FakePool) -> None:
    pool.has_batches = True
    pool.add_job("short", LONG, units_of(0, 0, 0))
    pool.inject_fault("POST", "^/jobs/short/results$", 503, times=99, Retry_After="60")
    with working(pool, grace=0.1) as watched:
        assert watched.wait_for("offline")
        watched.volunteer.interrupt()
        assert watched.wait_for("returned", times=2)
        assert watched.ends(4)
    assert sorted(pool.jobs["short"].open) == ["0001", "0002"]
    assert watched.volunteer.totals.counts == {"accepted": 1, "returned": 2}
    reason = "the result could not be posted: 503 Service Unavailable: injected fault"
    assert {event.message for event in watched.of("returned")} == {reason}


def test_results_of_a_batch_whose_pool_does_not_respond_during_the_shutdown_are_reported_as_lost(
    pool: FakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comp_pool.volunteer.CANCEL_SECONDS", 0.2)
    before = children()
    pool.has_batches = True
    pool.add_job("short", LONG, units_of(0, 0, 0))
    pool.inject_fault("POST", "^/jobs/short/results$", 503, times=99, Retry_After="60")
    with working(pool, grace=0.0) as watched:
        assert watched.wait_for("offline")
        with pool.changed:  # The pool responds to nothing meanwhile.
            watched.volunteer.interrupt()
            assert watched.ends()
            assert watched.volunteer.totals.counts == {"accepted": 1, "lost": 2}
    wait_until(lambda: children() <= before)


def test_an_error_of_the_listener_in_the_background_ends_the_worker(pool: FakePool) -> None:
    def fail(event: Event) -> None:
        if event.variable == "0002" and event.kind == "accepted":
            raise OSError("the display is gone")

    failures: list[Any] = []
    pool.has_batches = True
    pool.add_job("short", LONG, units_of(0, 0, 0, 0, 0))
    hook, threading.excepthook = threading.excepthook, failures.append
    try:
        with Client(pool.url, retries=Retries(attempts=1)) as client:
            Volunteer(client, Options(capabilities=Capabilities((), 512)), fail).run()
    finally:
        threading.excepthook = hook
    assert {str(failure.exc_value) for failure in failures} == {"the display is gone"}
