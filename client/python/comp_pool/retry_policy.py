"""The retry policy: all figures, the statuses that are retried, and which failures are reported.

The JavaScript client has the same table (`retry-policy.js`); a test compares the two.
"""

from collections.abc import Collection
from dataclasses import dataclass

from comp_pool.errors import (
    REJECTED,
    UNTYPED,
    BadCertificate,
    ForeignResponse,
    LimitReached,
    PoolError,
    Unreachable,
)
from comp_pool.events import Kind


@dataclass(frozen=True)
class Policy:
    """The figures. Times are in seconds."""

    # A call of the client. Its caller waits: attempts and delays are few, and a full disk (507) takes longer.
    call_attempts: int = 5
    call_statuses: tuple[int, ...] = (429, 502, 503, 504)
    # The longest delay after the first attempt; doubled each time.
    call_first_delay: float = 0.5
    # The longest wait between two attempts; an error with a longer Retry-After is raised at once.
    call_max_delay: float = 60.0

    # The loops of a volunteer, which retry without a limit on attempts. 502 and 504 come from a proxy in front of a
    # pool that is down, 507 from a full disk.
    temporary_statuses: tuple[int, ...] = (429, 502, 503, 504, 507)
    # A 500 may be temporary, or caused by this very result: an upload fails with this many of them.
    max_server_errors: int = 5
    # A result that could not be posted for so long is dropped: its variable has other volunteers by then.
    max_result_age: float = 86400.0
    gone_statuses: tuple[int, ...] = (404, 410)
    lost_statuses: tuple[int, ...] = (404, 409, 410)
    # The delay after the first failure in a row; doubled each time, up to `max_delay`.
    first_delay: float = 0.5
    min_delay: float = 0.1
    max_delay: float = 60.0
    # Without work, where the pool sets no Retry-After.
    default_delay: float = 5.0
    # The longest Retry-After that is honoured.
    max_retry_after: float = 3600.0
    # A delay varies by this share to both sides; one with Retry-After is longer by up to this share.
    jitter: float = 0.2
    # A temporary failure is reported from this many in a row on, or where the delay is longer than `reported_delay`: a
    # single short one would only alarm.
    reported_failures: int = 2
    reported_delay: float = 2.0
    # A wait because of a limit of the pool is no failure. It is shown where it is longer than this.
    reported_limit: float = 30.0

    # A job is paused after so many failures in a row: a few may be due to single variables.
    max_job_failures: int = 3
    # The delay of a worker after the first failure of a job, doubled each time, until the job is paused.
    failure_delay: float = 0.5
    # The first pause of a job that keeps failing; doubled with each further failure, up to `max_job_pause`.
    first_job_pause: float = 30.0
    max_job_pause: float = 3600.0
    # The pause of a named job that does not exist, and of one whose requirements are not met.
    unavailable_job_pause: float = 60.0

    # Requests to the scheduler in a row: it may choose at random, and the next job may not be paused.
    max_scheduled: int = 3
    # The longest wait where the scheduler offers a job that has failed here: it may have another one soon.
    failing_job_delay: float = 5.0
    # How long a worker keeps its job: a change of job loses the context in its executor.
    job_affinity: float = 30.0
    # An idle executor is kept for its context, but not for long: it occupies memory, and its job may go on computing.
    executor_idle: float = 5.0
    # Between two reports of what the units of a job print: most print the same.
    report_interval: float = 60.0

    # The most units that are leased, or results that are posted, by one request.
    max_batch: int = 256
    # The run time of the units of one batch, by their mean so far; doubled with each `batch_growth` of the visit, up to
    # `max_batch_seconds`: most visitors leave soon.
    batch_seconds: float = 3.0
    batch_growth: float = 60.0
    max_batch_seconds: float = 12.0
    # It is no larger share of a lease, since units may take longer than their mean.
    batch_lease_share: float = 0.25
    # The variables of a batch are no larger together, by those of the last one.
    max_variable_bytes: int = 4_000_000
    # The run time of the units left from which on the next batch is leased.
    fetch_ahead: float = 2.0
    # Results are posted when those of a batch are complete, when the oldest has waited for so long, or when they are
    # larger than `batch_bytes`: many proxies refuse bodies beyond a megabyte.
    post_delay: float = 3.0
    batch_bytes: int = 500_000


