"""Whether two results agree: by the job's `compare_results`, else if they are the same JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pool.keys import share_of
from pool.reports import Reports
from pool.sandbox import Sandbox, ScriptError
from storage.base import Document, canonical


class Comparison:
    def __init__(self, sandbox: Sandbox, reports: Reports) -> None:
        self._sandbox, self._reports = sandbox, reports

    def agree(self, job: Document, one: Any, other: Any) -> bool:
        """Raises SandboxBusy. A function that fails agrees with nothing: its owner is told."""
        # Without a call where it can be spared; a function that disagrees with itself would stop the job.
        if canonical(one) == canonical(other):
            return True
        if "compare_results" not in job:
            return False
        try:
            outcome = self._sandbox.call(job["compare_results"], [one, other], share_of(job))
        except ScriptError as ex:
            self._reports.add(job["id"], "compare_results", ex.message, ex.console)
            return False
        if outcome.console:
            self._reports.add(job["id"], "compare_results", None, outcome.console)
        return outcome.value is True

    def proves(self, job: Document, one: Any, other: Any) -> bool:
        """Whether a difference between results of two engines proves one wrong.

        Without `compare_results` the last digits of fractions may differ between engines.
        """
        return "compare_results" in job or not any(map(_has_fraction, (one, other)))


def _has_fraction(value: Any) -> bool:
    return any(isinstance(part, float) and not part.is_integer() for part in _parts(value))


def _parts(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
