"""Results: the job's validator judges them; one is accepted, rejected ones are stored with the reason."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pool.error_counting import same_error
from pool.errors import BadLease, Conflict, Finished, NotKept, PoolError, Rejected, Withdrawn
from pool.flows import Flows
from pool.keys import Caller, Keys
from pool.peers import Peer
from pool.posters import Posters
from pool.rates import Rates
from pool.reports import Reports
from pool.sandbox import SandboxBusy
from pool.standing import Earned, Standing
from pool.submission import Submission
from pool.tokens import LeaseToken, Tokens
from pool.trust.auditor import Auditor
from pool.trust.holding import Holding
from pool.trust.policy import policy_of
from pool.validation import Validation, Verdict
from pool.variable_errors import VariableErrors
from pool.variables import withdrawn_text
from storage.base import Document, ErrorIds, Facts, Finish, Page, Store
from storage.errors import AlreadyFinished, AlreadyHeld, NotFound, StorageError

# Limits on what one request reads: a variable may have a hundred rejected results of a megabyte each.
REJECTED_SHOWN = 20
RESULTS_PER_READ = 100
READS_PER_PAGE = 200
PAGE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted result. `run_seconds` is the volunteer's own measurement, if it sent one."""

    value: Any
    token: str | None = None
    run_seconds: float | None = None
    peer: Peer = Peer()
    caller: Caller = Caller()


@dataclass(slots=True)
class _Item:
    """A posted result on its way: `outcome` is the id under which it is accepted, or the error.

    `answers` are the results that were held when it was checked against them.
    """

    variable_id: str
    posted: Posted
    lease: LeaseToken | None = None
    variable: Document = field(default_factory=dict)
    document: Document = field(default_factory=dict)
    outcome: str | Exception | None = None
    answers: int | None = None

    @property
    def peer(self) -> Peer:
        return self.posted.peer


class _caught:  # noqa: N801  # used like `suppress`
    """An error that the body raises is the outcome of those items that have none.

    A class, since each result of a batch comes here several times: a generator takes four times as long.
    """

    def __init__(self, items: Sequence[_Item]) -> None:
        self._items = items

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        if not isinstance(error, (PoolError, StorageError, SandboxBusy)):
            return False
        for item in self._items:
            item.outcome = error if item.outcome is None else item.outcome
        return True


def _is_stored(item: _Item) -> bool:
    """Whether the result was accepted, or rejected and stored with the reason."""
    return isinstance(item.outcome, Rejected) or item.outcome == item.document["id"]


