"""The standing of volunteers: what each has done lately, and how many leases it may hold for that.

It is computed from the store's activity log, the same in every process. Limits start small and grow with accepted
results; whoever loses leases or has results refused is served less, and never banned: behind one address there may be
a whole school.
"""

from __future__ import annotations

import heapq
import logging
import math
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pool.errors import LimitReached
from pool.peers import Peer
from storage.base import Document, Store
from storage.errors import StorageError

# Results accepted by a validator after which a volunteer is proven: its leases are limited less, and its errors count
# by themselves.
PROVEN_RESULTS = 10
FIRST_LEASES, NEW_LEASES, PROVEN_LEASES = 4, 32, 1024
# After errors: a job may be to blame, and a page with two workers must not stand still.
LEAST_LEASES = 2.0
# Seconds of leased time: leases times run time.
NEW_SECONDS, PROVEN_SECONDS = 2 * 3600, 48 * 3600
PREFIX_LEASES, PREFIX_LEASES_PER_PROVEN = 128, 8
# Volunteers with fewer results hold at most this share of a job's unfinished variables, all together beyond one each,
# and those of one address at most that share; or so many.
SHARE_RESULTS, NEW_SHARE, PREFIX_SHARE, SHARE_AT_LEAST = 3, 0.25, 0.5, 8
EXPIRED_PER_VOLUNTEER, EXPIRED_PER_PREFIX = 20, 100
# Errors of a party in one job that count although it has no accepted result there; each accepted result adds one.
FREE_ERRORS = 10
# A lease lasts at most so many times `lease_seconds`, or so many seconds, extensions included; proven: ten times that.
EXTENSIONS, EXTENDED_SECONDS, PROVEN_FACTOR = 12, 3600, 10
# Whoever leases a variable again within so many seconds has held it meanwhile: giving it back does not start anew.
BREAK_SECONDS = 600
# The wait after so many errors in a row, of a volunteer or of all new ones of a prefix; doubled with each further one.
ERRORS_IN_A_ROW, ERRORS_OF_PREFIX, FIRST_WAIT, LONGEST_WAIT = 5, 20, 30, 600
# Records of each kind that a compaction keeps: whoever computes under a new id each time must not fill the memory.
RECORDS_KEPT = 20_000
log = logging.getLogger("comp-pool")
Key = TypeVar("Key", str, tuple[str, str])
WINDOW = 3600 * 1000
DAY = 24 * WINDOW


@dataclass
class Record:
    """What one volunteer, or all of one prefix, did. Times are milliseconds of the epoch."""

    accepted: int = 0
    judged: int = 0
    allowance: float = FIRST_LEASES
    held: int = 0
    expired: int = 0
    window: int = 0
    proven: set[str] = field(default_factory=set)
    last: int = 0

    @property
    def is_proven(self) -> bool:
        return self.judged >= PROVEN_RESULTS

    def is_forgotten(self, now: int) -> bool:
        """Whether it is old, or says no more than a new record."""
        if self.accepted:
            return now - self.last >= 30 * DAY
        is_as_new = self.allowance >= FIRST_LEASES and not self.expired_since(now)
        return is_as_new or now - self.last >= DAY

    def expired_since(self, now: int) -> int:
        return self.expired if abs(now - self.window) < WINDOW else 0

    def add_expired(self, at: int) -> None:
        if abs(at - self.window) >= WINDOW:
            self.window, self.expired = at, 0
        self.expired += 1


@dataclass
class JobRecord:
    """What a party did in one job: accepted results, errors, those in a row, and the time of the last."""

    accepted: int = 0
    errors: int = 0
    in_a_row: int = 0
    last: int = 0


@dataclass(frozen=True)
class HeldLease:
    """`began`: since when volunteers of this prefix have held the variable, with short breaks at most."""

    job: str
    variable: str
    volunteer: str
    prefix: str
    until: int
    began: int
    is_new: bool


@dataclass(frozen=True)
class LostLease:
    """A lease that ended without a result: whoever leases the variable again at this prefix goes on holding it."""

    prefix: str
    began: int
    ended: int


