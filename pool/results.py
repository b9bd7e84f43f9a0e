"""Results: judged by the job's validator, then accepted once, or kept apart with the reason."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from pool.errors import BadLease, Finished, Rejected, Withdrawn
from pool.flows import Flows
from pool.keys import Caller, Keys
from pool.reports import Reports
from pool.sandbox import Sandbox, ScriptError
from pool.tokens import LeaseToken, Tokens
from pool.variables import withdrawn_text
from pool.verdict import Verdict, verdict_of
from storage import ids
from storage.base import Document, Page, Store, canonical
from storage.errors import AlreadyFinished, NotFound

REJECTED_SHOWN = 20
RESULTS_AT_ONCE = 10
READS_PER_PAGE = 200
PAGE_CHARACTERS = 1 << 21


@dataclass(frozen=True)
class Posted:
    """A result as it comes in; `run_seconds` is what the volunteer measured, if it said."""

    value: Any
    token: str | None = None
    run_seconds: float | None = None
    volunteer: str = ""


class Results:
    def __init__(
        self, store: Store, sandbox: Sandbox, keys: Keys, tokens: Tokens, reports: Reports, flows: Flows
    ) -> None:
        self._store, self._sandbox, self._keys, self._tokens = store, sandbox, keys, tokens
        self._reports, self._flows = reports, flows

    def post(self, job_id: str, variable_id: str, posted: Posted) -> str:
        """Returns the id of the accepted result, durable; the same lease posted again gets the same.

        Raises Rejected, Finished, Withdrawn, BadLease, NotFound, SandboxBusy.
        """
        job = self._store.job(job_id)
        variable = self._store.variable(job_id, variable_id)
        lease = self._lease(job, variable_id, posted.token)
        outcome = self._store.outcome(job_id, variable_id)
        if outcome is not None:
            known = _known_result(variable_id, outcome, lease)
            self._flows.on_settled(job_id, variable_id)  # Who posted it first may have died before that.
            return known
        document = _document(job_id, variable_id, posted, lease)
        self._repeat_refusal(job, variable_id, document)
        verdict = self._judge(job, variable, document)
        if not verdict.valid:
            self._reject(job, document, verdict.reason, lease)
        self._require_same_job(job)
        if verdict.replacement is not None:
            document["result"] = verdict.replacement[0]
        return self._accept(job_id, variable_id, document, lease)

    def _lease(self, job: Document, variable_id: str, token: str | None) -> LeaseToken | None:
        if token is not None:
            return self._tokens.read(token, job["uid"], variable_id)
        if job["settings"]["require_lease"]:
            raise BadLease("lease: this job takes results only at the post_result link of a leased variable")
        return None

    def _repeat_refusal(self, job: Document, variable_id: str, document: Document) -> None:
        """A refused result sent again under its lease is the same refusal, counted once."""
        if document["lease"] is None:
            return
        known = self._store.rejected_ids(job["id"], variable_id)
        mark = _refusal_mark(document) if known else ""
        same = [result_id for result_id in known if result_id.endswith(mark)]
        if not same:
            return
        for refused in self._store.rejected(job["id"], variable_id, same):
            raise Rejected(refused["rejected"], failed=False)

    def _judge(self, job: Document, variable: Document, document: Document) -> Verdict:
        if "validate_result" not in job:
            return Verdict(True)
        variable_id = variable["id"]
        context = {
            "job": {"id": job["id"], "name": job["name"]},
            "variable": variable_id,
            "lease": document["lease"],
            "volunteer": document["volunteer"],
            "run_seconds": document["run_seconds"],
        }
        if "context" in variable:
            context["starting_context"] = variable["context"]
        arguments = [variable["data"], document["result"], context]
        try:
            outcome = self._sandbox.call(job["validate_result"], arguments, job["id"])
        except ScriptError as ex:
            document["console"] = ex.console
            self._report(job, variable_id, ex.message, ex.console)
            return Verdict(False, f"validate_result failed: {ex.message}")
        if outcome.console:
            document["console"] = outcome.console
            self._report(job, variable_id, None, outcome.console)
        return verdict_of(outcome.value)

    def _report(self, job: Document, variable_id: str, message: str | None, console: str) -> None:
        # What is parked has told its owner enough.
        if self._store.state(job["id"], variable_id) != "failed":
            self._reports.note(job["id"], "validate_result", message, console)

    def _reject(self, job: Document, document: Document, reason: str, lease: LeaseToken | None) -> None:
        document["rejected"] = reason
        if lease is not None:
            document["id"] += _refusal_mark(document)
        self._require_same_job(job)
        deadline = lease.deadline if lease else None
        limit = job["settings"]["max_errors"]
        failed = self._store.reject(job["id"], document["variable"], document, limit, deadline)
        if failed:
            self._flows.on_settled(job["id"], document["variable"])
        raise Rejected(reason, failed)

    def _require_same_job(self, job: Document) -> None:
        """Refuses what was judged by a job that has been deleted meanwhile, and another posted under its name."""
        if self._store.job(job["id"])["uid"] != job["uid"]:
            raise NotFound("job", job["id"])

    def _accept(self, job_id: str, variable_id: str, document: Document, lease: LeaseToken | None) -> str:
        document.pop("console", None)
        try:
            self._store.accept(job_id, variable_id, document, lease.deadline if lease else None)
        except AlreadyFinished as ex:
            return _known_result(variable_id, ex.outcome, lease)
        self._flows.on_settled(job_id, variable_id)
        return str(document["id"])

    def get(self, job_id: str, variable_id: str, result_id: str, caller: Caller) -> Document:
        """An accepted result, or for the job's owner a rejected one. Raises NotFound."""
        outcome = self._store.outcome(job_id, variable_id)
        if outcome is not None and outcome.get("id") == result_id:
            return outcome
        if self._keys.owns(caller, self._store.job(job_id)):
            for document in self._store.rejected(job_id, variable_id, [result_id]):
                return document
        raise NotFound("result", result_id)

    def all(self, job_id: str, variable_id: str, caller: Caller) -> list[Document]:
        """The variable's accepted result, if it has one; for the job's owner the newest rejected ones, too."""
        outcome = self._store.outcome(job_id, variable_id)
        found = [outcome] if outcome is not None and "result" in outcome else []
        if self._keys.owns(caller, self._store.job(job_id)):
            newest = self._store.rejected_ids(job_id, variable_id)[-REJECTED_SHOWN:]
            found += self._store.rejected(job_id, variable_id, newest)
        return found

    def page(self, job_id: str, cursor: str | None, limit: int, in_input_order: bool) -> Page:
        """Accepted results of the whole job, in the order of acceptance or of their variables' posting.

        A page ends early where its results are large: many readers at once are not to fill the memory.
        """
        read = self._store.accepted_in_input_order if in_input_order else self._store.accepted
        items: list[Document] = []
        size = 0
        for _ in range(READS_PER_PAGE):
            page = read(job_id, cursor, min(RESULTS_AT_ONCE, limit - len(items)))
            items += page.items
            size += sum(len(canonical(item["result"])) for item in page.items)
            cursor = page.next
            if cursor is None or len(items) >= limit or size > PAGE_CHARACTERS:
                break
        return Page(items, cursor)


