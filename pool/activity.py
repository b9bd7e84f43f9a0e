"""The activity of volunteers: the state that the events of the store's activity log add up to.

It is the same in every process. What was long ago is forgotten, and so is what ids do that cost nothing (`forgetting`).
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from pool.credit import DAY, Ledger
from pool.lost_leases import BREAK_SECONDS, LostLease, LostLeases
from pool.presence import Presence
from storage.base import Document

# Results accepted by a validator after which a volunteer is proven: its leases are limited less, and its errors count
# by themselves.
PROVEN_RESULTS = 10
# With fewer results a volunteer is new: all of these together have a share of a job.
SHARE_RESULTS = 3
# Leases of a volunteer: at first, at most while it is new, and at most when it is proven.
FIRST_LEASES, NEW_LEASES, PROVEN_LEASES = 4, 32, 1024
# After errors: a job may be to blame, and a page with two workers must not stand still.
LEAST_LEASES = 2.0
# A clock that goes back by so much was set: processes log what they do at once in any order.
SET_BACK = 60_000
WINDOW = 3600 * 1000
Key = TypeVar("Key", str, tuple[str, str])


@dataclass(slots=True)
class Record:
    """What one volunteer, or all of one prefix, did. Times are milliseconds of the epoch."""

    accepted: int = 0
    judged: int = 0
    allowance: float = FIRST_LEASES
    held: int = 0
    expired: int = 0
    window: int = 0
    # Of a prefix: none has a set of its own before it needs one, since there is a record for each id.
    proven: frozenset[str] = frozenset()
    last: int = 0
    refused: int = 0
    audited: int = 0
    caught: int = 0
    last_caught: int = 0
    since: int = 0

    @property
    def is_proven(self) -> bool:
        return self.judged >= PROVEN_RESULTS

    def is_forgotten(self, now: int) -> bool:
        """Whether it is old, or says no more than a new record."""
        if self.caught_since(now):
            return False
        if self.accepted:
            return now - self.last >= 30 * DAY
        is_as_new = self.allowance >= FIRST_LEASES and not self.expired_since(now)
        return is_as_new or now - self.last >= DAY

    def expired_since(self, now: int) -> int:
        return self.expired if abs(now - self.window) < WINDOW else 0

    def caught_since(self, now: int) -> int:
        return self.caught if abs(now - self.last_caught) < DAY else 0

    def add_caught(self, at: int) -> None:
        self.caught, self.last_caught = self.caught_since(at) + 1, at

    def add_expired(self, at: int) -> None:
        if abs(at - self.window) >= WINDOW:
            self.window, self.expired = at, 0
        self.expired += 1


@dataclass(slots=True)
class JobRecord:
    """What a party did in one job: accepted results, errors, those in a row, and the time of the last."""

    accepted: int = 0
    errors: int = 0
    in_a_row: int = 0
    last: int = 0


class HeldLease(NamedTuple):
    """`began`: since when volunteers of this prefix have held the variable, with short breaks at most.

    `party` is who counts as present, in a job that holds results; else it is empty.
    """

    job: str
    variable: str
    volunteer: str
    prefix: str
    until: int
    began: int
    is_new: bool
    party: str = ""


class Activity:
    """The state that the events of the log add up to."""

    def __init__(self) -> None:
        self.volunteers: defaultdict[str, Record] = defaultdict(Record)
        self.prefixes: defaultdict[str, Record] = defaultdict(Record)
        # Results of a volunteer in a job that others confirmed, in a row.
        self.confirmed: Counter[tuple[str, str]] = Counter()
        self.parties: defaultdict[tuple[str, str], JobRecord] = defaultdict(JobRecord)
        # The leases of new volunteers in a job, and of those of one prefix.
        self.held_in: Counter[str] = Counter()
        self.held_by: Counter[tuple[str, str]] = Counter()
        self.leases: dict[str, HeldLease] = {}
        self.lost, self.present = LostLeases(), Presence()
        self.credit = Ledger()
        self._deadlines: list[tuple[int, str]] = []
        self.latest = 0

    def add(self, events: Iterable[Document]) -> None:
        for event in events:
            with suppress(AttributeError, KeyError, TypeError, ValueError):  # A line written by hand.
                self.apply(event)

    def apply(self, event: Document) -> None:
        # First: whether a late result ended its lease must not depend on when a process reads the log.
        if "at" in event:
            self.expire(event["at"])
        getattr(self, f"_on_{event['event']}")(event)

    def _on_leased(self, event: Document) -> None:
        # First, so that an invalid event counts as a whole or not at all.
        at, until = int(event["at"]), int(event["until"])
        # A compacted log has it as it was when the variable was leased.
        is_new = event.get("is_new", self.volunteers[event["volunteer"]].accepted < SHARE_RESULTS)
        key, prefix = (event["job"], event["variable"]), event["prefix"]
        began = event.get("began")
        if began is None:
            began = self.began_again(*key, prefix, at)
            self.lost.pop(*key)
        lease = HeldLease(*key, event["volunteer"], prefix, until, began, is_new, event.get("party", ""))
        self.leases[event["lease"]] = lease
        for record in self._records(lease):
            record.held, record.last = record.held + 1, at
        self._count_new(lease, 1)
        if lease.party:
            self.present.came(lease.job, lease.party)
        heapq.heappush(self._deadlines, (until, event["lease"]))

    def _on_extended(self, event: Document) -> None:
        lease = self.leases.get(event["lease"])
        if lease is not None:
            self.leases[event["lease"]] = lease._replace(until=event["until"])
            heapq.heappush(self._deadlines, (event["until"], event["lease"]))

    def began_again(self, job: str, variable: str, prefix: str, at: int) -> int:
        """Since when a prefix has held a variable that it leases `at` this time: longer, after a short break."""
        lost = self.lost.get(job, variable)
        is_going_on = lost is not None and lost.prefix == prefix and at - lost.ended < BREAK_SECONDS * 1000
        return lost.began if lost is not None and is_going_on else at

    def _on_ended(self, event: Document) -> None:
        self._lose(event["lease"], event["at"], event.get("is_returned", False))

    def _on_accepted(self, event: Document) -> None:
        is_late = self._end(event["lease"], event["at"]) is None
        if event["earns"]:
            self._earn(event, is_late)
            self.credit.add(event["volunteer"], event["job"], event["at"], event.get("run_seconds"))
        for party in event["parties"]:
            # An id alone has no errors that count, only waits to end: most have none, and need no record.
            if party == event["volunteer"] and (event["job"], party) not in self.parties:
                continue
            job = self.parties[event["job"], party]
            job.accepted, job.in_a_row, job.last = job.accepted + 1, 0, event["at"]

    def _earn(self, event: Document, is_late: bool) -> None:
        volunteer, prefix = self.volunteers[event["volunteer"]], self.prefixes[event["prefix"]]
        for record in (volunteer, prefix):
            record.accepted, record.last = record.accepted + 1, event["at"]
            record.since = record.since or event["at"]
            record.judged += event["is_judged"]
            # The lease expired, but its holder was there: after the clock was set forth, that is true of all.
            record.expired = max(0, record.expired - is_late)
        volunteer.allowance = min(volunteer.allowance * 2, PROVEN_LEASES if volunteer.is_proven else NEW_LEASES)
        if volunteer.is_proven and event["volunteer"] not in prefix.proven:
            prefix.proven |= {event["volunteer"]}

    def _on_error(self, event: Document) -> None:
        self._lose(event["lease"], event["at"])
        volunteer = self.volunteers[event["volunteer"]]
        halved = max(LEAST_LEASES, volunteer.allowance / 2)
        volunteer.allowance, volunteer.last = min(volunteer.allowance, halved), event["at"]
        volunteer.refused += 1
        self.confirmed.pop((event["job"], event["volunteer"]), None)
        for party in event["parties"]:
            job = self.parties[event["job"], party]
            job.errors, job.in_a_row, job.last = job.errors + 1, job.in_a_row + 1, event["at"]

    def _on_confirmed(self, event: Document) -> None:
        self.confirmed[event["job"], event["volunteer"]] += 1
        self.volunteers[event["volunteer"]].audited += 1

    def _on_caught(self, event: Document) -> None:
        """A wrong result was proved: its volunteer begins anew, with less than at first."""
        name = event["volunteer"]
        known = self.volunteers[name]
        for prefix in self.prefixes.values():
            if name in prefix.proven:
                prefix.proven -= {name}
        for known_prefix in map(self.prefixes.__getitem__, event["prefixes"]):
            known_prefix.add_caught(event["at"])
            known_prefix.last = event["at"]
        known.add_caught(event["at"])
        self.volunteers[name] = Record(
            allowance=1.0,
            held=known.held,
            refused=known.refused + 1,
            since=known.since,
            last=event["at"],
            caught=known.caught,
            last_caught=known.last_caught,
        )
        for key in [key for key in self.confirmed if key[1] == name]:
            del self.confirmed[key]

    def _on_forgotten(self, event: Document) -> None:
        """A volunteer has deleted its record. What its address has done stays: a new id would not change that."""
        name = event["volunteer"]
        if event.get("into"):
            self.credit.move(name, event["into"])
        known = self.volunteers.pop(name, None)
        if known is not None and known.held:
            self.volunteers[name] = Record(held=known.held)
        self.credit.forget(name)
        for counted in (self.confirmed, self.parties):
            for key in [key for key in counted if key[1] == name]:
                del counted[key]

    def _on_credit(self, event: Document) -> None:
        """A line of a compacted log."""
        self.credit.restore(event)

    def _on_confirmations(self, event: Document) -> None:
        """A line of a compacted log."""
        self.confirmed[event["job"], event["volunteer"]] = event["count"]

    def _on_record(self, event: Document) -> None:
        """A line of a compacted log."""
        known = {"volunteer": self.volunteers, "prefix": self.prefixes}[event["of"]][event["name"]]
        for name, value in event["values"].items():
            setattr(known, name, frozenset(value) if name == "proven" else value)

    def _on_lost(self, event: Document) -> None:
        self.lost.add(event["job"], event["variable"], LostLease(**event["values"]))

    def _on_party(self, event: Document) -> None:
        self.parties[event["job"], event["party"]] = JobRecord(**event["values"])

    def _records(self, lease: HeldLease) -> Iterator[Record]:
        yield self.volunteers[lease.volunteer]
        yield self.prefixes[lease.prefix]

    def _end(self, lease_id: str | None, at: int) -> HeldLease | None:
        lease = self.leases.pop(lease_id or "", None)
        if lease is not None:
            for record in self._records(lease):
                record.held -= 1
            self._count_new(lease, -1)
            if lease.party:
                self.present.left(lease.job, lease.party, at)
        return lease

    def _lose(self, lease_id: str | None, at: int, is_returned: bool = False) -> None:
        """Ends a lease without a result."""
        lease = self._end(lease_id, at)
        if lease is not None:
            self.lost.add(lease.job, lease.variable, LostLease(lease.prefix, lease.began, at, is_returned))

    def _count_new(self, lease: HeldLease, change: int) -> None:
        if lease.is_new:
            _add(self.held_in, lease.job, change)
            _add(self.held_by, (lease.job, lease.prefix), change)

    def _follow_clock(self, now: int) -> None:
        """After the clock was set back, leases last as long from now on as they had left."""
        back = self.latest - now
        if back < SET_BACK:
            self.latest = max(self.latest, now)
            return
        self.latest = now
        for lease_id, lease in self.leases.items():
            self.leases[lease_id] = lease._replace(until=lease.until - back, began=lease.began - back)
        self._deadlines = [(lease.until, lease_id) for lease_id, lease in self.leases.items()]
        heapq.heapify(self._deadlines)

    def expire(self, now: int) -> None:
        """Ends the leases whose deadline has passed: each counts against its holder."""
        self._follow_clock(now)
        while self._deadlines and self._deadlines[0][0] < now:
            until, lease_id = heapq.heappop(self._deadlines)
            lease = self.leases.get(lease_id)
            # An extended lease is in the heap once more.
            if lease is not None and lease.until == until:
                self._lose(lease_id, until)
                for record in self._records(lease):
                    record.add_expired(until)
                volunteer = self.volunteers[lease.volunteer]
                volunteer.allowance = max(1.0, volunteer.allowance - 1)
                self.confirmed.pop((lease.job, lease.volunteer), None)
        self.lost.expire(now)
        self.present.expire(now)


def _add(counter: Counter[Key], key: Key, change: int) -> None:
    """Without zeros: a counter must not grow with the jobs and addresses ever seen."""
    counter[key] += change
    if counter[key] <= 0:
        del counter[key]
