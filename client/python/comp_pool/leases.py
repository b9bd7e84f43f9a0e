"""Leased variables: the units of work, each reserved for one volunteer until its deadline."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from comp_pool.clock import SYSTEM_CLOCK, Clock
from comp_pool.links import Document
from comp_pool.response import parse_number

# The length of a lease where the pool sends no `Lease-Seconds`.
DEFAULT_SECONDS = 300.0
# What a job requires once it has variables that are no objects: every client of this version can read them.
JSON_VARIABLES = "json_variables"


@dataclass(frozen=True)
class NoWork:
    """The pool has no job or no variable at present. Falsy. `retry_after` is in seconds, None without that header."""

    retry_after: float | None = None
    reason: str = "the pool has no job"

    def __bool__(self) -> bool:
        return False


@dataclass
class Lease(Document):
    """A variable, leased for `seconds` from now on."""

    seconds: float = DEFAULT_SECONDS
    clock: Clock = field(default=SYSTEM_CLOCK, repr=False)

    def __post_init__(self) -> None:
        self._end = self.clock.monotonic() + self.seconds

    @classmethod
    def from_document(cls, document: Document, clock: Clock) -> "Lease":
        """Return the lease of a variable that was just leased or extended."""
        seconds = parse_number(document.headers, "Lease-Seconds")
        granted = DEFAULT_SECONDS if seconds is None else seconds
        return cls(document.address, document.content, document.headers, granted, clock)

    @property
    def remaining(self) -> float:
        """Seconds until the deadline."""
        return self._end - self.clock.monotonic()

    @property
    def context(self) -> Any:
        """The starting context of this unit; None: the job's kept context."""
        return self.embedded("context")

    @cached_property
    def name(self) -> str:
        """The variable's id, as far as links show it."""
        path = self.link("self").partition("?")[0] if self.has("self") else ""
        return unquote(path.rstrip("/").rpartition("/")[2]) or "variable"
