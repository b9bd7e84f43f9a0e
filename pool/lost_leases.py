"""Leases that ended without a result, those of the last ten minutes: who goes on with them, and what was given back."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

# Whoever leases a variable again within so many seconds has held it meanwhile: giving it back does not start anew.
BREAK_SECONDS = 600


@dataclass(frozen=True, slots=True)
class LostLease:
    """Whoever leases the variable again at this prefix goes on holding it. `is_returned`: it was given back."""

    prefix: str
    began: int
    ended: int
    is_returned: bool = False


class LostLeases:
    def __init__(self) -> None:
        self._by_variable: OrderedDict[tuple[str, str], LostLease] = OrderedDict()
        # By job and prefix; the values of the inner dict mean nothing, its order is that of giving back.
        self._returned: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)

    def add(self, job: str, variable: str, lost: LostLease) -> None:
        self.pop(job, variable)
        self._by_variable[job, variable] = lost
        if lost.is_returned:
            self._returned[job, lost.prefix][variable] = None

    def pop(self, job: str, variable: str) -> None:
        lost = self._by_variable.pop((job, variable), None)
        if lost is not None and lost.is_returned:
            returned = self._returned[job, lost.prefix]
            returned.pop(variable, None)
            if not returned:
                del self._returned[job, lost.prefix]

    def get(self, job: str, variable: str) -> LostLease | None:
        return self._by_variable.get((job, variable))

    def returned(self, job: str, prefix: str) -> Sequence[str]:
        """The variables that volunteers of a prefix have given back, and nobody has leased since; the oldest first."""
        return tuple(self._returned.get((job, prefix), ()))

    def expire(self, now: int) -> None:
        while self._by_variable:
            (job, variable), lost = next(iter(self._by_variable.items()))
            if abs(now - lost.ended) < BREAK_SECONDS * 1000:
                return
            self.pop(job, variable)

    def keep_newest(self, count: int) -> None:
        for job, variable in list(self._by_variable)[:-count]:
            self.pop(job, variable)

    def newest(self, count: int) -> Sequence[tuple[tuple[str, str], LostLease]]:
        return list(self._by_variable.items())[-count:]
