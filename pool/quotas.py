"""Quotas: how many jobs, variables and bytes the holder of a key may store; without one there is no limit.

The key's document has the quota, and so has what is posted with the key: results count for the job's poster.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pool.errors import Invalid, QuotaReached
from storage.base import Document
from storage.poster_store import Usage

MEGABYTE = 1_000_000
REMEDY = "delete some of them, or ask the operator for a larger quota"


@dataclass(frozen=True)
class Quota:
    """Limits; None: there is no such limit."""

    jobs: int | None = None
    variables: int | None = None
    bytes: int | None = None

    def __post_init__(self) -> None:
        for name, limit in asdict(self).items():
            if limit is not None and limit < 0:
                raise Invalid(f"quota {name}", "must be 0 or more")

    @property
    def document(self) -> Document:
        """Without the limits that there are not."""
        return {name: limit for name, limit in asdict(self).items() if limit is not None}

    def require(self, used: Usage, _all: Usage) -> None:
        """Raises QuotaReached if this were used."""
        for count, limit, what in (
            (used.jobs, self.jobs, f"{self.jobs} jobs"),
            (used.variables, self.variables, f"{self.variables} variables"),
            (used.size, self.bytes, f"{(self.bytes or 0) / MEGABYTE:g} MB"),
        ):
            if limit is not None and count > limit:
                raise QuotaReached(f"this key may store {what}: {REMEDY}", is_of_all=False)


def quota_of(document: Document) -> Quota | None:
    """The quota in the document of a key, a job or a flow."""
    return Quota(**document["quota"]) if document.get("quota") else None
