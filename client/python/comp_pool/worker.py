"""Compute units in child processes: one child for each job, killed where it doesn't answer in time."""

import json
import threading
from dataclasses import dataclass
from typing import Any

from comp_pool.child import Child, Deadline, for_the_child
from comp_pool.errors import JobError

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Unit:
    """What is to be computed: the job's code, one variable, the context to begin with (None: the kept one)."""

    job: str
    source: str
    variable: dict[str, Any]
    context: Any = None


@dataclass(frozen=True)
class Computed:
    """A result as JSON text, and how many seconds the function ran."""

    result: str
    seconds: float


class Worker:
    """Computes units one after the other; the context of a job lives as long as units of that job follow."""

    def __init__(self, *, memory_bytes: int = 512 * MEBIBYTE, result_bytes: int = MEBIBYTE) -> None:
        self._memory_bytes = memory_bytes
        self._result_bytes = result_bytes
        self._child: Child | None = None
        self._job: tuple[str, str] | None = None
        self._cancelled = False
        self._lock = threading.Lock()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def child(self) -> Child | None:
        """The present child, None where there is none."""
        return self._child

    def compute(self, unit: Unit, deadline: Deadline) -> Computed:
        """Compute a unit; raise JobError where that fails or isn't done by the deadline."""
        answer = self._answer(unit, deadline)
        result, seconds = answer.get("result"), answer.get("seconds")
        if isinstance(result, str) and isinstance(seconds, float):
            return self._sized(Computed(result, seconds))
        kind, message = str(answer.get("kind", "crash")), str(answer.get("message", "no answer"))
        if kind == "memory":
            self._drop()
        raise JobError(kind, message)

    def _answer(self, unit: Unit, deadline: Deadline) -> dict[str, Any]:
        try:
            child = self._child_for(unit)
            child.send(_request(unit, deadline), deadline)
            return child.receive(deadline)
        except TimeoutError as ex:
            self._drop()
            raise JobError("timeout", "it was not done by its deadline") from ex
        except (EOFError, ValueError, RecursionError, OSError) as ex:
            raise self._crash(self._drop()) from ex

    def _crash(self, ending: str) -> JobError:
        if self._cancelled:
            return JobError("cancelled", "it was interrupted")
        if ending == "SIGALRM":
            return JobError("timeout", "it was not done by its deadline")
        if ending in ("SIGTRAP", "SIGABRT", "SIGILL", "SIGSEGV", "SIGKILL"):
            return JobError("memory", f"its process ended by {ending}, most likely for want of memory")
        return JobError("crash", f"its process ended: {ending}")

    def _child_for(self, unit: Unit) -> Child:
        job = (unit.job, unit.source)
        if self._child is None or self._job != job:
            self._drop()
            child = Child(self._memory_bytes, self._result_bytes)
            with self._lock:
                self._child, self._job = child, job
                if self._cancelled:
                    child.kill()
            return child
        return self._child

    def _sized(self, computed: Computed) -> Computed:
        try:
            size = len(computed.result.encode())
        except UnicodeEncodeError as ex:
            # V8 writes lone surrogates as escapes: this child is no longer what it was.
            raise self._crash(self._drop()) from ex
        if size > self._result_bytes:
            raise JobError("too-large", f"the result takes {size} bytes, and {self._result_bytes} are allowed")
        return computed

    def cancel(self) -> None:
        """Have what is being computed fail at once, for good; may be called from any thread."""
        with self._lock:
            self._cancelled = True
            if self._child is not None:
                self._child.kill()

    def rest(self) -> None:
        """End the child, and with it the job's context, until there is something to compute again."""
        self._drop()

    def close(self) -> None:
        """End the child."""
        self._drop()

    def _drop(self) -> str:
        with self._lock:
            child, self._child, self._job = self._child, None, None
        return child.close() if child is not None else "it was not started"


def _request(unit: Unit, deadline: Deadline) -> dict[str, Any]:
    context = None if unit.context is None else _text(unit.context)
    variable = {name: value for name, value in unit.variable.items() if name not in ("_links", "_embedded")}
    return {
        "source": unit.source,
        "variable": _text(variable),
        "context": context,
        "seconds": for_the_child(deadline),
    }


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
