"""The loop of a volunteer: leases, uploads, retries, pauses, shutdown."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from comp_pool.client import Client
from comp_pool.events import Event, Totals
from comp_pool.options import Options
from comp_pool.retry_policy import Retries
from comp_pool.volunteer import Volunteer
from fake_pool import FakePool

DOUBLE = "(variable, context) => { context.result = variable.a * 2; }"
LONG = "(v, c) => { const end = Date.now() + v.ms; while (Date.now() < end); c.result = 1; }"
ENDLESS = "() => { for (;;); }"
NUMBERS = [{"a": number} for number in range(6)]


class Watched:
    """A volunteer in a thread, and its events."""

    def __init__(self, pool: FakePool, **options: Any) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self.client = Client(pool.url, volunteer="a-volunteer-under-test", retries=Retries(attempts=1))
        self.volunteer = Volunteer(self.client, Options(**options), self._listen)
        self.thread = threading.Thread(target=self.volunteer.run)

    def _listen(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, kind: str, seconds: float = 10.0) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: kind in [event.kind for event in self.events], seconds)

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


def run(pool: FakePool, **options: Any) -> Totals:
    with Client(pool.url, retries=Retries(attempts=1)) as client:
        return Volunteer(client, Options(**options)).run()


def test_every_variable_is_computed_and_posted(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run(pool, units=6)
    assert [stored["result"] for stored in pool.jobs["doubler"].results.values()] == [0, 2, 4, 6, 8, 10]


def test_several_workers_share_the_units(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS)
    assert run(pool, units=6, workers=2)["accepted"] == 6


def test_no_more_units_than_the_limit_are_leased(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run(pool, units=2)
    assert len(pool.jobs["doubler"].open) == 4


def test_the_scheduler_is_requested_again_when_a_job_has_no_more_variables(pool: FakePool) -> None:
    pool.add_job("first", DOUBLE, NUMBERS[:2])
    pool.add_job("second", DOUBLE, NUMBERS[:2])
    run(pool, units=4)
    assert [len(job.results) for job in pool.jobs.values()] == [2, 2]


def test_a_named_job_is_the_only_one(pool: FakePool) -> None:
    pool.add_job("first", DOUBLE, NUMBERS)
    pool.add_job("second", DOUBLE, NUMBERS)
    run(pool, units=2, job="second")
    assert [len(job.results) for job in pool.jobs.values()] == [0, 2]


def test_only_jobs_of_the_named_owners_are_computed(pool: FakePool) -> None:
    pool.add_job("of-ada", DOUBLE, NUMBERS, metadata={"owner": "ada"})
    pool.add_job("of-eve", DOUBLE, NUMBERS, metadata={"owner": "eve"})
    run(pool, units=2, owners=("eve",))
    assert [len(job.results) for job in pool.jobs.values()] == [0, 2]


def test_the_function_starts_with_the_context_of_the_lease(pool: FakePool) -> None:
    job = pool.add_job("flowing", "(v, c) => { c.result = c.from; }", NUMBERS[:1])
    job.contexts["0000"] = {"from": "below"}
    run(pool, units=1)
    assert job.results["0000"]["result"] == "below"


def test_without_work_it_ends_after_the_idle_time(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    assert run(pool, idle_exit=0.3)["accepted"] == 1


def test_an_empty_pool_causes_no_busy_loop() -> None:
    with FakePool(retry_after=0.2) as pool:
        run(pool, idle_exit=0.5)
        assert len(pool.received("GET", "^/jobs/scheduled?r?$")) <= 5


def test_work_that_comes_later_is_found(pool: FakePool) -> None:
    with working(pool) as watched:
        assert watched.wait_for("waiting")
        with pool.changed:
            pool.add_job("doubler", DOUBLE, NUMBERS[:1])
        assert watched.wait_for("accepted")


def test_a_unit_that_throws_is_given_back_and_reported(pool: FakePool) -> None:
    pool.add_job("broken", "() => { throw new Error('no luck'); }", NUMBERS[:1])
    with working(pool, units=1) as watched:
        assert watched.ends()
        assert watched.of("error")[0].message == "threw: Error: no luck"
    assert pool.counts["given back"] == 1


def test_a_job_is_paused_after_three_errors_in_a_row(pool: FakePool) -> None:
    pool.add_job("broken", "() => { throw 1; }", NUMBERS)
    with working(pool) as watched:
        assert watched.wait_for("backoff")
        assert watched.wait_for("waiting")
        assert len(watched.of("error")) == 3


def test_an_endless_unit_is_killed_at_its_lease_s_end_and_given_back() -> None:
    with FakePool(lease_seconds=1.0) as pool:
        pool.add_job("endless", ENDLESS, NUMBERS[:1])
        with working(pool, units=1, unit_seconds=1.0) as watched:
            assert watched.ends()
            assert watched.of("error")[0].message.startswith("timeout")
        assert pool.counts["given back"] == 1


def test_the_lease_of_a_long_unit_is_extended() -> None:
    with FakePool(lease_seconds=1.0) as pool:
        pool.add_job("long", LONG, [{"ms": 1500}])
        assert run(pool, units=1)["accepted"] == 1
        assert pool.counts["extended"] >= 1


def test_an_extended_unit_is_posted_with_its_new_lease() -> None:
    with FakePool(lease_seconds=1.0) as pool:
        pool.add_job("long", LONG, [{"ms": 800}])
        run(pool, units=1)
        assert pool.received("POST", "results$")[0].query["lease"] == [f"token-{len(pool.tokens) - 1}"]


def test_a_late_result_is_counted_as_late(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", "results$", 409)
    assert run(pool, units=1)["late"] == 1


def test_a_rejected_result_is_reported_with_its_reason(pool: FakePool) -> None:
    pool.validate = lambda result: f"{result} is wrong"
    pool.add_job("doubler", DOUBLE, [{"a": 21}])
    with working(pool, units=1) as watched:
        assert watched.wait_for("rejected")
        assert watched.of("rejected")[0].message == "42 is wrong"


@pytest.mark.parametrize("status", [400, 403, 410, 413])
def test_a_refused_result_is_counted_and_not_retried(pool: FakePool, status: int) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", "results$", status)
    assert run(pool, units=1)["refused"] == 1
    assert len(pool.received("POST", "results$")) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 507])
def test_a_result_is_kept_while_the_pool_can_t_store_it(pool: FakePool, status: int) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", "results$", status)
    assert run(pool, units=1)["accepted"] == 1


def test_a_result_is_posted_when_the_pool_is_back(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    # The pool is down from the lease on.
    pool.inject_fault("POST", ".", 503, times=2)
    with working(pool, units=1) as watched:
        assert watched.wait_for("offline")
        assert watched.wait_for("accepted")


def test_a_pool_that_is_down_at_first_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    offline = threading.Event()
    with Client(url, retries=Retries(attempts=1)) as client:
        volunteer = Volunteer(client, Options(), lambda event: offline.set() if event.kind == "offline" else None)
        thread = threading.Thread(target=volunteer.run)
        thread.start()
        assert offline.wait(10)
        volunteer.interrupt()
        thread.join(10)
        assert not thread.is_alive()


def test_an_interrupt_lets_the_unit_in_progress_end(pool: FakePool) -> None:
    pool.add_job("long", LONG, [{"ms": 600}, {"ms": 600}])
    with working(pool) as watched:
        assert watched.wait_for("leased")
        watched.volunteer.interrupt()
        assert watched.wait_for("stopping")
        assert watched.ends()
    assert watched.volunteer.totals["accepted"] == 1
    assert len(pool.jobs["long"].open) == 1


def test_an_interrupt_gives_back_what_takes_longer_than_the_grace_time(pool: FakePool) -> None:
    pool.add_job("endless", ENDLESS, NUMBERS[:1])
    with working(pool, grace=0.2) as watched:
        assert watched.wait_for("leased")
        watched.volunteer.interrupt()
        assert watched.ends()
    assert pool.jobs["endless"].open == ["0000"]


def test_a_second_interrupt_gives_back_at_once(pool: FakePool) -> None:
    pool.add_job("endless", ENDLESS, NUMBERS[:2])
    with working(pool, workers=2, grace=60.0) as watched:
        assert pool.wait_for(lambda: not pool.jobs["endless"].open)
        assert watched.wait_for("leased")
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
