"""The auditor: it decides on held results, outside any request.

An audit is a document: the results of a batch, and those drawn from it. The pool computes these again; where that
proves nothing, their variables are opened for a second volunteer, whose answer decides.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from pool import pausing
from pool.sandbox import SandboxBusy, ScriptError, Share
from pool.standing import Standing
from pool.trust.audits import HeldResult, closed_batches, draw
from pool.trust.comparison import Comparison
from pool.trust.computing import Computing
from pool.trust.held_index import MAX_HELD, HeldIndex
from pool.trust.holding import OUTVOTED, OWNER_DIFFERS, Holding, name_of
from pool.trust.policy import Policy, policy_of
from pool.trust.sweeper import Sweeper
from pool.variable_errors import FAILING_PARTIES
from storage import ids
from storage.base import Document, Store
from storage.errors import NotFound

# When no unit of the job is left to be leased, nobody will fill a batch.
LAST_SECONDS = 2.0
# After so long the other jobs come first: whoever posts endless units must not hold up the audits of all.
TURN_SECONDS = 10.0
# The document beside the audits of a job: whether one by the server has agreed.
RECORD = "record"
DIFFERS = (
    "the server computes other results than volunteers at three different addresses, and none agreed: see the job's "
    "errors; write compare_results, or choose another policy in settings.trust"
)
WRONG = "an audit found a wrong result of this volunteer"
UNDECIDED = "an audit of this volunteer's results could not be decided"
log = logging.getLogger("comp-pool")


class Auditor(Sweeper):
    def __init__(
        self,
        store: Store,
        holding: Holding,
        computing: Computing,
        comparison: Comparison,
        standing: Standing,
        index: HeldIndex,
        generator: random.Random | None = None,
    ) -> None:
        super().__init__(store)
        self._holding, self._computing = holding, computing
        self._comparison, self._standing, self._index = comparison, standing, index
        self._random = generator or random.SystemRandom()

    def close(self) -> None:
        super().close()
        self._computing.close()

    def _sweep_job(self, job_id: str) -> bool:
        """Returns whether anything is left to decide."""
        job = self._store.jobs.get(job_id)
        policy = policy_of(job)
        if policy.name == "audit":
            self._audit(job, policy)
        elif policy.holds:
            # What a process that died, or a busy sandbox, has left undecided.
            for variable_id in self._store.held.variables(job_id, MAX_HELD):
                self._holding.decide(job, variable_id)
        else:
            self._release_all(job)
        return bool(self._store.held.variables(job_id, 1) or self._audits(job_id))

    def _release_all(self, job: Document) -> None:
        """The job's policy was changed to one that holds nothing."""
        for variable_id in self._store.held.variables(job["id"], MAX_HELD):
            self._holding.release(job, self._store.held.of(job["id"], variable_id)[:1])
        for audit in self._audits(job["id"]):
            self._store.held.remove_audit(job["id"], audit["id"])

    def _audits(self, job_id: str) -> list[Document]:
        return [audit for audit in self._store.held.audits(job_id) if audit["id"] != RECORD]

    def _audit(self, job: Document, policy: Policy) -> None:
        until = self._store.clock.monotonic() + TURN_SECONDS
        for audit in self._audits(job["id"]):
            self._continue(job, policy, audit)
        for batch in self._batches(job, policy):
            if self._store.clock.monotonic() > until:
                return
            median = self._store.counts.get(job["id"]).median_run_seconds
            drawn = draw(batch, policy.checks, self._random, median)
            audit = {
                "id": ids.timed_id(self._store.clock),
                "job": job["id"],
                "created": self._store.clock.now_text(),
                "volunteer": batch[0].volunteer,
                "results": {result.variable_id: result.result_id for result in batch},
                "drawn": [result.variable_id for result in drawn],
                "asks": False,
            }
            self._store.held.put_audit(job["id"], audit)
            self._continue(job, policy, audit)

    def _batches(self, job: Document, policy: Policy) -> list[list[HeldResult]]:
        audits = self._audits(job["id"])
        taken = {name for audit in audits for name in audit["results"]}
        held = [
            _held_result(name, document) for name, document in self._index.of(job["id"]).items() if name not in taken
        ]
        if not self._store.leases.has_work(job["id"]):
            policy = replace(policy, idle_seconds=min(policy.idle_seconds, LAST_SECONDS))
        return closed_batches(held, policy, self._store.clock.now_milliseconds())

    # One audit

    def _continue(self, job: Document, policy: Policy, audit: Document) -> None:
        open_names = []
        for name in audit["drawn"]:
            verdict = self._verdict(job, policy, audit, name)
            if verdict == "wrong":
                self._convict(job, audit)
                return
            if verdict == "undecided":
                self._give_up(job, audit)
                return
            if verdict == "open":
                open_names.append(name)
                if self._proves_wrong(job, audit):
                    self._convict(job, audit)
                    return
        if open_names:
            if not audit["asks"] or open_names != audit["drawn"]:
                self._store.held.put_audit(job["id"], {**audit, "drawn": open_names, "asks": True})
            return
        self._release(job, audit)

    def _proves_wrong(self, job: Document, audit: Document) -> bool:
        """Whether the server finds another result of the batch wrong, beside one that it could not compute.

        Else two liars who know each other could pass whatever they want by one such unit.
        """
        others = [name for name in audit["results"] if name not in audit["drawn"]]
        if audit["asks"] or not others:
            return False
        name = self._random.choice(others)
        documents = [found for found in self._documents(job["id"], audit) if found["variable"] == name]
        return any(self._by_computing(job, name, document) == "wrong" for document in documents)

    def _verdict(self, job: Document, policy: Policy, audit: Document, name: str) -> str:
        """`right`, `wrong`, `open` or `undecided`."""
        documents = self._store.held.of(job["id"], name)
        result_id = audit["results"][name]
        checked = next((document for document in documents if document["id"] == result_id), None)
        if checked is None:
            return self._of_decided(job["id"], name, result_id)
        if audit["asks"]:
            return self._by_others(job, policy, name, documents, result_id)
        verdict = self._by_computing(job, name, checked)
        if verdict == "open":
            self._store.held.want_more(job["id"], name, len(documents))
        return verdict

    def _of_decided(self, job_id: str, name: str, result_id: str) -> str:
        """Others have decided it, or its owner; or the variable was withdrawn, and nothing is left to check."""
        thrown = {document["id"]: document["rejected"] for document in self._store.held.thrown_back(job_id, name)}
        return "wrong" if thrown.get(result_id) in (OUTVOTED, OWNER_DIFFERS) else "right"

    def _by_computing(self, job: Document, name: str, checked: Document) -> str:
        try:
            variable = self._store.variables.get(job["id"], name)
            found = self._computing.compute(job, variable, Share(f"audits {job['id']}", job["id"])).value
            is_equal = self._comparison.agree(job, checked["result"], found)
        except (ScriptError, SandboxBusy):
            return "open"  # It took too long, threw or needs what the server has not: that proves nothing.
        if is_equal:
            self._note_equal(job)
            return "right"
        return "wrong" if self._comparison.proves(job, checked["result"], found) else "open"

    def _record(self, job_id: str) -> Document:
        """Whether an audit by the server has agreed in this job, and the addresses that differed before that."""
        found = (audit for audit in self._store.held.audits(job_id) if audit["id"] == RECORD)
        return next(found, {"id": RECORD, "agreed": False, "differed": []})

    def _note_equal(self, job: Document) -> None:
        record = self._record(job["id"])
        if not record["agreed"]:
            self._store.held.put_audit(job["id"], {**record, "agreed": True})

    def _may_be_to_blame(self, job: Document, prefixes: Iterable[str]) -> bool:
        """Whether the server's engine may be the one that differs: no audit of the job has agreed yet.

        The job is paused when it differs from volunteers at three addresses.
        """
        record = self._record(job["id"])
        if record["agreed"]:
            return False
        differed = sorted({*record["differed"], *prefixes})
        self._store.held.put_audit(job["id"], {**record, "differed": differed})
        if len(differed) >= FAILING_PARTIES:
            pausing.pause(self._store, job["id"], DIFFERS)
        return True

    def _by_others(
        self, job: Document, policy: Policy, name: str, documents: Sequence[Document], result_id: str
    ) -> str:
        if len(documents) < 2 or self._store.variables.state(job["id"], name) != "held":
            return "open"
        decision = self._holding.decision(job, documents, replace(policy, quorum=2))
        if decision.kind == "ask":
            self._store.held.want_more(job["id"], name, len(documents))
            return "open"
        if decision.kind == "park":
            self._holding.park(job, name)
            return "undecided"
        self._holding.accept(job, documents, decision.agreed)
        return "right" if result_id in {answer.result_id for answer in decision.agreed} else "wrong"

    def _release(self, job: Document, audit: Document) -> None:
        documents = self._documents(job["id"], audit)
        if documents:
            self._holding.release(job, documents)
        self._standing.confirmed(job["uid"], [audit["volunteer"]])
        self._store.held.remove_audit(job["id"], audit["id"])

    def _documents(self, job_id: str, audit: Document) -> list[Document]:
        """The results of a batch that are still held."""
        found = []
        for name, result_id in audit["results"].items():
            found += [document for document in self._store.held.of(job_id, name) if document["id"] == result_id]
        return found

    def _convict(self, job: Document, audit: Document) -> None:
        """Throws back all that is held of a volunteer, in every job that this process knows."""
        prefixes = {document["prefix"] for document in self._documents(job["id"], audit)}
        if not audit["asks"] and self._may_be_to_blame(job, prefixes):
            self._throw_back(job["id"], self._documents(job["id"], audit), WRONG)
            self._store.held.remove_audit(job["id"], audit["id"])
            return
        self._standing.caught(job["uid"], audit["volunteer"], prefixes)
        self._throw_back(job["id"], self._documents(job["id"], audit), WRONG)
        for job_id in {job["id"], *self._jobs}:
            with suppress(NotFound):
                self._throw_back_all(job_id, audit["volunteer"])
        log.info("job %s: %s", job["id"], f"{WRONG} ({audit['volunteer']})")

    def _throw_back_all(self, job_id: str, volunteer: str) -> None:
        held = self._index.of(job_id).values()
        self._throw_back(job_id, [found for found in held if name_of(found) == volunteer], WRONG)
        for audit in self._audits(job_id):
            if audit["volunteer"] == volunteer:
                self._store.held.remove_audit(job_id, audit["id"])

    def _give_up(self, job: Document, audit: Document) -> None:
        documents = [found for found in self._documents(job["id"], audit) if found["variable"] not in audit["drawn"]]
        self._throw_back(job["id"], documents, UNDECIDED)
        self._store.held.remove_audit(job["id"], audit["id"])

    def _throw_back(self, job_id: str, documents: Iterable[Document], reason: str) -> None:
        for document in documents:
            self._store.held.throw_back(job_id, document["variable"], [document["id"]], reason)


def _held_result(variable_id: str, facts: Document) -> HeldResult:
    return HeldResult(variable_id, facts["id"], name_of(facts), ids.time_of(facts["id"]), facts["run_seconds"])
