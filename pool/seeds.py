"""The seed of a unit's random numbers, computed alike by the pool and by each client."""

from functools import lru_cache

MASK = 0xFFFFFFFF


def unit_seed(job_id: str, variable_id: str) -> int:
    """Return an integer below 2^53: cyrb53 (bryc, public domain) of both ids. It is no secret."""
    high, low = _absorb(*_state_of(job_id), variable_id)
    low = (low ^ low >> 16) * 2246822507 & MASK ^ (high ^ high >> 13) * 3266489909 & MASK
    high = (high ^ high >> 16) * 2246822507 & MASK ^ (low ^ low >> 13) * 3266489909 & MASK
    return (high & 0x1FFFFF) << 32 | low


@lru_cache(maxsize=64)
def _state_of(job_id: str) -> tuple[int, int]:
    """Return the state behind the part that all units of a job have in common."""
    return _absorb(0x41C6CE57, 0xDEADBEEF, f"{job_id}/")


def _absorb(high: int, low: int, text: str) -> tuple[int, int]:
    for code in map(ord, text):
        low = (low ^ code) * 2654435761 & MASK
        high = (high ^ code) * 1597334677 & MASK
    return high, low
