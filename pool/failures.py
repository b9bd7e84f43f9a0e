"""Reports of volunteers: that their function failed, or what it printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pool import fields
from pool.error_counting import same_error
from pool.errors import Finished, Invalid, Withdrawn
from pool.peers import Peer
from pool.reports import Reports
from pool.submission import Submission
from pool.tokens import LeaseToken, Tokens
from pool.variable_errors import VariableErrors
from pool.variables import withdrawn_text
from storage.base import Document, Store

# Characters kept of each text.
MAX_MESSAGE, MAX_STACK, MAX_CONSOLE, MAX_ENGINE = 2000, 4000, 10_000, 200
_KIND = re.compile(r"[a-z][a-z-]{0,39}")
_FIELDS = ("error", "console", "engine", "run_seconds")


@dataclass(frozen=True)
class Report:
    """`error` is ``{"kind", "message", "stack"}``; without one the report is of console output alone."""

    error: Document | None = None
    console: str = ""
    engine: str = ""
    run_seconds: float | None = None


def read_report(posted: Any) -> Report:
    """Raises Invalid. Texts that are too long are cut: a report must not be lost for a long stack."""
    given = fields.require_object("the body", posted)
    fields.refuse_unknown(given, _FIELDS)
    error = _error(given["error"]) if given.get("error") is not None else None
    console = _text("console", given.get("console", ""), MAX_CONSOLE)
    if error is None and not console:
        raise Invalid("error", "a report has an error, console output, or both")
    return Report(
        error, console, _text("engine", given.get("engine", ""), MAX_ENGINE), _seconds(given.get("run_seconds"))
    )


def _error(posted: Any) -> Document:
    given = fields.require_object("error", posted)
    fields.refuse_unknown(given, ("kind", "message", "stack"), "error.")
    kind = given.get("kind")
    if not isinstance(kind, str) or _KIND.fullmatch(kind) is None:
        raise Invalid("error.kind", "must be a word of lower-case letters and '-'")
    message = _text("error.message", given.get("message", ""), MAX_MESSAGE)
    return {"kind": kind, "message": message, "stack": _text("error.stack", given.get("stack", ""), MAX_STACK)}


def _text(field: str, value: Any, longest: int) -> str:
    if not isinstance(value, str):
        raise Invalid(field, f"must be a string, not {fields.kind(value)}")
    return value[:longest]


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise Invalid("run_seconds", "must be a number of seconds")
    return float(value)


class Failures:
    def __init__(self, store: Store, tokens: Tokens, errors: VariableErrors, reports: Reports) -> None:
        self._store, self._tokens, self._errors, self._reports = store, tokens, errors, reports

    def require_job(self, job_id: str) -> None:
        """Raises NotFound if there is no such job."""
        self._store.jobs.get(job_id)

    def report(self, job_id: str, variable_id: str, token: str, report: Report, peer: Peer) -> None:
        """Records a report under a lease. An error ends the lease, and counts against the variable.

        Raises BadLease, NotFound, Finished, Withdrawn, Conflict for a failed variable.
        """
        job = self._store.jobs.get(job_id)
        lease = self._tokens.read(token, job["uid"], variable_id)
        if report.error is None:
            self._reports.add_console(job_id, peer.prefix, report.console)
            return
        told = {"failure": report.error, "console": report.console, "engine": report.engine}
        document = Submission(lease, report.run_seconds).document(job_id, variable_id, self._store.clock) | told
        known = self._errors.known(job, variable_id)
        if same_error(known, document):
            return
        self._require_unfinished(job_id, variable_id, lease)
        self._errors.refresh()
        self._errors.require_judgeable(job, variable_id, known, lease, peer)
        self._errors.add(job, document, lease, peer)

    def _require_unfinished(self, job_id: str, variable_id: str, lease: LeaseToken) -> None:
        outcome = self._store.results.outcome(job_id, variable_id)
        if outcome is None:
            return
        self._errors.forgive(lease)
        if "withdrawn" in outcome:
            raise Withdrawn(withdrawn_text(outcome))
        raise Finished(f"variable {variable_id!r} is finished: a result has been accepted")
