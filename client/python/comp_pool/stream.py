"""The stream of a job: pages that wait for results, followed to their end through outages of the pool."""

from collections.abc import Callable, Iterator
from functools import partial

from comp_pool.backoff import retry_after_delay
from comp_pool.clock import Clock
from comp_pool.links import Document
from comp_pool.outage import OnOutage, outlast
from comp_pool.response import parse_retry_after

# The longest wait of one request. Many proxies give a request up after 60 seconds.
WAIT_SECONDS = 25
# Of the timeout of a client: the response must come before that.
WAIT_SHARE = 0.7


def wait_text(timeout: float) -> str:
    """Return how long a request of a client with this timeout may wait, in seconds."""
    return f"{min(WAIT_SECONDS, timeout * WAIT_SHARE):g}"


def follow(
    get: Callable[[str], Document], address: str, clock: Clock, on_outage: OnOutage | None = None
) -> Iterator[Document]:
    """Iterate the entries of a stream up to its end.

    While the pool can't be reached, it is retried without a limit; `on_outage` is called before each wait, with the
    error and the seconds. A stuck variable is an entry once, until it is not stuck any more.
    """
    stuck: set[str] = set()
    following: str | None = address
    while following is not None:
        page = outlast(partial(get, following), clock, on_outage)
        entries = list(page.items())
        was_stuck = stuck
        stuck = {entry.link("get_variable") for entry in entries if entry.content.get("state") == "stuck"}
        yield from (entry for entry in entries if entry.link("get_variable") not in stuck & was_stuck)
        # No place to wait at the pool.
        retry_after = parse_retry_after(page.headers)
        if retry_after is not None:
            clock.sleep(retry_after_delay(retry_after))
        following = page.link("next") if page.has("next") else None
