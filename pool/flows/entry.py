"""One entry of a level: its conditions, its steps and their outcomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pool.errors import Invalid
from pool.fields import kind
from pool.flows.blocked import BLOCKING_STATES, step_failure
from pool.flows.steps import StepId, last_iteration, path_of, uses_job_variable, variable_of_step
from pool.sandbox import THE_POOL, Sandbox, ScriptError, Share
from pool.validation import Validation
from storage.base import Document, Store
from storage.errors import NotFound


class EntryFailed(Exception):
    """An entry failed, and the flow with it. `for_owner` are facts that only the owner may see."""

    def __init__(self, path: str, reason: str, **for_owner: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason, self.for_owner = path, reason, for_owner


class Entry:
    """`entry` is its stored document, `first` the id of its first step, `incoming` reads the merged result from below.
    `share` is that of its conditions in the sandbox.

    Every method raises EntryFailed.
    """

    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        validation: Validation,
        entry: Document,
        first: StepId,
        incoming: Callable[[], Document],
        share: Share = THE_POOL,
    ) -> None:
        self._store, self._sandbox, self._validation = store, sandbox, validation
        self._entry, self._first, self._incoming, self._share = entry, first, incoming, share
        self.job_id: str = entry["job"]

    @property
    def index(self) -> int:
        return self._first.index

    def failure(self, reason: str, **for_owner: str) -> EntryFailed:
        return EntryFailed(path_of(self._first.level, self._first.index), reason, **for_owner)

    def job(self) -> Document:
        """The entry's job, which must be the one that was posted, and not another of its name."""
        try:
            job = self._store.jobs.get(self.job_id)
        except NotFound as ex:
            raise self.failure(f"job {self.job_id!r} has been deleted") from ex
        # The flow was checked against the former job's owner and functions.
        if job["uid"] != self._entry["uid"]:
            raise self.failure(f"job {self.job_id!r} has been deleted, and another one has its name")
        return job

    def needs_call_to_start(self) -> bool:
        """Whether `is_wanted` calls a function on the server."""
        if "if" in self._entry:
            return True
        return "variable" not in self._entry and self._validation.judges_variables(self.job())

    def needs_call_to_end(self) -> bool:
        """Whether `next_context` calls a function on the server."""
        return "while" in self._entry

    def is_wanted(self) -> bool:
        """Evaluates `if`. An entry without a variable computes the incoming object, which the job must accept."""
        job = self.job()
        self._require_variable()
        if "if" in self._entry and not self._evaluate("if", self._incoming()):
            return False
        if "variable" not in self._entry:
            try:
                self._validation.require_variable(job, self._incoming())
            except Invalid as ex:
                raise self.failure(str(ex), console=ex.console) from ex
        return True

    def _require_variable(self) -> None:
        """Raises EntryFailed if the owner has withdrawn a variable that would be copied."""
        if "variable" in self._entry and not uses_job_variable(self._entry):
            outcome = self._store.results.outcome(self.job_id, self._entry["variable"]) or {}
            if "withdrawn" in outcome and "flow" not in outcome:
                raise self.failure(f"variable {self._entry['variable']!r} was withdrawn")

    def next_context(self, iteration: int, result: Any, max_iterations: int) -> Document | None:
        """Evaluates `while` after an iteration; the context of the next one, or None if there is none."""
        if "while" not in self._entry:
            return None
        context = {**self._incoming(), "result": result, "iteration": iteration}
        if not self._evaluate("while", context):
            return None
        if iteration >= max_iterations:
            raise self.failure(f"while: still true after {iteration} iterations (the limit)")
        return context

    def _evaluate(self, condition: str, context: Document) -> bool:
        """A condition must return true or false: a truthy value is more often a mistake."""
        try:
            outcome = self._sandbox.call(self._entry[condition], [self._data(), context], self._share)
        except ScriptError as ex:
            raise self.failure(f"{condition}: {ex.message}", console=ex.console) from ex
        if not isinstance(outcome.value, bool):
            returned = "nothing (is a `return` missing?)" if outcome.value is None else kind(outcome.value)
            raise self.failure(f"{condition}: must return true or false, not {returned}", console=outcome.console)
        return outcome.value

    def _data(self) -> Any:
        if "variable" not in self._entry:
            return self._incoming()
        try:
            return self._store.variables.get(self.job_id, self._entry["variable"])["data"]
        except NotFound as ex:
            raise self.failure(str(ex)) from ex

    def last_iteration(self, known: int) -> int:
        """The last iteration whose step exists, at least `known`; 0 if there is none."""
        return last_iteration(self._store, self._entry, self._first, known)

    def variable_id(self, iteration: int) -> str:
        return variable_of_step(self._entry, self._first.at(iteration))

    def signal(self, iteration: int) -> str:
        """The signal that the step of this iteration has finished."""
        return self._first.at(iteration).signal

    def is_job_variable(self, iteration: int) -> bool:
        """Whether the step's variable is the job's own and was not made for the flow."""
        return self.variable_id(iteration) == self._entry.get("variable")

    def step(self, iteration: int, context: Document) -> Document:
        """The document of a new step."""
        return {
            "job": self.job_id,
            "id": self.variable_id(iteration),
            "created": self._store.clock.now_text(),
            "flow": self._first.flow_id,
            "context": context,
            "data": self._data(),
        }

    def outcome(self, iteration: int) -> Document | None:
        """The accepted result of a step; None while there is none."""
        variable_id = self.variable_id(iteration)
        try:
            outcome = self._store.results.outcome(self.job_id, variable_id)
        except NotFound as ex:
            raise self.failure(str(ex)) from ex
        if outcome is not None and "withdrawn" in outcome:
            raise self.failure(f"variable {variable_id!r} was withdrawn")
        return outcome

    def is_blocked(self, iteration: int) -> bool:
        """Whether a step without an outcome gets none unless its owner releases it."""
        return self._store.variables.state(self.job_id, self.variable_id(iteration)) in BLOCKING_STATES

    def step_failure(self, iteration: int) -> EntryFailed:
        """The failure of the entry for a blocked step."""
        reason, for_owner = step_failure(self._store, self.job_id, self.variable_id(iteration))
        return self.failure(reason, **for_owner)
