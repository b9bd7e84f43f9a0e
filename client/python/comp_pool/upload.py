"""Uploads a result, with retries until the pool accepts or refuses it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from comp_pool.backoff import Backoff
from comp_pool.clock import Clock
from comp_pool.errors import REQUEST_ERRORS, PoolError
from comp_pool.events import Kind, Outcome
from comp_pool.retry_policy import (
    POLICY,
    event_kind,
    is_lost,
    is_rejection,
    is_server_error,
    is_temporary,
    retry_after_of,
)

NOT_GIVEN_BACK = " (and could not be given back)"


@dataclass(frozen=True)
class Uploaded:
    """The outcome of an upload, with the reason and the error unless it was accepted."""

    outcome: Outcome
    reason: str = ""
    error: Exception | None = field(default=None, compare=False)

    @property
    def keeps_lease(self) -> bool:
        """Whether the lease goes on, as the pool has neither accepted nor judged the result."""
        return self.outcome in ("refused", "lost") and self.error is not None and not is_lost(self.error)


def upload(
    post: Callable[[], object],
    wait: Callable[[float], bool],
    show: Callable[[Kind, float, str], object],
    clock: Clock,
) -> Uploaded | None:
    """Call `post` until it succeeds or fails for good.

    `wait` waits for some seconds after a temporary failure; where it returns False, the upload is left to `abandon`
    (None). Where the result has become too old, it is `lost`.
    `show` is called with the kind of such a wait, its seconds and its reason.
    """
    backoff = Backoff()
    server_errors = 0
    expires = clock.monotonic() + POLICY.max_result_age
    # Without a limit on attempts, since a result may have taken hours.
    while True:
        try:
            post()
        except REQUEST_ERRORS as ex:
            server_errors += is_server_error(ex)
            if not is_temporary(ex, server_errors):
                return refusal(ex)
            if clock.monotonic() >= expires:
                return too_old(ex)
            delay = backoff.next(retry_after_of(ex))
            if kind := event_kind(ex, backoff.failures, delay):
                show(kind, delay, f"the result is kept: {ex}")
            if not wait(delay):
                return None
        else:
            return Uploaded("accepted")


def abandon(post: Callable[[], object], give_back: Callable[[], bool], wait: Callable[[float], bool]) -> Uploaded:
    """End an upload at a shutdown: call `post` once more, else `give_back`, until one of them succeeds.

    `wait` returns False where no time is left for another attempt: then the result is `lost`.
    """
    backoff = Backoff()
    while True:
        try:
            post()
        except REQUEST_ERRORS as ex:
            if not is_temporary(ex):
                return refusal(ex)
            reason = f"the result could not be posted: {ex}"
            if give_back():
                return Uploaded("returned", reason)
            if not wait(backoff.next()):
                return Uploaded("lost", f"{reason}{NOT_GIVEN_BACK}")
        else:
            return Uploaded("accepted")


def refusal(ex: Exception) -> Uploaded:
    """Return the outcome of a result that the pool refused with this error."""
    if isinstance(ex, PoolError):
        return Uploaded(_outcome(ex), ex.detail or ex.title, ex)
    return Uploaded("refused", str(ex), ex)


def too_old(ex: Exception) -> Uploaded:
    """Return the outcome of a result that could not be posted for too long."""
    return Uploaded("lost", f"the result could not be posted for {POLICY.max_result_age:.0f} s: {ex}", ex)


def _outcome(ex: PoolError) -> Outcome:
    if ex.status == 409:
        return "late"
    return "rejected" if is_rejection(ex) else "refused"
