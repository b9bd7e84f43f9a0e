"""Who computes a job at present: its parties hold leases there, or did until a moment ago."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict

# Longer than clients wait before they look for work again.
GRACE_SECONDS = 20
# So many parties of one job: any two of them seldom know each other.
ENOUGH = 4


class Presence:
    """A party is an address prefix, or a volunteer of a trusted network. Times are milliseconds of the epoch."""

    def __init__(self) -> None:
        self._leases: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._left: OrderedDict[tuple[str, str], int] = OrderedDict()

    def came(self, job: str, party: str) -> None:
        self._leases[job][party] += 1

    def left(self, job: str, party: str, at: int) -> None:
        """Call when a lease of the party ends."""
        leases = self._leases[job]
        leases[party] -= 1
        if leases[party] <= 0:
            del leases[party]
        if not leases:
            del self._leases[job]
        self._left[job, party] = at
        self._left.move_to_end((job, party))

    def expire(self, now: int) -> None:
        while self._left and abs(now - next(iter(self._left.values()))) >= GRACE_SECONDS * 1000:
            self._left.popitem(last=False)

    def of(self, job: str) -> frozenset[str]:
        """Those of all jobs where few compute this one: accomplices must not be alone in a job of one variable."""
        here = frozenset(self._leases.get(job, ())) | {party for left, party in self._left if left == job}
        return here if len(here) >= ENOUGH else here.union(*self._leases.values(), (party for _, party in self._left))
