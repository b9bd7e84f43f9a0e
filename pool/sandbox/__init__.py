"""The sandbox: JavaScript of strangers, evaluated in child processes that can do nothing but compute.

Each call gets a QuickJS context that no other call has changed: none sees what another did, of the same job or of any
(docs/server-sandbox.md). A child has an empty environment, an empty working directory, no descriptors but its two
pipes, and limits on memory, processor time and system calls (`confinement`). A child that exceeds a limit is killed and
replaced; a spare one is warm meanwhile.
"""

from __future__ import annotations

import json
import os
import random
import re
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from pool.sandbox.child_process import ChildLost, ChildProcess, Limits, Response, ScriptError
from pool.sandbox.coalescing import Coalescing
from pool.sandbox.turns import Load, SandboxBusy, Share, Turn, Turns
from storage.clock import Clock
from storage.documents import clipped, stored_bytes
from storage.strict_json import InvalidJSON, parse

__all__ = ["THE_POOL", "UNDEFINED", "Limits", "Load", "Outcome", "Sandbox", "SandboxBusy", "ScriptError", "Share"]

UNDEFINED = object()
THE_POOL = Share()
# Calls of one round trip, and the time that they may be expected to take: others wait meanwhile.
MAX_BATCH, BATCH_SECONDS, BATCH_BYTES = 64, 0.025, 1 << 20
# Longer calls are made one by one.
COALESCED_SECONDS = 0.01
MAX_MESSAGE = 2000
# The values of most calls, which need no parser.
VERDICTS = {b"true": True, b"false": False, b"null": None}


class Outcome(NamedTuple):
    """The return value of a function (None for undefined), and its console output."""

    value: Any
    console: str