def _undecided(items: Sequence[_Item]) -> list[_Item]:
    return [item for item in items if item.outcome is None]


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
        holding: Holding,
        auditor: Auditor,
    ) -> None:
        self._store, self._keys, self._tokens = store, keys, tokens
        self._validation, self._reports, self._flows = validation, reports, flows
        self._standing, self._errors, self._rates = standing, errors, rates
        self._posters, self._holding, self._auditor = posters, holding, auditor

    def job(self, job_id: str) -> Document:
        """The job of results that are going to be posted. Raises NotFound."""
        return self._store.jobs.get(job_id)

    def post(self, job: Document, variable_id: str, posted: Posted) -> str:
        """Returns the id of the accepted result, durable; the same lease posted again gets the same.

        Raises Rejected, Finished, Withdrawn, BadLease, Conflict, LimitReached, NotFound, QuotaReached,
        SandboxBusy.
        """
        [outcome] = self.post_many(job, [(variable_id, posted)])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def post_many(self, job: Document, results: Sequence[tuple[str, Posted]]) -> list[str | Exception]:
        """Posts each result as `post` does, with one call in the sandbox and one sync for all.

        Returns their ids and errors, in order.
        """
        items = [_Item(variable_id, posted) for variable_id, posted in results]
        waiting = items
        while waiting:
            # Of several results of one variable the first decides it, as if they were posted one by one.
            distinct = {item.variable_id: item for item in reversed(waiting)}
            self._post_distinct(job, [item for item in waiting if distinct[item.variable_id] is item])
            waiting = _undecided(waiting)
        return [item.outcome for item in items if item.outcome is not None]

    def _post_distinct(self, job: Document, items: Sequence[_Item]) -> None:
        if any(item.posted.token is not None for item in items):
            self._errors.refresh()
        with _caught(items):
            facts = self._store.results.look_up_many(job["id"], [item.variable_id for item in items])
            for item in items:
                with _caught([item]):
                    self._prepare(job, item, facts[item.variable_id])
        open_items = _undecided(items)
        if open_items:
            documents = [item.document for item in open_items]
            with _caught(open_items), self._posters.counted_results(job, documents) as not_stored:
                self._judge(job, open_items)
                not_stored += [item.document for item in open_items if not _is_stored(item)]

    def _prepare(self, job: Document, item: _Item, facts: Facts | StorageError) -> None:
        """Makes the document of a result that is to be judged; others get their outcome."""
        if isinstance(facts, StorageError):
            raise facts
        outcome, known = facts
        job_id, variable_id, posted = job["id"], item.variable_id, item.posted
        lease = item.lease = self._lease(job, variable_id, posted.token)
        # Before the validator: a late result must not cost a call in the sandbox.
        if outcome is not None:
            self._errors.forgive(lease)
            accepted_id = _id_under_lease(variable_id, outcome, lease)
            # The process that accepted it may have died before it advanced the flows.
            self._flows.on_finished(job_id, variable_id)
            item.outcome = accepted_id
            return
        holds = policy_of(job).holds
        if holds:
            item.outcome = self._holding.known(job_id, variable_id, lease)
            if item.outcome is not None:
                return
        submitted = Submission(lease, posted.run_seconds, posted.peer.volunteer)
        item.document = submitted.document(job_id, variable_id, self._store.clock) | {"result": posted.value}
        self._raise_if_rejected_before(item.document, known)
        self._errors.require_judgeable(job, variable_id, known, lease, posted.peer)
        if holds and not self._keys.decides(posted.caller, job):
            item.answers = self._holding.require_wanted(job, variable_id, item.document, posted.peer)
            # An expired lease is no longer counted, but its result is welcome while nobody else has the variable.
            if lease is not None and not self._standing.holds(lease.lease_id):
                self._holding.require_current(job_id, variable_id, lease)
                self._holding.require_room(job, posted.peer)

    def _judge(self, job: Document, items: Sequence[_Item]) -> None:
        if "validate_result" in job:
            for item in items:
                with _caught([item]):
                    item.variable = self._store.variables.get(job["id"], item.variable_id)
            items = _undecided(items)
        report = functools.partial(self._reports.add, job["id"], "validate_result")
        verdicts = self._validation.judge_results(job, [(item.variable, item.document) for item in items], report)
        if "validate_result" in job:
            # Meanwhile the job may have been deleted, and another posted under its name.
            self._require_same_job(job)
        for item, verdict in zip(items, verdicts, strict=True):
            with _caught([item]):
                self._apply(job, item, verdict)
        accepted = _undecided(items)
        if policy_of(job).holds:
            accepted = self._hold(job, accepted)
        if accepted:
            with _caught(accepted):
                self._accept(job, accepted)

    def _apply(self, job: Document, item: _Item, verdict: Verdict | SandboxBusy) -> None:
        if isinstance(verdict, SandboxBusy):
            raise verdict
        if not verdict.valid:
            item.document["rejected"] = verdict.reason
            raise Rejected(verdict.reason, self._errors.add(job, item.document, item.lease, item.peer))
        if verdict.replacement is not None:
            item.document["result"] = verdict.replacement[0]
        # Console output is for the owner alone, and accepted results are public.
        item.document.pop("console", None)

    def _lease(self, job: Document, variable_id: str, token: str | None) -> LeaseToken | None:
        if token is not None:
            return self._tokens.read(token, job["uid"], variable_id)
        # Nobody is sent to a variable who has answered it already: only a lease shows that.
        if job["settings"]["require_lease"] or policy_of(job).holds:
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

    def _hold(self, job: Document, items: Sequence[_Item]) -> list[_Item]:
        """Holds what needs to be confirmed, and settles what the owner computed; returns the others."""
        by_owner = [item for item in items if self._keys.decides(item.posted.caller, job)]
        for item in by_owner:
            with _caught([item]):
                self._settle(job, item)
        others = [item for item in items if item not in by_owner]
        alone = [item for item in others if self._holding.counts_alone(job, item.document, item.peer)]
        held = {item.variable_id: item for item in others if item not in alone}
        with _caught(list(held.values())):
            finishes = {name: (_finish(item), item.peer) for name, item in held.items()}
            refused = self._holding.hold(job, finishes) if finishes else {}
            for name, item in held.items():
                with _caught([item]):
                    self._set_held(job, item, refused.get(name))
        return alone

    def _settle(self, job: Document, item: _Item) -> None:
        try:
            self._holding.settle(job, item.document)
        except AlreadyFinished as ex:
            self._set_outcome(item, ex)
        else:
            self._errors.forgive(item.lease)
            self._set_outcome(item, None)

    def _set_held(self, job: Document, item: _Item, refusal: Exception | None) -> None:
        if isinstance(refusal, AlreadyHeld):
            # Another request was faster: perhaps the same one, repeated after a timeout.
            item.outcome = self._holding.known(job["id"], item.variable_id, item.lease)
            if item.outcome is None:
                raise Conflict(str(refusal)) from refusal
        elif isinstance(refusal, StorageError):
            self._set_outcome(item, refusal)
        else:
            item.outcome = str(item.document["id"])
            if policy_of(job).name != "audit":
                self._holding.decide(job, item.variable_id)
            self._auditor.add(job["id"])

    def _accept(self, job: Document, items: Sequence[_Item]) -> None:
        finishes = {item.variable_id: _finish(item) for item in items}
        refused = self._store.results.accept_many(job["id"], finishes, job["uid"])
        for item in items:
            with _caught([item]):
                self._set_outcome(item, refused.get(item.variable_id))
        accepted = [item for item in items if item.variable_id not in refused]
        # Without a lease nobody has served the volunteer: anyone can post such results, as many as there are variables.
        self._standing.accepted(job, [self._earned(item, item.lease) for item in accepted if item.lease])
        for item in accepted:
            if item.lease is not None:
                self._rates.credit(item.peer.prefix)
        self._flows.on_finished(job["id"], *(item.variable_id for item in accepted))

    def _earned(self, item: _Item, lease: LeaseToken) -> Earned:
        return Earned(lease.lease_id, item.peer, self._errors.parties(item.peer), item.document["run_seconds"])

    def _set_outcome(self, item: _Item, refusal: StorageError | None) -> None:
        # Another request was faster: perhaps the same one, repeated after a timeout.
        if isinstance(refusal, AlreadyFinished):
            self._errors.forgive(item.lease)
            item.outcome = _id_under_lease(item.variable_id, refusal.outcome, item.lease)
        elif refusal is not None:
            raise refusal
        else:
            item.outcome = str(item.document["id"])

    def get(self, job_id: str, variable_id: str, result_id: str, caller: Caller) -> Document:
        """An accepted result or, for the job's owner, a rejected one. Raises NotFound."""
        outcome = self._store.results.outcome(job_id, variable_id)
        if outcome is not None and outcome.get("id") == result_id:
            return outcome
        job = self._store.jobs.get(job_id)
        if policy_of(job).holds and result_id in (outcome or {}).get("replicas", {}).values():
            raise NotKept("an equal result of another volunteer was accepted, and is stored alone")
        if policy_of(job).holds and "withdrawn" in (outcome or {}):
            raise Withdrawn(withdrawn_text(outcome or {}))
        held = self._store.held.get(job_id, variable_id, result_id)
        if held is not None:
            return self._shown_held(job, held, caller)
        if self._keys.owns(caller, job):
            for document in self._store.results.rejected(job_id, variable_id, [result_id]):
                return document
        raise NotFound("result", result_id)

    def _shown_held(self, job: Document, document: Document, caller: Caller) -> Document:
        """What is held, and why, is for the job's owner. Raises NotKept for a result that was thrown back."""
        if "rejected" in document:
            raise NotKept(document["rejected"])
        if self._keys.owns(caller, job):
            return _with_state(document)
        public = {name: document[name] for name in ("id", "variable", "created")}
        return _with_state({**public, "volunteer": None, "run_seconds": None})

    def all(self, job_id: str, variable_id: str, caller: Caller) -> list[Document]:
        """The variable's accepted result, if there is one; for the job's owner also the newest rejected ones."""
        outcome = self._store.results.outcome(job_id, variable_id)
        found = [outcome] if outcome is not None and "result" in outcome else []
        if self._keys.owns(caller, self._store.jobs.get(job_id)):
            newest = self._store.results.rejected_ids(job_id, variable_id)[-REJECTED_SHOWN:]
            found += self._store.results.rejected(job_id, variable_id, newest)
            found += map(_with_state, self._store.held.of(job_id, variable_id))
            found += self._store.held.thrown_back(job_id, variable_id)[-REJECTED_SHOWN:]
        return found

    def page(
        self, job_id: str, cursor: str | None, limit: int, in_input_order: bool, max_bytes: int | None = None
    ) -> Page:
        """Accepted results of the whole job, in the order of acceptance or of posting of their variables.

        A page of large results ends early, beyond `max_bytes`, so that many concurrent readers cannot fill the memory.
        """
        read = self._store.results.page_in_input_order if in_input_order else self._store.results.page
        items: list[Document] = []
        size = 0
        for _ in range(READS_PER_PAGE):
            page = read(job_id, cursor, min(RESULTS_PER_READ, limit - len(items)))
            items += page.items
            size += page.size
            cursor = page.next
            if cursor is None or len(items) >= limit or size > (max_bytes or PAGE_BYTES):
                break
        return Page(items, cursor)

    def cursor_of_last(self, job_id: str, count: int) -> str | None:
        """The cursor before the last results of a job, in the order of acceptance."""
        return self._store.results.cursor_of_last(job_id, count)

    def with_inputs(self, job_id: str, page: Page) -> Page:
        """The results with the variable of each as `input`. A page of large variables ends early."""
        variables = self._store.variables.read(job_id, (item["variable"] for item in page.items), PAGE_BYTES)
        pairs = zip(page.items, variables, strict=False)
        items = [{**item, "input": variable["data"]} for item, variable in pairs]
        return Page(items, page.next if len(items) == len(page.items) else items[-1]["cursor"])


def _with_state(document: Document) -> Document:
    return {**document, "state": "held"}


def _finish(item: _Item) -> Finish:
    return Finish(item.document, item.lease.identity if item.lease else None, item.answers)


def _id_under_lease(variable_id: str, outcome: Document, lease: LeaseToken | None) -> str:
    """The id of the accepted result, if it was posted under the same lease. Raises Withdrawn, Finished."""
    if "withdrawn" in outcome:
        raise Withdrawn(withdrawn_text(outcome))
    if lease is not None and lease.lease_id in outcome.get("replicas", {}):
        return str(outcome["replicas"][lease.lease_id])
    if lease is None or outcome["lease"] != lease.lease_id:
        raise Finished(f"variable {variable_id!r} is finished: another result has been accepted")
    return str(outcome["id"])
