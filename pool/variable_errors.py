"""Errors of variables: stored and counted, with what follows from them: a failed variable, a paused job."""

from __future__ import annotations

from contextlib import suppress

from pool import error_counting, pausing
from pool.errors import Conflict, LimitReached
from pool.flows import Flows
from pool.peers import Peer
from pool.standing import Standing
from pool.tokens import LeaseToken
from storage.base import Document, ErrorIds, Store
from storage.errors import LeaseLost

# A job without a single result is paused when so many variables have errors of so many parties.
FAILING_VARIABLES, FAILING_PARTIES = 20, 3


class VariableErrors:
    def __init__(self, store: Store, standing: Standing, flows: Flows) -> None:
        self._store, self._standing, self._flows = store, standing, flows

    def known(self, job: Document, variable_id: str) -> ErrorIds:
        """The ids of a variable's errors: mostly there are none."""
        return self._store.results.rejected_ids(job["id"], variable_id)

    def refresh(self) -> None:
        """Learns which leases have ended in other processes."""
        self._standing.refresh()

    def require_judgeable(
        self, job: Document, variable_id: str, known: ErrorIds, lease: LeaseToken | None, peer: Peer
    ) -> None:
        """Refuses results that need no judging: these cost no call in the sandbox. `known` are the variable's errors.

        Whether the lease has ended is as of the last reading of the log: call `refresh` once for a request.
        Raises Conflict for a failed variable, or a lease that ended with an error; without a lease LimitReached, where
        the party's own error is recent, or it failed in this job again and again.
        """
        if known and self._store.variables.state(job["id"], variable_id) == "failed":
            raise Conflict(f"variable {variable_id!r} has failed, and takes no results until its owner releases it")
        if lease is None:
            self._standing.require_no_wait(job["uid"], peer)
            if error_counting.is_paused(known, self._party(peer), self._store.clock.now_milliseconds()):
                reason = "a result from this address was refused for this variable"
                raise LimitReached(reason, error_counting.PAUSE_SECONDS, "errors")
        elif self._has_ended_with_error(job, known, lease, peer):
            raise Conflict("lease: has ended with an error: lease the variable again")

    def _has_ended_with_error(self, job: Document, known: ErrorIds, lease: LeaseToken, peer: Peer) -> bool:
        if error_counting.is_under_lease(known, lease.lease_id):
            return True
        # Errors that do not count are not stored: then only a lease that is held takes a result.
        return not self._standing.seemed_held(lease.lease_id) and not self._counts(job, known, self._party(peer))

    def _counts(self, job: Document, known: ErrorIds, party: str) -> bool:
        return error_counting.adds(known, party) and self._standing.counts(job["uid"], party)

    def add(self, job: Document, document: Document, lease: LeaseToken | None, peer: Peer) -> bool:
        """Counts an error; returns whether the variable has failed."""
        party = self._party(peer)
        # What does not count is not stored: a network has prefixes enough to fill the disk.
        is_counted = self._counts(job, self._store.results.rejected_ids(job["id"], document["variable"]), party)
        self._standing.failed(lease.lease_id if lease else None, job["uid"], peer, [party])
        if not is_counted:
            self._end_lease(document, lease)
            return False
        document |= {"party": party, "id": error_counting.error_id(document["id"], party, document)}
        failed = self._store.results.reject(
            job["id"],
            document["variable"],
            document,
            job["settings"]["max_errors"],
            lease.identity if lease else None,
            error_counting.count_errors,
        )
        if failed:
            self._flows.on_finished(job["id"], document["variable"])
        self._pause_failing_job(job)
        return failed

    def forgive(self, lease: LeaseToken | None) -> None:
        """Ends a lease whose variable was finished or withdrawn meanwhile: its volunteer has lost nothing."""
        if lease is not None:
            self._standing.ended(lease.lease_id)

    def _party(self, peer: Peer) -> str:
        return error_counting.party_of(peer, self._standing.is_proven(peer))

    def parties(self, peer: Peer) -> list[str]:
        """The parties for which an accepted result counts: the address, and the volunteer where it is one by itself."""
        return sorted({peer.prefix, error_counting.party_of(peer, self._standing.seemed_proven(peer))})

    def _end_lease(self, document: Document, lease: LeaseToken | None) -> None:
        if lease is not None:
            with suppress(LeaseLost):
                self._store.leases.give_back(document["job"], document["variable"], lease.identity)

    def _pause_failing_job(self, job: Document) -> None:
        counts = self._store.counts.get(job["id"])
        variables, parties = counts.failing.get("variables", []), counts.failing.get("parties", [])
        if counts.accepted or len(variables) < FAILING_VARIABLES:
            return
        if error_counting.count_parties(set(parties)) < FAILING_PARTIES:
            return
        reason = (
            f"{len(variables)} variables failed at {len(parties)} different addresses, and none succeeded: "
            "see the job's errors"
        )
        pausing.pause(self._store, job["id"], reason)