class Sandbox:
    """A pool of children, started when first needed.

    `max_running` calls run at once; `turns` has the rules for those that wait, at most `queue_seconds`. Of `threads`,
    which is how many of the server's may make calls, a quarter may wait for long. Anonymous posters behind one prefix
    get `anonymous_seconds` a minute.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        max_running: int = 3,
        threads: int = 16,
        queue_seconds: float = 2.0,
        anonymous_seconds: float = 20.0,
        clock: Clock | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._clock = clock or Clock()
        self._allowance = Allowance(anonymous_seconds, self._clock)
        self._max_running = max_running
        self._turns = Turns(max_running, threads // 4, queue_seconds, self._clock)
        self._coalescing: Coalescing[bytes, Outcome | ScriptError] = Coalescing()
        self._idle: list[ChildProcess] = []
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._finalizer = weakref.finalize(self, _kill_all, self._idle, self._process)

    def call(self, source: str, arguments: Sequence[Any], share: Share = THE_POOL, seed: int | None = None) -> Outcome:
        """Calls the function of this source, and awaits a Promise it returns. Raises ScriptError, SandboxBusy.

        `seed`, below 2^53, is that of its random numbers; without one they are any.
        """
        return self._run_one("call", source, _encoded(arguments, seed), share)

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
        return self._run_one("judge", source, _encoded(arguments, seed, lossy=is_lossy), share)

    def call_many(
        self, source: str, calls: Sequence[Sequence[Any]], share: Share = THE_POOL
    ) -> Iterator[Outcome | ScriptError]:
        """The outcomes of many calls, each by itself as if by `call`, with few round trips. Raises SandboxBusy."""
        return self._run("call", source, [_encoded(arguments) for arguments in calls], share)

    def judge_many(
        self, source: str, calls: Sequence[tuple[Sequence[Any], int]], is_lossy: bool, share: Share = THE_POOL
    ) -> Iterator[Outcome | ScriptError]:
        """The outcomes of many calls, each a list of arguments and a seed, as if by `judge`. Raises SandboxBusy."""
        encoded = [_encoded(arguments, seed, lossy=is_lossy) for arguments, seed in calls]
        return self._run("judge", source, encoded, share)

    def check(self, source: str, share: Share = THE_POOL) -> None:
        """Raises ScriptError of kind "syntax", with line and column, if `source` is no function expression."""
        (outcome,) = self._run("check", source, [b""], share)
        _raised(outcome)

    def is_busy(self) -> bool:
        """Whether a further call would have to wait."""
        return self._turns.is_busy()

    def load(self) -> Load:
        return self._turns.load()

    def close(self) -> None:
        with self._lock:
            _kill_all(self._idle, os.getpid())

    def _run_one(self, mode: str, source: str, call: bytes, share: Share) -> Outcome:
        function = _function(mode, source, share)
        if self._turns.expected(function) > COALESCED_SECONDS:
            return _raised(next(self._run(mode, source, [call], share)))

        def run(take: Callable[[], Sequence[bytes]]) -> Sequence[Outcome | ScriptError]:
            return self._run_together(mode, source, share, function, take)

        return _raised(self._coalescing.call((function, source), call, run))

    def _run_together(
        self, mode: str, source: str, share: Share, function: Hashable, take: Callable[[], Sequence[bytes]]
    ) -> Sequence[Outcome | ScriptError]:
        """Waits for a turn before it takes the calls that came meanwhile, and makes as many as one round trip has."""
        content = source.encode("utf-8", "replace")
        with self._turn(share, function, 1) as turn:
            batch = self._batch(take(), function)
            (outcomes,) = self._exchange(mode, content, [batch], function, turn)
        return outcomes + self._run_rest(mode, content, batch, len(outcomes), function, share)

    def _run(self, mode: str, source: str, calls: Sequence[bytes], share: Share) -> Iterator[Outcome | ScriptError]:
        content, function = source.encode("utf-8", "replace"), _function(mode, source, share)
        done = 0
        while done < len(calls):
            batches = [self._batch(calls[done : done + MAX_BATCH], function)]
            with self._turn(share, function, len(batches[0])) as turn:
                rest = calls[done + len(batches[0]) :]
                if rest and self._may_use_two(turn, function):
                    batches.append(self._batch(rest[:MAX_BATCH], function))
                found = self._exchange(mode, content, batches, function, turn)
            for batch, outcomes in zip(batches, found, strict=True):
                yield from outcomes
                yield from self._run_rest(mode, content, batch, len(outcomes), function, share)
                done += len(batch)

    def _run_rest(
        self, mode: str, source: bytes, batch: Sequence[bytes], done: int, function: Hashable, share: Share
    ) -> list[Outcome | ScriptError]:
        """The outcomes of a batch's calls after so many, of which one has ended its child: each call by itself."""
        outcomes: list[Outcome | ScriptError] = []
        for call in batch[done:]:
            # A child is lost most likely by the system, not through a fault of the script: retried once.
            for _ in range(1 if len(batch) == 1 else 2):
                found = self._run_once(mode, source, call, function, share)
                if found:
                    break
            else:
                raise SandboxBusy
            outcomes += found
        return outcomes

    def _run_once(
        self, mode: str, source: bytes, call: bytes, function: Hashable, share: Share
    ) -> list[Outcome | ScriptError]:
        with self._turn(share, function, 1) as turn:
            return self._exchange(mode, source, [[call]], function, turn)[0]

    def _may_use_two(self, turn: Turn, function: Hashable) -> bool:
        """Whether a turn may have two children, for so short a time that whoever comes now does not wait for longer."""
        is_fast = self._turns.expected(function) <= COALESCED_SECONDS
        return is_fast and not turn.share.is_secondary and self._turns.is_alone(turn)

    def _batch(self, calls: Sequence[bytes], function: Hashable) -> Sequence[bytes]:
        """As many of the calls as take little time and space, at least one."""
        count = max(1, int(BATCH_SECONDS / max(self._turns.expected(function), 1e-6)))
        size = 0
        for number, call in enumerate(calls[:count]):
            size += len(call)
            if size > BATCH_BYTES:
                return calls[: max(1, number)]
        return calls[:count]

    def _exchange(
        self, mode: str, source: bytes, batches: Sequence[Sequence[bytes]], function: Hashable, turn: Turn
    ) -> list[list[Outcome | ScriptError]]:
        """The outcomes of each batch, as many as there are until its child ended: all have begun before one is awaited.

        Of one call that ended its child, the error is the outcome; of several calls it is not known which one did.
        """
        children: list[ChildProcess] = []
        try:
            for batch in batches:
                children.append(self._acquire_child())
                children[-1].send(mode, source, batch)
            turn.started = self._clock.monotonic()
            return [self._outcomes(children.pop(0), len(batch), function) for batch in batches]
        finally:
            for child in children:
                self._replace(child)

    def _outcomes(self, child: ChildProcess, count: int, function: Hashable) -> list[Outcome | ScriptError]:
        outcomes: list[Outcome | ScriptError] = []
        try:
            for response in child.responses(count):
                self._turns.note(function, response.seconds)
                outcomes.append(self._outcome(response))
        except ChildLost:
            self._replace(child)
        except ScriptError as ex:
            self._replace(child)
            self._turns.note(function, self.limits.milliseconds / 1000)
            outcomes += [ex] * (count == 1)
        except BaseException:
            self._replace(child)
            raise
        else:
            self._release_child(child)
        return outcomes

    @contextmanager
    def _turn(self, share: Share, function: Hashable, calls: int) -> Iterator[Turn]:
        if share.is_anonymous:
            self._allowance.require(share.name)
        with self._turns.turn(share, function, calls) as turn:
            started = self._clock.monotonic()
            try:
                yield turn
            finally:
                if share.is_anonymous:
                    self._allowance.use(share.name, self._clock.monotonic() - started)

    def _acquire_child(self) -> ChildProcess:
        with self._lock:
            if self._process != os.getpid():  # After a fork: the children belong to the parent.
                self._idle, self._process = [], os.getpid()
                self._finalizer = weakref.finalize(self, _kill_all, self._idle, self._process)
            child = self._idle.pop() if self._idle else ChildProcess(self.limits)
            # A spare starts now, so that the next call does not wait for a start.
            if not self._idle:
                self._idle.append(ChildProcess(self.limits))
        return child

    def _replace(self, child: ChildProcess) -> None:
        child.kill()
        self._release_child(ChildProcess(self.limits))

    def _release_child(self, child: ChildProcess) -> None:
        with self._lock:
            if len(self._idle) <= self._max_running:
                self._idle.append(child)
                return
        child.kill()

    def _outcome(self, response: Response) -> Outcome | ScriptError:
        if response.kind == "error":
            return _script_error(json.loads(response.content), response.console)
        if response.content in VERDICTS:
            return Outcome(VERDICTS[response.content], response.console)
        limit = self.limits.value_bytes
        try:
            value = parse(response.content)
        except InvalidJSON as ex:
            return ScriptError("size", f"returned a value that JSON cannot represent: {ex}", response.console)
        # Numbers may take more bytes in a document than the engine writes: 1e-07.
        if len(response.content) > limit or (2 * len(response.content) > limit and stored_bytes(value) > limit):
            return ScriptError("size", f"the value returned is larger than {limit} bytes", response.console)
        return Outcome(value, response.console)


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

    def require(self, name: str) -> None:
        """Raises SandboxBusy."""
        if self.is_used_up(name):
            raise SandboxBusy(self.MINUTE - (self._clock.monotonic() - self._used[name][0]))

    def _current(self, name: str, now: float) -> tuple[float, float]:
        began, used = self._used.get(name, (now, 0.0))
        return (began, used) if now - began < self.MINUTE else (now, 0.0)


