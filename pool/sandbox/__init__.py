"""The sandbox: JavaScript of strangers, evaluated in child processes that can do nothing but compute.

Each call gets a fresh QuickJS context: no call sees another's, of the same job or of any. A child has an empty
environment, an empty working directory, no descriptors but its two pipes, and limits on memory, processor time and
system calls (`confinement`). A child that exceeds a limit is killed and replaced; a spare one is warm meanwhile.
"""

from __future__ import annotations

import json
import os
import random
import threading
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pool.sandbox.child_process import ChildLost, ChildProcess, Limits, ScriptError, printable
from storage.clock import Clock
from storage.strict_json import InvalidJSON, parse

__all__ = ["UNDEFINED", "Limits", "Outcome", "Sandbox", "SandboxBusy", "ScriptError", "Share"]

UNDEFINED = object()


class SandboxBusy(Exception):
    """Every child is busy, and the queue is full: retry in a moment."""


@dataclass(frozen=True)
class Share:
    """The party for which a call is made: the owner of a key, or the anonymous posters behind one address prefix.

    `subject` is the party's job or flow. Calls in the background (conditions of flows) and those of anonymous posters
    leave two places free, however many parties they are.
    """

    name: str = ""
    subject: str = ""
    is_anonymous: bool = False
    is_background: bool = False

    @property
    def is_secondary(self) -> bool:
        return self.is_anonymous or self.is_background


THE_POOL = Share()


@dataclass(frozen=True)
class Outcome:
    """The return value of a function (None for undefined), and its console output."""

    value: Any
    console: str


