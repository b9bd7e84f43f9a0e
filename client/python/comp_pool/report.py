"""Reports to the owner of a job: how a unit failed, and what it printed."""

import itertools
from collections.abc import Callable
from typing import Any

from comp_pool.backoff import attempt_delay
from comp_pool.errors import REQUEST_ERRORS, JobError
from comp_pool.retry_policy import POLICY, is_temporary

# In characters. A pool cuts longer texts to the same lengths.
MAX_MESSAGE = 2_000
MAX_STACK = 4_000
MAX_CONSOLE = 10_000
MAX_ENGINE = 200

Report = dict[str, Any]


def failure_report(error: JobError, engine: str, seconds: float) -> Report:
    """Return the report of a unit that failed after some seconds."""
    told = {"kind": error.kind, "message": cut(error.message, MAX_MESSAGE), "stack": cut(error.stack, MAX_STACK)}
    return {"error": told, **console_report(error.console, engine, seconds)}


def console_report(console: str, engine: str, seconds: float) -> Report:
    """Return the report of what a unit printed."""
    return {"console": cut(console, MAX_CONSOLE), "engine": cut(engine, MAX_ENGINE), "run_seconds": seconds}


def cut(text: str, length: int) -> str:
    """Return a text of at most this length, without halves of surrogate pairs: they can't be sent."""
    return text[:length].encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def post_report(post: Callable[[], object], wait: Callable[[float], bool]) -> None:
    """Call `post` with the retries of a call; raise its last error.

    `wait` waits for some seconds before the next attempt; where it returns False, there is none.
    """
    for attempt in itertools.count(1):
        try:
            post()
        except REQUEST_ERRORS as ex:
            delay = _retry_delay(ex, attempt)
            if delay is None or not wait(delay):
                raise
        else:
            return


def _retry_delay(ex: Exception, attempt: int) -> float | None:
    # A 500 is final: a report is not worth more load of a pool that is broken.
    if attempt == POLICY.call_attempts or not is_temporary(ex, POLICY.max_server_errors):
        return None
    return attempt_delay(ex, attempt, POLICY.call_first_delay)
