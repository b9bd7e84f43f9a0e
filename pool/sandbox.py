"""JavaScript of strangers, run in child processes that can do nothing but compute.

Each call gets a fresh QuickJS context: no call sees another's, of the same job or of any. A child has an empty
environment, an empty working directory, no descriptors but its two pipes, and limits on memory, processor time and
system calls. One that runs out of its time is ended and replaced; a spare one is warm meanwhile.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pool.strictjson import InvalidJSON, parse

UNDEFINED = object()
STARTING_SECONDS = 10.0
MEGABYTE = 1 << 20
log = logging.getLogger("comp-pool.sandbox")


class ScriptError(Exception):
    """A script failed. `kind` is one of throw, syntax, time, memory, size, pending, crash."""

    def __init__(
        self, kind: str, message: str, console: str = "", line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message)
        self.kind, self.message, self.console = kind, message, console
        self.line, self.column = line, column


class SandboxBusy(Exception):
    """Every child is at work, and enough callers wait already: try again in a moment."""


class ChildLost(Exception):
    """A child was killed, or stalled, with processor time left: not by its own limits."""


@dataclass(frozen=True)
class Limits:
    """What one call may use."""

    milliseconds: int = 250
    memory_bytes: int = 512 * MEGABYTE
    value_characters: int = MEGABYTE
    console_characters: int = 4096

    @property
    def patience_seconds(self) -> float:
        """How long the caller waits by the clock, on a machine that is busy with other things."""
        return 2.0 + self.milliseconds / 1000 * 4


@dataclass(frozen=True)
class Outcome:
    """What a function returned (None for undefined) and what it wrote to its console."""

    value: Any
    console: str


class Sandbox:
    """A few children, started when first needed. At most `running` calls at once, of which one job has all but one."""

    def __init__(self, limits: Limits | None = None, running: int = 2, waiting: int = 2, wait: float = 2.0) -> None:
        self.limits = limits or Limits()
        self._running, self._waiting, self._wait_seconds = running, waiting, wait
        self._idle: list[_Child] = []
        self._active: Counter[str] = Counter()
        self._queue = 0
        self._changed = threading.Condition()
        self._process = os.getpid()
        self._finalizer = weakref.finalize(self, _end_all, self._idle, self._process)

    def call(self, source: str, arguments: Sequence[Any], job_id: str = "") -> Outcome:
        """Calls the function that `source` is. Raises ScriptError, SandboxBusy. Awaits a Promise returned."""
        encoded = [{"undefined": True} if value is UNDEFINED else {"value": value} for value in arguments]
        return self._ask({"mode": "call", "source": source, "args": encoded}, job_id)

    def check(self, source: str, job_id: str = "") -> None:
        """Raises ScriptError of kind "syntax", with line and column, where `source` is no function expression."""
        self._ask({"mode": "check", "source": source, "args": []}, job_id)

    def is_busy(self) -> bool:
        """Whether as many calls run as may."""
        return self._active.total() >= self._running

    def close(self) -> None:
        with self._changed:
            _end_all(self._idle, os.getpid())

    def _ask(self, request: dict[str, Any], job_id: str) -> Outcome:
        limits = self.limits
        request |= {"maxValue": limits.value_characters, "maxConsole": limits.console_characters}
        request["seconds"] = limits.milliseconds / 1000
        content = json.dumps(request).encode()
        with self._turn(job_id):
            try:
                reply = self._ask_child(content)
            except ChildLost:
                # The machine's doing rather than the script's, for all we know: so it is not the script's failure.
                reply = self._ask_last_child(content)
        return _outcome(reply)

    def _ask_last_child(self, content: bytes) -> dict[str, Any]:
        try:
            return self._ask_child(content)
        except ChildLost as ex:
            raise SandboxBusy from ex

    def _ask_child(self, content: bytes) -> dict[str, Any]:
        child = self._take()
        try:
            reply = child.ask(content, self.limits)
        except BaseException:
            child.end()
            self._put(_Child(self.limits))
            raise
        self._put(child)
        return reply

    @contextmanager
    def _turn(self, job_id: str) -> Iterator[None]:
        with self._changed:
            self._wait_for_turn(job_id)
            self._active[job_id] += 1
        try:
            yield
        finally:
            with self._changed:
                self._active[job_id] -= 1
                if not self._active[job_id]:
                    del self._active[job_id]  # What is summed up at each call grows with the calls, not with the jobs.
                self._changed.notify_all()

    def _wait_for_turn(self, job_id: str) -> None:
        if self._may_run(job_id):
            return
        if self._queue >= self._waiting:
            raise SandboxBusy
        self._queue += 1
        try:
            if not self._changed.wait_for(lambda: self._may_run(job_id), self._wait_seconds):
                raise SandboxBusy
        finally:
            self._queue -= 1

    def _may_run(self, job_id: str) -> bool:
        share = max(1, self._running - 1)
        return not self.is_busy() and self._active[job_id] < share

    def _take(self) -> _Child:
        with self._changed:
            if self._process != os.getpid():  # Children of the process that forked this one are not ours.
                self._idle, self._process = [], os.getpid()
                self._finalizer = weakref.finalize(self, _end_all, self._idle, self._process)
            child = self._idle.pop() if self._idle else _Child(self.limits)
            if not self._idle:
                self._idle.append(_Child(self.limits))
        return child

    def _put(self, child: _Child) -> None:
        with self._changed:
            if len(self._idle) <= self._running:
                self._idle.append(child)
                return
        child.end()


def _end_all(children: list[_Child], process: int) -> None:
    while children and process == os.getpid():
        children.pop().end()


class _Child:
    """One child process; starting it does not wait for it."""

    def __init__(self, limits: Limits) -> None:
        command = [sys.executable, "-I", "-S", _CHILD, _PACKAGES, _CONFINEMENT, str(limits.memory_bytes)]
        self._has_answered = False
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            bufsize=0,
        )

    def ask(self, request: bytes, limits: Limits) -> dict[str, Any]:
        deadline = time.monotonic() + limits.patience_seconds + (0 if self._has_answered else STARTING_SECONDS)
        self._send(struct.pack(">I", len(request)) + request, deadline)
        console = ""
        try:
            while "console" in (reply := self._reply(limits, deadline)):
                console = (console + reply["console"])[: limits.console_characters]
        except ScriptError as ex:
            ex.console = _printable(console)
            raise
        self._has_answered = True
        return reply | {"console": console}

    def _reply(self, limits: Limits, deadline: float) -> dict[str, Any]:
        (length,) = struct.unpack(">I", self._receive(4, deadline))
        # JSON in JSON: a character may take twelve.
        if length > 16 * (limits.value_characters + limits.console_characters) + MEGABYTE:
            raise ScriptError("size", "the sandbox answered at too great a length")
        return dict(json.loads(self._receive(length, deadline)))

    def _send(self, content: bytes, deadline: float) -> None:
        stream = self._process.stdin
        assert stream is not None  # noqa: S101
        os.set_blocking(stream.fileno(), False)
        while content:
            self._wait([], [stream], deadline)
            try:
                content = content[os.write(stream.fileno(), content[: 1 << 20]) :]
            except BrokenPipeError as ex:
                raise self._death() from ex

    def _receive(self, count: int, deadline: float) -> bytes:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101
        content = bytearray()
        while len(content) < count:
            self._wait([stream], [], deadline)
            chunk = os.read(stream.fileno(), count - len(content))
            if not chunk:
                raise self._death()
            content += chunk
        return bytes(content)

    def _wait(self, readable: list[Any], writable: list[Any], deadline: float) -> None:
        poller = select.poll()
        for stream in readable:
            poller.register(stream, select.POLLIN)
        for stream in writable:
            poller.register(stream, select.POLLOUT)
        if not poller.poll(max(0, deadline - time.monotonic()) * 1000):
            raise ChildLost

    def _death(self) -> Exception:
        """Why the child ended: a timer and a fault are the script's own doing, anything else need not be."""
        try:
            status = self._process.wait(timeout=STARTING_SECONDS)
        except subprocess.TimeoutExpired:
            return ChildLost()
        if -status in (signal.SIGPROF, signal.SIGXCPU):
            return ScriptError("time", "did not finish in time")
        if -status in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS) or (status > 0 and self._has_answered):
            return ScriptError("memory", "used too much memory")
        log.error("a sandbox process ended with status %s", status)
        return ChildLost()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def _outcome(reply: dict[str, Any]) -> Outcome:
    console = _printable(reply["console"])
    error = reply.get("error")
    if error is not None:
        raise _script_error(error, console)
    try:
        return Outcome(parse(reply["value"].encode()), console)
    except (InvalidJSON, UnicodeEncodeError) as ex:
        raise ScriptError("size", f"returned a value that JSON cannot carry: {ex}", console) from ex


def _script_error(error: dict[str, Any], console: str) -> ScriptError:
    kind, message = error["kind"], _printable(error["message"])
    if "out of memory" in message:
        kind, message = "memory", "used too much memory"
    place = _place(error.get("stack", ""))
    return ScriptError(kind, message + place, console, error.get("line"), error.get("column"))


def _place(stack: str) -> str:
    """Where in the job's own source an error arose, as the first line of its stack tells."""
    at = next((line for line in stack.split("\n") if "<input>:" in line), "")
    return f" (at {at.split('<input>:')[1].rstrip(')')})" if at else ""


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _file_of(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ImportError(module)
    return Path(spec.origin)


_CHILD = str(Path(__file__).with_name("sandbox_child.py"))
_PACKAGES = str(_file_of("dukpy").parent.parent)
_CONFINEMENT = str(_file_of("comp_pool.confinement"))
