"""The delays between attempts, and the pauses of jobs that keep failing."""

from comp_pool.backoff import Backoff, jittered
from comp_pool.job_backoff import JobBackoff


def test_the_pause_of_a_job_grows_with_each_failure() -> None:
    backoff = JobBackoff()
    waits = [backoff.record_failure("job") for _ in range(6)]
    assert waits == [0, 0, 30, 60, 120, 240]


def test_a_success_resets_the_failures_of_a_job() -> None:
    backoff = JobBackoff()
    for _ in range(5):
        backoff.record_failure("job")
    backoff.record_success("job")
    assert backoff.record_failure("job") == 0


def test_backoff_grows_to_about_a_minute() -> None:
    backoff = Backoff()
    waits = [backoff.next() for _ in range(12)]
    assert waits[0] <= 0.6
    assert 48 <= waits[-1] <= 72


def test_backoff_respects_retry_after() -> None:
    assert 24 <= Backoff().next(retry_after=30.0) <= 36


def test_delays_have_jitter() -> None:
    assert len({jittered(10.0) for _ in range(20)}) > 10
