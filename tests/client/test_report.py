"""Reports to the owner of a job: their texts, and how often they are sent."""

import json

import pytest
from comp_pool.client import Client
from comp_pool.errors import JobError, MissingLink, PoolError, Unreachable
from comp_pool.report import console_report, cut, failure_report, post_report
from comp_pool.retry_policy import POLICY
from comp_pool.transport import encode_json
from failing_post import failing
from fake_pool import FakePool

OF_THE_JOB = ["code", "threw", "no-result", "not-json", "too-large", "timeout", "memory", "crash", "misbehaved"]
OF_OTHERS = ["cancelled", "sandbox"]


@pytest.mark.parametrize(("kinds", "is_fault_of_job"), [(OF_THE_JOB, True), (OF_OTHERS, False)])
def test_a_failure_is_the_job_s_fault(kinds: list[str], is_fault_of_job: bool) -> None:
    assert [kind for kind in kinds if JobError(kind, "").is_fault_of_job is is_fault_of_job] == kinds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("abcde", "abcd"),
        ("🦀🦀🦀🦀🦀", "🦀🦀🦀🦀"),
        ("a\ud800", "a\ufffd"),
        ("\udc00a", "\ufffda"),
        ("\0\n", "\0\n"),
    ],
)
def test_a_text_is_cut(text: str, expected: str) -> None:
    assert cut(text, 4) == expected


def test_a_report_is_no_longer_than_a_pool_accepts() -> None:
    long = "x" * 20_000
    report = failure_report(JobError("threw", long, long, long), long, 1.0)
    assert {name: len(text) for name, text in report["error"].items()} == {"kind": 5, "message": 2000, "stack": 4000}
    assert (len(report["console"]), len(report["engine"])) == (10_000, 200)


def test_any_report_can_be_sent() -> None:
    half = "\ud800"
    assert json.loads(encode_json(failure_report(JobError("threw", half, half, half), half, 1.0)))


@pytest.mark.parametrize("ex", [Unreachable("down"), *(PoolError(status, "") for status in (429, 502, 503, 504, 507))])
def test_a_report_is_sent_as_often_as_a_call(ex: Exception) -> None:
    waits: list[float] = []
    with pytest.raises(type(ex)):
        post_report(failing(*[ex] * 9), lambda seconds: not waits.append(seconds))
    assert len(waits) == POLICY.call_attempts - 1


@pytest.mark.parametrize(
    "ex", [MissingLink("x", "/"), *(PoolError(status, "") for status in (400, 403, 409, 422, 500))]
)
def test_a_refused_report_is_not_repeated(ex: Exception) -> None:
    with pytest.raises(type(ex)):
        post_report(failing(ex), lambda seconds: pytest.fail("waited"))


def test_a_wait_that_is_cancelled_ends_the_attempts() -> None:
    with pytest.raises(Unreachable, match="first"):
        post_report(failing(Unreachable("first"), Unreachable("second")), lambda seconds: False)


def test_a_report_is_posted_at_the_link_of_its_lease(pool: FakePool, client: Client) -> None:
    pool.add_job("job", "() => 1", [{}])
    lease = client.lease(client.job("job"))
    assert lease
    client.post_report(lease, console_report("a\n", "an engine", 0.5))
    assert pool.reports == [{"console": "a\n", "engine": "an engine", "run_seconds": 0.5}]
    assert pool.received("POST", "reports$")[0].query == {"lease": ["token-0"]}
