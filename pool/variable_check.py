"""What a job itself says to a new variable, asked as the seed has it: before it is stored."""

from __future__ import annotations

from typing import Any

from pool import fields
from pool.errors import Invalid
from pool.reports import Reports
from pool.sandbox import UNDEFINED, Sandbox, ScriptError
from pool.verdict import verdict_of
from storage.base import Document


class VariableCheck:
    def __init__(self, sandbox: Sandbox, reports: Reports) -> None:
        self._sandbox, self._reports = sandbox, reports

    def require(self, job: Document, value: Any) -> None:
        """Raises Invalid where the value can be no variable of the job, SandboxBusy."""
        fields.refuse_reserved(fields.require_object("variable", value))
        self._ask_job(job, value)

    def _ask_job(self, job: Document, value: Document) -> None:
        """The variable's own validator, else that of results, called without one."""
        arguments: list[object] = [value, {"job": {"id": job["id"], "name": job["name"]}}]
        if "validate_variable" in job:
            name, called = "validate_variable", "validate_variable(variable, context)"
        elif "validate_result" in job:
            name, called = "validate_result", "validate_result(variable, undefined, context)"
            arguments.insert(1, UNDEFINED)
        else:
            return
        try:
            outcome = self._sandbox.call(job[name], arguments, job["id"])
        except ScriptError as ex:
            self._reports.note(job["id"], name, ex.message, ex.console)
            raise Invalid("variable", f"{called} failed: {ex.message}", ex.console) from ex
        if outcome.console:
            self._reports.note(job["id"], name, None, outcome.console)
        verdict = verdict_of(outcome.value)
        if not verdict.valid:
            raise Invalid("variable", f"{called} refused it: {verdict.reason}", outcome.console)
