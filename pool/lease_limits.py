"""Limits on leases: how many a volunteer, an address and all new volunteers of a job may hold, and when they wait.

Limits start small and grow with accepted results; whoever loses leases or has results refused is served less, and never
banned: behind one address there may be a whole school.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pool.activity import PROVEN_LEASES, SHARE_RESULTS, Activity, JobRecord, Record
from pool.errors import LimitReached
from pool.peers import Peer

# Seconds of leased time: leases times run time.
NEW_SECONDS, PROVEN_SECONDS = 2 * 3600, 48 * 3600
PREFIX_LEASES, PREFIX_LEASES_PER_PROVEN = 128, 8
# New volunteers hold at most this share of a job's unfinished variables, all together beyond one each, and those of one
# address at most that share; or so many.
NEW_SHARE, PREFIX_SHARE, SHARE_AT_LEAST = 0.25, 0.5, 8
EXPIRED_PER_VOLUNTEER, EXPIRED_PER_PREFIX = 20, 100
# The wait after so many errors in a row, of a volunteer or of all new ones of a prefix; doubled with each further one.
ERRORS_IN_A_ROW, ERRORS_OF_PREFIX, FIRST_WAIT, LONGEST_WAIT = 5, 20, 30, 600


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What limits depend on: unfinished variables, and the median run time in seconds, if it is known."""

    uid: str
    unfinished: Callable[[], int]
    run_seconds: Callable[[], float | None]


def name_of(peer: Peer) -> str:
    """The volunteer's name; all who give none at one address are one volunteer."""
    return peer.volunteer or f"@{peer.prefix}"


def known_record(records: dict[str, Record], name: str) -> Record:
    """Without making one: a request under a new id must not cost memory."""
    return records.get(name) or Record()


def require_no_waits(state: Activity, job_uid: str, peer: Peer, now: int) -> None:
    _require_no_wait(state.parties.get((job_uid, name_of(peer))), ERRORS_IN_A_ROW, now, "this volunteer")
    if not peer.is_trusted and not known_record(state.volunteers, name_of(peer)).is_proven:
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
        raise LimitReached(f"{who} failed {known.in_a_row} times in a row in this job", left, "errors")


def allowed_leases(state: Activity, job: JobFacts, peer: Peer, now: int, wanted: int) -> int:
    """How many of the wanted further variables of a job a peer may lease. Raises LimitReached if it may lease none."""
    volunteer, prefix = known_record(state.volunteers, name_of(peer)), known_record(state.prefixes, peer.prefix)
    shares = not peer.is_trusted and not volunteer.is_proven and volunteer.accepted < SHARE_RESULTS
    _require_below(volunteer, _volunteer_limit(volunteer, peer, job, now, volunteer.held + 1), "this volunteer holds")
    if not peer.is_trusted:
        _require_below(prefix, _prefix_limit(prefix, now), "this address holds")
    if shares:
        _require_share(volunteer, state.held_in[job.uid], state.held_by[job.uid, peer.prefix], job)
    if wanted == 1:
        return 1
    rooms = [_volunteer_limit(volunteer, peer, job, now, volunteer.held + wanted) - volunteer.held]
    if not peer.is_trusted:
        rooms.append(_prefix_limit(prefix, now) - prefix.held)
    if shares:
        rooms.append(_share(job, NEW_SHARE) - state.held_in[job.uid])
    # The first lease is allowed, whatever its job's share.
    return max(1, min(wanted, *rooms))


def _require_share(volunteer: Record, held_in_job: int, held_by_prefix: int, job: JobFacts) -> None:
    """The share of a job that new volunteers may hold; each may hold one, but not where one address has too many."""
    share, held = (NEW_SHARE, held_in_job) if volunteer.held else (PREFIX_SHARE, held_by_prefix)
    if held < SHARE_AT_LEAST:
        return
    limit = _share(job, share)
    if held >= limit:
        who = "new volunteers together" if volunteer.held else "new volunteers of this address"
        raise LimitReached(f"{who} hold {limit} variables of this job (the limit)", _retry_seconds(job), "share")


def _share(job: JobFacts, share: float) -> int:
    return max(SHARE_AT_LEAST, int(job.unfinished() * share))


def _require_below(record: Record, limit: int, who: str) -> None:
    if record.held >= limit:
        reason = f"{who} {record.held} leases (at most {limit} for now): each accepted result raises that"
        raise LimitReached(reason, 5, "leases")


def _volunteer_limit(volunteer: Record, peer: Peer, job: JobFacts, now: int, held: int) -> int:
    """How many variables a volunteer may hold that is to hold so many."""
    if peer.is_trusted:
        return PROVEN_LEASES
    if volunteer.expired_since(now) > EXPIRED_PER_VOLUNTEER:
        return 1
    limit = int(volunteer.allowance)
    run_seconds = job.run_seconds() if held > 1 else None
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
