"""Documents as the pool stores them, operations on the variables of one job, polling, and concurrent calls."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from storage import ids
from storage.base import Document, Store
from storage.clock import Clock

JOB = "job"
Value = TypeVar("Value")
_CLOCK = Clock()
_numbers = itertools.count()


class FixedClock(Clock):
    """Reads the same microsecond of the epoch, always."""

    def __init__(self, microseconds: int) -> None:
        self._microseconds = microseconds

    def now_microseconds(self) -> int:
        return self._microseconds


def job(job_id: str = JOB, **fields: Any) -> Document:
    return {"id": job_id, "created": _CLOCK.now_text(), **fields}


def variable(variable_id: str, data: Any = None, job_id: str = JOB) -> Document:
    return {"job": job_id, "id": variable_id, "created": _CLOCK.now_text(), "data": {"x": 1} if data is None else data}


def variables(names: Iterable[str]) -> dict[str, Document]:
    return {name: variable(name) for name in names}


def result(variable_id: str, value: Any = 1, job_id: str = JOB, **fields: Any) -> Document:
    return {
        "job": job_id,
        "variable": variable_id,
        "id": f"20260101-{next(_numbers):06}",
        "created": _CLOCK.now_text(),
        "run_seconds": 2.0,
        "result": value,
        **fields,
    }


def rejected_result(variable_id: str, **fields: Any) -> Document:
    return result(variable_id, rejected="wrong", **fields)


def error(store: Store, variable_id: str, party: str = "a" * 12, **fields: Any) -> Document:
    """A rejected result, or with `failure` a failure, of this party and by the store's clock."""
    kind = fields if "failure" in fields else {"rejected": "wrong", **fields}
    identifier = f"{ids.timed_id(store.clock)}-{party}-{next(_numbers):012x}"
    return result(variable_id, id=identifier, created=store.clock.now_text(), party=party, **kind)


def withdrawal(variable_id: str, job_id: str = JOB) -> Document:
    return {"job": job_id, "variable": variable_id, "withdrawn": _CLOCK.now_text()}


def add(store: Store, *names: str) -> None:
    store.variables.add(JOB, variables(names))


def accept(store: Store, *names: str) -> None:
    for name in names:
        store.results.accept(JOB, name, result(name))


def fail_variable(store: Store, name: str) -> None:
    assert store.results.reject(JOB, name, rejected_result(name), max_errors=1)


def lease_all(store: Store, seconds: float = 60) -> list[str]:
    """Leases until no variable is left; returns the ids, sorted."""
    leases = iter(lambda: store.leases.lease(JOB, seconds), None)
    return sorted(lease.variable_id for lease in leases)


def findings(store: Store, repair: bool = False) -> list[str]:
    return [finding.problem for finding in store.maintenance.check(repair)]


def eventually(condition: Callable[[], Value], seconds: float = 10) -> Value:
    """Polls until the condition returns a true value, and returns that value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"not true within {seconds} s")


def run_concurrently(calls: Sequence[Callable[[], Value]]) -> list[Value | Exception]:
    """Runs each in its own thread, all released together; returns what each returned or raised."""
    barrier = threading.Barrier(len(calls))
    outcomes: list[Value | Exception] = [AssertionError("did not run")] * len(calls)

    def run(number: int, call: Callable[[], Value]) -> None:
        barrier.wait()
        try:
            outcomes[number] = call()
        except Exception as ex:
            outcomes[number] = ex

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
