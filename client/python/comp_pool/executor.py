"""Computes units in child processes: one child for each job, killed at the deadline."""

import json
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from comp_pool.child import Child
from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.links import RESERVED
from comp_pool.report import MAX_CONSOLE, MAX_MESSAGE, MAX_STACK, cut

MEBIBYTE = 1 << 20

# V8 aborts its process by one of these where an allocation fails; the kernel's OOM killer sends SIGKILL.
MEMORY_SIGNALS = ("SIGTRAP", "SIGABRT", "SIGILL", "SIGSEGV", "SIGKILL")

# The kinds of errors that a child may report: whether it has crashed or was cancelled is not for its job to say.
CHILD_KINDS = ("code", "threw", "no-result", "not-json", "too-large", "memory")


@dataclass(frozen=True)
class Unit:
    """One computation: the job's id and code, a variable, the starting context (None: the job's kept context).

    `lossy`: the result may lose what JSON can't represent. `seed` is that of its random numbers.
    """

    job: str
    source: str
    variable: Any
    context: Any = None
    lossy: bool = False
    seed: int = 0


class Computed(NamedTuple):
    """A result as JSON text, the run time of the function in seconds, and what it printed."""

    result: str
    seconds: float
    console: str = ""


class Executor:
    """Computes units one after the other. The context of a job is kept while its units follow each other."""

    def __init__(self, *, memory_bytes: int = 512 * MEBIBYTE, result_bytes: int = MEBIBYTE) -> None:
        self._memory_bytes = memory_bytes
        self._result_bytes = result_bytes
        # Name and version of what runs the jobs, empty before the first one.
        self.engine = ""
        self._child: Child | None = None
        self._job: tuple[str, str] | None = None
        self._cancelled = False
        self._lock = threading.Lock()

    def __enter__(self) -> "Executor":
        return self

    def __exit__(self, *exception: object) -> None:
        self.reset()

    @property
    def child(self) -> Child | None:
        """The current child process, None before the first unit and after `reset`."""
        return self._child

    def compute(self, unit: Unit, deadline: Deadline) -> Computed:
        """Compute a unit; raise JobError where that fails or exceeds the deadline."""
        child = self._child_for(unit)
        try:
            response = self._request(child, _encode(unit, deadline), deadline)
            return self._computed(response, child.printed)
        except JobError as ex:
            ex.console = child.printed
            raise

    def compute_together(self, units: Sequence[Unit], deadline: Deadline) -> list[Computed | JobError]:
        """Compute several short units of one job by one message to its process; return the outcomes of the first ones.

        They may be fewer than the units. There are none where one of the units has crashed the process or has exceeded
        the deadline, or where the computation is cancelled: `compute` then shows which unit, and how.
        """
        try:
            response = self._request(self._child_for(units[0]), _encode_together(units, deadline), deadline)
            outcomes = response.get("outcomes")
            if not isinstance(outcomes, list) or len(outcomes) > len(units):
                raise self._protocol_error()
            return [self._outcome(outcome) for outcome in outcomes]
        except JobError:
            self.reset()
            return []

    def _outcome(self, outcome: Any) -> Computed | JobError:
        if not isinstance(outcome, dict) or outcome.get("kind") == "memory":
            raise self._protocol_error()
        printed = outcome.get("console", "")
        if not isinstance(printed, str):
            raise self._protocol_error()
        console = cut(printed, MAX_CONSOLE)
        try:
            return self._computed(outcome, console)
        except JobError as ex:
            if self._child is None:
                raise
            ex.console = console
            return ex

    def _computed(self, response: dict[str, Any], console: str) -> Computed:
        # A job that has taken over its child may send anything.
        result, seconds = response.get("result"), response.get("seconds")
        if isinstance(result, str):
            return Computed(result, self._checked(result, seconds), console)
        kind, message, stack = (response.get(name, "") for name in ("kind", "message", "stack"))
        if kind not in CHILD_KINDS or not isinstance(message, str) or not isinstance(stack, str):
            raise self._protocol_error()
        if kind == "memory":
            # An isolate that has exceeded its limit can't be used again.
            self.reset()
        raise JobError(kind, cut(message, MAX_MESSAGE), cut(stack, MAX_STACK))

    def _request(self, child: Child, request: dict[str, Any], deadline: Deadline) -> dict[str, Any]:
        try:
            return child.request(request, deadline)
        except TimeoutError as ex:
            self.reset()
            raise _timeout_error(deadline) from ex
        except (ValueError, RecursionError) as ex:
            raise self._protocol_error() from ex
        except (EOFError, OSError) as ex:
            raise self._crash_error(self.reset(), deadline) from ex

    def _protocol_error(self) -> JobError:
        self.reset()
        return JobError("misbehaved", "its process sent an invalid response")

    def _crash_error(self, ending: str, deadline: Deadline) -> JobError:
        if self._cancelled:
            return JobError("cancelled", "the unit was cancelled")
        # The child's own watchdog.
        if ending == "SIGALRM":
            return _timeout_error(deadline)
        if ending in MEMORY_SIGNALS:
            limit = f"its memory limit of {self._memory_bytes >> 20} MB: use less, or require more by `memory_mb`"
            return JobError("memory", f"its process ended by {ending}, most likely beyond {limit}")
        return JobError("crash", f"its process ended: {ending}")

    def _child_for(self, unit: Unit) -> Child:
        # A child has one job, so that jobs can't see or change each other. The source is part of the key, since a job
        # may be deleted and posted anew under its id.
        job = (unit.job, unit.source)
        if self._child is None or self._job != job:
            self.reset()
            return self._start_child(job)
        return self._child

    def _start_child(self, job: tuple[str, str]) -> Child:
        try:
            child = Child(self._memory_bytes, self._result_bytes)
        except (EOFError, OSError, ValueError) as ex:
            raise JobError("sandbox", f"its process could not start: {ex or 'it ended'}") from ex
        self.engine = child.engine
        with self._lock:
            self._child, self._job = child, job
            # `cancel` in another thread, while the child started, had nothing to kill.
            if self._cancelled:
                child.kill()
        return child

    def _checked(self, result: str, seconds: object) -> float:
        """Return the run time of a result; raise JobError unless both are valid."""
        if not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
            raise self._protocol_error()
        try:
            size = len(result.encode())
        except UnicodeEncodeError as ex:
            # V8 escapes lone surrogates, so this text is not V8's.
            raise self._protocol_error() from ex
        if size > self._result_bytes:
            raise JobError("too-large", f"result too large: {size} bytes (at most {self._result_bytes})")
        try:
            # It becomes a part of a line with other results: nothing but one value may come from a child.
            json.loads(result)
        except (ValueError, RecursionError) as ex:
            raise self._protocol_error() from ex
        return max(0.0, float(seconds))

    def cancel(self) -> None:
        """Cancel the current and any later computation; may be called from any thread."""
        with self._lock:
            self._cancelled = True
            if self._child is not None:
                self._child.kill()

    def reset(self) -> str:
        """End the child, and the job's context with it; return how it ended. The next unit starts a new one."""
        with self._lock:
            child, self._child, self._job = self._child, None, None
        return child.close() if child is not None else "not started"


