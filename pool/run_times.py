"""Run times of a job's latest results as a histogram: intervals of equal ratio, so that milliseconds and hours fit."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence

from storage.base import Document

# Below a millisecond nobody measures well.
SHORTEST = 1e-3
MAX_INTERVALS = 20
# Intervals per factor of ten, the finest first.
_FINENESS = (20, 10, 5, 2, 1)


def histogram(seconds: Sequence[float]) -> Document | None:
    """Median, 95th percentile, and the number of results in each interval; None without results."""
    if not seconds:
        return None
    times = sorted(max(one, SHORTEST) for one in seconds)
    fineness = next((one for one in _FINENESS if _place(times[-1], one) - _place(times[0], one) < MAX_INTERVALS), 1)
    counts = Counter(_place(one, fineness) for one in times)
    first, last = min(counts), max(counts)
    return {
        "count": len(times),
        "median": round(statistics.median(times), 6),
        "p95": round(times[math.ceil(0.95 * len(times)) - 1], 6),
        "intervals": [
            {"from": _edge(place, fineness), "to": _edge(place + 1, fineness), "results": counts[place]}
            for place in range(first, last + 1)
        ],
    }


def _place(seconds: float, fineness: int) -> int:
    return math.floor(math.log10(seconds) * fineness + 1e-9)


def _edge(place: int, fineness: int) -> float:
    return float(f"{10 ** (place / fineness):.3g}")
