"""A leased variable: the unit of work, on loan until its deadline."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from comp_pool.links import Document
from comp_pool.transport import seconds

# What a pool lends for where it doesn't say.
USUAL_SECONDS = 300.0


@dataclass(frozen=True)
class Nothing:
    """The pool has nothing at present; falsy. `retry_after` counts seconds, None where the pool doesn't say."""

    retry_after: float | None = None

    def __bool__(self) -> bool:
        return False


@dataclass
class Lease(Document):
    """A variable on loan; `seconds` counts from `since`, a time of the monotonic clock."""

    seconds: float = USUAL_SECONDS
    since: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, document: Document) -> "Lease":
        """Read the document of a leased variable."""
        lent = seconds(document.headers, "Lease-Seconds")
        return cls(document.address, document.content, document.headers, USUAL_SECONDS if lent is None else lent)

    @property
    def remaining(self) -> float:
        """Seconds until the deadline."""
        return self.since + self.seconds - time.monotonic()

    @property
    def context(self) -> Any:
        """The context to start with, None where the kept one goes on."""
        return self.embedded("context")

    @property
    def name(self) -> str:
        """How the variable is called on a display."""
        path = urlsplit(self.link("self")).path if self.has("self") else ""
        return unquote(path.rstrip("/").rpartition("/")[2]) or "variable"
