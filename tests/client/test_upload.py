"""The upload of a result: which failures are retried, and how it ends."""

from collections.abc import Callable

import pytest
from comp_pool.errors import MissingLink, PoolError, Unreachable
from comp_pool.upload import Uploaded, upload


def failing(*errors: Exception) -> Callable[[], None]:
    remaining = list(errors)

    def post() -> None:
        if remaining:
            raise remaining.pop(0)

    return post


@pytest.mark.parametrize("error", [Unreachable("down"), PoolError(503, "busy"), PoolError(507, "full")])
def test_a_temporary_failure_is_retried(error: Exception) -> None:
    assert upload(failing(error, error), lambda seconds, ex: True) == Uploaded("accepted")


def test_a_wait_that_is_cancelled_loses_the_result() -> None:
    uploaded = upload(failing(Unreachable("down")), lambda seconds, ex: False)
    assert uploaded == Uploaded("lost", "the result could not be posted: down")


def test_errors_of_the_server_are_retried_a_few_times() -> None:
    waits: list[float] = []
    uploaded = upload(failing(*[PoolError(500, "error")] * 9), lambda seconds, ex: waits.append(seconds) is None)
    assert (uploaded, len(waits)) == (Uploaded("refused", "error"), 4)


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
    assert upload(failing(error), lambda seconds, ex: True) == uploaded
