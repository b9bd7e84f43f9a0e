"""The policy of a job: how many computations a result needs, and whose."""

from __future__ import annotations

from dataclasses import dataclass

from pool import fields
from storage.base import Document

HOLDING = ("audit", "quorum", "adaptive")


@dataclass(frozen=True)
class Policy:
    """The numbers of `settings.trust`; `fields.TRUST` has which policy uses which."""

    name: str = "none"
    every: int = 20
    checks: int = 1
    idle_seconds: float = 60.0
    quorum: int = 2
    most: int = 6
    same_address_seconds: float = 3600.0
    trusted_after: int = 10

    @property
    def holds(self) -> bool:
        """Whether results are held until something else confirms them."""
        return self.name in HOLDING


NONE = Policy()


def policy_of(job: Document) -> Policy:
    """Jobs of earlier versions have no such setting."""
    trust = job["settings"].get("trust")
    if trust is None:
        return NONE
    numbers = {name: value for name, value in trust.items() if name != "policy"}
    return Policy(trust["policy"], **{**fields.trust_defaults(trust["policy"]), **numbers})
