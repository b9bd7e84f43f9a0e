"""The batches of a volunteer: how many units it leases at once, and what becomes of each; without child processes."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from comp_pool.batch_size import BatchSize, largest_batch
from comp_pool.capabilities import Capabilities
from comp_pool.client import Client
from comp_pool.errors import JobError
from comp_pool.events import Event
from comp_pool.executor import Unit
from comp_pool.leases import Lease
from comp_pool.options import Options
from comp_pool.retry_policy import POLICY, Retries
from comp_pool.volunteer import Volunteer
from fake_clock import FakeClock
from fake_executor import DOUBLE, FakeExecutor
from fake_pool import FakePool

from tests.serving import wait_until

NUMBERS = [{"a": number} for number in range(15)]
LEASES = "variables$"
BATCH_RESULTS = "^/jobs/[a-z]+/results$"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def executor(monkeypatch: pytest.MonkeyPatch) -> FakeExecutor:
    """Return the executor of all workers, whose units are too long to be computed together."""
    shared = FakeExecutor()
    shared.seconds = 0.02
    monkeypatch.setattr("comp_pool.worker_loop.Executor", lambda **options: shared)
    return shared


@pytest.fixture(autouse=True)
def batches(pool: FakePool) -> None:
    pool.has_batches = True


class Run:
    """A volunteer that has run until one of its limits, and its events."""

    def __init__(self, pool: FakePool, clock: FakeClock, events: list[Event] | None = None, **options: Any) -> None:
        self.events = [] if events is None else events
        options = {"capabilities": Capabilities((), 512), **options}
        with Client(pool.url, retries=Retries(attempts=1), clock=clock) as client:
            self.volunteer = Volunteer(client, Options(**options), self._listen)
            self.totals = self.volunteer.run()

    def _listen(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


def results(pool: FakePool) -> list[Any]:
    return [stored["result"] for stored in pool.jobs["doubler"].results.values()]


def leased(pool: FakePool) -> list[int]:
    """Return how many variables each request was for."""
    return [int(request.query.get("count", ["1"])[0]) for request in pool.received("GET", LEASES)]


def posted(pool: FakePool) -> list[int]:
    """Return how many results each batch had."""
    return [len(request.body.splitlines()) for request in pool.received("POST", BATCH_RESULTS)]


def failing(*numbers: int) -> Callable[[Unit], None]:
    def compute(unit: Unit) -> None:
        if unit.variable["a"] in numbers:
            raise JobError("threw", "Error: no luck")

    return compute


# ---- sizes


def leases_of(count: int, seconds: float = 300, content_length: str = "") -> list[Lease]:
    return [Lease("http://pool/", {}, {"Content-Length": content_length}, seconds)] * count


@pytest.mark.parametrize(
    ("last", "runs", "lease_seconds", "visit", "expected"),
    [
        (1, [], 300, 0, 1),
        (1, [0.0], 300, 0, 2),
        (64, [0.0], 300, 0, 128),
        (200, [0.0], 300, 0, 256),
        (256, [0.1], 300, 0, 30),
        (256, [0.1], 300, 59, 30),
        (256, [0.1], 300, 60, 60),
        (256, [0.1], 300, 120, 120),
        (256, [0.1], 300, 9999, 120),
        (256, [0.1], 20, 9999, 50),
        (256, [0.1, 0.3], 300, 0, 15),
        (256, [2.0], 300, 0, 1),
        (256, [60.0], 300, 0, 1),
    ],
)
def test_the_size_of_a_batch(
    clock: FakeClock, last: int, runs: list[float], lease_seconds: float, visit: float, expected: int
) -> None:
    size = BatchSize(clock, clock.now, POLICY.max_batch)
    size.record_batch(leases_of(last, lease_seconds))
    for seconds in runs:
        size.record_run(seconds)
    clock.now += visit
    assert size.next == expected


@pytest.mark.parametrize(("workers", "expected"), [(1, 256), (2, 128), (3, 85), (300, 1)])
def test_the_workers_of_a_volunteer_share_its_leases(workers: int, expected: int) -> None:
    assert largest_batch(workers) == expected


@pytest.mark.parametrize(("variable_bytes", "expected"), [(100_000, 40), (10_000_000, 1), (0, 128)])
def test_large_variables_make_small_batches(clock: FakeClock, variable_bytes: int, expected: int) -> None:
    size = BatchSize(clock, clock.now, POLICY.max_batch)
    size.record_run(0.0)
    size.record_batch(leases_of(64, content_length=str(64 * variable_bytes)))
    assert size.next == expected


def test_the_mean_follows_a_job_whose_units_become_longer(clock: FakeClock) -> None:
    size = BatchSize(clock, clock.now, POLICY.max_batch)
    for seconds in (*[0.0] * 10_000, *[1.0] * 2000):
        size.record_run(seconds)
    assert size.mean is not None
    assert size.mean > 0.99


def test_batches_double_and_each_result_is_posted_once(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run = Run(pool, clock, units=15)
    assert sorted(results(pool)) == [2 * number for number in range(15)]
    assert leased(pool) == [1, 2, 4, 8]
    # The first alone; how many of the others go together depends on when the uploading thread gets its turn.
    assert sum(posted(pool)) == 14
    assert run.totals.counts == {"accepted": 15}


def test_long_units_are_leased_and_posted_alone(pool: FakePool, clock: FakeClock, executor: FakeExecutor) -> None:
    executor.seconds = 4
    pool.add_job("doubler", DOUBLE, NUMBERS[:4])
    Run(pool, clock, units=4)
    assert (leased(pool), posted(pool)) == ([1, 1, 1, 1], [])


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_units_than_the_limit_are_leased(pool: FakePool, clock: FakeClock, workers: int) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run = Run(pool, clock, units=9, workers=workers)
    assert run.totals.counts == {"accepted": 9}
    assert (len(pool.tokens), len(pool.jobs["doubler"].open)) == (9, 6)


@pytest.mark.parametrize(
    ("number", "has_happened"),
    [
        pytest.param(1, lambda pool: len(pool.received("GET", LEASES)) == 3, id="the next batch is leased"),
        pytest.param(3, lambda pool: posted(pool) == [2], id="results are posted"),
    ],
)
def test_while_units_are_computed(
    pool: FakePool,
    clock: FakeClock,
    executor: FakeExecutor,
    number: int,
    has_happened: Callable[[FakePool], bool],
) -> None:
    def compute(unit: Unit) -> None:
        if unit.variable["a"] == number:
            seen.append(pool.wait_for(lambda: has_happened(pool)))

    seen: list[bool] = []
    executor.on_compute = compute
    pool.add_job("doubler", DOUBLE, NUMBERS)
    Run(pool, clock, units=15)
    assert seen == [True]


def test_results_that_have_waited_for_a_while_are_posted_before_their_batch_is_complete(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    def compute(unit: Unit) -> None:
        if unit.variable["a"] == 3:
            assert pool.wait_for(lambda: posted(pool) == [2])
        if unit.variable["a"] == 5:
            clock.now += 3
        if unit.variable["a"] == 6:
            seen.append(pool.wait_for(lambda: posted(pool) == [2, 3]))

    seen: list[bool] = []
    executor.on_compute = compute
    pool.add_job("doubler", DOUBLE, NUMBERS[:7])
    Run(pool, clock, units=7)
    assert seen == [True]


def test_results_as_large_as_a_body_may_be_are_posted_by_several_requests(
    pool: FakePool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comp_pool.uploader.POLICY", replace(POLICY, batch_bytes=500))
    pool.add_job("doubler", DOUBLE, NUMBERS)
    assert Run(pool, clock, units=15).totals.counts == {"accepted": 15}
    assert (max(posted(pool)), sum(posted(pool))) == (2, 14)


def test_workers_have_smaller_batches_together(
    pool: FakePool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comp_pool.batch_size.POLICY", replace(POLICY, max_batch=6))
    pool.add_job("doubler", DOUBLE, [{"a": number} for number in range(40)])
    Run(pool, clock, units=40, workers=2)
    assert (max(leased(pool)), max(posted(pool))) == (3, 3)


def test_after_a_limit_no_batch_is_leased_ahead_for_as_long_as_the_pool_says(pool: FakePool, clock: FakeClock) -> None:
    pool.max_held = 2
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run = Run(pool, clock, units=15)
    assert run.totals.counts == {"accepted": 15}
    assert (pool.counts["limited"], clock.waits) == (1, [])


# ---- outcomes


def test_a_result_that_the_pool_can_t_take_yet_is_posted_again_alone(pool: FakePool, clock: FakeClock) -> None:
    pool.outcomes = {"0001": [(503, 20), (429, 30)], "0002": [(507, None)]}
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    run = Run(pool, clock, units=3)
    assert run.totals.counts == {"accepted": 3}
    assert posted(pool) == [2, 2, 1]
    assert [least <= wait <= 1.2 * least for least, wait in zip((20, 30), clock.waits, strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("status", "outcome", "given_back"),
    [(422, "rejected", 0), (409, "late", 0), (410, "refused", 0), (403, "refused", 1)],
)
def test_a_refused_result_refuses_no_other(
    pool: FakePool, clock: FakeClock, status: int, outcome: str, given_back: int
) -> None:
    pool.outcomes = {"0001": [(status, None)]}
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    run = Run(pool, clock, units=3)
    assert run.totals.counts == {"accepted": 2, outcome: 1}
    assert [(event.variable, event.message) for event in run.of(outcome)] == [("0001", "planned")]
    assert (posted(pool), pool.counts["given back"]) == ([2], given_back)


def test_a_result_with_five_errors_of_the_server_is_refused_and_given_back(pool: FakePool, clock: FakeClock) -> None:
    pool.outcomes = {"0001": [(500, None)] * 5}
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    run = Run(pool, clock, units=3)
    assert run.totals.counts == {"accepted": 2, "refused": 1}
    assert (posted(pool), pool.counts["given back"]) == ([2, 1, 1, 1, 1], 1)


def test_the_results_of_a_job_that_is_gone_are_refused_by_one_request(pool: FakePool, clock: FakeClock) -> None:
    pool.inject_fault("POST", BATCH_RESULTS, 404)
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    assert Run(pool, clock, units=3).totals.counts == {"accepted": 1, "refused": 2}
    assert (posted(pool), pool.counts["given back"]) == ([2], 0)


@pytest.mark.parametrize("status", [400, 500])
def test_where_the_pool_refuses_a_batch_as_a_whole_each_result_is_posted_alone(
    pool: FakePool, clock: FakeClock, status: int
) -> None:
    pool.inject_fault("POST", BATCH_RESULTS, status)
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    run = Run(pool, clock, units=3)
    assert run.totals.counts == {"accepted": 3}
    assert posted(pool) == [2]


def test_where_a_proxy_refuses_the_size_of_a_batch_each_result_is_posted_alone(
    pool: FakePool, clock: FakeClock
) -> None:
    pool.intercept("POST", BATCH_RESULTS, 413, {"Content-Type": "text/html"}, "<h1>Too large</h1>")
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    assert Run(pool, clock, units=3).totals.counts == {"accepted": 3}
    assert posted(pool) == [2]


def test_the_results_of_an_outage_are_kept(pool: FakePool, clock: FakeClock) -> None:
    pool.inject_fault("POST", BATCH_RESULTS, 503, times=3, Retry_After="60")
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    run = Run(pool, clock, units=3)
    assert run.totals.counts == {"accepted": 3}
    assert run.of("offline")[0].message == "2 results are kept: 503 Service Unavailable: injected fault"
    assert all(60 <= wait <= 72 for wait in clock.waits)


def test_the_reason_of_a_failed_unit_and_what_it_printed_are_reported(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    executor.on_compute = failing(1)
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    run = Run(pool, clock, units=3)
    assert run.totals.counts == {"accepted": 2, "error": 1}
    assert [report["error"]["message"] for report in pool.reports] == ["Error: no luck"]


# ---- responses that are not the pool's


def outcome_of(variable: str) -> dict[str, Any]:
    return {"status": 201, "location": f"/jobs/doubler/variables/{variable}/results/2026"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"outcomes": None},
        {"outcomes": [outcome_of("0001")]},
        {"outcomes": [outcome_of("0001"), outcome_of("0003")]},
        {"outcomes": [outcome_of("0002"), outcome_of("0001")]},
        {"outcomes": [outcome_of("0001"), {"status": 201}]},
        {"outcomes": [outcome_of("0001"), {"status": 200, "problem": {}}]},
        {"outcomes": [outcome_of("0001"), {"status": 409}]},
        {"outcomes": [outcome_of("0001"), {"status": "409", "problem": {}}]},
        {"outcomes": [outcome_of("0001"), {"status": 201, "location": "http://["}]},
        {"outcomes": [outcome_of("0001"), 201]},
        "<h1>Welcome to our network</h1>",
    ],
    ids=json.dumps,
)
def test_outcomes_that_are_not_those_of_the_results_lose_nothing(pool: FakePool, clock: FakeClock, body: Any) -> None:
    pool.intercept("POST", BATCH_RESULTS, 200, JSON, body if isinstance(body, str) else json.dumps(body))
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    run = Run(pool, clock, units=3)
    assert sorted(results(pool)) == [0, 2, 4]
    assert (run.totals.counts, posted(pool)) == ({"accepted": 3}, [2, 2])


def cached_batch(*tokens: str) -> str:
    links = []
    for token in tokens:
        home = "/jobs/doubler/variables/0009"
        links.append({"self": home, "post_result": f"{home}/results?{token}", "lease": f"{home}/lease?{token}"})
    return json.dumps({"_links": {}, "_embedded": {"items": [{"_links": each, "a": 0} for each in links]}})


@pytest.mark.parametrize(
    "body",
    [
        '{"error": "login required"}',
        '{"_embedded": {"items": []}}',
        '{"_embedded": {"items": [{"_links": {}, "a": 0}]}}',
        cached_batch("same", "same"),
        cached_batch("more", "than", "were", "requested", "by", "far"),
    ],
)
def test_leases_that_are_not_the_pool_s_are_not_computed(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor, body: str
) -> None:
    def compute(unit: Unit) -> None:
        computed.append(unit.variable["a"])
        if len(computed) == 1:
            pool.intercept("GET", LEASES, 200, JSON, body)

    computed: list[int] = []
    executor.on_compute = compute
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    run = Run(pool, clock, units=3)
    assert (computed, leased(pool)) == ([0, 1, 2], [1, 2, 2])
    assert run.totals.counts == {"accepted": 3}


# ---- units that are given back


def test_the_rest_of_a_batch_is_given_back_where_the_job_keeps_failing(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    def compute(unit: Unit) -> None:
        if unit.variable["a"] == 3:
            # Until then no failure of the job is one of several in a row.
            wait_until(lambda: sum(event.kind == "accepted" for event in events) == 3)
        fail(unit)

    events: list[Event] = []
    fail = failing(*range(3, 15))
    executor.on_compute = compute
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run = Run(pool, clock, events, idle_exit=10)
    assert (run.totals["accepted"], run.totals["error"]) == (3, 3)
    assert {event.message for event in run.of("returned")} == {"its job failed several times in a row"}
    assert len(run.of("returned")) == len(pool.tokens) - 6
    assert [(event.seconds, event.job) for event in run.of("backoff")] == [(30, "doubler")]


def test_many_rejected_results_of_one_batch_pause_the_job_once(pool: FakePool, clock: FakeClock) -> None:
    pool.validate = lambda result: "wrong" if result > 4 else None
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run = Run(pool, clock, units=15, idle_exit=10)
    assert [event.seconds for event in run.of("backoff")] == [30]


def test_units_that_were_given_back_are_not_counted_as_computed(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    executor.on_compute = failing(3, 4, 5)
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run = Run(pool, clock, units=10)
    assert run.totals["accepted"] + run.totals["error"] == 10


def test_a_unit_whose_lease_has_ended_before_it_was_started_is_given_back(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    def compute(unit: Unit) -> None:
        clock.now += 31 * (unit.variable["a"] == 3)

    executor.on_compute = compute
    pool.add_job("doubler", DOUBLE, NUMBERS[:7])
    run = Run(pool, clock, units=7)
    assert {event.message for event in run.of("returned")} == {"its lease ended before it was started"}
    assert sorted(results(pool)) == [2 * number for number in range(7)]


def test_at_a_shutdown_what_was_computed_is_posted_and_the_rest_given_back(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    def compute(unit: Unit) -> None:
        if unit.variable["a"] == 9:
            assert pool.wait_for(lambda: len(leased(pool)) == 5)
            volunteers[0].interrupt()
            assert stopping.wait(10)

    stopping = threading.Event()
    executor.on_compute = compute
    pool.add_job("doubler", DOUBLE, [{"a": number} for number in range(40)])
    events: list[Event] = []

    def listen(event: Event) -> None:
        events.append(event)
        if event.kind == "stopping":
            stopping.set()

    with Client(pool.url, retries=Retries(attempts=1), clock=clock) as client:
        volunteers = [Volunteer(client, Options(capabilities=Capabilities((), 512)), listen)]
        totals = volunteers[0].run()
    assert totals.counts == {"accepted": 10, "returned": len(pool.tokens) - 10}
    assert len(pool.jobs["doubler"].open) == 30
    ended = [event.variable for event in events if event.kind in totals.counts]
    assert len(ended) == len(set(ended)) == len(pool.tokens)


# ---- short units


def test_short_units_are_computed_together(pool: FakePool, clock: FakeClock, executor: FakeExecutor) -> None:
    executor.seconds = 0.001
    pool.add_job("doubler", DOUBLE, NUMBERS)
    Run(pool, clock, units=15)
    assert executor.together == [2, 4, 8]


def test_where_they_can_t_be_computed_together_each_is_computed_alone(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    executor.seconds, executor.computes_together = 0.001, False
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run = Run(pool, clock, units=15)
    assert run.totals.counts == {"accepted": 15}
    assert len(run.of("leased")) == 15


def test_one_that_fails_among_others_is_the_only_one(pool: FakePool, clock: FakeClock, executor: FakeExecutor) -> None:
    executor.seconds = 0.001
    executor.on_compute = failing(5)
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run = Run(pool, clock, units=15)
    assert [event.variable for event in run.of("error")] == ["0005"]
    assert run.totals["accepted"] == 14
