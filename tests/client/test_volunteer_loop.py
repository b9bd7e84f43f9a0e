"""The loop of a volunteer: which units it leases, what it uploads, how long it waits; without child processes."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from comp_pool.capabilities import Capabilities
from comp_pool.client import Client
from comp_pool.errors import BadCertificate, ForeignResponse, JobError, Unreachable
from comp_pool.events import Event
from comp_pool.executor import Unit
from comp_pool.leases import Lease, NoWork
from comp_pool.links import Document
from comp_pool.options import Options
from comp_pool.retry_policy import Retries
from comp_pool.volunteer import Volunteer
from fake_clock import FakeClock
from fake_executor import BROKEN, DOUBLE, FakeExecutor
from fake_pool import FakePool

NUMBERS = [{"a": number} for number in range(6)]
SCHEDULED = "^/jobs/scheduled$"
LEASES = "variables$"
RESULTS = "results$"
REPORTS = "reports$"
LIMIT = "urn:comp-pool:limit"
# What proxies and captive portals respond in a pool's place.
CASES = json.loads(Path(__file__).with_name("retry-cases.json").read_text())
FOREIGN = [case for case in CASES["responses"] if not case.get("of_pool")]
PAGE = (200, {"Content-Type": "text/html"}, "<h1>Welcome to our network</h1>")
OTHER_SERVICE = (200, {"Content-Type": "application/json"}, '{"error": "login required"}')
KEPT = "the result is kept: 507 Insufficient Storage: injected fault"


@pytest.fixture(autouse=True)
def executor(monkeypatch: pytest.MonkeyPatch) -> FakeExecutor:
    """Return the executor of all workers."""
    shared = FakeExecutor()
    monkeypatch.setattr("comp_pool.worker_loop.Executor", lambda **options: shared)
    return shared


class Run:
    """A volunteer that has run until one of its limits, and its events."""

    def __init__(self, pool: FakePool, clock: FakeClock, **options: Any) -> None:
        self.events: list[Event] = []
        options = {"capabilities": Capabilities((), 512), **options}
        with Client(pool.url, retries=Retries(attempts=1), clock=clock) as client:
            self.totals = Volunteer(client, Options(**options), self.events.append).run()

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


def results(pool: FakePool) -> list[list[Any]]:
    return [[stored["result"] for stored in job.results.values()] for job in pool.jobs.values()]


# ---- units


def test_every_variable_is_computed_and_posted(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS)
    Run(pool, clock, units=6)
    assert results(pool) == [[0, 2, 4, 6, 8, 10]]


def test_several_workers_share_the_units(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS)
    run = Run(pool, clock, units=6, workers=2)
    assert run.totals["accepted"] == 6
    assert sorted(results(pool)[0]) == [0, 2, 4, 6, 8, 10]


def test_no_more_units_than_the_limit_are_leased(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS)
    Run(pool, clock, units=2)
    assert len(pool.jobs["doubler"].open) == 4


def test_a_worker_keeps_its_job(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS)
    Run(pool, clock, units=6)
    assert len(pool.received("GET", SCHEDULED)) == 1


@pytest.mark.parametrize(("seconds", "requests"), [(29, 1), (31, 2)])
def test_after_half_a_minute_the_job_is_chosen_anew(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor, seconds: float, requests: int
) -> None:
    executor.on_compute = lambda unit: clock.sleep(seconds)
    pool.add_job("doubler", DOUBLE, NUMBERS)
    Run(pool, clock, units=2)
    assert len(pool.received("GET", SCHEDULED)) == requests


def test_the_scheduler_is_requested_again_when_a_job_has_no_more_variables(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("first", DOUBLE, NUMBERS[:2])
    pool.add_job("second", DOUBLE, NUMBERS[:2])
    Run(pool, clock, units=4)
    assert results(pool) == [[0, 2], [0, 2]]


def test_a_named_job_is_the_only_one(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("first", DOUBLE, NUMBERS)
    pool.add_job("second", DOUBLE, NUMBERS)
    Run(pool, clock, units=2, job="second")
    assert results(pool) == [[], [0, 2]]


def test_only_jobs_of_the_named_owners_are_computed(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("of-ada", DOUBLE, NUMBERS, metadata={"owner": "ada"})
    pool.add_job("of-eve", DOUBLE, NUMBERS, metadata={"owner": "eve"})
    Run(pool, clock, units=2, owners=("eve",))
    assert results(pool) == [[], [0, 2]]


# ---- waits without work


def test_without_work_it_ends_after_the_idle_time(pool: FakePool, clock: FakeClock) -> None:
    pool.retry_after = 10
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    run = Run(pool, clock, idle_exit=100)
    assert run.totals["accepted"] == 1
    assert clock.now == 100


def test_without_work_it_waits_for_retry_after_or_a_little_longer(pool: FakePool, clock: FakeClock) -> None:
    pool.retry_after = 10
    Run(pool, clock, idle_exit=60)
    assert all(10 <= wait <= 12 for wait in clock.waits[:-1])
    assert len(pool.received("GET", SCHEDULED)) == len(clock.waits)


def test_a_job_without_open_variables_is_paused_for_retry_after(pool: FakePool, clock: FakeClock) -> None:
    pool.retry_after = 10
    pool.add_job("doubler", DOUBLE)
    run = Run(pool, clock, idle_exit=60)
    assert all(10 <= wait <= 12 for wait in clock.waits[:-1])
    assert len(pool.received("GET", LEASES)) == len(clock.waits)
    assert run.events[0].message == "every job is in backoff: no open variables, or repeated failures"


def test_the_scheduler_is_requested_at_most_three_times_in_a_row(pool: FakePool, clock: FakeClock) -> None:
    pool.retry_after = 90
    pool.add_job("doubler", DOUBLE)
    Run(pool, clock, idle_exit=60)
    assert (len(pool.received("GET", SCHEDULED)), len(pool.received("GET", LEASES))) == (3, 1)


def test_work_that_comes_later_is_found(pool: FakePool, clock: FakeClock) -> None:
    clock.on_wait = lambda seconds: pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    run = Run(pool, clock, units=1)
    assert [event.kind for event in run.events] == ["waiting", "leased", "accepted"]
    assert run.events[0].message == "the pool has no job"


def test_a_named_job_that_does_not_exist_is_read_again_after_a_minute(pool: FakePool, clock: FakeClock) -> None:
    clock.on_wait = lambda seconds: pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    run = Run(pool, clock, units=1, job="doubler")
    assert (run.events[0].kind, run.events[0].message) == ("waiting", "404 Not Found: no job doubler")
    assert 60 <= clock.waits[0] <= 72
    assert run.totals["accepted"] == 1


def test_a_job_with_unmet_requirements_is_paused_for_a_minute(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("on-a-gpu", DOUBLE, NUMBERS, requirements={"webgpu": True})
    run = Run(pool, clock, idle_exit=59)
    assert [event.message for event in run.events] == ["on-a-gpu requires WebGPU (browsers only)"]
    assert run.events[0].seconds == 60


def test_a_named_job_is_not_read_while_it_is_paused(pool: FakePool, clock: FakeClock) -> None:
    pool.retry_after = 10
    pool.add_job("doubler", DOUBLE)
    Run(pool, clock, job="doubler", idle_exit=60)
    assert len(pool.received("GET", "^/jobs/doubler$")) == len(pool.received("GET", LEASES))


# ---- failures of units


def test_a_failed_unit_is_shown_with_its_kind_its_message_and_its_console(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    executor.console = "a = 1\n"
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    (event,) = Run(pool, clock, units=1).of("error")
    assert (event.message, event.console) == ("threw: Error: no luck", "a = 1\n")


def test_a_failed_unit_is_reported_to_the_pool(pool: FakePool, clock: FakeClock, executor: FakeExecutor) -> None:
    executor.console = "a = 1\n"
    executor.on_compute = lambda unit: clock.sleep(7)
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    Run(pool, clock, units=1)
    stack = "Error: no luck\n    at execute_function.js:1:15"
    error = {"kind": "threw", "message": "Error: no luck", "stack": stack}
    assert pool.reports == [{"error": error, "console": "a = 1\n", "engine": "an engine 1.0", "run_seconds": 7}]


def test_a_report_ends_the_lease(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    Run(pool, clock, units=1)
    assert pool.received("DELETE", "lease$") == []


def test_a_pool_that_takes_no_reports_gets_the_unit_back(pool: FakePool, clock: FakeClock) -> None:
    pool.takes_reports = False
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    run = Run(pool, clock, units=1)
    assert [event.message for event in run.of("error")] == ["threw: Error: no luck"]
    assert (pool.reports, pool.counts["given back"]) == ([], 1)


def test_a_failure_that_is_no_fault_of_the_job_is_not_reported(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    executor.error = JobError("sandbox", "its process could not start")
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    Run(pool, clock, units=1)
    assert (pool.reports, pool.counts["given back"]) == ([], 1)


def test_a_report_is_repeated_while_the_pool_is_unavailable(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    pool.inject_fault("POST", REPORTS, 503, times=4)
    run = Run(pool, clock, units=1)
    assert (len(pool.reports), len(clock.waits)) == (1, 4)
    assert run.of("error")[0].message == "threw: Error: no luck"


def test_a_report_that_the_pool_can_t_take_is_given_up(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    pool.inject_fault("POST", REPORTS, 503, times=5)
    run = Run(pool, clock, units=1)
    remark = "(and could not be reported: 503 Service Unavailable: injected fault)"
    assert run.of("error")[0].message == f"threw: Error: no luck {remark}"
    assert (pool.reports, pool.counts["given back"]) == ([], 0)


def test_a_unit_whose_report_is_refused_is_given_back(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    pool.inject_fault("POST", REPORTS, 422)
    run = Run(pool, clock, units=1)
    assert run.of("error")[0].message.endswith("(and could not be reported: 422 Unprocessable Entity: injected fault)")
    assert pool.counts["given back"] == 1


def test_a_failed_unit_with_a_lost_lease_needs_no_report(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    pool.inject_fault("POST", REPORTS, 409)
    run = Run(pool, clock, units=1)
    assert run.of("error")[0].message == "threw: Error: no luck"
    assert pool.received("DELETE", "lease$") == []


@pytest.mark.parametrize(("status", "remark"), [(500, " (and could not be given back)"), (409, "")])
def test_a_unit_that_could_not_be_given_back_says_so(
    pool: FakePool, clock: FakeClock, status: int, remark: str
) -> None:
    pool.takes_reports = False
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    pool.inject_fault("DELETE", "lease$", status)
    run = Run(pool, clock, units=1)
    assert run.of("error")[0].message == f"threw: Error: no luck{remark}"


def test_delays_after_failures_grow_until_the_job_is_paused(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("broken", BROKEN, NUMBERS)
    run = Run(pool, clock, units=3)
    assert 0.4 <= clock.waits[0] <= 0.6
    assert 0.8 <= clock.waits[1] <= 1.2
    assert [(event.seconds, event.job) for event in run.of("backoff")] == [(30, "broken")]


def test_after_a_failure_the_job_is_chosen_anew(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("broken", BROKEN, NUMBERS)
    Run(pool, clock, units=2)
    assert len(pool.received("GET", SCHEDULED)) == 2


def test_a_paused_job_is_not_computed(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("broken", BROKEN, NUMBERS)
    run = Run(pool, clock, idle_exit=20)
    assert len(run.of("error")) == 3
    assert len(pool.jobs["broken"].open) == 6


def test_while_a_failing_job_is_paused_the_scheduler_is_requested_every_few_seconds(
    pool: FakePool, clock: FakeClock
) -> None:
    pool.add_job("broken", BROKEN, NUMBERS)
    Run(pool, clock, idle_exit=18)
    assert clock.waits[2:5] == [5, 5, 5]


def test_while_a_pool_keeps_failed_units_for_others_the_scheduler_is_requested_every_few_seconds(
    pool: FakePool, clock: FakeClock
) -> None:
    pool.retry_after = 15
    pool.leases_failed_units = False
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    Run(pool, clock, idle_exit=14)
    assert clock.waits[1:3] == [5, 5]


# ---- console output of units that succeed


def test_what_a_unit_prints_is_reported(pool: FakePool, clock: FakeClock, executor: FakeExecutor) -> None:
    executor.console = "a = 1\n"
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    Run(pool, clock, units=1)
    assert pool.reports == [{"console": "a = 1\n", "engine": "an engine 1.0", "run_seconds": 0.5}]


def test_a_unit_that_prints_nothing_is_not_reported(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    Run(pool, clock, units=1)
    assert pool.received("POST", REPORTS) == []


@pytest.mark.parametrize(("seconds", "reports"), [(29, 1), (30, 2)])
def test_what_units_print_is_reported_once_a_minute(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor, seconds: float, reports: int
) -> None:
    executor.console = "a = 1\n"
    executor.on_compute = lambda unit: clock.sleep(seconds)
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    Run(pool, clock, units=3)
    assert len(pool.reports) == reports


def test_each_job_has_its_own_minute(pool: FakePool, clock: FakeClock, executor: FakeExecutor) -> None:
    executor.console = "a = 1\n"
    pool.add_job("first", DOUBLE, NUMBERS[:2])
    pool.add_job("second", DOUBLE, NUMBERS[:2])
    Run(pool, clock, units=4)
    assert len(pool.reports) == 2


def test_console_output_that_the_pool_does_not_take_is_dropped(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    executor.console = "a = 1\n"
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", REPORTS, 503)
    run = Run(pool, clock, units=1)
    assert [event.kind for event in run.events] == ["leased", "accepted"]
    assert clock.waits == []


def test_a_rejected_unit_is_shown_with_its_console(pool: FakePool, clock: FakeClock, executor: FakeExecutor) -> None:
    executor.console = "a = 1\n"
    pool.validate = lambda result: f"{result} is wrong"
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    assert Run(pool, clock, units=1).of("rejected")[0].console == "a = 1\n"


# ---- uploads


def test_a_late_result_is_counted_as_late(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, 409)
    assert Run(pool, clock, units=1).totals["late"] == 1


def test_a_rejected_result_is_reported_with_its_reason(pool: FakePool, clock: FakeClock) -> None:
    pool.validate = lambda result: f"{result} is wrong"
    pool.add_job("doubler", DOUBLE, [{"a": 21}])
    assert Run(pool, clock, units=1).of("rejected")[0].message == "42 is wrong"


@pytest.mark.parametrize(("status", "pauses"), [(422, 1), (413, 1), (409, 0)])
def test_a_result_that_is_rejected_or_refused_is_a_failure_of_its_job(
    pool: FakePool, clock: FakeClock, status: int, pauses: int
) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:3])
    pool.inject_fault("POST", RESULTS, status, times=3)
    assert len(Run(pool, clock, units=3).of("backoff")) == pauses


def test_a_refused_result_is_counted_and_not_retried(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, 410)
    assert Run(pool, clock, units=1).totals["refused"] == 1
    assert len(pool.received("POST", RESULTS)) == 1


def test_a_result_is_kept_while_the_pool_can_t_store_it(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, 507, times=3, Retry_After="60")
    run = Run(pool, clock, units=1)
    assert run.totals["accepted"] == 1
    assert [event.message for event in run.of("offline")] == [KEPT] * 3
    assert all(60 <= wait <= 72 for wait in clock.waits)


# ---- results that the pool does not take


@pytest.mark.parametrize("case", CASES["refusals"], ids=json.dumps)
def test_the_lease_of_a_refused_result_ends(pool: FakePool, clock: FakeClock, case: dict[str, Any]) -> None:
    pool.problem_type = case["type"]
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, case["status"])
    (event,) = Run(pool, clock, units=1).of(case["outcome"])
    reported = [report["error"]["kind"] for report in pool.reports]
    found = (event.message, reported, pool.counts["given back"])
    expected = ([case["reported"]] if "reported" in case else [], int(case.get("given_back", False)))
    assert found == ("injected fault", *expected)
    assert clock.waits == []


def test_the_report_of_a_refused_result_has_the_pool_s_reason_and_what_was_printed(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    executor.console = "a = 0\n"
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, 413)
    Run(pool, clock, units=1)
    (report,) = pool.reports
    assert report == {
        "error": {"kind": "too-large", "message": "the pool refused the result: injected fault", "stack": ""},
        "console": "a = 0\n",
        "engine": "an engine 1.0",
        "run_seconds": 0.5,
    }


def test_a_pool_that_takes_no_reports_gets_a_refused_result_s_unit_back(pool: FakePool, clock: FakeClock) -> None:
    pool.takes_reports = False
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, 413)
    assert Run(pool, clock, units=1).totals["refused"] == 1
    assert pool.counts["given back"] == 1


def test_that_a_refused_result_could_not_be_reported_is_said(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, 413)
    pool.inject_fault("POST", REPORTS, 503, times=9)
    (refused,) = Run(pool, clock, units=1).of("refused")
    assert refused.message.startswith("injected fault (and could not be reported: 503 ")


# ---- a proxy's responses


@pytest.mark.parametrize(("method", "path"), [("GET", SCHEDULED), ("GET", LEASES), ("POST", RESULTS)])
def test_responses_that_are_not_the_pool_s_lose_nothing(
    pool: FakePool, clock: FakeClock, method: str, path: str
) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:2])
    for case in FOREIGN:
        location = {"Location": case["location"]} if "location" in case else {}
        pool.intercept(method, path, case["status"], {"Content-Type": case.get("type", ""), **location}, case["body"])
    run = Run(pool, clock, units=2)
    assert results(pool) == [[0, 2]]
    assert pool.counts["given back"] == 0
    assert len(run.of("offline")) == len(FOREIGN) - 1


def test_a_lease_that_is_no_document_of_a_pool_is_not_computed(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor
) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.intercept("GET", LEASES, *OTHER_SERVICE)
    run = Run(pool, clock, units=1)
    assert [event.kind for event in run.events] == ["leased", "accepted"]


def cached_lease(variable: str) -> Any:
    """Return a lease as a cache repeats it."""
    home = f"/jobs/doubler/variables/{variable}"
    links = {"self": home, "post_result": f"{home}/results?lease=cached", "lease": f"{home}/lease?lease=cached"}
    return 200, {"Content-Type": "application/json"}, json.dumps({"_links": links, "a": 0})


def test_a_lease_that_a_cache_repeats_is_not_computed_again(pool: FakePool, clock: FakeClock) -> None:
    job = pool.add_job("doubler", DOUBLE, NUMBERS[:2])
    job.open.remove("0000")
    for _ in range(3):
        pool.intercept("GET", LEASES, *cached_lease("0000"))
    run = Run(pool, clock, units=2)
    assert run.totals.counts == {"accepted": 2}
    assert run.of("offline")[0].message.endswith("a lease that was served before")


def test_a_response_about_another_variable_is_not_taken_for_that_of_a_posted_result(
    pool: FakePool, clock: FakeClock
) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    headers = {"Content-Type": "application/json", "Location": "/results/1"}
    body = json.dumps({"_links": {"get_variable": "/jobs/doubler/variables/other"}})
    for _ in range(2):
        pool.intercept("POST", RESULTS, 201, headers, body)
    run = Run(pool, clock, units=1)
    assert results(pool) == [[0]]
    assert run.of("offline")[0].message.endswith("a response about another variable")


def test_an_extended_lease_of_another_variable_is_not_taken_for_that_of_this_one(
    pool: FakePool, client: Client
) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:2])
    lease = client.lease(client.job("doubler"))
    assert isinstance(lease, Lease)
    pool.intercept("POST", "lease$", *cached_lease("0001"))
    with pytest.raises(ForeignResponse, match="another variable"):
        client.extend(lease)


@pytest.mark.parametrize("job", [None, "doubler"])
def test_a_job_that_is_no_document_of_a_pool_is_read_again(pool: FakePool, clock: FakeClock, job: str | None) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:2])
    pool.intercept("GET", "^/jobs/(scheduled|doubler)$", *OTHER_SERVICE)
    run = Run(pool, clock, units=2, job=job)
    assert run.totals.counts == {"accepted": 2}


@pytest.mark.parametrize("response", [PAGE, OTHER_SERVICE])
def test_a_report_that_a_proxy_took_is_posted_again(pool: FakePool, clock: FakeClock, response: Any) -> None:
    pool.add_job("broken", BROKEN, NUMBERS[:1])
    pool.intercept("POST", REPORTS, *response)
    Run(pool, clock, units=1)
    assert len(pool.reports) == 1


def test_a_result_that_could_not_be_posted_for_a_day_is_given_up_and_given_back(
    pool: FakePool, clock: FakeClock
) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.intercept("POST", RESULTS, *PAGE)

    def wait(seconds: float) -> None:
        clock.now += 3600
        pool.intercept("POST", RESULTS, *PAGE)

    clock.on_wait = wait
    (lost,) = Run(pool, clock, units=1).of("lost")
    assert lost.message.startswith("the result could not be posted for 86400 s: 200 not a response of the pool")
    assert pool.counts["given back"] == 1


# ---- limits of the pool


@pytest.mark.parametrize(("retry_after", "shown"), [("20", []), ("31", ["injected fault"])])
def test_a_long_wait_because_of_a_limit_has_the_pool_s_reason(
    pool: FakePool, clock: FakeClock, retry_after: str, shown: list[str]
) -> None:
    pool.problem_type = LIMIT
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("GET", LEASES, 429, Retry_After=retry_after)
    run = Run(pool, clock, units=1)
    assert [event.message for event in run.of("limit")] == shown
    assert run.of("offline") == []
    assert float(retry_after) <= clock.waits[0] <= 1.2 * float(retry_after)


def test_a_result_is_kept_while_a_limit_defers_it(pool: FakePool, clock: FakeClock) -> None:
    pool.problem_type = LIMIT
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, 429, Retry_After="60")
    run = Run(pool, clock, units=1)
    assert [event.message for event in run.of("limit")] == ["the result is kept: injected fault"]
    assert run.totals["accepted"] == 1


# ---- a pool that is offline


def test_a_single_short_failure_is_not_reported(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, 503)
    pool.inject_fault("GET", SCHEDULED, 503)
    run = Run(pool, clock, units=1)
    assert [event.kind for event in run.events] == ["leased", "accepted"]


def test_during_an_outage_requests_become_less_frequent(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("GET", SCHEDULED, 503, times=10)
    run = Run(pool, clock, units=1)
    assert clock.waits[0] <= 0.6
    assert 48 <= clock.waits[9] <= 72
    assert len(run.of("offline")) == 9
    assert run.totals["accepted"] == 1


def test_after_an_outage_delays_begin_anew(pool: FakePool, clock: FakeClock, executor: FakeExecutor) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:2])
    pool.inject_fault("GET", SCHEDULED, 503, times=4)
    executor.on_compute = lambda unit: pool.inject_fault("GET", LEASES, 503, times=len(clock.waits) == 4)
    Run(pool, clock, units=2)
    assert len(clock.waits) == 5
    assert clock.waits[4] <= 0.6


def test_a_refusal_of_the_pool_is_reported_and_the_request_repeated(pool: FakePool, clock: FakeClock) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("GET", SCHEDULED, 403)
    run = Run(pool, clock, units=1)
    assert run.events[0].kind == "waiting"
    assert run.events[0].message.startswith("403 ")
    assert run.totals["accepted"] == 1


def test_a_pool_that_is_down_at_first_is_waited_for(clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    clock.on_wait = lambda seconds: len(clock.waits) == 9 and volunteer.interrupt()
    offline: list[Event] = []
    with Client(url, retries=Retries(attempts=1), clock=clock) as client:
        volunteer = Volunteer(client, Options(capabilities=Capabilities((), 512)), offline.append)
        volunteer.run()
    assert {event.kind for event in offline} == {"offline", "stopping"}


@pytest.mark.parametrize("idle_exit", [60, 3600])
def test_a_pool_that_is_never_reached_is_an_error_at_the_end_of_the_idle_time(
    clock: FakeClock, idle_exit: float
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    with Client(url, retries=Retries(attempts=1), clock=clock) as client:
        options = Options(capabilities=Capabilities((), 512), idle_exit=idle_exit)
        with pytest.raises(Unreachable, match=r"^the pool was never reached: "):
            Volunteer(client, options).run()
    assert clock.now == pytest.approx(idle_exit)


def test_a_proxy_in_its_place_is_no_pool_that_was_reached(pool: FakePool, clock: FakeClock) -> None:
    clock.on_wait = lambda seconds: pool.intercept("GET", "^/$", *PAGE)
    pool.intercept("GET", "^/$", *PAGE)
    with pytest.raises(Unreachable, match="never reached: 200 not a response of the pool: text/html"):
        Run(pool, clock, idle_exit=60)


def test_a_pool_with_a_bad_certificate_at_first_ends_the_volunteer(clock: FakeClock) -> None:
    with FakePool(scheme="https") as pool, pytest.raises(BadCertificate):
        Run(pool, clock)
    assert clock.waits == []


def test_a_bad_certificate_after_the_pool_was_reached_is_waited_for(
    pool: FakePool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:2])
    lease = Client.lease
    errors = [None, *[BadCertificate("the pool's certificate is not valid: expired")] * 3]

    def intercepted(client: Client, job: Document) -> Lease | NoWork:
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error
        return lease(client, job)

    monkeypatch.setattr(Client, "lease", intercepted)
    run = Run(pool, clock, units=2)
    assert run.totals["accepted"] == 2
    assert len(run.of("offline")) == 2


# ---- idle executors


@pytest.mark.parametrize(("retry_after", "resets"), [(3.0, 0), (6.0, 1)])
def test_a_long_wait_after_a_unit_resets_the_executor(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor, retry_after: float, resets: int
) -> None:
    pool.retry_after = retry_after
    job = pool.add_job("doubler", DOUBLE, NUMBERS[:2])
    last = job.open.pop()
    clock.on_wait = lambda seconds: job.open.append(last)
    counts: list[int] = []

    def compute(unit: Unit) -> None:
        counts.append(executor.resets)
        clock.now += 100

    executor.on_compute = compute
    Run(pool, clock, units=2)
    assert counts == [0, resets]


def test_many_short_waits_reset_the_executor(pool: FakePool, clock: FakeClock, executor: FakeExecutor) -> None:
    pool.retry_after = 2
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    resets: list[int] = []
    clock.on_wait = lambda seconds: resets.append(executor.resets)
    Run(pool, clock, idle_exit=12)
    assert resets[:2] == [0, 0]
    assert resets[2] == 1


@pytest.mark.parametrize(("retry_after", "resets"), [("3", 0), ("6", 1)])
def test_a_long_wait_of_an_upload_resets_the_executor(
    pool: FakePool, clock: FakeClock, executor: FakeExecutor, retry_after: str, resets: int
) -> None:
    pool.add_job("doubler", DOUBLE, NUMBERS[:1])
    pool.inject_fault("POST", RESULTS, 503, Retry_After=retry_after)
    counts: list[int] = []
    clock.on_wait = lambda seconds: counts.append(executor.resets)
    Run(pool, clock, units=1)
    assert counts == [resets]