POLICY = Policy()

# The kinds of failure of results that a pool refuses without a judgement.
REFUSAL_KINDS = {400: "not-json", 413: "too-large", 422: "not-json"}


@dataclass(frozen=True)
class Retries:
    """The retries of a call: attempts in all, and the longest delay after the first (in seconds, doubled each time)."""

    attempts: int = POLICY.call_attempts
    first_delay: float = POLICY.call_first_delay


def is_retryable(ex: Exception) -> bool:
    """Return whether a call of the client is retried after this error."""
    return _is_outage(ex) or _has_status(ex, POLICY.call_statuses)


def is_temporary(ex: Exception, server_errors: int = 0) -> bool:
    """Return whether a volunteer retries after this error; `server_errors` counts the 500s of the same upload."""
    return isinstance(ex, (BadCertificate, ForeignResponse)) or is_unavailable(ex, server_errors)


def is_unavailable(ex: Exception, server_errors: int = 0) -> bool:
    """Return whether the pool is down, as far as the error shows: an address that is no pool's is another matter."""
    if _is_outage(ex) or _has_status(ex, POLICY.temporary_statuses):
        return True
    return _has_status(ex, (500,)) and server_errors < POLICY.max_server_errors


def is_server_error(ex: Exception) -> bool:
    """Return whether the pool itself failed at this request."""
    return _is_answered(ex, (500,))


def is_gone(ex: Exception) -> bool:
    """Return whether the resource does not exist, or no longer."""
    return _is_answered(ex, POLICY.gone_statuses)


def is_lost(ex: Exception) -> bool:
    """Return whether the lease has expired or belongs to somebody else."""
    return _is_answered(ex, POLICY.lost_statuses)


def refusal_kind(ex: Exception) -> str | None:
    """Return the kind of failure of a result that the pool refuses for its form, None for any other error."""
    if not isinstance(ex, PoolError) or isinstance(ex, ForeignResponse) or is_rejection(ex):
        return None
    return REFUSAL_KINDS.get(ex.status)


def is_rejection(ex: PoolError) -> bool:
    """Return whether the job's validator has rejected a result, which has ended its lease."""
    # A minimal pool has no problem types.
    return ex.status == 422 and ex.problem_type in (REJECTED, UNTYPED)


def retry_after_of(ex: Exception) -> float | None:
    """Return the seconds of the pool's Retry-After, None without it."""
    return ex.retry_after if isinstance(ex, PoolError) else None


def should_report(failures: int, delay: float) -> bool:
    """Return whether to report a temporary failure, the last of some in a row, before a delay in seconds."""
    return failures >= POLICY.reported_failures or delay > POLICY.reported_delay


def event_kind(ex: Exception, failures: int, delay: float) -> Kind | None:
    """Return the kind of the event that shows a wait after a failed request, with the arguments of `should_report`.

    None where the wait is not shown.
    """
    if isinstance(ex, LimitReached):
        return "limit" if delay > POLICY.reported_limit else None
    if not is_temporary(ex):
        return "waiting"
    return "offline" if should_report(failures, delay) else None


def _is_outage(ex: Exception) -> bool:
    return isinstance(ex, Unreachable) and not isinstance(ex, BadCertificate)


def _is_answered(ex: Exception, statuses: Collection[int]) -> bool:
    """Return whether the pool itself has responded with one of these statuses."""
    return _has_status(ex, statuses) and not isinstance(ex, ForeignResponse)


def _has_status(ex: Exception, statuses: Collection[int]) -> bool:
    return isinstance(ex, PoolError) and ex.status in statuses
