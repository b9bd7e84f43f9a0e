"""The child process of an executor, as its parent sees it: start, pipes, timeouts, end."""

import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, cast

from comp_pool.deadline import Deadline
from comp_pool.frames import LENGTH, pack
from comp_pool.report import MAX_CONSOLE, MAX_MESSAGE, MAX_STACK, cut

START_SECONDS = 30.0
CHUNK_BYTES = 1 << 16
# In characters: the outcomes of several units before the last one, as in boot.js.
MAX_TOGETHER = 1 << 16


def _directory_of(package: str) -> str:
    """Return where a package is imported from, without importing it: V8 is for the child, and takes long to load."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ImportError(package)
    return str(Path(spec.origin).parent.parent)


# The child imports these two packages and the standard library, and no other package installed here.
PATHS = [_directory_of(package) for package in ("comp_pool", "py_mini_racer")]
CODE = "import sys; sys.path += {paths!r}; from comp_pool.executor_child import main; main({memory}, {result})"


class Child:
    """A child process, and the frames to and from it. The frames' fields are described in `executor_child`."""

    def __init__(self, memory_bytes: int, result_bytes: int) -> None:
        # JSON escapes a byte with at most six, such as \u0000. The other fields are of no frame with a result.
        largest = max(result_bytes, MAX_CONSOLE, MAX_MESSAGE + MAX_STACK)
        self._max_frame_bytes = 6 * (largest + MAX_CONSOLE + MAX_TOGETHER) + 4096
        self._printed = ""
        self._process = _start(CODE.format(paths=PATHS, memory=memory_bytes, result=result_bytes))
        self._pipe_in, self._pipe_out = _pipes(self._process)
        try:
            ready = self._receive(Deadline(START_SECONDS))
            self.confined, self.engine = bool(ready.get("confined")), str(ready.get("engine", ""))
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def printed(self) -> str:
        """What the unit of the last request has printed so far."""
        return cut(self._printed, MAX_CONSOLE)

    def request(self, unit: dict[str, Any], deadline: Deadline) -> dict[str, Any]:
        """Return the outcome of a unit.

        Raises TimeoutError past the deadline, EOFError where the child has ended, ValueError for a malformed frame.
        """
        self._printed = ""
        self.send(unit, deadline)
        while "console" in (document := self._receive(deadline)):
            self._add_printed(document["console"])
            # A job that controls its child could send such frames without end.
            self._check(deadline)
        return document

    def _add_printed(self, text: object) -> None:
        if not isinstance(text, str) or len(self._printed) + len(text) > MAX_CONSOLE:
            raise ValueError("console output too large")
        self._printed += text

    def send(self, document: dict[str, Any], deadline: Deadline) -> None:
        """Send a frame; raise TimeoutError past the deadline, EOFError where the child has ended."""
        unsent = memoryview(pack(document))
        while unsent:
            if not _is_ready(self._pipe_in.fileno(), select.POLLOUT, deadline.remaining):
                raise TimeoutError
            try:
                unsent = unsent[os.write(self._pipe_in.fileno(), unsent[:CHUNK_BYTES]) :]
            except BrokenPipeError as ex:
                raise EOFError from ex

    def _receive(self, deadline: Deadline) -> dict[str, Any]:
        (size,) = LENGTH.unpack(self._read(LENGTH.size, deadline))
        # A job may control its child: a false length must not exhaust the parent's memory.
        if size > self._max_frame_bytes:
            raise ValueError("frame too large")
        document = json.loads(self._read(size, deadline))
        if not isinstance(document, dict):
            raise ValueError("frame is not an object")
        return document

    def _read(self, size: int, deadline: Deadline) -> bytes:
        content = bytearray()
        while len(content) < size:
            while not _is_ready(self._pipe_out.fileno(), select.POLLIN, deadline.next_check):
                self._check(deadline)
            part = os.read(self._pipe_out.fileno(), size - len(content))
            if not part:
                raise EOFError
            content += part
        return bytes(content)

    def _check(self, deadline: Deadline) -> None:
        if deadline.try_renew():
            self.send({"seconds": deadline.watchdog_seconds}, deadline)
        elif deadline.remaining <= 0:
            raise TimeoutError

    def kill(self) -> None:
        """Kill the process; may be called from any thread, also while another one waits for a frame."""
        # A job in an endless loop reads no request to end, and may block any signal but this one.
        self._process.kill()

    def close(self) -> str:
        """Kill the process and close its pipes; return how it ended: the signal's name, or the exit status."""
        self.kill()
        self._pipe_in.close()
        self._pipe_out.close()
        code = self._process.wait()
        return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def _start(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        # -I and -S: no environment, no directory of the caller, no site-packages.
        [sys.executable, "-I", "-S", "-c", code],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # The environment may hold secrets, which a job could read out of its process. Local time is UTC, as everywhere
        # but in browsers.
        env={"TZ": "UTC"},
        cwd="/",
        # Ctrl-C in a terminal goes to the whole group; the parent decides what happens to the unit.
        start_new_session=True,
    )


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    pipes = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    for pipe in pipes:
        # A child that stops reading or writing must not block its parent past the deadline.
        os.set_blocking(pipe.fileno(), False)
    return pipes


def _is_ready(descriptor: int, event: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, seconds) * 1000))
