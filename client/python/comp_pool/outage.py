"""Requests that are repeated until the pool can be reached again."""

from collections.abc import Callable
from typing import TypeVar

from comp_pool.backoff import Backoff
from comp_pool.clock import Clock
from comp_pool.errors import REQUEST_ERRORS
from comp_pool.retry_policy import is_temporary, retry_after_of

Result = TypeVar("Result")
OnOutage = Callable[[Exception, float], None]


def outlast(request: Callable[[], Result], clock: Clock, on_outage: OnOutage | None = None) -> Result:
    """Return what a request returns, after as many attempts as it takes; raise an error that is not temporary.

    `on_outage` is called before each wait, with the error and the seconds.
    """
    backoff = Backoff()
    while True:
        try:
            return request()
        except REQUEST_ERRORS as ex:
            if not is_temporary(ex, backoff.failures):
                raise
            delay = backoff.next(retry_after_of(ex))
            if on_outage is not None:
                on_outage(ex, delay)
            clock.sleep(delay)
