"""Variables: checked by the job's own validator when posted, leased to volunteers, withdrawn by their owner."""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pool import error_counting, fields
from pool.errors import Conflict, Invalid, LimitReached, Withdrawn
from pool.flows import Flows
from pool.flows.steps import step_of
from pool.keys import Caller, Keys
from pool.lease_limits import JobFacts
from pool.peers import Peer
from pool.posters import Posters
from pool.replacements import Replacements
from pool.scheduling import VariableScheduler, Volunteer, limited
from pool.standing import Standing
from pool.tokens import LeaseToken, Tokens
from pool.trust.holding import Holding, answering_party
from pool.trust.policy import policy_of
from pool.unserved import Unserved
from pool.validation import Validation
from storage import ids
from storage.base import Counts, Document, ErrorIds, IsExcluded, Lease, Page, Store, canonical
from storage.errors import AlreadyFinished, LeaseLost, NotFound
from storage.flow_store import UsedJob

MAX_RETRY_AFTER = 15
# The variables of a batch, together: the response is made in memory.
BATCH_BYTES = 4 << 20
# Variables that wait for an auditor.
AUDITS_LOOKED_AT = 1000
COUNTS_SECONDS, COUNTS_CACHED = 5.0, 1000


@dataclass(frozen=True, slots=True)
class Leased:
    """A leased variable: its document, the signed lease token, and the seconds until the deadline."""

    variable_id: str
    document: Document
    token: str
    seconds: int


