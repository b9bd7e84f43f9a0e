"""Items computed by the volunteers of a pool."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from comp_pool.errors import REQUEST_ERRORS, PoolError
from comp_pool.links import Document
from comp_pool.mapping.inbox import Inbox, Notice, Page
from comp_pool.mapping.items import Item, Outcome, to_line
from comp_pool.mapping.lender import Lender
from comp_pool.mapping.patience import patiently
from comp_pool.mapping.stream import cursor_of
from comp_pool.mapping.watch import Watch
from comp_pool.owner import Owner
from comp_pool.parallel import call_each
from comp_pool.retry_policy import is_gone

Result = TypeVar("Result")

# Of one request with variables. A pool takes 16 MiB by default.
BATCH_BYTES = 4 << 20
# Waits for news in a row, in seconds: the first are short, to show soon what goes wrong.
WAITS = (1, 2, 4, 8, 15, 25)
# The cursors before and behind all that there is, and the problem of one that is none any more.
BEGIN, END, INVALID_CURSOR = "0", "end", "urn:comp-pool:cursor"
# A variable, or all of a request, that the pool refuses for what it is.
REFUSED = (400, 409, 413, 422)
# For withdrawals at the end: whoever has pressed Ctrl-C does not wait for long.
WITHDRAW_SECONDS = 20.0


class PoolBackend:
    """Posts items as variables of a job, and follows the job's stream. `lender` computes for it as well."""

    can_fetch = True

    def __init__(
        self, client: Owner, job: Document, inbox: Inbox, lender: Lender | None = None, *, releases: bool = False
    ) -> None:
        self._client, self._job, self._inbox, self._lender = client, job, inbox, lender
        self._releases = releases
        progress = self._patiently(lambda: client.progress(job))
        self._watch = Watch(client, job, progress, is_lending=lender is not None)
        self._wanted = threading.Semaphore(1)
        self._is_closed = False
        # Set when variables may be open: a page of a job without any does not wait.
        self._posted = threading.Event()
        # Where the stream is read from next; None while it is read on.
        self._position: str | None = self._end_of_stream()
        self._has_read_all = False

    def _end_of_stream(self) -> str:
        """Return the cursor behind what there is: the results of other runs are not read."""
        page = self._patiently(lambda: self._client.results_page(self._job, END, limit=1))
        return cursor_of(page) or BEGIN

    def add(self, items: Sequence[Item]) -> list[Outcome]:
        """Post items in requests of a bounded size; return the refusals."""
        refusals: list[Outcome] = []
        for batch in _batches(items):
            refusals += self._put(batch)
        self._posted.set()
        return refusals

    def _put(self, items: Sequence[Item]) -> list[Outcome]:
        try:
            new = self._patiently(
                lambda: self._client.put_variables(self._job, [(item.variable, item.value) for item in items])
            )
        except PoolError as ex:
            if ex.status not in REFUSED:
                raise
            if len(items) == 1:
                return [Outcome(items[0].variable, "refused", reason=ex.detail or str(ex))]
            # Which of them it is shows in halves.
            half = len(items) // 2
            return self._put(items[:half]) + self._put(items[half:])
        for item in items:
            item.is_known = item.variable not in new
        if len(new) < len(items) and not self._has_read_all:
            self.rewind()
        return []

    def start(self) -> None:
        """Follow the stream, and lend this computer."""
        threading.Thread(target=self._follow, daemon=True).start()
        if self._lender is not None:
            self._lender.start()

    def retry(self, item: Item, outcome: Outcome) -> bool:
        """Post a withdrawn item again, under another id; release a failed one."""
        if not item.is_known:
            return False
        if outcome.state == "withdrawn":
            item.name_again()
            return True
        if outcome.state != "failed" or not self._releases or item.is_released:
            return False
        item.is_released = True
        try:
            self._patiently(lambda: self._client.release(self._job, item.variable))
        except PoolError as ex:
            # It is open already.
            if ex.status != 409:
                raise
        self._posted.set()
        return True

    def rewind(self) -> None:
        """Read the stream from its begin: it has outcomes from before that are wanted now."""
        self._has_read_all, self._position = True, BEGIN
        self._posted.set()

    def next_page(self) -> None:
        """Let the stream be read on."""
        self._wanted.release()

    def fetch(self, variable_id: str) -> Outcome | None:
        """Read an outcome again."""

        def read() -> Outcome | None:
            try:
                entry = self._client.outcome(self._job, variable_id)
            except PoolError as ex:
                if ex.status == 410:
                    return Outcome(variable_id, "withdrawn", reason=ex.detail)
                raise
            return None if entry is None else read_entry({"state": "done", **entry.content, "variable": variable_id})

        return self._patiently(read)

    def withdraw(self, items: Sequence[Item]) -> None:
        """Withdraw variables, as far as there is time."""
        until = time.monotonic() + WITHDRAW_SECONDS

        def withdraw(item: Item) -> None:
            if time.monotonic() < until:
                # It may have a result by now; else it is computed in vain.
                with contextlib.suppress(*REQUEST_ERRORS):
                    self._client.withdraw(self._job, item.variable)

        call_each(withdraw, items)

    def close(self) -> None:
        """Follow no more."""
        self._is_closed = True
        self._wanted.release()
        self._posted.set()
        if self._lender is not None:
            self._lender.close()

    def _follow(self) -> None:
        try:
            cursor, waits = BEGIN, 0
            while self._is_wanted():
                self._posted.clear()
                position, self._position = self._position, None
                cursor = position or cursor
                page = self._read_page(cursor, WAITS[min(waits, len(WAITS) - 1)])
                outcomes = [read_entry(item.content) for item in page.items()]
                is_news = any(outcome.state != "stuck" for outcome in outcomes)
                waits = 0 if is_news else waits + 1
                cursor = cursor_of(page) or cursor
                self._inbox.put(Page(outcomes, is_last=not is_news))
                if not is_news:
                    self._wait(page)
        except Exception as ex:
            self._inbox.put(ex)

    def _is_wanted(self) -> bool:
        self._wanted.acquire()
        return not self._is_closed

    def _read_page(self, cursor: str, wait: int) -> Document:
        try:
            return self._patiently(lambda: self._client.results_page(self._job, cursor, wait=wait))
        except PoolError as ex:
            if ex.problem_type != INVALID_CURSOR:
                raise
        # The pool was repaired after a power cut: what is known already changes nothing.
        return self._patiently(lambda: self._client.results_page(self._job, BEGIN))

    def _wait(self, page: Document) -> None:
        """Show what goes wrong while nothing comes; wait where the pool does not."""
        self._show_news()
        seconds = page.headers.get("Retry-After", "")
        if page.content.get("finished"):
            self._posted.wait(WAITS[-1])
        elif seconds.isdigit() and not self._is_closed:
            self._client.clock.sleep(int(seconds))

    def _show_news(self) -> None:
        try:
            for text in self._watch.look():
                self._inbox.put(Notice(text))
        except REQUEST_ERRORS as ex:
            if is_gone(ex):
                raise

    def _patiently(self, request: Callable[[], Result]) -> Result:
        return patiently(request, self._client.clock, lambda text: self._inbox.put(Notice(text)))


def read_entry(entry: dict[str, Any]) -> Outcome:
    """Return the outcome in an entry of a stream."""
    state, seconds = str(entry.get("state", "done")), entry.get("run_seconds") or 0.0
    console = str(entry.get("console") or "")
    return Outcome(
        str(entry.get("variable", "")),
        state,
        to_line(entry.get("result")) if state == "done" else "",
        reason_of(entry),
        console,
        str(entry.get("volunteer") or ""),
        max(0.0, _epoch(str(entry.get("created", ""))) - seconds),
        seconds,
    )


def reason_of(entry: dict[str, Any]) -> str:
    """Return why a variable has no result, in one text."""
    reason, message = str(entry.get("reason") or ""), str(entry.get("message") or "")
    return f"{reason}: {message}" if reason and message else reason or message


def _epoch(text: str) -> float:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


def _batches(items: Sequence[Item]) -> list[Sequence[Item]]:
    batches: list[list[Item]] = [[]]
    size = 0
    for item in items:
        length = len(json.dumps(item.value)) + len(item.variable) + 40
        if batches[-1] and size + length > BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(item)
        size += length
    return [batch for batch in batches if batch]
