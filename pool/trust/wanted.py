"""The variables of a job that want a further answer, by whose turn it is: as of a moment ago, in each process.

So a volunteer gets the answers that it owes to others first, without a search among all that are open, and liars are
soon found out.
"""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pool.trust.pairing import Pairing
from storage import ids
from storage.base import Document, Store

# The oldest of a job; the others are found as any open variable is.
MOST, JOBS_KEPT = 1000, 100
# Of one party, for each lease: it may have answered them itself.
TRIED = 8
# A look is made at most every second, and takes at most this share of the time.
SECONDS, SHARE = 1.0, 0.05


@dataclass(frozen=True)
class Answers:
    """How many results of a variable are held, and when the last one came, in milliseconds of the epoch."""

    count: int
    at: int


@dataclass(frozen=True)
class _Look:
    by_variable: dict[str, Answers]
    by_party: Mapping[str, Sequence[str]]
    until: float


class Wanted:
    def __init__(self, store: Store, pairing: Pairing) -> None:
        self._store, self._pairing = store, pairing
        self._looks: dict[str, _Look] = {}
        self._lock = threading.Lock()

    def some_of(self, job: Document, party: str) -> Sequence[str]:
        """A few of the variables that this party may be to answer next."""
        names = self._look(job).by_party.get(party, ())
        return random.sample(names, min(TRIED, len(names)))

    def may_answer(self, job: Document, variable_id: str, party: str, answered: Collection[str] | None = None) -> bool:
        """Whether a variable has no answer, or the next may be this party's: of those that have not `answered`.

        Without `answered` it is True also where that depends on who has. Others are let in one by one, with each length
        of a lease that the variable has waited.
        """
        answers = self._answers(job["id"], variable_id)
        if answers is None:
            return True
        waited = abs(self._store.clock.now_milliseconds() - answers.at) / 1000
        turns = 1 + int(waited / job["settings"]["lease_seconds"]) + (answers.count if answered is None else 0)
        return self._pairing.is_turn(job["uid"], variable_id, party, answered or (), turns)

    def forget(self, job_id: str, variable_ids: Iterable[str]) -> None:
        """Call when these have another answer. Other processes know it at their next look."""
        look = self._looks.get(job_id)
        if look is not None:
            for name in variable_ids:
                look.by_variable.pop(name, None)

    def _answers(self, job_id: str, variable_id: str) -> Answers | None:
        """Of the last look, or of the store; None if the variable has no answer."""
        look = self._looks.get(job_id)
        known = look.by_variable.get(variable_id) if look is not None else None
        return known or self._read(job_id, variable_id)

    def _read(self, job_id: str, variable_id: str) -> Answers | None:
        found = self._store.held.ids(job_id, variable_id)
        return Answers(len(found), ids.time_of(max(found))) if found else None

    def _look(self, job: Document) -> _Look:
        clock, job_id = self._store.clock, job["id"]
        with self._lock:
            look, began = self._looks.get(job_id), clock.monotonic()
            if look is None or began >= look.until:
                by_variable = {
                    name: answers
                    for name in self._store.held.wanting(job_id, MOST)
                    if (answers := self._read(job_id, name)) is not None
                }
                by_party = self._by_party(job["uid"], by_variable)
                now = clock.monotonic()
                look = _Look(by_variable, by_party, now + max(SECONDS, (now - began) / SHARE))
                if len(self._looks) >= JOBS_KEPT:
                    self._looks.clear()
                self._looks[job_id] = look
            return look

    def _by_party(self, job_uid: str, by_variable: Mapping[str, Answers]) -> Mapping[str, Sequence[str]]:
        """Who has answered is not known without reading the answers: one party more for each."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name, answers in by_variable.items():
            for party in self._pairing.first(job_uid, name, 1 + answers.count):
                found[party].append(name)
        return found
