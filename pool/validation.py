"""Validation: functions are compiled when they are posted; a job's validators check variables and results.

A validator returns true, false or `{valid, …}`: any other value rejects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pool import fields
from pool.errors import Invalid
from pool.keys import share_of
from pool.reports import Reports
from pool.sandbox import THE_POOL, UNDEFINED, Outcome, Sandbox, SandboxBusy, ScriptError, Share
from pool.seeds import unit_seed
from storage.base import Document
from storage.documents import clipped

# In bytes.
MAX_REASON = 2000
Report = Callable[[str | None, str], None]


NO_WEBASSEMBLY = (
    "uses WebAssembly, which does not exist on the server: check in plain JavaScript, or only where "
    "`typeof WebAssembly` says that it exists"
)
# As boot.js reports it.
NO_FUNCTION = "is not a function expression"
ONLY_BROWSERS = (
    f". If this is syntax that only browsers know, require `{fields.BROWSER_SYNTAX}`: the function is then stored "
    "unchecked, and served only to volunteers whose engine knows it"
)
# Of JavaScript, roughly: comments and texts, which are no code.
_NO_CODE = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def require_function(sandbox: Sandbox, field: str, source: str, share: Share = THE_POOL) -> None:
    """Raises Invalid if the source is no function expression that the server can run, SandboxBusy."""
    try:
        sandbox.check(source, share)
    except ScriptError as ex:
        raise Invalid(field, _syntax_error(ex)) from ex
    if needs_webassembly(source):
        raise Invalid(field, NO_WEBASSEMBLY)


def require_client_function(
    sandbox: Sandbox, field: str, source: str, requirements: Document, share: Share = THE_POOL
) -> None:
    """Raises Invalid if a function that never runs on the server is no function expression, SandboxBusy.

    A syntax error counts unless the job requires an engine that knows more syntax than the server's.
    """
    try:
        sandbox.check(source, share)
    except ScriptError as ex:
        is_syntax = ex.kind == "syntax" and ex.message != NO_FUNCTION
        if not is_syntax or not requirements.get(fields.BROWSER_SYNTAX):
            raise Invalid(field, _syntax_error(ex) + ONLY_BROWSERS * is_syntax) from ex


def needs_webassembly(source: str) -> bool:
    """Whether a function uses WebAssembly without asking whether it exists."""
    code = _NO_CODE.sub("", source)
    return "typeof WebAssembly" not in code and re.search(r"\bWebAssembly\s*\??\.\s*\w", code) is not None


def _syntax_error(ex: ScriptError) -> str:
    position = f" (line {ex.line}, column {ex.column})" if ex.line is not None else ""
    return f"{ex.message}{position}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`replacement` holds the result to store instead, if the validator returned one."""

    valid: bool
    reason: str = ""
    replacement: tuple[Any] | None = None


def read_verdict(returned: Any) -> Verdict:
    """Reads `true`, `false` or `{valid, result?, reason?}`."""
    # Strictly: a forgotten `return` or a truthy object must not accept results.
    if isinstance(returned, bool):
        return Verdict(returned, "" if returned else "it returned false")
    if isinstance(returned, dict) and isinstance(returned.get("valid"), bool):
        reason = returned.get("reason")
        text = clipped(reason, MAX_REASON) if isinstance(reason, str) else "it returned {valid: false}"
        return Verdict(returned["valid"], text, (returned["result"],) if "result" in returned else None)
    return Verdict(False, "it returned neither true, false nor {valid: true or false, …}")


