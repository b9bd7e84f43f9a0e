"""What can go wrong between a client and its pool, and in the code of a job."""

from typing import Any


class Unreachable(Exception):
    """The pool did not answer, in as many attempts as were allowed."""

    retry_after: float | None = None


class PoolError(Exception):
    """The pool answered with an error; `status`, `title` and `detail` are those of its problem document."""

    def __init__(self, status: int, title: str, detail: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {title}" + (f": {detail}" if detail else ""))
        self.status = status
        self.title = title
        self.detail = detail
        self.retry_after = retry_after

    @classmethod
    def from_problem(cls, status: int, problem: Any, retry_after: float | None) -> "PoolError":
        """Read a problem document, or whatever came in its place."""
        known = problem if isinstance(problem, dict) else {}
        title = str(known.get("title") or "the pool answered with an error")
        return cls(status, title, str(known.get("detail") or ""), retry_after=retry_after)


class Astray(PoolError):
    """A link or a redirect leads away from the pool's own address: into the volunteer's network, perhaps."""

    def __init__(self, address: str) -> None:
        super().__init__(0, "not an address of this pool", address[:200])


class MissingLink(Exception):
    """A document lacks the link that leads on."""

    def __init__(self, name: str, address: str) -> None:
        super().__init__(f"{address} has no link {name!r}")
        self.name = name
        self.address = address


class JobError(Exception):
    """A unit could not be computed.

    `kind` is `code` (no function), `threw`, `no-result`, `not-json`, `too-large`, `memory`, `timeout`, `crash`
    or `cancelled`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
