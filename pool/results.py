"""Results: the job's validator judges them; one is accepted, rejected ones are stored with the reason."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from pool.error_counting import same_error
from pool.errors import BadLease, Finished, Rejected, Withdrawn
from pool.flows import Flows
from pool.keys import Caller, Keys
from pool.peers import Peer
from pool.posters import Posters
from pool.rates import Rates
from pool.reports import Reports
from pool.standing import Standing
from pool.submission import Submission
from pool.tokens import LeaseToken, Tokens
from pool.validation import Validation
from pool.variable_errors import VariableErrors
from pool.variables import withdrawn_text
from storage.base import Document, ErrorIds, Page, Store, canonical
from storage.errors import AlreadyFinished, NotFound

# Limits on what one request reads: a variable may have a hundred rejected results of a megabyte each.
REJECTED_SHOWN = 20
RESULTS_PER_READ = 10
READS_PER_PAGE = 200
PAGE_CHARACTERS = 1 << 21


@dataclass(frozen=True)
class Posted:
    """A posted result. `run_seconds` is the volunteer's own measurement, if it sent one."""

    value: Any
    token: str | None = None
    run_seconds: float | None = None
    peer: Peer = Peer()


class Results:
    def __init__(
        self,
        store: Store,
        keys: Keys,
        tokens: Tokens,
        validation: Validation,
        reports: Reports,
        flows: Flows,
        standing: Standing,
        errors: VariableErrors,
        rates: Rates,
        posters: Posters,
    ) -> None:
        self._store, self._keys, self._tokens = store, keys, tokens
        self._validation, self._reports, self._flows = validation, reports, flows
        self._standing, self._errors, self._rates = standing, errors, rates
        self._posters = posters

    def post(self, job_id: str, variable_id: str, posted: Posted) -> str:
        """Returns the id of the accepted result, durable; the same lease posted again gets the same.

        Raises Rejected, Finished, Withdrawn, BadLease, Conflict, LimitReached, NotFound, QuotaReached,
        SandboxBusy.
        """
        job = self._store.jobs.get(job_id)
        variable = self._store.variables.get(job_id, variable_id)
        lease = self._lease(job, variable_id, posted.token)
        # Before the validator: a late result must not cost a call in the sandbox.
        outcome = self._store.results.outcome(job_id, variable_id)
        if outcome is not None:
            self._errors.forgive(lease)
            accepted_id = _id_under_lease(variable_id, outcome, lease)
            # The process that accepted it may have died before it advanced the flows.
            self._flows.on_finished(job_id, variable_id)
            return accepted_id
        submitted = Submission(lease, posted.run_seconds, posted.peer.volunteer)
        document = submitted.document(job_id, variable_id, self._store.clock) | {"result": posted.value}
        known = self._errors.known(job, variable_id)
        self._raise_if_rejected_before(document, known)
        self._errors.require_judgeable(job, variable_id, known, lease, posted.peer)
        with self._posters.counted_result(job, document):
            return self._judge(job, variable, document, lease, posted.peer)

    def _judge(
        self, job: Document, variable: Document, document: Document, lease: LeaseToken | None, peer: Peer
    ) -> str:
        report = functools.partial(self._reports.add, job["id"], "validate_result")
        verdict = self._validation.judge_result(job, variable, document, report)
        # During the validation the job may have been deleted, and another posted under its name.
        self._require_same_job(job)
        if not verdict.valid:
            document["rejected"] = verdict.reason
            raise Rejected(verdict.reason, self._errors.add(job, document, lease, peer))
        if verdict.replacement is not None:
            document["result"] = verdict.replacement[0]
        return self._accept(job, document, lease, peer)

    def _lease(self, job: Document, variable_id: str, token: str | None) -> LeaseToken | None:
        if token is not None:
            return self._tokens.read(token, job["uid"], variable_id)
        if job["settings"]["require_lease"]:
            raise BadLease(
                "lease: is missing; this job accepts results only at the post_result link of a leased variable"
            )
        return None

    def _raise_if_rejected_before(self, document: Document, known: ErrorIds) -> None:
        """Raises Rejected for a result rejected under the same lease: a repeated request counts once."""
        same = same_error(known, document)
        if same is not None:
            for rejected in self._store.results.rejected(document["job"], document["variable"], [same]):
                raise Rejected(rejected["rejected"], failed=False)

    def _require_same_job(self, job: Document) -> None:
        """Raises NotFound if the job was deleted meanwhile, and perhaps another posted under its name."""
        if self._store.jobs.get(job["id"])["uid"] != job["uid"]:
            raise NotFound("job", job["id"])

    def _accept(self, job: Document, document: Document, lease: LeaseToken | None, peer: Peer) -> str:
        job_id, variable_id = job["id"], document["variable"]
        # Console output is for the owner alone, and accepted results are public.
        document.pop("console", None)
        try:
            identity = lease.identity if lease else None
            self._store.results.accept(job_id, variable_id, document, identity, job["uid"])
        # Another request was faster: perhaps the same one, repeated after a timeout.
        except AlreadyFinished as ex:
            self._errors.forgive(lease)
            return _id_under_lease(variable_id, ex.outcome, lease)
        # Without a lease nobody has served the volunteer: anyone can post such results, as many as there are variables.
        if lease is not None:
            self._standing.accepted(lease.lease_id, job, peer, self._errors.parties(peer))
            self._rates.credit(peer.prefix)
        self._flows.on_finished(job_id, variable_id)
        return str(document["id"])

    def get(self, job_id: str, variable_id: str, result_id: str, caller: Caller) -> Document:
        """An accepted result or, for the job's owner, a rejected one. Raises NotFound."""
        outcome = self._store.results.outcome(job_id, variable_id)
        if outcome is not None and outcome.get("id") == result_id:
            return outcome
        if self._keys.owns(caller, self._store.jobs.get(job_id)):
            for document in self._store.results.rejected(job_id, variable_id, [result_id]):
                return document
        raise NotFound("result", result_id)

    def all(self, job_id: str, variable_id: str, caller: Caller) -> list[Document]:
        """The variable's accepted result, if there is one; for the job's owner also the newest rejected ones."""
        outcome = self._store.results.outcome(job_id, variable_id)
        found = [outcome] if outcome is not None and "result" in outcome else []
        if self._keys.owns(caller, self._store.jobs.get(job_id)):
            newest = self._store.results.rejected_ids(job_id, variable_id)[-REJECTED_SHOWN:]
            found += self._store.results.rejected(job_id, variable_id, newest)
        return found

    def page(self, job_id: str, cursor: str | None, limit: int, in_input_order: bool) -> Page:
        """Accepted results of the whole job, in the order of acceptance or of posting of their variables.

        A page of large results ends early, so that many concurrent readers cannot fill the memory.
        """
        read = self._store.results.page_in_input_order if in_input_order else self._store.results.page
        items: list[Document] = []
        size = 0
        for _ in range(READS_PER_PAGE):
            page = read(job_id, cursor, min(RESULTS_PER_READ, limit - len(items)))
            items += page.items
            size += sum(len(canonical(item["result"])) for item in page.items)
            cursor = page.next
            if cursor is None or len(items) >= limit or size > PAGE_CHARACTERS:
                break
        return Page(items, cursor)


def _id_under_lease(variable_id: str, outcome: Document, lease: LeaseToken | None) -> str:
    """The id of the accepted result, if it was posted under the same lease. Raises Withdrawn, Finished."""
    if "withdrawn" in outcome:
        raise Withdrawn(withdrawn_text(outcome))
    if lease is None or outcome["lease"] != lease.lease_id:
        raise Finished(f"variable {variable_id!r} is finished: another result has been accepted")
    return str(outcome["id"])