class Activity:
    """The state that the events of the log add up to."""

    def __init__(self) -> None:
        self.volunteers: defaultdict[str, Record] = defaultdict(Record)
        self.prefixes: defaultdict[str, Record] = defaultdict(Record)
        self.parties: defaultdict[tuple[str, str], JobRecord] = defaultdict(JobRecord)
        # The leases of new volunteers in a job, and of those of one prefix.
        self.held_in: Counter[str] = Counter()
        self.held_by: Counter[tuple[str, str]] = Counter()
        self.leases: dict[str, HeldLease] = {}
        # By job and variable, those of the last BREAK_SECONDS.
        self.lost: OrderedDict[tuple[str, str], LostLease] = OrderedDict()
        self._deadlines: list[tuple[int, str]] = []

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
        began = event["began"] if "began" in event else self._began(self.lost.pop(key, None), prefix, at)
        lease = HeldLease(*key, event["volunteer"], prefix, until, began, is_new)
        self.leases[event["lease"]] = lease
        for record in self._records(lease):
            record.held, record.last = record.held + 1, at
        self._count_new(lease, 1)
        heapq.heappush(self._deadlines, (until, event["lease"]))

    def _on_extended(self, event: Document) -> None:
        lease = self.leases.get(event["lease"])
        if lease is not None:
            self.leases[event["lease"]] = replace(lease, until=event["until"])
            heapq.heappush(self._deadlines, (event["until"], event["lease"]))

    @staticmethod
    def _began(lost: LostLease | None, prefix: str, at: int) -> int:
        is_going_on = lost is not None and lost.prefix == prefix and at - lost.ended < BREAK_SECONDS * 1000
        return lost.began if lost is not None and is_going_on else at

    def _on_ended(self, event: Document) -> None:
        self._lose(event["lease"], event["at"])

    def _on_accepted(self, event: Document) -> None:
        self._end(event["lease"])
        if event["earns"]:
            self._earn(event)
        for party in event["parties"]:
            # An id alone has no errors that count, only waits to end: most have none, and need no record.
            if party == event["volunteer"] and (event["job"], party) not in self.parties:
                continue
            job = self.parties[event["job"], party]
            job.accepted, job.in_a_row, job.last = job.accepted + 1, 0, event["at"]

    def _earn(self, event: Document) -> None:
        volunteer, prefix = self.volunteers[event["volunteer"]], self.prefixes[event["prefix"]]
        for record in (volunteer, prefix):
            record.accepted, record.last = record.accepted + 1, event["at"]
            record.judged += event["is_judged"]
        volunteer.allowance = min(volunteer.allowance * 2, PROVEN_LEASES if volunteer.is_proven else NEW_LEASES)
        if volunteer.is_proven:
            prefix.proven.add(event["volunteer"])

    def _on_error(self, event: Document) -> None:
        self._lose(event["lease"], event["at"])
        volunteer = self.volunteers[event["volunteer"]]
        halved = max(LEAST_LEASES, volunteer.allowance / 2)
        volunteer.allowance, volunteer.last = min(volunteer.allowance, halved), event["at"]
        for party in event["parties"]:
            job = self.parties[event["job"], party]
            job.errors, job.in_a_row, job.last = job.errors + 1, job.in_a_row + 1, event["at"]

    def _on_record(self, event: Document) -> None:
        """A line of a compacted log."""
        known = {"volunteer": self.volunteers, "prefix": self.prefixes}[event["of"]][event["name"]]
        for name, value in event["values"].items():
            setattr(known, name, set(value) if name == "proven" else value)

    def _on_lost(self, event: Document) -> None:
        self.lost[event["job"], event["variable"]] = LostLease(**event["values"])

    def _on_party(self, event: Document) -> None:
        self.parties[event["job"], event["party"]] = JobRecord(**event["values"])

    def _records(self, lease: HeldLease) -> Iterator[Record]:
        yield self.volunteers[lease.volunteer]
        yield self.prefixes[lease.prefix]

    def _end(self, lease_id: str | None) -> HeldLease | None:
        lease = self.leases.pop(lease_id or "", None)
        if lease is not None:
            for record in self._records(lease):
                record.held -= 1
            self._count_new(lease, -1)
        return lease

    def _lose(self, lease_id: str | None, at: int) -> None:
        """Ends a lease without a result."""
        lease = self._end(lease_id)
        if lease is not None:
            key = lease.job, lease.variable
            self.lost[key] = LostLease(lease.prefix, lease.began, at)
            self.lost.move_to_end(key)

    def _count_new(self, lease: HeldLease, change: int) -> None:
        if lease.is_new:
            _add(self.held_in, lease.job, change)
            _add(self.held_by, (lease.job, lease.prefix), change)

    def expire(self, now: int) -> None:
        """Ends the leases whose deadline has passed: each counts against its holder."""
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
        while self.lost and abs(now - next(iter(self.lost.values())).ended) >= BREAK_SECONDS * 1000:
            self.lost.popitem(last=False)

    def summary(self, now: int) -> Iterator[Document]:
        """Events that add up to this state, without what was long ago: it must not grow with ids that cost nothing."""
        for kind, records in (("volunteer", self.volunteers), ("prefix", self.prefixes)):
            known = (item for item in records.items() if not item[1].is_forgotten(now))
            for name, record in heapq.nlargest(RECORDS_KEPT, known, key=lambda item: (item[1].is_proven, item[1].last)):
                values: dict[str, Any] = {**vars(record), "proven": sorted(record.proven), "held": 0}
                yield {"event": "record", "of": kind, "name": name, "values": values}
        recent = (item for item in self.parties.items() if now - item[1].last < DAY)
        for (job, party), counted in heapq.nlargest(RECORDS_KEPT, recent, key=lambda item: item[1].last):
            yield {"event": "party", "job": job, "party": party, "values": vars(counted)}
        for (job, variable), lost in list(self.lost.items())[-RECORDS_KEPT:]:
            yield {"event": "lost", "job": job, "variable": variable, "values": vars(lost)}
        for lease_id, lease in self.leases.items():
            yield {"event": "leased", "lease": lease_id, "at": now, **vars(lease)}