class Sandbox:
    """A pool of children, started when first needed.

    `max_running` calls run at once, of which one party may use all but one, and one job all but two; `max_queued` more
    wait up to `queue_seconds`. Anonymous posters behind one prefix get `anonymous_seconds` a minute.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        max_running: int = 3,
        max_queued: int = 2,
        queue_seconds: float = 2.0,
        anonymous_seconds: float = 20.0,
        clock: Clock | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._clock = clock or Clock()
        self._allowance = Allowance(anonymous_seconds, self._clock)
        self._max_running, self._max_queued, self._queue_seconds = max_running, max_queued, queue_seconds
        self._idle: list[ChildProcess] = []
        self._parties: Counter[str] = Counter()
        self._subjects: Counter[tuple[str, str]] = Counter()
        self._secondary = 0
        self._queued = 0
        self._changed = threading.Condition()
        self._process = os.getpid()
        self._finalizer = weakref.finalize(self, _kill_all, self._idle, self._process)

    def call(self, source: str, arguments: Sequence[Any], share: Share = THE_POOL, seed: int | None = None) -> Outcome:
        """Calls the function of this source, and awaits a Promise it returns. Raises ScriptError, SandboxBusy.

        `seed`, below 2^53, is that of its random numbers; without one they are any.
        """
        return self._evaluate(_call(source, arguments, seed), share)

    def judge(
        self,
        source: str,
        arguments: Sequence[Any],
        is_lossy: bool,
        share: Share = THE_POOL,
        seed: int | None = None,
    ) -> Outcome:
        """Like `call`, for a function that returns a verdict.

        A result that the verdict puts in place of the posted one is an error where JSON would lose or change a value;
        if that is wanted (`is_lossy`), only where JSON can't represent one at all.
        """
        return self._evaluate(_call(source, arguments, seed) | {"lossy": is_lossy}, share)

    def check(self, source: str, share: Share = THE_POOL) -> None:
        """Raises ScriptError of kind "syntax", with line and column, if `source` is no function expression."""
        self._evaluate({"mode": "check", "source": source, "args": [], "seed": 0}, share)

    def is_busy(self) -> bool:
        """Whether a further call would have to wait."""
        return self._parties.total() >= self._max_running

    def close(self) -> None:
        with self._changed:
            _kill_all(self._idle, os.getpid())

    def _evaluate(self, request: dict[str, Any], share: Share) -> Outcome:
        limits = self.limits
        request |= {"maxValue": limits.value_characters, "maxConsole": limits.console_characters}
        request["seconds"] = limits.milliseconds / 1000
        content = json.dumps(request).encode()
        with self._slot(share):
            try:
                response = self._request(content)
            except ChildLost:
                # Most likely killed by the system, not through a fault of the script: retried once.
                response = self._request_again(content)
        return _outcome(response)

    def _request_again(self, content: bytes) -> dict[str, Any]:
        try:
            return self._request(content)
        except ChildLost as ex:
            raise SandboxBusy from ex

    def _request(self, content: bytes) -> dict[str, Any]:
        child = self._acquire_child()
        try:
            response = child.request(content)
        except BaseException:
            child.kill()
            self._release_child(ChildProcess(self.limits))
            raise
        self._release_child(child)
        return response

    @contextmanager
    def _slot(self, share: Share) -> Iterator[None]:
        with self._changed:
            self._wait_for_slot(share)
            self._count(share, 1)
        started = self._clock.monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._count(share, -1)
                if share.is_anonymous:
                    self._allowance.use(share.name, self._clock.monotonic() - started)
                self._changed.notify_all()

    def _count(self, share: Share, calls: int) -> None:
        self._parties[share.name] += calls
        self._subjects[share.name, share.subject] += calls
        self._secondary += calls * share.is_secondary
        # The sums of each call must not grow with the number of parties.
        self._parties, self._subjects = +self._parties, +self._subjects

    def _wait_for_slot(self, share: Share) -> None:
        if share.is_anonymous and self._allowance.is_used_up(share.name):
            raise SandboxBusy
        if self._has_slot(share):
            return
        # A bounded queue: a thread that waits here serves nobody else.
        if self._queued >= self._max_queued:
            raise SandboxBusy
        self._queued += 1
        try:
            if not self._changed.wait_for(lambda: self._has_slot(share), self._queue_seconds):
                raise SandboxBusy
        finally:
            self._queued -= 1

    def _has_slot(self, share: Share) -> bool:
        # One slot stays free for other parties, and another for other jobs of the same party: slow functions slow down
        # their own job, and many such jobs their own party.
        of_party, of_job = max(1, self._max_running - 1), max(1, self._max_running - 2)
        if self.is_busy() or (share.is_secondary and self._secondary >= of_job):
            return False
        return self._parties[share.name] < of_party and self._subjects[share.name, share.subject] < of_job

    def _acquire_child(self) -> ChildProcess:
        with self._changed:
            if self._process != os.getpid():  # After a fork: the children belong to the parent.
                self._idle, self._process = [], os.getpid()
                self._finalizer = weakref.finalize(self, _kill_all, self._idle, self._process)
            child = self._idle.pop() if self._idle else ChildProcess(self.limits)
            # A spare starts now, so that the next call does not wait for a start.
            if not self._idle:
                self._idle.append(ChildProcess(self.limits))
        return child

    def _release_child(self, child: ChildProcess) -> None:
        with self._changed:
            if len(self._idle) <= self._max_running:
                self._idle.append(child)
                return
        child.kill()


class Allowance:
    """The time of each party within a minute, which begins with its first call."""

    MINUTE = 60.0
    MAX_KNOWN = 1000

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds, self._clock = seconds, clock
        self._used: dict[str, tuple[float, float]] = {}

    def use(self, name: str, seconds: float) -> None:
        now = self._clock.monotonic()
        if len(self._used) >= self.MAX_KNOWN:
            self._used = {known: used for known, used in self._used.items() if now - used[0] < self.MINUTE}
        began, used = self._current(name, now)
        self._used[name] = (began, used + seconds)

    def is_used_up(self, name: str) -> bool:
        return self._current(name, self._clock.monotonic())[1] >= self._seconds

    def _current(self, name: str, now: float) -> tuple[float, float]:
        began, used = self._used.get(name, (now, 0.0))
        return (began, used) if now - began < self.MINUTE else (now, 0.0)


def _kill_all(children: list[ChildProcess], process: int) -> None:
    while children and process == os.getpid():
        children.pop().kill()


def _call(source: str, arguments: Sequence[Any], seed: int | None) -> dict[str, Any]:
    seed = random.getrandbits(53) if seed is None else seed
    encoded = [{"undefined": True} if value is UNDEFINED else {"value": value} for value in arguments]
    return {"mode": "call", "source": source, "args": encoded, "seed": seed}


def _outcome(response: dict[str, Any]) -> Outcome:
    console = printable(response["console"])
    error = response.get("error")
    if error is not None:
        raise _script_error(error, console)
    try:
        return Outcome(parse(response["value"].encode()), console)
    except (InvalidJSON, UnicodeEncodeError) as ex:
        raise ScriptError("size", f"returned a value that JSON cannot represent: {ex}", console) from ex


def _script_error(error: dict[str, Any], console: str) -> ScriptError:
    kind, message = error["kind"], printable(error["message"])
    if "out of memory" in message:
        kind, message = "memory", "used too much memory"
    position = _position(error.get("stack", ""))
    return ScriptError(kind, message + position, console, error.get("line"), error.get("column"))


def _position(stack: str) -> str:
    """The position of an error in the job's own source, from the first such line of its stack."""
    line = next((line for line in stack.split("\n") if "<input>:" in line), "")
    return f" (at {line.split('<input>:')[1].rstrip(')')})" if line else ""
