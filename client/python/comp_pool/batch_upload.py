"""Uploads several results by one request, each with the retries that it would have alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from comp_pool.backoff import Backoff
from comp_pool.errors import REQUEST_ERRORS, ForeignResponse
from comp_pool.events import Kind
from comp_pool.executor import Computed
from comp_pool.retry_policy import POLICY, event_kind, is_gone, is_server_error, is_temporary, retry_after_of
from comp_pool.upload import NOT_GIVEN_BACK, Uploaded, refusal, too_old
from comp_pool.work_fetch import Task
from comp_pool.worker_context import WorkerContext

# A proxy's limit on bodies.
TOO_LARGE = 413


@dataclass
class Item:
    """A result that is to be posted until a time. `error` is that of the last attempt."""

    task: Task
    computed: Computed
    expires: float
    server_errors: int = 0
    error: Exception | None = None

    @property
    def last_error(self) -> Exception:
        """The error of the last attempt."""
        assert self.error is not None  # noqa: S101
        return self.error

    @property
    def size(self) -> int:
        """The approximate size of its line, in bytes."""
        return len(self.computed.result) + 200


class BatchUpload:
    """Uploads results of one job. `end` is called once with the outcome of each, `show` before a wait.

    `give_back` returns for each whether its lease has ended.
    """

    def __init__(
        self,
        context: WorkerContext,
        end: Callable[[Item, Uploaded], object],
        give_back: Callable[[Sequence[Item]], Sequence[bool]],
        show: Callable[[Kind, float, str, Task], object],
    ) -> None:
        self._context = context
        self._client = context.client
        self._end, self._give_back, self._show = end, give_back, show

    def run(self, items: Sequence[Item]) -> None:
        """Post the results until the pool has accepted or refused each; at a shutdown give back what it can't take."""
        backoff = Backoff()
        while items := self._attempt(items, self._outcome):
            delays = [delay for item in items if (delay := retry_after_of(item.last_error)) is not None]
            delay = backoff.next(max(delays, default=None))
            self._show_wait(items, backoff.failures, delay)
            if not self._context.wait_to_retry(delay):
                self._abandon(items)
                return

    def _attempt(self, items: Sequence[Item], outcome_of: Callable[[Item], Uploaded | None]) -> list[Item]:
        """Post the results once; end those with an outcome, and return the others."""
        kept = []
        for item, error in zip(items, self._post(items), strict=True):
            item.error = error
            outcome = outcome_of(item) if error else Uploaded("accepted")
            if outcome is None:
                kept.append(item)
            else:
                self._end(item, outcome)
        return kept

    def _outcome(self, item: Item) -> Uploaded | None:
        ex = item.last_error
        item.server_errors += is_server_error(ex)
        if not is_temporary(ex, item.server_errors):
            return refusal(ex)
        return too_old(ex) if self._context.clock.monotonic() >= item.expires else None

    def _abandon(self, items: Sequence[Item]) -> None:
        """Post once more, else give back, until one of them succeeds or no time is left."""
        backoff = Backoff()
        while items := self._give_back_each(self._attempt(items, _final_outcome)):
            if not self._context.wait_before_end(backoff.next()):
                for item in items:
                    self._end(item, Uploaded("lost", _unposted(item) + NOT_GIVEN_BACK))
                return

    def _give_back_each(self, items: Sequence[Item]) -> list[Item]:
        """Give the leases back; return those where that failed."""
        kept = []
        for item, has_ended in zip(items, self._give_back(items), strict=True):
            if has_ended:
                self._end(item, Uploaded("returned", _unposted(item)))
            else:
                kept.append(item)
        return kept

    def _show_wait(self, items: Sequence[Item], failures: int, delay: float) -> None:
        first = items[0]
        if kind := event_kind(first.last_error, failures, delay):
            kept = "the result is kept" if len(items) == 1 else f"{len(items)} results are kept"
            self._show(kind, delay, f"{kept}: {first.last_error}", first.task)

    def _post(self, items: Sequence[Item]) -> list[Exception | None]:
        """Return the error of each result, None where it is stored."""
        results = [(item.task.lease, item.computed.result, item.computed.seconds) for item in items]
        try:
            return [posted.error for posted in self._client.post_results(items[0].task.job, results, text=True)]
        except REQUEST_ERRORS as ex:
            if _is_temporary(ex) or is_gone(ex):
                return [ex] * len(items)
        # One of them may be the cause.
        return [self._post_alone(item) for item in items]

    def _post_alone(self, item: Item) -> Exception | None:
        computed = item.computed
        try:
            self._client.post_result(item.task.lease, computed.result, run_seconds=computed.seconds, text=True)
        except REQUEST_ERRORS as ex:
            return ex
        return None


def _is_temporary(ex: Exception) -> bool:
    """Return whether the same request may succeed later: not after a 500, nor where a proxy refuses its size."""
    is_too_large = isinstance(ex, ForeignResponse) and ex.status == TOO_LARGE
    return not is_too_large and is_temporary(ex, POLICY.max_server_errors)


def _final_outcome(item: Item) -> Uploaded | None:
    return None if is_temporary(item.last_error) else refusal(item.last_error)


def _unposted(item: Item) -> str:
    return f"the result could not be posted: {item.last_error}"
