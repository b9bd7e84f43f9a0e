"""The parent's side of one child process: frames over two pipes, a read timeout, and its exit status."""

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
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 10.0
MEGABYTE = 1 << 20
CHILD = str(Path(__file__).with_name("child.py"))
log = logging.getLogger("comp-pool.sandbox")


class ScriptError(Exception):
    """A script failed. `kind` is one of throw, syntax, not-json, time, memory, size, pending, crash."""

    def __init__(
        self, kind: str, message: str, console: str = "", line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message)
        self.kind, self.message, self.console = kind, message, console
        self.line, self.column = line, column


class ChildLost(Exception):
    """A child was killed or stalled before it exceeded a limit of its own."""


@dataclass(frozen=True)
class Limits:
    """The limits of one call."""

    milliseconds: int = 250
    memory_bytes: int = 512 * MEGABYTE
    value_characters: int = MEGABYTE
    console_characters: int = 4096

    @property
    def timeout_seconds(self) -> float:
        """By the wall clock: longer than the processor time, since the machine may be busy with other work."""
        return 2.0 + self.milliseconds / 1000 * 4


class ChildProcess:
    """Starting one does not wait for it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._has_responded = False
        self._process = subprocess.Popen(  # noqa: S603
            # -I and -S: nothing of the environment or of site-packages is loaded.
            [sys.executable, "-I", "-S", CHILD, _packages(), str(limits.memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A script must not write into the server's log.
            stderr=subprocess.DEVNULL,
            # Local time is UTC, whatever the server's: as at most volunteers.
            env={"TZ": "UTC"},
            bufsize=0,
        )

    def request(self, content: bytes) -> dict[str, Any]:
        """Sends a request and returns the response with the console output. Raises ScriptError, ChildLost."""
        start_seconds = 0 if self._has_responded else START_SECONDS
        deadline = time.monotonic() + self._limits.timeout_seconds + start_seconds
        self._send(struct.pack(">I", len(content)) + content, deadline)
        console = ""
        try:
            while "console" in (response := self._receive_frame(deadline)):
                console = (console + response["console"])[: self._limits.console_characters]
        except ScriptError as ex:
            ex.console = printable(console)
            raise
        self._has_responded = True
        return response | {"console": console}

    def _receive_frame(self, deadline: float) -> dict[str, Any]:
        (length,) = struct.unpack(">I", self._receive(4, deadline))
        # JSON inside JSON: one character may take twelve bytes.
        if length > 16 * (self._limits.value_characters + self._limits.console_characters) + MEGABYTE:
            raise ScriptError("size", "the response of the sandbox is too long")
        return dict(json.loads(self._receive(length, deadline)))

    def _send(self, content: bytes, deadline: float) -> None:
        stream = self._process.stdin
        assert stream is not None  # noqa: S101
        # A child that does not read must not block us.
        os.set_blocking(stream.fileno(), False)
        while content:
            self._wait(stream.fileno(), select.POLLOUT, deadline)
            try:
                content = content[os.write(stream.fileno(), content[: 1 << 20]) :]
            except BrokenPipeError as ex:
                raise self._reason_of_death() from ex

    def _receive(self, count: int, deadline: float) -> bytes:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101
        content = bytearray()
        while len(content) < count:
            self._wait(stream.fileno(), select.POLLIN, deadline)
            chunk = os.read(stream.fileno(), count - len(content))
            if not chunk:
                raise self._reason_of_death()
            content += chunk
        return bytes(content)

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        # Not `select.select`, which fails for descriptors above 1023.
        poller = select.poll()
        poller.register(descriptor, event)
        if not poller.poll(max(0, deadline - time.monotonic()) * 1000):
            raise ChildLost

    def _reason_of_death(self) -> Exception:
        """The timer's signal and memory faults are errors of the script; any other exit may be caused by the system."""
        try:
            status = self._process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            return ChildLost()
        if -status in (signal.SIGPROF, signal.SIGXCPU):
            return ScriptError("time", "did not finish in time")
        if -status in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS) or (status > 0 and self._has_responded):
            return ScriptError("memory", "used too much memory")
        log.error("a sandbox process ended with status %s", status)
        return ChildLost()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def _packages() -> str:
    """The directory of dukpy, which the child adds to its empty path."""
    spec = importlib.util.find_spec("dukpy")
    if spec is None or spec.origin is None:
        raise ImportError("dukpy")
    return str(Path(spec.origin).parent.parent)


def printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
