"""The jobs and conditions of the random trees, each twice: in JavaScript for the pool, in Python for the reference.

The execute functions are in Python alone, since the tests themselves are the volunteers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pool.sandbox import UNDEFINED
from storage.base import Document, canonical

EXECUTE = "(variable, context) => context"
LARGE = 10_000  # Bytes. helpers.SETTINGS permits one such result in a merged result, not two.

Condition = Callable[[Any, Any], Any]


class Thrown(Exception):
    """An exception of a function."""


def throw(message: str) -> Any:
    raise Thrown(message)


def even(variable: Document, _context: Any = None) -> bool:
    return bool(variable.get("x", 0) % 2 == 0)


IFS: dict[str, Condition] = {
    "() => true": lambda variable, context: True,
    "() => false": lambda variable, context: False,
    "(variable) => 'x' in variable": lambda variable, context: "x" in variable,
    "(variable, context) => Object.keys(context).length < 2": lambda variable, context: len(context) < 2,
    "async (variable) => (variable.x || 0) % 2 === 0": even,
}
FAILING_IFS: dict[str, Condition] = {
    "() => { throw new Error('no branch'); }": lambda variable, context: throw("no branch"),
    "() => 1": lambda variable, context: 1,
    "(variable) => { if ((variable.x || 0) % 2) return true; }": lambda variable, context: (
        None if even(variable) else True
    ),
}
WHILES: dict[str, Condition] = {
    "(variable, context) => context.iteration < 2": lambda variable, context: context["iteration"] < 2,
    "async (variable, context) => context.iteration < 4": lambda variable, context: context["iteration"] < 4,
    "(variable, context) => typeof context.result === 'number' && context.result < 3": lambda variable, context: (
        type(context["result"]) is int and context["result"] < 3
    ),
    "(variable, context) => 'x' in variable && context.iteration < 3": lambda variable, context: (
        "x" in variable and context["iteration"] < 3
    ),
}
FAILING_WHILES: dict[str, Condition] = {
    "() => true": lambda variable, context: True,
    "(variable, context) => { if (context.iteration > 1) throw new Error('no more'); return true; }": (
        lambda variable, context: context["iteration"] <= 1 or throw("no more")
    ),
    "() => 'yes'": lambda variable, context: "yes",
    "() => null": lambda variable, context: None,
}
CONDITIONS = IFS | FAILING_IFS | WHILES | FAILING_WHILES

VARIABLE_CHECKS: dict[str, Condition] = {
    "(variable) => !('forbidden' in variable)": lambda variable, context: "forbidden" not in variable,
}
RESULT_CHECKS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "(variable, result) => result === undefined": lambda variable, result, context: result is UNDEFINED,
    "(variable, result) => result === undefined || result < 2": lambda variable, result, context: (
        result is UNDEFINED or result < 2
    ),
    "(variable, result) => ({valid: true, result: {x: 7, was: result}})": lambda variable, result, context: {
        "valid": True,
        "result": {"x": 7, **({} if result is UNDEFINED else {"was": result})},
    },
}
TWINS: dict[str, Callable[..., Any]] = {**CONDITIONS, **VARIABLE_CHECKS, **RESULT_CHECKS}
(NO_FORBIDDEN,) = VARIABLE_CHECKS
NO_RESULT, BELOW_TWO, REPLACED = RESULT_CHECKS


def size(document: Document) -> int:
    """A number that depends on each integer in the document."""
    return sum(value for value in document.values() if type(value) is int) % 97


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:8]


def count(_variable: Document, context: Document) -> int:
    """The last result plus one, if it was an integer; 1 otherwise."""
    return int(context["result"]) + 1 if type(context.get("result")) is int else 1


@dataclass(frozen=True)
class Job:
    """`compute` is the execute function; `checks` are the sources of the validators, by name."""

    compute: Callable[[Document, Document], Any]
    checks: dict[str, str] = field(default_factory=dict)

    def accepts(self, variable: Document) -> bool:
        source = self.checks.get("validate_variable")
        return source is None or bool(VARIABLE_CHECKS[source](variable, {}))

    def stored(self, variable: Document, result: Any) -> Any:
        """The result as the pool stores it. Raises Thrown if the job's validator rejects it."""
        source = self.checks.get("validate_result")
        verdict = True if source is None else RESULT_CHECKS[source](variable, result, {})
        if isinstance(verdict, dict):
            return verdict["result"]
        return result if verdict else throw("rejected")


# By id. The result of job x is a number, so it is merged under the key x, which the objects have as well.
JOBS: dict[str, Job] = {
    "x": Job(lambda variable, context: size(variable) + 1),
    "object": Job(lambda variable, context: {"x": size(variable) + 1, "y": size(context)}),
    "other": Job(lambda variable, context: {"y": [size(variable)], "z": {"deep": context.get("iteration")}}),
    "nothing": Job(lambda variable, context: None),
    "empty": Job(lambda variable, context: {}),
    "truth": Job(lambda variable, context: True),
    "text": Job(lambda variable, context: f"{size(variable)} ≤ {size(context)}"),
    "list": Job(lambda variable, context: [size(variable), context.get("iteration", 0)]),
    "counter": Job(count),
    "witness": Job(lambda variable, context: {"variable": digest(variable), "context": digest(context)}),
    "deceiver": Job(lambda variable, context: {"result": 7, "iteration": 50}),
    "replaced": Job(lambda variable, context: size(variable), {"validate_result": REPLACED}),
    "picky": Job(lambda variable, context: {"x": 2 * size(variable)}, {"validate_variable": NO_FORBIDDEN}),
}
FAILING_JOBS: dict[str, Job] = {
    "failing": Job(lambda variable, context: 1, {"validate_result": NO_RESULT}),
    "failing-later": Job(count, {"validate_result": BELOW_TWO}),
    "spoiler": Job(lambda variable, context: {"forbidden": True}),
    "large": Job(lambda variable, context: {f"large-{size(variable) % 3}": "x" * LARGE}),
}
ALL_JOBS = JOBS | FAILING_JOBS
