"""The upload of a result: how it ends, and what is shown; which failures are retried: `test_retry_policy.py`."""

import pytest
from comp_pool.errors import MissingLink, PoolError, Unreachable
from comp_pool.events import Kind
from comp_pool.upload import Uploaded, abandon, upload
from failing_post import failing
from fake_clock import FakeClock


def ignore(kind: Kind, seconds: float, reason: str) -> None:
    """Show nothing."""


def test_retry_after_is_honoured() -> None:
    waits: list[float] = []
    post = failing(PoolError(503, "busy", retry_after=90))
    upload(post, lambda seconds: not waits.append(seconds), ignore, FakeClock())
    assert 90 <= waits[0] <= 108


def test_a_wait_that_is_cancelled_ends_it() -> None:
    assert upload(failing(Unreachable("down")), lambda seconds: False, ignore, FakeClock()) is None


@pytest.mark.parametrize(
    ("failures", "given_back", "waits", "uploaded"),
    [
        (0, [], [], Uploaded("accepted")),
        (1, [True], [], Uploaded("returned", "the result could not be posted: down")),
        (1, [False], [True], Uploaded("accepted")),
        (2, [False, True], [True], Uploaded("returned", "the result could not be posted: down")),
        (
            2,
            [False, False],
            [True, False],
            Uploaded("lost", "the result could not be posted: down (and could not be given back)"),
        ),
    ],
)
def test_at_a_shutdown_the_result_is_posted_or_its_lease_given_back_while_there_is_time(
    failures: int, given_back: list[bool], waits: list[bool], uploaded: Uploaded
) -> None:
    post = failing(*[Unreachable("down")] * failures)
    attempts, times = iter(given_back), iter(waits)
    assert abandon(post, lambda: next(attempts), lambda seconds: next(times)) == uploaded
    assert [*attempts, *times] == []


def test_at_a_shutdown_a_refusal_is_final() -> None:
    assert abandon(failing(PoolError(409, "Conflict", "finished")), pytest.fail, pytest.fail) == Uploaded(
        "late", "finished"
    )


def test_a_second_failure_is_shown_before_its_wait() -> None:
    happened: list[tuple[str, float, str]] = []

    def wait(seconds: float) -> bool:
        happened.append(("waited", seconds, ""))
        return True

    post = failing(Unreachable("down"), Unreachable("down"))
    upload(post, wait, lambda *event: happened.append(event), FakeClock())
    assert [(kind, reason) for kind, _, reason in happened] == [
        ("waited", ""),
        ("offline", "the result is kept: down"),
        ("waited", ""),
    ]
    assert happened[1][1] == happened[2][1]


@pytest.mark.parametrize(
    ("error", "uploaded"),
    [
        (PoolError(409, "Conflict", "finished"), Uploaded("late", "finished")),
        (PoolError(422, "Unprocessable", "wrong"), Uploaded("rejected", "wrong")),
        (PoolError(413, "too large"), Uploaded("refused", "too large")),
        (MissingLink("post_result", "/v"), Uploaded("refused", "/v has no link 'post_result'")),
    ],
)
def test_a_refusal_has_its_outcome_and_reason(error: Exception, uploaded: Uploaded) -> None:
    assert upload(failing(error), lambda seconds: True, ignore, FakeClock()) == uploaded