class Variables:
    def __init__(
        self,
        store: Store,
        keys: Keys,
        tokens: Tokens,
        scheduler: VariableScheduler,
        validation: Validation,
        flows: Flows,
        standing: Standing,
        posters: Posters,
        unserved: Unserved,
        replacements: Replacements,
        holding: Holding,
    ) -> None:
        self._store, self._keys, self._tokens = store, keys, tokens
        self._standing, self._posters, self._unserved = standing, posters, unserved
        self._replacements = replacements
        self._recent_counts: dict[str, tuple[float, Counts]] = {}
        self._scheduler, self._validation, self._flows = scheduler, validation, flows
        self._holding = holding

    def require_contributor(self, job_id: str, caller: Caller) -> None:
        self._keys.require_contributor(caller, self._store.jobs.get(job_id))

    def require_owner(self, job_id: str, caller: Caller) -> None:
        self._keys.require_owner(caller, self._store.jobs.get(job_id))

    def post(
        self, job_id: str, values: Sequence[Any], caller: Caller, key: str | None = None, lines: Sequence[int] = ()
    ) -> list[str]:
        """Stores all of `values`, or none; returns their ids, in order.

        The same idempotency `key` makes the same ids, so that a request can be repeated after a lost response.
        `lines` are the line numbers of the values in the request, for Invalid to name.
        Raises Conflict if the key was used for other values.
        """
        job = self._store.jobs.get(job_id)
        # Ids begin with the time, so that they sort by age in a listing.
        if key is None:
            names = _names(ids.timed_id(self._store.clock), len(values))
            self._add(job, dict(zip(names, values, strict=True)), caller, lines)
            return names
        batch = _digest(canonical(values))
        names = _names(_digest(f"{job['uid']}/{key}"), len(values))
        # Ids made from the key: a repeated request finds its own variables stored, and adds nothing.
        self._refuse_other_batch(job_id, names[0], batch)
        self._add(job, dict(zip(names, values, strict=True)), caller, lines, batch=batch)
        return names

    def _refuse_other_batch(self, job_id: str, first_id: str, batch: str) -> None:
        """The variable with the first id decides: it is the same for every batch of a key, and is stored first."""
        with suppress(NotFound):
            if self._store.variables.get(job_id, first_id).get("batch") != batch:
                raise Conflict("Idempotency-Key: has been used for other variables")

    def put(self, job_id: str, variable_id: str, value: Any, caller: Caller) -> bool:
        """Stores a variable under a chosen id; False if the same is stored already.

        Raises AlreadyExists if another has the id; Withdrawn if one with the id was withdrawn.
        """
        _check_chosen_id(variable_id)
        is_new = bool(self._add(self._store.jobs.get(job_id), {variable_id: value}, caller))
        # A withdrawn variable still has its document: `get` raises Withdrawn.
        if not is_new:
            self.get(job_id, variable_id)
        return is_new

    def put_many(self, job_id: str, values: Mapping[str, Any], caller: Caller, lines: Sequence[int] = ()) -> list[str]:
        """Stores all of these, or none; returns the ids that are new.

        `lines` as in `post`. Raises as `put` does, but not for a variable that was withdrawn.
        """
        for variable_id in values:
            _check_chosen_id(variable_id)
        return self._add(self._store.jobs.get(job_id), values, caller, lines)

    def _add(
        self, job: Document, values: Mapping[str, Any], caller: Caller, lines: Sequence[int] = (), **facts: str
    ) -> list[str]:
        self._keys.require_contributor(caller, job)
        # Every value is checked before the first is stored: a request is stored as a whole or not at all.
        refusal = self._validation.first_refusal(job, list(values.values()))
        if refusal is not None:
            index, error = refusal
            raise Invalid(f"line {lines[index]}", str(error), error.console) if lines else error
        documents = {
            name: {"job": job["id"], "id": name, "created": self._store.clock.now_text(), **facts, "data": value}
            for name, value in values.items()
        }
        if not all(isinstance(value, dict) for value in values.values()):
            self._require_json_variables(job)
        added = self._posters.add_variables(job, documents, caller)
        self._replacements.follow(job["id"], added)
        return added

    def _require_json_variables(self, job: Document) -> None:
        """Makes it a requirement of the job, before there is a variable that earlier clients would misread."""

        def required(document: Document) -> Document:
            return {**document, "requirements": {**document["requirements"], fields.JSON_VARIABLES: True}}

        if not fields.has_json_variables(job):
            self._store.jobs.update(job["id"], required)

    def get(self, job_id: str, variable_id: str) -> Document:
        """The stored variable. Raises NotFound, Withdrawn."""
        document = self._store.variables.get(job_id, variable_id)
        outcome = self._store.results.outcome(job_id, variable_id)
        if outcome is not None and "withdrawn" in outcome:
            raise Withdrawn(withdrawn_text(outcome))
        return document

    def page(self, job_id: str, cursor: str | None, limit: int) -> Page:
        """Variables in the order of posting: ``{"variable": id, "at": time, "state": state}``."""
        page = self._store.variables.page(job_id, cursor, limit)
        items = [{**item, "state": self._store.variables.state(job_id, item["variable"])} for item in page.items]
        return Page(items, page.next)

    def lease(self, job_id: str, volunteer: Volunteer) -> Leased | None:
        """Leases the next variable, by the job's own scheduler or at random; None if there is none now.

        Raises LimitReached.
        """
        return next(iter(self.lease_many(job_id, volunteer, 1)), None)

    def lease_many(self, job_id: str, volunteer: Volunteer, count: int) -> list[Leased]:
        """Leases up to `count` variables as `lease` does: fewer where there are no more, or the limits allow no more.

        Raises LimitReached if it may lease none, Conflict if the volunteer may not know how to read them.
        """
        # Volunteers request leases all the time: each request retries the pending flows.
        self._flows.advance_pending()
        job = self._store.jobs.get(job_id)
        # A paused job leases nothing, but results of earlier leases are still accepted.
        if job["state"] != "open":
            return []
        peer = volunteer.peer
        try:
            self._holding.require_room(job, peer)
            allowed = self._standing.allowed_leases(self._facts(job), peer, count)
        except LimitReached:
            self._unserved.add(job["uid"], peer)
            raise
        leases = self._leases(job, volunteer, allowed)
        self._require_readable(job_id, leases, volunteer)
        if not leases:
            # Work for others: this volunteer has failed on what is open, or the job's scheduler chose none for it.
            if self._store.leases.has_work(job_id):
                self._unserved.add(job["uid"], peer)
            self._store.leases.shorten(job_id, job["settings"]["lease_seconds"])
        return self._with_tokens(job, leases, peer)

    def lease_audits(self, job_id: str, volunteer: Volunteer, caller: Caller, count: int) -> list[Leased]:
        """Leases up to `count` variables with held results that wait for another answer, to whoever may decide on them.

        Raises UnknownKey, Forbidden.
        """
        job = self._store.jobs.get(job_id)
        if not self._keys.decides(caller, job):
            self._keys.require_owner(caller, job)
        seconds = job["settings"]["lease_seconds"]
        wanting = self._store.held.wanting(job_id, AUDITS_LOOKED_AT)
        leases = (self._store.leases.lease_variable(job_id, name, seconds) for name in wanting)
        found = itertools.islice((lease for lease in leases if lease is not None), count)
        return self._with_tokens(job, list(found), volunteer.peer)

    def _leases(self, job: Document, volunteer: Volunteer, count: int) -> list[Lease]:
        """Leases up to `count` variables: fewer where there are no more, or they are large."""
        exclusion = self._exclusion(job, volunteer.peer)
        first = self._first(job, volunteer.peer, exclusion) if policy_of(job).holds else ()
        leases = limited(first, count, BATCH_BYTES)
        bytes_left = BATCH_BYTES - sum(lease.size for lease in leases)
        if len(leases) < count and bytes_left > 0:
            leases += self._scheduler.lease_many(job, volunteer, count - len(leases), bytes_left, exclusion)
        return leases

    def _first(self, job: Document, peer: Peer, exclusion: IsExcluded) -> Iterator[Lease]:
        """What this address gave back, since that must not be a way to choose; then what it is to confirm."""
        for name in (*self._standing.returned(job["uid"], peer), *self._holding.wanted(job, peer)):
            lease = self._store.leases.lease_variable(job["id"], name, job["settings"]["lease_seconds"], exclusion)
            if lease is not None:
                yield lease

    def _require_readable(self, job_id: str, leases: Sequence[Lease], volunteer: Volunteer) -> None:
        """Raises Conflict, with the leases given back, for whoever has read the job before it had such variables.

        It may be a client of an earlier version, which would compute `{}` instead.
        """
        if volunteer.query.get("values") == ["json"] or all(isinstance(one.document["data"], dict) for one in leases):
            return
        for lease in leases:
            with suppress(LeaseLost):
                self._store.leases.give_back(job_id, lease.variable_id, lease.identity)
        raise Conflict("the job has variables that are no objects since it was read: read it again, and use its links")

    def _facts(self, job: Document) -> JobFacts:
        counts = functools.partial(self._counts, job["id"])
        return JobFacts(job["uid"], lambda: counts().unfinished, lambda: counts().median_run_seconds)

    def _counts(self, job_id: str) -> Counts:
        """Counts some seconds old: good enough for limits, and most leases read no journal."""
        now = self._store.clock.monotonic()
        known = self._recent_counts.get(job_id)
        if known is None or now - known[0] > COUNTS_SECONDS:
            if len(self._recent_counts) >= COUNTS_CACHED:
                self._recent_counts.clear()
            known = self._recent_counts[job_id] = (now, self._store.counts.get(job_id))
        return known[1]

    def _exclusion(self, job: Document, peer: Peer) -> IsExcluded:
        """Whether a variable is not for this peer, for the present: it has failed on it itself, or held it too long."""
        job_uid, lease_seconds = job["uid"], job["settings"]["lease_seconds"]

        def is_excluded(variable_id: str, error_ids: ErrorIds) -> bool:
            return self._has_failed_on(error_ids, peer) or self._standing.has_held_too_long(
                job_uid, variable_id, lease_seconds, peer
            )

        if not policy_of(job).holds:
            return is_excluded
        return lambda variable_id, error_ids: (
            is_excluded(variable_id, error_ids) or self._holding.excludes(job, variable_id, peer)
        )

    def _has_failed_on(self, error_ids: ErrorIds, peer: Peer) -> bool:
        # Most variables have no errors: then no party is looked for.
        if not error_ids:
            return False
        party = error_counting.party_of(peer, self._standing.is_proven(peer))
        return error_counting.is_paused(error_ids, party, self._store.clock.now_milliseconds())

    def _with_tokens(self, job: Document, leases: Sequence[Lease], peer: Peer) -> list[Leased]:
        started = self._store.clock.now_milliseconds()
        # The token holds all facts of the lease: who has it is proof enough.
        tokens = [LeaseToken(ids.random_digits(16), started, lease.identity, peer.volunteer) for lease in leases]
        self._standing.leased(
            job["uid"],
            peer,
            [(token.lease_id, lease.variable_id, lease.deadline) for token, lease in zip(tokens, leases, strict=True)],
            answering_party(peer) if policy_of(job).holds else "",
        )
        return [
            Leased(
                lease.variable_id,
                lease.document,
                self._tokens.sign(token, job["uid"], lease.variable_id),
                max(1, (lease.deadline - started) // 1000),
            )
            for token, lease in zip(tokens, leases, strict=True)
        ]

    def can_lease(self, job_id: str) -> bool:
        return self._store.jobs.get(job_id)["state"] == "open" and self._store.leases.has_work(job_id)

    def retry_after(self, job_id: str) -> int:
        """Seconds until there may be work again: until the next lease expires, at most MAX_RETRY_AFTER.

        A job of a running flow may get its next step whenever a volunteer finishes one.
        """
        # Limited, since an owner may post variables at any moment.
        waits: list[float] = [MAX_RETRY_AFTER]
        due = self._store.leases.next_deadline(job_id)
        if due is not None:
            waits.append((due - self._store.clock.now_milliseconds()) // 1000 + 1)
        if self._store.flows.references(UsedJob(job_id)):
            waits.append(self._store.counts.get(job_id).median_run_seconds or 0)
        return max(1, round(min(waits)))

    def extend(self, job_id: str, variable_id: str, token: str, peer: Peer) -> Leased:
        """Extends a lease; the same lease gets a new token. Raises BadLease, LeaseLost, LimitReached."""
        job = self._store.jobs.get(job_id)
        lease = self._tokens.read(token, job["uid"], variable_id)
        self._require_extension_allowed(job, variable_id, lease, peer)
        seconds = job["settings"]["lease_seconds"]
        deadline, identity = self._store.leases.extend(job_id, variable_id, lease.identity, seconds)
        # The lease id stays: a result posted under either token is of the same lease.
        extended = LeaseToken(lease.lease_id, lease.started, identity, lease.volunteer)
        self._standing.extended(lease.lease_id, job["uid"], variable_id, peer, deadline)
        document = self._store.variables.get(job_id, variable_id)
        left = max(1, (deadline - self._store.clock.now_milliseconds()) // 1000)
        return Leased(variable_id, document, self._tokens.sign(extended, job["uid"], variable_id), left)

    def _require_extension_allowed(self, job: Document, variable_id: str, lease: LeaseToken, peer: Peer) -> None:
        began = self._standing.began(lease.lease_id, job["uid"], variable_id, peer)
        self._standing.require_extension_allowed(began, job["settings"]["lease_seconds"], peer)
        # Until somebody else leases its variable an expired lease can be extended: that is leasing it again.
        if not self._standing.holds(lease.lease_id):
            self._standing.allowed_leases(self._facts(job), peer)

    def give_back(self, job_id: str, variable_id: str, token: str) -> None:
        lease = self._tokens.read(token, self._store.jobs.get(job_id)["uid"], variable_id)
        self._store.leases.give_back(job_id, variable_id, lease.identity)
        self._standing.gave_back(lease.lease_id)

    def withdraw(self, job_id: str, variable_id: str, caller: Caller) -> None:
        """Ends an unfinished variable; withdrawing twice changes nothing. Raises Conflict if it has a result."""
        self.require_owner(job_id, caller)
        document = {"job": job_id, "variable": variable_id, "withdrawn": self._store.clock.now_text()}
        try:
            self._store.results.withdraw(job_id, variable_id, document)
        except AlreadyFinished as ex:
            if "withdrawn" not in ex.outcome:
                raise Conflict(f"variable {variable_id!r} has a result, and can't be withdrawn") from ex
        self._flows.on_finished(job_id, variable_id)

    def release(self, job_id: str, variable_id: str, caller: Caller) -> None:
        """Opens a failed variable again. Raises Conflict if it has not failed."""
        self.require_owner(job_id, caller)
        if not self._store.results.release(job_id, variable_id):
            raise Conflict(f"variable {variable_id!r} has not failed")
        self._flows.on_finished(job_id, variable_id)


def _check_chosen_id(variable_id: str) -> None:
    ids.check_variable_id(variable_id)
    if step_of(variable_id) is not None:
        raise Invalid("variable id", "has a form that is reserved for steps of flows")


def withdrawn_text(outcome: Document) -> str:
    return f"variable {outcome['variable']!r} was withdrawn {withdrawn_by(outcome)}"


def withdrawn_by(outcome: Document) -> str:
    if "replaced_by" in outcome:
        return f"and moved to job {outcome['replaced_by']!r}"
    return f"by flow {outcome['flow']!r}" if "flow" in outcome else "by its owner"


def _names(stem: str, count: int) -> list[str]:
    # Numbers of equal width, so that the ids of a batch sort in order.
    width = len(str(count))
    return [stem, *(f"{stem}-{number:0{width}}" for number in range(1, count))]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
