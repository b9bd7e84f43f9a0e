"""The stream of a job, page by page, for commands that follow it."""

import functools
from collections.abc import Callable, Iterator

from comp_pool.links import Document
from comp_pool.mapping.patience import patiently
from comp_pool.owner import Owner
from comp_pool.stream import WAIT_SECONDS


def pages(
    client: Owner,
    job: Document,
    show: Callable[[str], object],
    *,
    cursor: str | None = None,
    order: str = "accepted",
    follows: bool = True,
) -> Iterator[Document]:
    """Yield the pages from a cursor on, to the end of the job; without `follows` to what there is at present."""
    while True:
        wait = WAIT_SECONDS if follows else 0
        request = functools.partial(client.results_page, job, cursor, wait=wait, order=order)
        page = patiently(request, client.clock, show)
        yield page
        new = cursor_of(page) or cursor
        if page.content.get("finished") or (not follows and new == cursor):
            return
        cursor = new


def cursor_of(page: Document) -> str | None:
    """Return the cursor behind a page."""
    cursor = page.content.get("cursor")
    return cursor if isinstance(cursor, str) and cursor else None


def is_stuck(entry: Document) -> bool:
    """Return whether an entry is of a stuck variable, which has no outcome yet."""
    return entry.content.get("state") == "stuck"
