"""Requests that are repeated until the pool can be reached again, for commands that say so."""

from collections.abc import Callable
from typing import TypeVar

from comp_pool.clock import Clock
from comp_pool.outage import outlast
from comp_pool.retry_policy import should_report

Result = TypeVar("Result")


def patiently(request: Callable[[], Result], clock: Clock, show: Callable[[str], object]) -> Result:
    """Return what a request returns, as `outlast` does.

    `show` is called with a line where the pool is away for longer than a moment, once.
    """
    failures, is_shown = 0, False

    def on_outage(ex: Exception, delay: float) -> None:
        nonlocal failures, is_shown
        failures += 1
        if not is_shown and should_report(failures, delay):
            is_shown = True
            show(f"the pool does not respond; waiting for it: {ex}")

    return outlast(request, clock, on_outage)
