"""The stream of a job: results as they come, or in the order of input, for clients that follow it to its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pool.variables import withdrawn_by
from pool.waiters import IsAbandoned, Waiters
from storage.base import Document, Store
from storage.stream_store import Entries

MAX_WAIT = 60
PAGE_BYTES = 2 << 20
STUCK_SHOWN = 100
CONSOLE_SHOWN = 1000
# When there is no place to wait: as often as a client polls that can't.
RETRY_SECONDS = 2


@dataclass(frozen=True)
class Query:
    """Which entries: behind the `cursor`, at most `limit`; with `errors` also variables without a result.

    The owner alone learns what went wrong, and which variables are stuck.
    """

    cursor: str | None = None
    limit: int = 100
    in_input_order: bool = False
    errors: bool = False
    is_owner: bool = False


@dataclass(frozen=True)
class StreamPage:
    """`is_finished`: no entry follows unless variables are posted or released. `retry_seconds`: there was no place to
    wait."""

    items: list[Document]
    cursor: str
    has_more: bool
    is_finished: bool
    retry_seconds: int | None = None

    @property
    def is_news(self) -> bool:
        return bool(self.items) or self.has_more or self.is_finished


class Stream:
    def __init__(self, store: Store, places: int) -> None:
        self._store = store
        self.waiters = Waiters(store.stream.signature, places, store.clock)

    def follow(
        self, job_id: str, query: Query, seconds: float, party: str | None, is_abandoned: IsAbandoned = lambda: False
    ) -> StreamPage:
        """The next page; if it would be empty, the one that comes within some seconds. Raises InvalidCursor, NotFound.

        A page that is empty all the same has the stuck variables, whose entries leave the cursor where it is.
        """
        page = self._page(job_id, query)
        if seconds > 0 and not page.is_news:
            page = self._wait(job_id, query, self._store.clock.monotonic() + seconds, party, is_abandoned)
        if page.is_news or not (query.errors and query.is_owner):
            return page
        return replace(page, items=list(self._stuck(job_id, page.cursor)))

    def _wait(
        self, job_id: str, query: Query, until: float, party: str | None, is_abandoned: IsAbandoned
    ) -> StreamPage:
        with self.waiters.place(party) as has_place:
            while True:
                # Before the page is read, so that nothing comes unseen in between.
                seen = self._store.stream.signature(job_id)
                page = self._page(job_id, query)
                if not has_place:
                    return replace(page, retry_seconds=None if page.is_news else RETRY_SECONDS)
                if page.is_news or not self.waiters.wait(job_id, seen, until, is_abandoned):
                    return page
                query = replace(query, cursor=page.cursor)

    def _page(self, job_id: str, query: Query) -> StreamPage:
        # Before the entries are read: what is finished by then is among them.
        counts = self._store.counts.get(job_id)
        found = self._entries(job_id, query)
        is_finished = counts.posted > 0 and counts.unfinished == 0 and not found.has_more
        items = [self._entry(job_id, entry, query.is_owner) for entry in found.items]
        return StreamPage(items, found.cursor, found.has_more, is_finished)

    def _entries(self, job_id: str, query: Query) -> Entries:
        stream = self._store.stream
        read = stream.in_order_of_input if query.in_input_order else stream.in_order_of_acceptance
        return read(job_id, query.cursor, query.limit, PAGE_BYTES, query.errors)

    def _entry(self, job_id: str, entry: Document, is_owner: bool) -> Document:
        of_all = {"variable": entry["variable"], "cursor": entry["cursor"]}
        if "result" in entry:
            return {**entry, "state": "done"}
        if "withdrawn" in entry:
            reason = f"withdrawn {withdrawn_by(entry)}"
            return {**of_all, "state": "withdrawn", "created": entry["withdrawn"], "reason": reason}
        error = self._error(job_id, entry["variable"], entry["error"], is_owner)
        return {**of_all, "state": "failed", "created": entry["failed"], **error}

    def _stuck(self, job_id: str, cursor: str) -> Iterator[Document]:
        for variable_id in self._store.results.stuck(job_id, STUCK_SHOWN):
            errors = self._store.results.rejected_ids(job_id, variable_id)
            # Decided in between.
            if errors:
                error = self._error(job_id, variable_id, errors[-1], is_owner=True)
                yield {"variable": variable_id, "cursor": cursor, "state": "stuck", **error}

    def _error(self, job_id: str, variable_id: str, error_id: str, is_owner: bool) -> Document:
        """What the last error of a variable was; its text is for the owner."""
        for document in self._store.results.rejected(job_id, variable_id, [error_id]):
            failure = document.get("failure") or {"kind": "rejected", "message": document.get("rejected", "")}
            of_all = {"reason": failure["kind"]}
            if not is_owner:
                return of_all
            told = {"error": error_id, "message": failure["message"], "stack": failure.get("stack", "")}
            console = document.get("console", "")[-CONSOLE_SHOWN:]
            return {**of_all, **told, "console": console, "engine": document.get("engine", "")}
        return {"reason": "unknown" if error_id else "disagreement"}
