"""Why the pool refuses. The facts are attributes; the message names the field or limit, for people to read."""

from __future__ import annotations

from collections.abc import Sequence


class PoolError(Exception):
    """Base of what the pool itself refuses; nothing was changed."""


class Invalid(PoolError):
    """A field of what was sent is not as it must be."""

    def __init__(self, field: str, reason: str, console: str = "") -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field, self.reason, self.console = field, reason, console


class InvalidFlow(Invalid):
    """All that is wrong with a flow: the message is that of the first."""

    def __init__(self, problems: Sequence[Invalid]) -> None:
        super().__init__(problems[0].field, problems[0].reason)
        self.problems = problems


class NameTaken(PoolError):
    def __init__(self, job_id: str) -> None:
        super().__init__(f"name: the id {job_id!r}, which is made of it, belongs to another job")
        self.job_id = job_id


class UnknownKey(PoolError):
    """A key was asked for and is missing or wrong."""


class Forbidden(PoolError):
    """The key is right, and not for this."""


class BadLease(PoolError):
    """A lease token that the pool has not signed for this variable, or that is missing where the job asks for one."""


class Finished(PoolError):
    """The variable has its result."""


class Withdrawn(PoolError):
    """The variable was withdrawn by its owner."""


class Rejected(PoolError):
    """The job's validator refused the result. `failed` tells that the variable is parked now."""

    def __init__(self, reason: str, failed: bool) -> None:
        super().__init__(reason)
        self.reason, self.failed = reason, failed


class Conflict(PoolError):
    """What is asked for does not fit the state that things are in."""


class Changed(PoolError):
    """Somebody else has changed the document since the caller saw it."""


class UnknownScheduler(PoolError):
    def __init__(self, scheduler_id: str) -> None:
        super().__init__(f"there is no scheduler {scheduler_id!r}")
        self.scheduler_id = scheduler_id
