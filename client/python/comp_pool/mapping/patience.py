"""Requests that are repeated until the pool can be reached again."""

from collections.abc import Callable
from typing import TypeVar

from comp_pool.backoff import Backoff
from comp_pool.clock import Clock
from comp_pool.errors import REQUEST_ERRORS
from comp_pool.retry_policy import is_temporary, retry_after_of, should_report

Result = TypeVar("Result")


def patiently(request: Callable[[], Result], clock: Clock, show: Callable[[str], object]) -> Result:
    """Return what a request returns, after as many attempts as it takes; raise an error that is not temporary.

    `show` is called with a line where the pool is away for longer than a moment, once.
    """
    backoff = Backoff()
    is_shown = False
    while True:
        try:
            return request()
        except REQUEST_ERRORS as ex:
            if not is_temporary(ex, backoff.failures):
                raise
            delay = backoff.next(retry_after_of(ex))
            if not is_shown and should_report(backoff.failures, delay):
                is_shown = True
                show(f"the pool does not respond; waiting for it: {ex}")
        clock.sleep(delay)
