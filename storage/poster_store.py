"""The contract of the usage of posters: what each has stored, by job, and the sum of all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """`size` is in bytes."""

    jobs: int = 0
    variables: int = 0
    size: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.jobs + other.jobs, self.variables + other.variables, self.size + other.size)

    def __neg__(self) -> Usage:
        return Usage(-self.jobs, -self.variables, -self.size)


class PosterStore(ABC):
    """`poster` is an address prefix (a hash) or the digest of a key.

    `subject` is a job's uid, or another id for what belongs to no job.

    The usage is that of all processes: exact, except that what a dead process was about to store may be counted.
    """

    @abstractmethod
    def add(self, poster: str, subject: str, usage: Usage, check: Callable[[Usage, Usage], None] | None = None) -> None:
        """Adds to the usage, durably.

        `check` is called before with what the poster's usage and that of all would be; if it raises, nothing is added.
        Nothing else is added meanwhile.
        """

    @abstractmethod
    def remove(self, subject: str) -> None:
        """Forgets the usage of a subject, of whichever posters."""

    @abstractmethod
    def of(self, poster: str) -> Usage:
        """The usage of one poster."""

    @abstractmethod
    def total(self) -> Usage:
        """The usage of all posters."""

    @abstractmethod
    def recount(self, exists: Callable[[str], bool]) -> None:
        """Computes the sum anew, without subjects that do not exist."""
