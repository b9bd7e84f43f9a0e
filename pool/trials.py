"""Trials: a job that is not posted yet computes one variable on the server, and nothing is stored."""

from __future__ import annotations

from typing import Any

from pool import fields
from pool.errors import Forbidden, Invalid
from pool.jobs import Jobs
from pool.keys import Caller, Keys
from pool.sandbox import Outcome, SandboxBusy, ScriptError
from pool.submission import Submission
from pool.trust.computing import Computing
from pool.validation import Validation
from storage.base import Document, canonical
from storage.clock import Clock

FIELDS = ("job", "variable")
VARIABLE = "trial"


class Trials:
    """`computing` is for trials alone: no audit waits for one. With `needs_review` strangers try nothing."""

    def __init__(
        self,
        jobs: Jobs,
        keys: Keys,
        validation: Validation,
        computing: Computing,
        clock: Clock,
        needs_review: bool = False,
    ) -> None:
        self._jobs, self._keys, self._validation = jobs, keys, validation
        self._computing, self._clock, self._needs_review = computing, clock, needs_review

    def run(self, posted: Any, caller: Caller) -> Document:
        """What became of ``{"job", "variable"}``: `result` or `error`, `console`, `run_seconds`, and the verdict.

        The result is computed twice: `repeatable` says whether it was the same. Raises as posting job and variable do.
        """
        self._keys.require_poster(caller)
        if self._needs_review and caller.is_stranger:
            raise Forbidden("the operator looks at jobs of strangers before any of their functions is called: post it")
        given = fields.require_object("the body", posted)
        fields.refuse_unknown(given, FIELDS)
        for name in FIELDS:
            if name not in given:
                raise Invalid(name, "is missing")
        job = self._checked(given["job"], caller)
        refusal = self._validation.first_refusal(job, [given["variable"]])
        if refusal is not None:
            raise refusal[1]
        variable = {"id": VARIABLE, "job": job["id"], "data": given["variable"]}
        return self._computed(job, variable, caller)

    def close(self) -> None:
        self._computing.close()

    def _checked(self, posted: Any, caller: Caller) -> Document:
        try:
            return self._jobs.checked(fields.require_object("job", posted), caller)
        except Invalid as ex:
            raise Invalid(f"job.{ex.field}" if ex.field else "job", ex.reason, ex.console) from ex

    def _computed(self, job: Document, variable: Document, caller: Caller) -> Document:
        started = self._clock.monotonic()
        try:
            outcome = self._computing.compute(job, variable, caller.share)
        except ScriptError as ex:
            error = {"kind": ex.kind, "message": ex.message}
            return {"error": error, "console": ex.console, "run_seconds": self._since(started)}
        seconds = self._since(started)
        return {
            "result": outcome.value,
            "console": outcome.console,
            "run_seconds": seconds,
            "repeatable": self._is_repeatable(job, variable, caller, outcome),
            **self._verdict(job, variable, outcome),
        }

    def _since(self, started: float) -> float:
        return round(self._clock.monotonic() - started, 6)

    def _is_repeatable(self, job: Document, variable: Document, caller: Caller, first: Outcome) -> bool:
        try:
            second = self._computing.compute(job, variable, caller.share)
        except ScriptError:
            return False
        return canonical(second.value) == canonical(first.value)

    def _verdict(self, job: Document, variable: Document, outcome: Outcome) -> Document:
        told: list[str] = []
        result = Submission(None).document(job["id"], VARIABLE, self._clock) | {"result": outcome.value}
        report = lambda message, console: told.append(console)  # noqa: E731
        (verdict,) = self._validation.judge_results(job, [(variable, result)], report)
        if isinstance(verdict, SandboxBusy):
            raise verdict
        found: Document = {"valid": verdict.valid, "validator_console": "".join(told)}
        if verdict.reason:
            found["reason"] = verdict.reason
        if verdict.replacement is not None:
            found["stored"] = verdict.replacement[0]
        return found
