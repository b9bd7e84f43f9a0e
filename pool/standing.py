"""The standing of volunteers: what each has done lately, and what it may do for that.

It is computed from the store's activity log (`activity`), the same in every process, and compared with the limits
(`lease_limits`).
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from pool import lease_limits
from pool.activity import Activity, JobRecord
from pool.credit import Credit
from pool.errors import LimitReached
from pool.forgetting import condense, forget
from pool.keys import is_strangers
from pool.lease_limits import JobFacts, known_record, name_of
from pool.peers import Peer
from storage.base import Document, Store
from storage.clock import Clock
from storage.errors import StorageError

# Errors of a party in one job that count although it has no accepted result there; each accepted result adds one.
FREE_ERRORS = 10
# A lease lasts at most so many times `lease_seconds`, or so many seconds, extensions included; proven: ten times that.
EXTENSIONS, EXTENDED_SECONDS, PROVEN_FACTOR = 12, 3600, 10
# Events after which a process forgets what was long ago.
FORGOTTEN_AFTER = 50_000
log = logging.getLogger("comp-pool")


class Earned(NamedTuple):
    """An accepted result: its lease, whose it is, the parties that stand for its volunteer, and its run time."""

    lease_id: str
    peer: Peer
    parties: list[str]
    run_seconds: float | None = None


class Standing:
    def __init__(self, store: Store) -> None:
        self._store, self._clock = store, store.clock
        self._activity = Activity()
        # The steps that are left of forgetting what was long ago: one with each reading.
        self._forgetting: Iterator[None] = iter(())
        self._events_read = 0
        self._lock = threading.Lock()

    def is_proven(self, peer: Peer) -> bool:
        return bool(peer.volunteer) and known_record(self._current().volunteers, name_of(peer)).is_proven

    def seemed_proven(self, peer: Peer) -> bool:
        """The same as of the log's last reading: within one request there is no need for another."""
        return bool(peer.volunteer) and known_record(self._activity.volunteers, name_of(peer)).is_proven

    def record(self, peer: Peer) -> Document:
        """What is remembered of a volunteer, for itself: 30 days after its last result it is forgotten."""
        known, now = known_record(self._current().volunteers, name_of(peer)), self._clock.now_milliseconds()
        return {
            "id": peer.volunteer or None,
            "accepted": known.accepted,
            "confirmed": known.audited,
            "refused": known.refused,
            "expired": known.expired_since(now),
            "since": _text_of(known.since) if known.since else None,
        }

    def active_volunteers(self, seconds: float) -> int:
        """How many volunteers have leased a variable or had a result accepted lately."""
        since = self._clock.now_milliseconds() - seconds * 1000
        return sum(known.last >= since for known in list(self._current().volunteers.values()))

    def leases(self) -> Document:
        """How many leases are held, and by how many volunteers; whoever gives no id counts by address."""
        held = list(self._current().leases.values())
        return {"leases": len(held), "leasing": len({lease.volunteer for lease in held})}

    def busiest(self, count: int) -> list[Document]:
        """The volunteers with most leases, and of the others those who were here last."""
        now, volunteers = self._clock.now_milliseconds(), self._current().volunteers
        found = heapq.nlargest(count, list(volunteers.items()), key=lambda item: (item[1].held, item[1].last))
        return [
            {
                "volunteer": name,
                "leases": known.held,
                "accepted": known.accepted,
                "refused": known.refused,
                "expired": known.expired_since(now),
                "last": _text_of(known.last) if known.last else None,
            }
            for name, known in found
        ]

    def allowed_leases(self, job: JobFacts, peer: Peer, wanted: int = 1) -> int:
        """How many of the wanted further variables of this job the peer may lease now. Raises LimitReached if none."""
        state, now = self._current(), self._clock.now_milliseconds()
        lease_limits.require_no_waits(state, job.uid, peer, now)
        return lease_limits.allowed_leases(state, job, peer, now, wanted)

    def require_no_wait(self, job_uid: str, peer: Peer) -> None:
        """Raises LimitReached while the peer must wait, because it failed in this job again and again."""
        lease_limits.require_no_waits(self._current(), job_uid, peer, self._clock.now_milliseconds())

    def has_held_too_long(self, job_uid: str, variable_id: str, lease_seconds: float, peer: Peer) -> bool:
        """Whether volunteers at the address of this peer have held a variable for so long that others come first.

        As of the log's last reading: it is called for each candidate of a lease, after `allowed_leases`.
        """
        lost = self._activity.lost.get(job_uid, variable_id)
        if lost is None or lost.prefix != peer.prefix:
            return False
        return self._clock.now_milliseconds() - lost.began > self._longest(lease_seconds, peer) * 1000

    def _longest(self, lease_seconds: float, peer: Peer) -> float:
        """For how many seconds a peer may hold a variable."""
        longest = max(EXTENSIONS * lease_seconds, EXTENDED_SECONDS)
        return longest * (PROVEN_FACTOR if peer.is_trusted or self.is_proven(peer) else 1)

    def began(self, lease_id: str, job_uid: str, variable_id: str, peer: Peer) -> int:
        """Since when the variable of a lease has been held at its address, which may be before it was leased.

        To extend a lease that has expired is to lease its variable again, and counts as that: its holder may have lost
        it by the clock alone, which was set forth.
        """
        state = self._current()
        lease = state.leases.get(lease_id)
        if lease is not None:
            return lease.began
        return state.began_again(job_uid, variable_id, peer.prefix, self._clock.now_milliseconds())

    def require_extension_allowed(self, started: int, lease_seconds: float, peer: Peer) -> None:
        """Raises LimitReached if the lease has been extended for too long. `started` is in milliseconds."""
        longest = self._longest(lease_seconds, peer)
        if self._clock.now_milliseconds() - started > longest * 1000:
            raise LimitReached(
                f"the lease has been extended for {longest:g} seconds (the limit): raise lease_seconds",
                lease_limits.LONGEST_WAIT,
                "leases",
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

    def seemed_held(self, lease_id: str) -> bool:
        """The same as of the log's last reading."""
        return lease_id in self._activity.leases

    def refresh(self) -> None:
        """Reads the log."""
        self._current()

    def leased(self, job_uid: str, peer: Peer, leases: Iterable[tuple[str, str, int]], party: str = "") -> None:
        """`leases` are the id, the variable and the deadline of each; `party` is who is present by them."""
        facts = {"event": "leased", "job": job_uid, **_of(peer), **({"party": party} if party else {})}
        self._append_all(
            {**facts, "lease": name, "variable": variable, "until": until} for name, variable, until in leases
        )

    def extended(self, lease_id: str, job_uid: str, variable_id: str, peer: Peer, until: int) -> None:
        """A lease that has expired is held again."""
        if self.holds(lease_id):
            self._append("extended", lease_id, until=until)
        else:
            self.leased(job_uid, peer, [(lease_id, variable_id, until)])

    def ended(self, lease_id: str) -> None:
        if self.holds(lease_id):
            self._append("ended", lease_id)

    def gave_back(self, lease_id: str) -> None:
        if self.holds(lease_id):
            self._append("ended", lease_id, is_returned=True)

    def returned(self, job_uid: str, peer: Peer) -> Sequence[str]:
        """The variables that volunteers at this address have given back lately, and nobody has leased since."""
        return self._current().lost.returned(job_uid, peer.prefix)

    def present(self, job_uid: str) -> frozenset[str]:
        """The parties that compute a job at present."""
        return self._current().present.of(job_uid)

    def accepted(self, job: Document, results: Sequence[Earned]) -> None:
        """Results of a stranger's job earn nothing: its poster could accept anything.

        Those of a job without a validator prove nobody: it accepts anything.
        """
        earned = {"earns": not is_strangers(job), "is_judged": "validate_result" in job}
        self._append_all(
            {"event": "accepted", "lease": result.lease_id, "job": job["uid"], **_of(result.peer), **earned}
            | {"parties": _with_name(result.parties, result.peer), "run_seconds": result.run_seconds}
            for result in results
        )

    def confirmed(self, job_uid: str, volunteers: Iterable[str]) -> None:
        """Results of these volunteers were confirmed, by others or by an audit."""
        self._append_all({"event": "confirmed", "job": job_uid, "volunteer": name} for name in volunteers)

    def caught(self, job_uid: str, volunteer: str, prefixes: Iterable[str]) -> None:
        """A result of this volunteer, at these addresses, was proved wrong: its standing is gone."""
        self._append_all([{"event": "caught", "job": job_uid, "volunteer": volunteer, "prefixes": sorted(prefixes)}])

    def caught_at(self, prefix: str) -> int:
        """How often volunteers of an address were proved to lie, lately."""
        return known_record(self._current().prefixes, prefix).caught_since(self._clock.now_milliseconds())

    def caught_of(self, volunteer: str) -> int:
        """How often a volunteer was, at whatever address."""
        return known_record(self._current().volunteers, volunteer).caught_since(self._clock.now_milliseconds())

    def confirmed_in_a_row(self, job_uid: str, volunteer: str) -> int:
        return self._current().confirmed.get((job_uid, volunteer), 0)

    def failed(self, lease_id: str | None, job_uid: str, peer: Peer, parties: list[str]) -> None:
        self._append("error", lease_id, job=job_uid, **_of(peer), parties=_with_name(parties, peer))

    def credit(self, first_day: int, job_uid: str | None = None) -> dict[str, Credit]:
        """The credit of each volunteer since a day (of the epoch, UTC), of one job or of all."""
        state = self._current()
        with self._lock:
            return state.credit.of_volunteers(first_day, job_uid)

    def knows(self, volunteer: str) -> bool:
        return volunteer in self._current().volunteers

    def forget(self, volunteer: str, into: str | None = None) -> None:
        """Deletes a volunteer's record and its credit, which goes to another one that it has joined, if it has."""
        event = {"event": "forgotten", "at": self._clock.now_milliseconds(), "volunteer": volunteer, "into": into}
        self._store.activity.append([event])

    def _append(self, event: str, lease_id: str | None, **facts: Any) -> None:
        self._append_all([{"event": event, "lease": lease_id, **facts}])

    def _append_all(self, events: Iterable[Document]) -> None:
        at = self._clock.now_milliseconds()
        try:
            self._store.activity.append([{"at": at, **event} for event in events])
            self._store.activity.compact(condense)
        except StorageError as ex:
            # What it is about is stored already: a full disk must not refuse it now.
            log.warning("the activity of volunteers is not recorded: %s", ex)

    def _current(self) -> Activity:
        with self._lock:
            self._add(*self._store.activity.read())
            return self._activity

    def _add(self, is_new: bool, events: list[Document]) -> None:
        now = self._clock.now_milliseconds()
        activity = Activity() if is_new else self._activity
        activity.add(events)
        activity.expire(now)
        if is_new:
            # Only now that it is filled: what seemed so as of the last reading is looked up without the lock.
            self._activity, self._forgetting = activity, iter(())
        self._events_read += len(events)
        if self._events_read >= FORGOTTEN_AFTER:
            self._events_read, self._forgetting = 0, forget(self._activity, now)
        next(self._forgetting, None)


def _text_of(milliseconds: int) -> str:
    return Clock.text_of(datetime.fromtimestamp(milliseconds / 1000, timezone.utc))


def _of(peer: Peer) -> dict[str, str]:
    return {"volunteer": name_of(peer), "prefix": peer.prefix}


def _with_name(parties: list[str], peer: Peer) -> list[str]:
    return sorted({*parties, name_of(peer)})