@dataclass(frozen=True)
class JobFacts:
    """What limits depend on: unfinished variables, and the median run time in seconds, if it is known."""

    uid: str
    unfinished: Callable[[], int]
    run_seconds: Callable[[], float | None]


class Standing:
    def __init__(self, store: Store) -> None:
        self._store, self._clock = store, store.clock
        self._activity = Activity()
        self._lock = threading.Lock()

    def is_proven(self, peer: Peer) -> bool:
        return bool(peer.volunteer) and _known(self._current().volunteers, _name(peer)).is_proven

    def require_lease_allowed(self, job: JobFacts, peer: Peer) -> None:
        """Raises LimitReached if the peer may lease no further variable of this job now."""
        state, now = self._current(), self._clock.now_milliseconds()
        _require_no_waits(state, job.uid, peer, now)
        volunteer, prefix = _known(state.volunteers, _name(peer)), _known(state.prefixes, peer.prefix)
        _require_below(volunteer, _volunteer_limit(volunteer, peer, job, now), "this volunteer holds")
        if peer.is_trusted:
            return
        _require_below(prefix, _prefix_limit(prefix, now), "this address holds")
        if not volunteer.is_proven:
            _require_share(volunteer, state.held_in[job.uid], state.held_by[job.uid, peer.prefix], job)

    def require_no_wait(self, job_uid: str, peer: Peer) -> None:
        """Raises LimitReached while the peer must wait, because it failed in this job again and again."""
        _require_no_waits(self._current(), job_uid, peer, self._clock.now_milliseconds())

    def has_held_too_long(self, job_uid: str, variable_id: str, lease_seconds: float, peer: Peer) -> bool:
        """Whether volunteers at the address of this peer have held a variable for so long that others come first.

        As of the log's last reading: it is called for each candidate of a lease, after `require_lease_allowed`.
        """
        lost = self._activity.lost.get((job_uid, variable_id))
        if lost is None or lost.prefix != peer.prefix:
            return False
        return self._clock.now_milliseconds() - lost.began > self._longest(lease_seconds, peer) * 1000

    def _longest(self, lease_seconds: float, peer: Peer) -> float:
        """For how many seconds a peer may hold a variable."""
        longest = max(EXTENSIONS * lease_seconds, EXTENDED_SECONDS)
        return longest * (PROVEN_FACTOR if peer.is_trusted or self.is_proven(peer) else 1)

    def began(self, lease_id: str, started: int) -> int:
        """Since when the variable of a lease has been held at its address, which may be before it `started`."""
        lease = self._current().leases.get(lease_id)
        return lease.began if lease is not None else started

    def require_extension_allowed(self, started: int, lease_seconds: float, peer: Peer) -> None:
        """Raises LimitReached if the lease has been extended for too long. `started` is in milliseconds."""
        longest = self._longest(lease_seconds, peer)
        if self._clock.now_milliseconds() - started > longest * 1000:
            raise LimitReached(
                f"the lease has been extended for {longest:g} seconds (the limit): raise lease_seconds", LONGEST_WAIT
            )

    def counts(self, job_uid: str, party: str) -> bool:
        """Whether a further error of this party counts against a variable of this job.

        A party that only fails says something about itself, and nothing about the variables.
        """
        known = self._current().parties.get((job_uid, party), JobRecord())
        return known.errors < FREE_ERRORS + known.accepted

    def holds(self, lease_id: str) -> bool:
        """Whether the lease has neither ended nor expired."""
        return lease_id in self._current().leases

    def leased(self, lease_id: str, job_uid: str, variable_id: str, peer: Peer, until: int) -> None:
        self._append("leased", lease_id, job=job_uid, variable=variable_id, **_of(peer), until=until)

    def extended(self, lease_id: str, job_uid: str, variable_id: str, peer: Peer, until: int) -> None:
        """A lease that has expired is held again."""
        if self.holds(lease_id):
            self._append("extended", lease_id, until=until)
        else:
            self.leased(lease_id, job_uid, variable_id, peer, until)

    def ended(self, lease_id: str) -> None:
        if self.holds(lease_id):
            self._append("ended", lease_id)

    def accepted(self, lease_id: str, job: Document, peer: Peer, parties: list[str]) -> None:
        """Results of a job that was posted without a key earn nothing: its poster could accept anything.

        Those of a job without a validator prove nobody: it accepts anything.
        """
        earned = {"earns": job["key"] is not None, "is_judged": "validate_result" in job}
        self._append("accepted", lease_id, job=job["uid"], **_of(peer), parties=_with_name(parties, peer), **earned)

    def failed(self, lease_id: str | None, job_uid: str, peer: Peer, parties: list[str]) -> None:
        self._append("error", lease_id, job=job_uid, **_of(peer), parties=_with_name(parties, peer))

    def _append(self, event: str, lease_id: str | None, **facts: Any) -> None:
        at = self._clock.now_milliseconds()
        try:
            self._store.activity.append({"event": event, "at": at, "lease": lease_id, **facts})
            # The lock before the log's own one, as in `_current`.
            with self._lock:
                self._store.activity.compact(self._summarise)
        except StorageError as ex:
            # What it is about is stored already: a full disk must not refuse it now.
            log.warning("the activity of volunteers is not recorded: %s", ex)

    def _summarise(self, is_new: bool, events: list[Document]) -> list[Document]:
        self._add(is_new, events)
        return list(self._activity.summary(self._clock.now_milliseconds()))

    def _current(self) -> Activity:
        with self._lock:
            self._add(*self._store.activity.read())
            return self._activity

    def _add(self, is_new: bool, events: list[Document]) -> None:
        if is_new:
            self._activity = Activity()
        for event in events:
            with suppress(AttributeError, KeyError, TypeError, ValueError):  # A line written by hand.
                self._activity.apply(event)
        self._activity.expire(self._clock.now_milliseconds())


