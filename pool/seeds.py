"""The seed of a unit's random numbers, computed alike by the pool and by each client."""

MASK = 0xFFFFFFFF


def unit_seed(job_id: str, variable_id: str) -> int:
    """Return an integer below 2^53: cyrb53 (bryc, public domain) of both ids. It is no secret."""
    high, low = 0x41C6CE57, 0xDEADBEEF
    for character in f"{job_id}/{variable_id}":
        low = (low ^ ord(character)) * 2654435761 & MASK
        high = (high ^ ord(character)) * 1597334677 & MASK
    low = (low ^ low >> 16) * 2246822507 & MASK ^ (high ^ high >> 13) * 3266489909 & MASK
    high = (high ^ high >> 16) * 2246822507 & MASK ^ (low ^ low >> 13) * 3266489909 & MASK
    return (high & 0x1FFFFF) << 32 | low
