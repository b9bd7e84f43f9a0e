"""The retry policy, by the table of cases that the JavaScript client passes too (`retry-policy.test.js`)."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from comp_pool import retry_policy
from comp_pool.backoff import Backoff, call_delay, jittered, retry_after_delay
from comp_pool.errors import (
    BadCertificate,
    ForeignLink,
    ForeignResponse,
    LimitReached,
    MissingLink,
    PoolError,
    Unreachable,
)
from comp_pool.job_backoff import JobBackoff
from comp_pool.response import Response, parse_retry_after
from comp_pool.retry_policy import POLICY
from comp_pool.upload import upload
from fake_clock import FakeClock

CASES = json.loads(Path(__file__).with_name("retry-cases.json").read_text())
RANDOM = [(0.0, "least"), (1.0, "greatest")]

Case = dict[str, Any]


def cases(name: str) -> pytest.MarkDecorator:
    """Parametrize a test by a part of the table."""
    return pytest.mark.parametrize("case", CASES[name], ids=json.dumps)


def error(failure: Any, retry_after: float | None = None) -> Exception:
    """Return the error that a case names."""
    named = {
        "unreachable": Unreachable("down"),
        "bad certificate": BadCertificate("expired"),
        "missing link": MissingLink("next", "/"),
        "foreign link": ForeignLink("http://other.example/"),
    }
    if failure in named:
        return named[failure]
    if isinstance(failure, str):
        return ForeignResponse(int(failure.removeprefix("foreign ")), "text/html", retry_after)
    return PoolError(failure, "failed", retry_after=retry_after)


def delays(monkeypatch: pytest.MonkeyPatch, delay: Callable[[], float | None]) -> Case:
    """Return the delays at both ends of the random numbers."""
    found: Case = {}
    for number, name in RANDOM:
        monkeypatch.setattr(random, "random", lambda number=number: number)
        found[name] = delay()
    return found


def expected(case: Case) -> Any:
    return pytest.approx({name: case[name] for _, name in RANDOM})


@cases("responses")
def test_a_response_counts_as_the_pool_s(case: Case) -> None:
    headers = {"Content-Type": case.get("type"), "Location": case.get("location")}
    given = {name: value for name, value in headers.items() if value is not None}
    response = Response("http://pool.example/", case["status"], given, case["body"].encode())
    found = (response.is_of_pool, response.has_stored)
    assert found == (case.get("of_pool", False), case.get("stored", False))


@cases("failures")
def test_a_failure_is_retried_by(case: Case) -> None:
    ex = error(case["failure"])
    found = {
        "call": retry_policy.is_retryable(ex),
        "volunteer": retry_policy.is_temporary(ex),
        "start": retry_policy.is_unavailable(ex),
        "gone": retry_policy.is_gone(ex),
        "lost": retry_policy.is_lost(ex),
    }
    assert found == {name: case.get(name, False) for name in found}


@cases("call_delays")
def test_a_call_waits(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    ex = error(case["failure"], case.get("retry_after"))
    found = delays(
        monkeypatch, lambda: call_delay(ex, case["attempt"], case.get("first_delay", POLICY.call_first_delay))
    )
    assert found == ({"least": None, "greatest": None} if case.get("final") else expected(case))


@cases("backoff_delays")
def test_backoff_waits(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def delay() -> float:
        backoff = Backoff()
        return [backoff.next(case.get("retry_after")) for _ in range(case["failures"])][-1]

    assert delays(monkeypatch, delay) == expected(case)


def test_backoff_restarts_after_a_reset() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.next()
    backoff.reset()
    assert backoff.failures == 0
    assert backoff.next() <= 0.6


@cases("no_work_delays")
def test_without_work_a_volunteer_waits(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert delays(monkeypatch, lambda: retry_after_delay(case.get("retry_after"))) == expected(case)


def test_delays_have_jitter() -> None:
    assert len({jittered(10.0) for _ in range(20)}) > 10


@cases("reports")
def test_a_failure_is_reported(case: Case) -> None:
    assert retry_policy.should_report(case["failures"], case["delay"]) is case["reported"]


@pytest.mark.parametrize(
    ("ex", "delay", "kind"),
    [
        (LimitReached(429, "Too Many Requests"), 30, None),
        (LimitReached(429, "Too Many Requests"), 31, "limit"),
        (PoolError(429, "Too Many Requests"), 31, "offline"),
        (PoolError(503, "Service Unavailable"), 2, None),
        (PoolError(403, "Forbidden"), 0.5, "waiting"),
    ],
)
def test_a_wait_is_shown_as(ex: Exception, delay: float, kind: str | None) -> None:
    assert retry_policy.event_kind(ex, 1, delay) == kind


@cases("uploads")
def test_an_upload_ends(case: Case) -> None:
    failures = [error(failure) for failure in case["failures"]]
    attempts: list[Exception | None] = []

    def post() -> None:
        attempts.append(failures[len(attempts)] if len(attempts) < len(failures) else None)
        if attempts[-1] is not None:
            raise attempts[-1]

    uploaded = upload(post, lambda seconds: True, lambda kind, seconds, reason: None, FakeClock())
    assert uploaded is not None
    assert (uploaded.outcome, len(attempts)) == (case["outcome"], case["attempts"])


@cases("given_up")
def test_a_result_is_given_up_and_that_is_said(case: Case) -> None:
    now = FakeClock()

    def post() -> None:
        raise error(case["failure"])

    def wait(seconds: float) -> bool:
        now.now += seconds
        return True

    uploaded = upload(post, wait, lambda kind, seconds, reason: None, now)
    assert uploaded is not None
    assert uploaded.outcome == "lost"
    assert uploaded.reason.startswith("the result could not be posted for 86400 s: ")
    assert case["least"] <= now.now <= case["greatest"]


@cases("job_backoff")
def test_a_job_is_paused(case: Case) -> None:
    clock = FakeClock()
    job_backoff = JobBackoff(clock)

    def apply(step: Any) -> None:
        match step:
            case "fail":
                job_backoff.record_failure("job")
            case "succeed":
                job_backoff.record_success("job")
            case {"pause": seconds}:
                job_backoff.pause("job", seconds)
            case {"pass": seconds}:
                clock.sleep(seconds)
            case {"times": times, "step": repeated}:
                for _ in range(times):
                    apply(repeated)

    for step in case["steps"]:
        apply(step)
    assert (job_backoff.remaining("job"), job_backoff.remaining("other")) == (case["remaining"], 0)


def test_the_pause_of_a_failing_job_is_returned() -> None:
    job_backoff = JobBackoff(FakeClock())
    assert [job_backoff.record_failure("job") for _ in range(6)] == [0, 0, 30, 60, 120, 240]


@cases("retry_after_headers")
def test_retry_after_is_read(case: Case) -> None:
    assert parse_retry_after({"Retry-After": case["header"], "Date": case.get("date", "")}) == case["seconds"]