def _known(records: dict[str, Record], name: str) -> Record:
    """Without making one: a request under a new id must not cost memory."""
    return records.get(name) or Record()


def _add(counter: Counter[Key], key: Key, change: int) -> None:
    """Without zeros: a counter must not grow with the jobs and addresses ever seen."""
    counter[key] += change
    if counter[key] <= 0:
        del counter[key]


def _name(peer: Peer) -> str:
    """The volunteer's name; all who give none at one address are one volunteer."""
    return peer.volunteer or f"@{peer.prefix}"


def _of(peer: Peer) -> dict[str, str]:
    return {"volunteer": _name(peer), "prefix": peer.prefix}


def _with_name(parties: list[str], peer: Peer) -> list[str]:
    return sorted({*parties, _name(peer)})


def _require_no_waits(state: Activity, job_uid: str, peer: Peer, now: int) -> None:
    _require_no_wait(state.parties.get((job_uid, _name(peer))), ERRORS_IN_A_ROW, now, "this volunteer")
    if not peer.is_trusted and not _known(state.volunteers, _name(peer)).is_proven:
        # Whoever fails under new ids has one address.
        failing = state.parties.get((job_uid, peer.prefix))
        _require_no_wait(failing, ERRORS_OF_PREFIX, now, "volunteers of this address")


