"""Errors of a client and its pool, and of the code of a job."""

from typing import Any

# Problem types: the pool no longer understands a client, its operator has blocked one, a limit on leases or requests, a
# result that the validator has rejected. The last is that of a problem without a type.
OUTDATED = "urn:comp-pool:outdated"
BLOCKED = "urn:comp-pool:blocked"
LIMIT = "urn:comp-pool:limit"
REJECTED = "urn:comp-pool:rejected"
UNTYPED = "about:blank"


class Unreachable(Exception):
    """The pool did not respond, in as many attempts as are allowed."""


class BadCertificate(Unreachable):
    """The server at the pool's address has not proved to be the pool: its certificate is not valid."""


class PoolError(Exception):
    """The pool responded with an error; `status`, `title` and `detail` come from its problem document (RFC 9457).

    `problem_type` is its type, `retry_after` is in seconds, None without that header.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        problem_type: str = UNTYPED,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {title}" + (f": {detail}" if detail else ""))
        self.status = status
        self.title = title
        self.detail = detail
        self.problem_type = problem_type
        self.retry_after = retry_after

    @classmethod
    def from_problem(cls, status: int, problem: dict[str, Any], retry_after: float | None) -> "PoolError":
        """Return the error of a parsed problem document."""
        title = str(problem.get("title") or "the pool responded with an error")
        detail = str(problem.get("detail") or "")
        kind = str(problem.get("type") or UNTYPED)
        if kind == OUTDATED:
            return Outdated(detail)
        if kind == BLOCKED:
            return Blocked(detail)
        error = LimitReached if kind == LIMIT else cls
        return error(status, title, detail, problem_type=kind, retry_after=retry_after)


class ForeignResponse(PoolError):
    """The response is not the pool's, but of a proxy or a captive portal, or cut short: the request may have failed."""

    def __init__(self, status: int, reason: str, retry_after: float | None = None) -> None:
        super().__init__(status, "not a response of the pool", reason, retry_after=retry_after)


class LimitReached(PoolError):
    """A limit of the pool on leases or requests; `detail` names it and what raises it."""

    def __str__(self) -> str:
        return self.detail or self.title


class Excluded(PoolError):
    """The pool does not serve this client: it stops, and shows `detail`."""


class Outdated(Excluded):
    """The pool no longer understands this client; `detail` names the remedy."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, "this client is outdated", detail)

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}"


class Blocked(Excluded):
    """The operator has blocked this volunteer, its address or its key; `detail` is the operator's reason."""

    def __init__(self, detail: str) -> None:
        super().__init__(403, "blocked by the pool's operator", detail)

    def __str__(self) -> str:
        return self.detail or self.title


class ForeignLink(PoolError):
    """A link to another origin than the pool's; status 0.

    It is refused: it might lead into the volunteer's own network, or give results and keys to somebody else.
    """

    def __init__(self, address: str) -> None:
        super().__init__(0, "not an address of this pool", address[:200])


class MissingLink(Exception):
    """A document lacks a link that is needed; `name` is the link's, `address` the document's."""

    def __init__(self, name: str, address: str) -> None:
        super().__init__(f"{address} has no link {name!r}")
        self.name = name
        self.address = address


# Every error of a request.
REQUEST_ERRORS = (Unreachable, PoolError, MissingLink)


class JobError(Exception):
    """A unit could not be computed.

    `kind` is `code` (not a function), `threw`, `no-result`, `not-json`, `too-large`, `memory`, `timeout`, `crash`,
    `misbehaved` (a protocol violation), or, without a fault of the job, `cancelled` or `sandbox` (its process could not
    start). `stack` is the JavaScript stack, `console` what the unit printed; both may be empty.
    """

    def __init__(self, kind: str, message: str, stack: str = "", console: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.stack = stack
        self.console = console

    @property
    def is_fault_of_job(self) -> bool:
        """Whether the job is at fault, rather than this computer or its user."""
        return self.kind not in ("cancelled", "sandbox")
