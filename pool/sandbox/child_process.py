"""The parent's side of one child process: frames over two pipes, a read timeout, and its exit status.

A request is a header, the lengths of the calls' arguments, a source, and the arguments of each call as JSON. For each
call the child sends frames of console output, and the response. A frame is the length of its content in four bytes, a
letter and the content. A `c` has console output; `v` and `e` a response: its processor time, and a value or an error as
JSON. When the child has started, it sends an empty `r`. It reads a request when it is ready for it: if it ends with the
request unread, no call is to blame.
"""

from __future__ import annotations

import fcntl
import importlib.util
import logging
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from storage.documents import clipped

START_SECONDS = 10.0
MEGABYTE = 1 << 20
CHILD = str(Path(__file__).with_name("child.py"))
# Mode, seconds of a call, limits of value and console, lengths of the source, number and length of the calls.
HEADER = struct.Struct(">5sdIIIII")
FRAME, SECONDS = struct.Struct(">IB"), struct.Struct(">d")
CHUNK = 1 << 16
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
    value_bytes: int = MEGABYTE
    console_bytes: int = 4096

    @property
    def timeout_seconds(self) -> float:
        """By the wall clock: longer than the processor time, since the machine may be busy with other work."""
        return 2.0 + self.milliseconds / 1000 * 4


class Response(NamedTuple):
    """The response to one call: `kind` is value or error, `content` JSON."""

    kind: str
    content: bytes
    console: str
    seconds: float


class ChildProcess:
    """Starting one does not wait for it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._has_started = False
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
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        self._stdin, self._stdout = self._process.stdin.fileno(), self._process.stdout.fileno()
        # A child that does not read must not block us.
        os.set_blocking(self._stdin, False)
        # What was read; the next frame begins at `_start`.
        self._received, self._start = bytearray(), 0

    def send(self, mode: str, source: bytes, calls: Sequence[bytes]) -> None:
        """Sends the calls of one source, without waiting for the child."""
        limits = self._limits
        header = HEADER.pack(
            mode.encode(),
            limits.milliseconds / 1000,
            limits.value_bytes,
            limits.console_bytes,
            len(source),
            len(calls),
            sum(map(len, calls)),
        )
        lengths = struct.pack(f">{len(calls)}I", *map(len, calls))
        deadline = time.monotonic() + START_SECONDS
        # Whoever waits for the responses finds out that it has ended or does not read.
        with suppress(BrokenPipeError, ChildLost):
            self._send(b"".join((header, lengths, source, *calls)), deadline)

    def responses(self, count: int) -> Iterator[Response]:
        """The responses to the calls that were sent, in order. Raises ScriptError, ChildLost.

        Then the child is dead or useless, and the calls without a response have none.
        """
        if not self._has_started:
            self._receive_frame(time.monotonic() + START_SECONDS)
            self._has_started = True
        for _ in range(count):
            yield self._response(time.monotonic() + self._limits.timeout_seconds)

    def _response(self, deadline: float) -> Response:
        console = ""
        try:
            while (frame := self._receive_frame(deadline))[0] == "c":
                console = (console + frame[1].decode("utf-8", "replace"))[: self._limits.console_bytes]
        except ScriptError as ex:
            ex.console = clipped(console, self._limits.console_bytes)
            raise
        kind, content = frame
        (seconds,) = SECONDS.unpack_from(content)
        shown = clipped(console, self._limits.console_bytes) if console else ""
        return Response("value" if kind == "v" else "error", content[SECONDS.size :], shown, seconds)

    def _receive_frame(self, deadline: float) -> tuple[str, bytes]:
        self._receive(FRAME.size, deadline)
        length, letter = FRAME.unpack_from(self._received, self._start)
        # A character of the value, of the console or of an error's text is four bytes at most.
        if length > 4 * (self._limits.value_bytes + self._limits.console_bytes) + MEGABYTE:
            raise ScriptError("size", "the response of the sandbox is too long")
        self._receive(FRAME.size + length, deadline)
        begin = self._start + FRAME.size
        self._start = begin + length
        return chr(letter), bytes(self._received[begin : self._start])

    def _send(self, content: bytes, deadline: float) -> None:
        try:
            while content := content[os.write(self._stdin, content[: 1 << 20]) :]:
                self._wait(self._stdin, select.POLLOUT, deadline)
        except BlockingIOError:
            self._wait(self._stdin, select.POLLOUT, deadline)
            self._send(content, deadline)

    def _receive(self, count: int, deadline: float) -> None:
        """Reads until there are so many bytes."""
        if len(self._received) - self._start >= count:
            return
        del self._received[: self._start]
        self._start = 0
        # Few reads: after each, a thread waits for the interpreter's lock.
        while len(self._received) < count:
            self._wait(self._stdout, select.POLLIN, deadline)
            chunk = os.read(self._stdout, max(CHUNK, count - len(self._received)))
            if not chunk:
                raise self._reason_of_death()
            self._received += chunk

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
        has_read = self._unread_bytes() == 0
        if has_read and -status in (signal.SIGPROF, signal.SIGXCPU):
            return ScriptError("time", "did not finish in time")
        if has_read and (-status in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS) or status > 0):
            return ScriptError("memory", "used too much memory")
        log.error("a sandbox process ended with status %s", status)
        return ChildLost()

    def _unread_bytes(self) -> int:
        """The bytes of requests that the child has not read."""
        return int.from_bytes(fcntl.ioctl(self._stdin, termios.FIONREAD, bytes(4)), sys.byteorder)

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
