"""Audits: of each batch of held results of one volunteer, some are drawn afterwards and computed again.

The batch is complete before anything is drawn, so that nobody can lie in those alone that are not checked.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pool.trust.policy import Policy

# A run time below this share of the job's median is suspicious.
TOO_FAST = 1 / 20


@dataclass(frozen=True)
class HeldResult:
    """A held result; `at` in milliseconds of the epoch."""

    variable_id: str
    result_id: str
    volunteer: str
    at: int
    run_seconds: float | None = None


def closed_batches(held: Iterable[HeldResult], policy: Policy, now: int) -> list[list[HeldResult]]:
    """Batches to be audited: full ones, and what volunteers left who have been silent for `idle_seconds`."""
    by_volunteer: defaultdict[str, list[HeldResult]] = defaultdict(list)
    for result in sorted(held, key=lambda found: (found.at, found.result_id)):
        by_volunteer[result.volunteer].append(result)
    return [batch for results in by_volunteer.values() for batch in _closed(results, policy, now)]


def _closed(results: Sequence[HeldResult], policy: Policy, now: int) -> Iterable[list[HeldResult]]:
    for start in range(0, len(results), policy.every):
        batch = list(results[start : start + policy.every])
        # A clock that was set back must not hold them for ever.
        if len(batch) == policy.every or abs(now - batch[-1].at) >= policy.idle_seconds * 1000:
            yield batch


def draw(
    batch: Sequence[HeldResult], checks: int, generator: random.Random, median_seconds: float | None = None
) -> list[HeldResult]:
    """The results of a batch that are computed again: `checks` at random, and one more of those that came too fast."""
    drawn = generator.sample(list(batch), min(checks, len(batch)))
    fast = [result for result in batch if _is_too_fast(result, median_seconds) and result not in drawn]
    return drawn + generator.sample(fast, min(1, len(fast)))


def _is_too_fast(result: HeldResult, median_seconds: float | None) -> bool:
    if not median_seconds or result.run_seconds is None:
        return False
    return result.run_seconds < median_seconds * TOO_FAST