class Validation:
    """Calls a job's validators. Raises SandboxBusy."""

    def __init__(self, sandbox: Sandbox, reports: Reports) -> None:
        self._sandbox, self._reports = sandbox, reports

    def judges_variables(self, job: Document) -> bool:
        """Whether `require_variable` calls a function of the job."""
        return "validate_variable" in job or "validate_result" in job

    def require_variable(self, job: Document, value: Any) -> None:
        """Raises Invalid unless the job accepts the value as a variable.

        `validate_variable` decides; without one `validate_result`, called without a result.
        """
        refusal = self.first_refusal(job, [value])
        if refusal is not None:
            raise refusal[1]

    def first_refusal(self, job: Document, values: Sequence[Any]) -> tuple[int, Invalid] | None:
        """The index of the first of these variables that `require_variable` refuses, and its error."""
        forms = enumerate(map(_refusal_of_form, values))
        malformed = next(((index, refusal) for index, refusal in forms if refusal is not None), None)
        function = next((name for name in ("validate_variable", "validate_result") if name in job), None)
        if function is not None:
            well_formed = values if malformed is None else values[: malformed[0]]
            for index, refusal in enumerate(self._judge_variables(job, function, well_formed)):
                if refusal is not None:
                    return index, refusal
        return malformed

    def _judge_variables(self, job: Document, function: str, values: Sequence[Any]) -> Iterator[Invalid | None]:
        context = {"job": _named(job)}
        # The error shows the call: an owner may not expect `validate_result` to be called without a result.
        between, named = ([UNDEFINED], "undefined, ") if function == "validate_result" else ([], "")
        called = f"{function}(variable, {named}context)"
        calls = [[value, *between, context] for value in values]
        for outcome in self._sandbox.call_many(job[function], calls, share_of(job)):
            yield self._refusal(job, function, called, outcome)

    def _refusal(self, job: Document, function: str, called: str, outcome: Outcome | ScriptError) -> Invalid | None:
        if isinstance(outcome, ScriptError):
            self._reports.add(job["id"], function, outcome.message, outcome.console)
            # A validator that fails rejects: otherwise invalid variables could be stored.
            return Invalid("variable", f"{called} failed: {outcome.message}", outcome.console)
        if outcome.console:
            self._reports.add(job["id"], function, None, outcome.console)
        verdict = read_verdict(outcome.value)
        if verdict.valid:
            return None
        return Invalid("variable", f"{called} rejected it: {verdict.reason}", outcome.console)

    def judge_results(
        self, job: Document, posted: Sequence[tuple[Document, Document]], report: Report
    ) -> list[Verdict | SandboxBusy]:
        """The verdict of `validate_result` on each of these variables and results; SandboxBusy where there is none.

        Console output becomes a field of the result's document. `report` gets an error's message, or None, and the
        console output.
        """
        if "validate_result" not in job:
            return [Verdict(True)] * len(posted)
        verdicts: list[Verdict | SandboxBusy] = []
        try:
            for outcome in self._outcomes(job, posted):
                verdicts.append(_verdict(outcome, posted[len(verdicts)][1], report))
        except SandboxBusy as ex:
            # Without a verdict the volunteer retries.
            verdicts += [ex] * (len(posted) - len(verdicts))
        return verdicts

    def _outcomes(self, job: Document, posted: Sequence[tuple[Document, Document]]) -> Iterator[Outcome | ScriptError]:
        source, is_lossy, share = job["validate_result"], fields.is_lossy(job), share_of(job)
        calls = [_call(job, variable, result) for variable, result in posted]
        if len(calls) > 1:
            yield from self._sandbox.judge_many(source, calls, is_lossy, share)
            return
        # Shares its round trip with the single results of other requests.
        for arguments, seed in calls:
            try:
                yield self._sandbox.judge(source, arguments, is_lossy, share, seed)
            except ScriptError as ex:
                yield ex


def _verdict(outcome: Outcome | ScriptError, result: Document, report: Report) -> Verdict:
    is_error = isinstance(outcome, ScriptError)
    if is_error or outcome.console:
        result["console"] = outcome.console
        report(outcome.message if isinstance(outcome, ScriptError) else None, outcome.console)
    if isinstance(outcome, ScriptError):
        return Verdict(False, f"validate_result failed: {outcome.message}")
    return read_verdict(outcome.value)


def _call(job: Document, variable: Document, result: Document) -> tuple[list[Any], int]:
    """The arguments of `validate_result`, and the seed of its random numbers."""
    # As the volunteer had it: a validator that computes again gets the same random numbers.
    seed = unit_seed(job["id"], variable["id"])
    return [variable["data"], result["result"], _result_context(job, variable, result, seed)], seed


def _result_context(job: Document, variable: Document, result: Document, seed: int) -> Document:
    context = {
        "job": _named(job),
        "variable": variable["id"],
        "lease": result["lease"],
        "volunteer": result["volunteer"],
        "run_seconds": result["run_seconds"],
        "seed": seed,
    }
    if "context" in variable:
        context["starting_context"] = variable["context"]
    return context


def _refusal_of_form(value: Any) -> Invalid | None:
    try:
        if isinstance(value, dict):
            fields.refuse_reserved(value)
    except Invalid as ex:
        return ex
    return None


def _named(job: Document) -> Document:
    return {"id": job["id"], "name": job["name"]}
