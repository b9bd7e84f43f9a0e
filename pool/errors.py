"""Errors of the pool. The facts are attributes; the message, for people, names the field or limit."""

from __future__ import annotations

from collections.abc import Sequence


class PoolError(Exception):
    """The base class. Nothing was changed."""


class Invalid(PoolError):
    """A field of the request is invalid."""

    def __init__(self, field: str, reason: str, console: str = "") -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field, self.reason, self.console = field, reason, console


class InvalidFlow(Invalid):
    """Every problem of a flow; the message is that of the first."""

    def __init__(self, problems: Sequence[Invalid]) -> None:
        super().__init__(problems[0].field, problems[0].reason)
        self.problems = problems


class NameTaken(PoolError):
    def __init__(self, job_id: str) -> None:
        super().__init__(f"name: its id {job_id!r} belongs to another job")
        self.job_id = job_id


class UnknownKey(PoolError):
    """A required key is missing or wrong."""


class Forbidden(PoolError):
    """The key is valid, and does not permit this."""


class BadLease(PoolError):
    """A lease token is invalid, or missing where the job requires one."""


class Finished(PoolError):
    """The variable has a result."""


class Withdrawn(PoolError):
    """The variable was withdrawn by its owner."""


class Rejected(PoolError):
    """The job's validator rejected the result. `failed`: the variable is now marked as failed."""

    def __init__(self, reason: str, failed: bool) -> None:
        super().__init__(reason)
        self.reason, self.failed = reason, failed


class NotKept(PoolError):
    """The result was held and is gone; the message is the reason."""


class Conflict(PoolError):
    """The request does not fit the current state."""


class LimitReached(PoolError):
    """A limit on leases or requests; the same request may succeed after `retry_seconds`. `limit` names it."""

    def __init__(self, reason: str, retry_seconds: float, limit: str = "requests") -> None:
        super().__init__(reason)
        self.retry_seconds, self.limit = retry_seconds, limit


class Blocked(PoolError):
    """The operator has blocked this key, address or volunteer; the message is the reason."""


class InProgress(PoolError):
    """Another request under the same idempotency key is being processed: a retry gets its outcome."""


class QuotaReached(PoolError):
    """Whoever posts without a key has stored as much as it may; `is_of_all`: as all such posters together may."""

    def __init__(self, reason: str, is_of_all: bool) -> None:
        super().__init__(reason)
        self.is_of_all = is_of_all


class Changed(PoolError):
    """The document was changed since the caller read it."""


class UnknownCode(PoolError):
    """A code by which a second device joins is wrong, used or too old."""


class UnknownScheduler(PoolError):
    def __init__(self, scheduler_id: str) -> None:
        super().__init__(f"there is no scheduler {scheduler_id!r}")
        self.scheduler_id = scheduler_id
