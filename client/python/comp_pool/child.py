"""A child process that computes, seen from its parent: its pipes, and the time that it is given."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

import py_mini_racer

import comp_pool
from comp_pool.frames import LENGTH, pack

START_SECONDS = 30.0

# The child finds these two packages and the standard library, and nothing else that is installed here.
PATHS = [str(Path(str(package.__file__)).parent.parent) for package in (comp_pool, py_mini_racer)]
START = "import sys; sys.path += {paths!r}; from comp_pool.worker_child import main; main({memory}, {result})"


class Deadline:
    """The time until which a computation may go on; `renew`, asked once half of it is over, may grant more.

    `renew` returns the seconds granted from then on, None to leave the deadline where it is.
    """

    def __init__(self, seconds: float, renew: Callable[[], float | None] | None = None) -> None:
        self._renew = renew
        self._set(seconds)

    def _set(self, seconds: float) -> None:
        now = time.monotonic()
        self.at = now + seconds
        self._half = now + seconds / 2

    @property
    def remaining(self) -> float:
        """Seconds left."""
        return self.at - time.monotonic()

    @property
    def next_look(self) -> float:
        """Seconds until there is something to do: to renew, or to end."""
        return max(0.0, (self.at if self._renew is None else self._half) - time.monotonic())

    def renewed(self) -> bool:
        """Renew where it is time for it; return whether more was granted."""
        if self._renew is None or time.monotonic() < self._half:
            return False
        granted = self._renew()
        # Not granted: asked again half-way through what is left.
        self._half = time.monotonic() + max(self.remaining / 2, 1.0)
        if granted is None:
            return False
        self._set(granted)
        return True


def for_the_child(deadline: Deadline) -> float:
    """Return the seconds after which a child ends itself: a little later, since that is for parents that are gone."""
    return max(deadline.remaining, 0.0) + 1.0


class Child:
    """One child process, and the frames that go to and fro. See `worker_child` for what they say."""

    def __init__(self, memory_bytes: int, result_bytes: int) -> None:
        self._longest = 6 * result_bytes + 4096
        self._process = _start(START.format(paths=PATHS, memory=memory_bytes, result=result_bytes))
        self._pipe_in, self._pipe_out = _pipes(self._process)
        try:
            self.confined = bool(self.receive(Deadline(START_SECONDS)).get("confined"))
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def send(self, document: dict[str, Any], deadline: Deadline) -> None:
        """Send a frame; raise TimeoutError past the deadline, EOFError where the child is gone."""
        unsent = memoryview(pack(document))
        while unsent:
            _await(self._pipe_in.fileno(), select.POLLOUT, deadline.remaining)
            try:
                unsent = unsent[os.write(self._pipe_in.fileno(), unsent[: 1 << 16]) :]
            except BrokenPipeError as ex:
                raise EOFError from ex

    def receive(self, deadline: Deadline) -> dict[str, Any]:
        """Return the next frame; raise TimeoutError, EOFError, and ValueError for what is no frame."""
        (size,) = LENGTH.unpack(self._read(LENGTH.size, deadline))
        if size > self._longest:
            raise ValueError("a frame that is too long")
        document = json.loads(self._read(size, deadline))
        if not isinstance(document, dict):
            raise ValueError("a frame that is no object")
        return document

    def _read(self, size: int, deadline: Deadline) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            while not _ready(self._pipe_out.fileno(), select.POLLIN, deadline.next_look):
                self._look(deadline)
            part = os.read(self._pipe_out.fileno(), size - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def _look(self, deadline: Deadline) -> None:
        if deadline.renewed():
            self.send({"seconds": for_the_child(deadline)}, deadline)
        elif deadline.remaining <= 0:
            raise TimeoutError

    def kill(self) -> None:
        """End the process; may be called from any thread, and while another waits for an answer."""
        self._process.kill()

    def close(self) -> str:
        """End the process, close its pipes, and return how it ended."""
        self.kill()
        self._pipe_in.close()
        self._pipe_out.close()
        code = self._process.wait()
        return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def _start(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", "-S", "-c", code],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        # A Ctrl-C at the terminal is for the parent, which decides what becomes of the unit.
        start_new_session=True,
    )


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    pipes = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    for pipe in pipes:
        os.set_blocking(pipe.fileno(), False)
    return pipes


def _ready(descriptor: int, event: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def _await(descriptor: int, event: int, seconds: float) -> None:
    if not _ready(descriptor, event, seconds):
        raise TimeoutError