def _document(job_id: str, variable_id: str, posted: Posted, lease: LeaseToken | None) -> Document:
    return {
        "job": job_id,
        "variable": variable_id,
        "id": ids.timed_id(),
        "created": ids.now_text(),
        "lease": lease.lease_id if lease else None,
        "volunteer": (lease.volunteer if lease else "") or posted.volunteer or None,
        "run_seconds": _run_seconds(posted, lease),
        "result": posted.value,
    }


def _refusal_mark(document: Document) -> str:
    """The end of a refused result's id: the same for the same result under the same lease."""
    same = f"{document['lease']}/{canonical(document['result'])}"
    return f"-{hashlib.sha256(same.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _run_seconds(posted: Posted, lease: LeaseToken | None) -> float | None:
    """As the volunteer measured it; else the pool's own time from lease to result."""
    if posted.run_seconds is not None:
        return posted.run_seconds
    return (ids.now_milliseconds() - lease.started) / 1000 if lease else None


def _known_result(variable_id: str, outcome: Document, lease: LeaseToken | None) -> str:
    """The id of the result that finished the variable, where it came under the same lease."""
    if "withdrawn" in outcome:
        raise Withdrawn(withdrawn_text(outcome))
    if lease is None or outcome["lease"] != lease.lease_id:
        raise Finished(f"variable {variable_id!r} is finished: somebody's result has been accepted")
    return str(outcome["id"])