def _require_no_wait(known: JobRecord | None, errors: int, now: int, who: str) -> None:
    """Whoever only fails in a job gets its variables one at a time, with a growing wait between them."""
    if known is None or known.in_a_row < errors:
        return
    wait = min(FIRST_WAIT * 2 ** min(known.in_a_row - errors, 10), LONGEST_WAIT)
    # A clock that was set back must not make the wait longer by as much.
    left = wait - abs(now - known.last) / 1000
    if left > 0:
        raise LimitReached(f"{who} failed {known.in_a_row} times in a row in this job", left)


def _require_share(volunteer: Record, held_in_job: int, held_by_prefix: int, job: JobFacts) -> None:
    """The share of a job that new volunteers may hold; each may hold one, but not where one address has too many."""
    share, held = (NEW_SHARE, held_in_job) if volunteer.held else (PREFIX_SHARE, held_by_prefix)
    if volunteer.accepted >= SHARE_RESULTS or held < SHARE_AT_LEAST:
        return
    limit = max(SHARE_AT_LEAST, int(job.unfinished() * share))
    if held >= limit:
        who = "new volunteers together" if volunteer.held else "new volunteers of this address"
        raise LimitReached(f"{who} hold {limit} variables of this job (the limit)", _retry_seconds(job))


def _require_below(record: Record, limit: int, who: str) -> None:
    if record.held >= limit:
        raise LimitReached(f"{who} {record.held} leases (at most {limit} for now): each accepted result raises that", 5)


def _volunteer_limit(volunteer: Record, peer: Peer, job: JobFacts, now: int) -> int:
    if peer.is_trusted:
        return PROVEN_LEASES
    if volunteer.expired_since(now) > EXPIRED_PER_VOLUNTEER:
        return 1
    limit = int(volunteer.allowance)
    run_seconds = job.run_seconds() if volunteer.held >= 1 else None
    if run_seconds:
        seconds = PROVEN_SECONDS if volunteer.is_proven else NEW_SECONDS
        limit = min(limit, math.floor(seconds / run_seconds))
    return max(1, limit)


def _prefix_limit(prefix: Record, now: int) -> int:
    if prefix.expired_since(now) > EXPIRED_PER_PREFIX:
        return max(1, PREFIX_LEASES_PER_PROVEN * len(prefix.proven))
    return PREFIX_LEASES + PREFIX_LEASES_PER_PROVEN * len(prefix.proven)


def _retry_seconds(job: JobFacts) -> float:
    return min(max(job.run_seconds() or 1.0, 1.0), 15.0)