def _timeout_error(deadline: Deadline) -> JobError:
    remedy = "it never ends, or needs a smaller variable"
    return JobError("timeout", f"no result within {deadline.elapsed:.1f} s: {remedy}")


def _encode(unit: Unit, deadline: Deadline) -> dict[str, Any]:
    return {
        "source": unit.source,
        "variable": _to_json(_input_of(unit)),
        "context": _context_of(unit),
        "lossy": unit.lossy,
        "seed": unit.seed,
        "seconds": deadline.watchdog_seconds,
    }


def _encode_together(units: Sequence[Unit], deadline: Deadline) -> dict[str, Any]:
    return {
        "source": units[0].source,
        "units": _to_json([(_to_json(_input_of(unit)), _context_of(unit), unit.seed) for unit in units]),
        "lossy": units[0].lossy,
        "seconds": deadline.watchdog_seconds,
    }


def _context_of(unit: Unit) -> str | None:
    return None if unit.context is None else _to_json(unit.context)


def _input_of(unit: Unit) -> Any:
    # The links hold the lease token, which must not reach a job: it could leak in a result.
    if not isinstance(unit.variable, dict):
        return unit.variable
    return {name: value for name, value in unit.variable.items() if name not in RESERVED}


# `dumps` would make an encoder at each call.
_to_json = json.JSONEncoder(separators=(",", ":")).encode
