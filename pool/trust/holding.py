"""Held results: what is kept back when a result comes, who may answer again, and how answers are accepted or not."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from pool import lease_limits
from pool.error_counting import PAUSE_SECONDS
from pool.errors import Conflict, LimitReached, NotKept
from pool.flows import Flows
from pool.peers import Peer
from pool.rates import Rates
from pool.sandbox import SandboxBusy
from pool.standing import Earned, Standing
from pool.tokens import LeaseToken
from pool.trust.adaptive import is_trusted
from pool.trust.agreement import Answer, Decision, decide, is_independent
from pool.trust.comparison import Comparison
from pool.trust.held_index import MAX_HELD, HeldIndex
from pool.trust.pairing import Pairing
from pool.trust.policy import Policy, policy_of
from pool.trust.wanted import Wanted
from pool.variable_errors import VariableErrors
from storage import ids
from storage.base import Document, Finish, Store
from storage.errors import LeaseLost

# A class of thirty with two workers each has about so many.
BATCHES_OF_PREFIX, RETRY_SECONDS = 64, 5.0
# Of a held document; the pool forgets them with its decision.
HELD_FIELDS = ("held", "prefix", "party")
OUTVOTED = "other volunteers agree on another result"
OWNER_DIFFERS = "the job's owner, or an auditor, computed another result"


class Holding:
    """`generator` draws: volunteers must not be able to predict it."""

    def __init__(
        self,
        store: Store,
        comparison: Comparison,
        standing: Standing,
        flows: Flows,
        rates: Rates,
        errors: VariableErrors,
        index: HeldIndex,
        pairing: Pairing,
        generator: random.Random | None = None,
    ) -> None:
        self._store, self._comparison, self._standing = store, comparison, standing
        self._wanted = Wanted(store, pairing)
        self._flows, self._rates, self._errors, self._index = flows, rates, errors, index
        self._random = generator or random.SystemRandom()

    def known(self, job_id: str, variable_id: str, lease: LeaseToken | None) -> str | None:
        """The id of the result that is held under this lease. Raises NotKept; Conflict if no other is wanted."""
        for document in self._store.held.of(job_id, variable_id):
            if lease is not None and document["lease"] == lease.lease_id:
                return str(document["id"])
        for document in self._store.held.thrown_back(job_id, variable_id):
            if lease is not None and document["lease"] == lease.lease_id:
                raise NotKept(document["rejected"])
        return None

    def require_wanted(self, job: Document, variable_id: str, document: Document, peer: Peer) -> int:
        """Raises Conflict unless a result of this volunteer is wanted beside those that are held; returns their number.

        A lease shows that one was. But who has leased it several times before there was any answer has several tokens.
        """
        answers = self._answers(job["id"], variable_id)
        if not answers:
            return 0
        if self._store.variables.state(job["id"], variable_id) == "held":
            raise Conflict(f"variable {variable_id!r} has a result already, which is held")
        if any(answer.volunteer == name_of(document, peer.prefix) for answer in answers):
            raise Conflict(f"variable {variable_id!r} has a result of this volunteer already, which is held")
        if not self._is_independent(job, answers, name_of(document, peer.prefix), peer):
            raise Conflict(f"variable {variable_id!r} has a result of this address already, which is held")
        return len(answers)

    def require_room(self, job: Document, peer: Peer) -> None:
        """Raises LimitReached while so many results wait, of the job or this address, that more would be a flood."""
        policy = policy_of(job)
        if not policy.holds or peer.is_trusted:
            return
        by_prefix = self._index.by_prefix(job["id"])
        if by_prefix.total() >= MAX_HELD:
            raise LimitReached(f"{MAX_HELD} results of this job are held (the limit)", RETRY_SECONDS, "held")
        # Whoever was proved to lie, or shares its address, has less each time: at least one batch.
        limit = max(policy.every, BATCHES_OF_PREFIX * policy.every >> self._standing.caught_at(peer.prefix))
        if by_prefix[peer.prefix] >= limit:
            raise LimitReached(f"{limit} results of this address are held (the limit)", RETRY_SECONDS, "held")

    def require_current(self, job_id: str, variable_id: str, lease: LeaseToken) -> None:
        """Raises LeaseLost for a lease that was given back, or that expired and passed to somebody else.

        Else whoever has leased many variables could answer those of them that an accomplice answers, at any later time.
        """
        if not self._store.leases.is_current(job_id, variable_id, lease.identity):
            raise LeaseLost(variable_id)

    def excludes(self, job: Document, variable_id: str, peer: Peer) -> bool:
        """Whether a variable is not for this peer: it or its address has answered it, or another is to do so first."""
        # Without reading the results: most variables that have some are for others.
        if not self._wanted.may_answer(job, variable_id, answering_party(peer)):
            return True
        name = lease_limits.name_of(peer)
        if self._was_thrown_back(job["id"], variable_id, name, _address(peer)):
            return True
        answers = self._answers(job["id"], variable_id)
        answered = {party for answer in answers for party in (answer.volunteer, answer.prefix)}
        return bool(answers) and not (
            self._is_independent(job, answers, name, peer)
            and self._wanted.may_answer(job, variable_id, answering_party(peer), answered)
        )

    def wanted(self, job: Document, peer: Peer) -> Sequence[str]:
        """Some of the variables with answers of which the next may be this peer's."""
        return self._wanted.some_of(job, answering_party(peer))

    def _is_independent(self, job: Document, answers: Sequence[Answer], name: str, peer: Peer) -> bool:
        now = self._store.clock.now_milliseconds()
        return is_independent(answers, name, _address(peer), now, policy_of(job).same_address_seconds)

    def _was_thrown_back(self, job_id: str, variable_id: str, name: str, prefix: str) -> bool:
        """Others come first for a while: liars must not get the last units of a job again and again."""
        now = self._store.clock.now_milliseconds()
        recent = (
            document
            for document in self._store.held.thrown_back(job_id, variable_id)
            if abs(now - ids.time_of(document["id"])) < PAUSE_SECONDS * 1000
        )
        return any(prefix == document["prefix"] or name == name_of(document) for document in recent)

    def counts_alone(self, job: Document, document: Document, peer: Peer) -> bool:
        """Whether a result is accepted without another, which is drawn when it is there."""
        policy = policy_of(job)
        if policy.name != "adaptive" or not document["volunteer"]:
            return False
        if self._store.held.of(job["id"], document["variable"]):
            return False
        # New ids cost nothing: an address that has lied begins anew with each, and does not earn trust for a day.
        if self._standing.caught_at(peer.prefix) and not peer.is_trusted:
            return False
        in_a_row = self._standing.confirmed_in_a_row(job["uid"], document["volunteer"])
        return is_trusted(in_a_row, policy.trusted_after, self._random.random())

    def hold(self, job: Document, results: Mapping[str, tuple[Finish, Peer]]) -> Mapping[str, Exception]:
        """Holds the results of these variables; returns the errors, by variable."""
        at = self._store.clock.now_text()
        for finish, peer in results.values():
            finish.document.update(
                held=at, prefix=peer.prefix, **({"party": answering_party(peer)} if peer.is_trusted else {})
            )
        finishes = {name: finish for name, (finish, _) in results.items()}
        refused = self._store.held.hold_many(job["id"], finishes, job["uid"])
        self._wanted.forget(job["id"], finishes)
        for name, finish in finishes.items():
            if name not in refused and finish.document["lease"]:
                self._standing.ended(finish.document["lease"])
        return refused

    # Decisions by replication

    def decide(self, job: Document, variable_id: str) -> None:
        """Accepts an answer that enough volunteers agree on, asks for a further one, or parks the variable.

        It changes nothing while the sandbox is busy: the auditor comes back to it.
        """
        documents = self._store.held.of(job["id"], variable_id)
        policy = policy_of(job)
        with suppress(SandboxBusy):
            decision = self.decision(job, documents, policy)
            if decision.kind == "accept":
                self.accept(job, documents, decision.agreed)
            elif decision.kind == "ask":
                self._store.held.want_more(job["id"], variable_id, len(documents))
            else:
                self.park(job, variable_id)

    def decision(self, job: Document, documents: Sequence[Document], policy: Policy) -> Decision:
        """Raises SandboxBusy."""
        answers = [answer_of(document) for document in documents]
        agree = partial(self._comparison.agree, job)
        return decide(answers, agree, policy.quorum, policy.most, self._doubt)

    def _doubt(self, answer: Answer) -> int:
        if answer.party == answer.prefix:
            return self._standing.caught_at(answer.prefix)
        return self._standing.caught_of(answer.party)

    def accept(self, job: Document, documents: Sequence[Document], agreed: Sequence[Answer]) -> None:
        """Accepts the first of the answers that agree; throws back those that do not."""
        by_id = {document["id"]: document for document in documents}
        confirmed = [by_id[answer.result_id] for answer in agreed]
        variable_id = confirmed[0]["variable"]
        outvoted = [document for document in documents if document not in confirmed]
        self._store.held.throw_back(job["id"], variable_id, [document["id"] for document in outvoted], OUTVOTED)
        if self.release(job, [confirmed[0]], {variable_id: confirmed[1:]}):
            return
        self._standing.confirmed(job["uid"], [name_of(document) for document in confirmed])
        for document in outvoted:
            self._standing.caught(job["uid"], name_of(document), [document["prefix"]])

    def settle(self, job: Document, document: Document) -> None:
        """Accepts a result of the job's owner, and decides by it on those that are held. Raises AlreadyFinished."""
        variable_id = document["variable"]
        held = self._store.held.of(job["id"], variable_id)
        equal = [known for known in held if self._comparison.agree(job, document["result"], known["result"])]
        wrong = [known for known in held if known not in equal]
        self._store.held.throw_back(job["id"], variable_id, [known["id"] for known in wrong], OWNER_DIFFERS)
        self._store.results.accept(job["id"], variable_id, _accepted(document, equal), job_uid=job["uid"])
        self._credit(job, equal)
        self._standing.confirmed(job["uid"], map(name_of, equal))
        for known in wrong:
            self._standing.caught(job["uid"], name_of(known), [known["prefix"]])
        self._flows.on_finished(job["id"], variable_id)

    def release(
        self, job: Document, documents: Sequence[Document], replicas: Mapping[str, Sequence[Document]] | None = None
    ) -> Mapping[str, Exception]:
        """Accepts held results, each of another variable; `replicas` are equal ones, which are not stored.

        Returns the errors by variable: another process was faster, say.
        """
        finishes = {
            document["variable"]: Finish(_accepted(document, (replicas or {}).get(document["variable"], ())))
            for document in documents
        }
        refused = self._store.results.accept_many(job["id"], finishes, job["uid"])
        for document in documents:
            if document["variable"] not in refused:
                self._credit(job, [document, *(replicas or {}).get(document["variable"], ())])
            # Also where a process died before it did this.
            self._flows.on_finished(job["id"], document["variable"])
        return refused

    def _credit(self, job: Document, documents: Iterable[Document]) -> None:
        peers = [(document, Peer(document["prefix"], document["volunteer"] or "")) for document in documents]
        self._standing.accepted(
            job,
            [
                Earned(document["lease"], peer, self._errors.parties(peer), document["run_seconds"])
                for document, peer in peers
            ],
        )
        for _, peer in peers:
            self._rates.credit(peer.prefix)

    def park(self, job: Document, variable_id: str) -> None:
        self._store.held.park(job["id"], variable_id)
        self._flows.on_finished(job["id"], variable_id)

    def _answers(self, job_id: str, variable_id: str) -> list[Answer]:
        return [answer_of(document) for document in self._store.held.of(job_id, variable_id)]


def answer_of(document: Document) -> Answer:
    prefix = document["prefix"]
    at, party = ids.time_of(document["id"]), str(document.get("party", prefix))
    return Answer(document["id"], name_of(document), prefix, document["result"], at, party)


def answering_party(peer: Peer) -> str:
    """Who computes, as far as the pool can know: an address, or a volunteer of a trusted network."""
    return lease_limits.name_of(peer) if peer.is_trusted else peer.prefix


def _address(peer: Peer) -> str:
    """Volunteers of a trusted network are known one by one."""
    return "" if peer.is_trusted else peer.prefix


def name_of(document: Document, prefix: str = "") -> str:
    """The volunteer's name; all who give none at one address are one volunteer."""
    return document["volunteer"] or f"@{document.get('prefix', prefix)}"


def _accepted(document: Document, replicas: Sequence[Document]) -> Document:
    accepted = {name: value for name, value in document.items() if name not in HELD_FIELDS}
    if replicas:
        accepted["replicas"] = {replica["lease"]: replica["id"] for replica in replicas}
    return accepted