def _kill_all(children: list[ChildProcess], process: int) -> None:
    while children and process == os.getpid():
        children.pop().kill()


def _function(mode: str, source: str, share: Share) -> Hashable:
    """What calls have in common that are expected to take as long."""
    return mode, share.name, share.subject, share.is_background, hash(source)


def _encoded(arguments: Sequence[Any], seed: int | None = None, **options: Any) -> bytes:
    seed = random.getrandbits(53) if seed is None else seed
    if UNDEFINED in arguments:
        missing = [*arguments].index(UNDEFINED)
        arguments = [*arguments[:missing], None, *arguments[missing + 1 :]]
        options["missing"] = missing
    # Members of an object, which the child completes with the limits.
    return json.dumps({"args": arguments, "seed": seed, **options}).encode()[1:]


def _raised(outcome: Outcome | ScriptError) -> Outcome:
    if isinstance(outcome, ScriptError):
        raise outcome
    return outcome


def _script_error(error: dict[str, Any], console: str) -> ScriptError:
    kind, message = error["kind"], str(error["message"])
    if "out of memory" in message:
        kind, message = "memory", "used too much memory"
    position = _position(error.get("stack", ""))
    return ScriptError(kind, clipped(message + position, MAX_MESSAGE), console, error.get("line"), error.get("column"))


def _position(stack: str) -> str:
    """The position of an error in the job's own source, from the first such line of its stack."""
    found = re.search(r"<input>:(\d+):(\d+)", stack)
    # The source begins behind a line of the engine's.
    return f" (at {int(found[1]) - 1}:{found[2]})" if found else ""
