"""The child's side of the sandbox: reads requests from standard input, and runs each call in a context that no other
call has changed.

Started as ``python -I -S child.py <directory of dukpy> <memory in bytes>`` with an empty environment. It imports
nothing of the pool. A kernel timer limits the processor time of each call; its signal has no handler, so that no script
can keep it from ending the process. `child_process` describes the frames.
"""

from __future__ import annotations

import gc
import importlib.machinery
import importlib.util
import os
import signal
import struct
import sys
import time
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
# As in `child_process`.
HEADER = struct.Struct(">5sdIIIII")
# Bytecode that is kept, as a part of the memory limit.
CACHE_PART = 16
SECONDS = struct.Struct(">d")
FRAME = struct.Struct(">IB")
TAGS = {"ready": ord("r"), "console": ord("c"), "value": ord("v"), "error": ord("e")}


def load(name: str) -> Any:
    """A module of this directory, by its file: nothing of the pool is on the path."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"pool.sandbox.{name}"] = module
    spec.loader.exec_module(module)
    return module


def find_dukpy(packages: str) -> None:
    """Makes dukpy's modules importable, and leaves out its `__init__`: the clients of HTTP that it imports for an
    installer of packages would be a third of the start.
    """
    specification = importlib.machinery.ModuleSpec("dukpy", None, is_package=True)
    specification.submodule_search_locations = [str(Path(packages, "dukpy"))]
    sys.modules["dukpy"] = importlib.util.module_from_spec(specification)


def read_exactly(count: int) -> bytes:
    content = b""
    while len(content) < count:
        chunk = os.read(0, count - len(content))
        if not chunk:
            sys.exit(0)
        content += chunk
    return content


class Request(NamedTuple):
    mode: bytes
    seconds: float
    max_value: int
    max_console: int
    source: bytes
    calls: list[bytes]


def read_request() -> Request:
    *limits, source_length, count, length = HEADER.unpack(read_exactly(HEADER.size))
    content = read_exactly(4 * count + source_length + length)
    start = 4 * count
    parts = []
    for part in (source_length, *struct.unpack(f">{count}I", content[:start])):
        parts.append(content[start : start + part])
        start += part
    mode, seconds, max_value, max_console = limits
    return Request(mode, seconds, max_value, max_console, parts[0], parts[1:])


def frame(kind: str, content: bytes) -> bytes:
    return FRAME.pack(len(content), TAGS[kind]) + content


class Output:
    """Frames of several calls are written together: the parent wakes up once for all of them."""

    MAX_SECONDS, MAX_BYTES = 0.02, 1 << 15

    def __init__(self) -> None:
        self._pending = b""
        self._written = time.monotonic()

    def add(self, frames: bytes) -> None:
        self._pending += frames
        if time.monotonic() - self._written > self.MAX_SECONDS or len(self._pending) > self.MAX_BYTES:
            self.flush()

    def flush(self) -> None:
        while self._pending:
            self._pending = self._pending[os.write(1, self._pending) :]
        self._written = time.monotonic()

    def write_console(self, line: Any) -> None:
        # A script can tamper with how the engine passes values on: then the line is no text.
        if isinstance(line, str):
            self._pending += frame("console", line.encode("utf-8", "replace"))
            self.flush()


def limit_time(seconds: float) -> None:
    # Processor time, not wall time: a busy machine must not reject results.
    signal.setitimer(signal.ITIMER_PROF, seconds)


class Contexts:
    """Contexts that no call has changed: fresh ones, of which one is made ahead with what the last call needed, and
    those that pure functions have used, for further calls of the same functions; least recently used first out.
    """

    MAX_KEPT, MAX_CALLS, MAX_BYTES, MAX_GROWTH = 8, 100, 1 << 20, 32 << 20

    def __init__(self, engine: Any, console: Any) -> None:
        self._engine, self._console = engine, console
        self._fresh = engine.context(engine.everything, console)
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._used: tuple[Hashable, Any] = (None, None)
        self._heap_end = engine.heap_end()

    def get(self, needs: Any, function: Hashable = None) -> Any:
        """A context with what is needed, for one call of this function; what was got before is dropped."""
        self.drop()
        context = self._kept.pop(function, None) if needs.kept else None
        if context is None:
            if self._fresh is None or self._fresh.needs != needs:
                self._make(needs)
            context, self._fresh = self._fresh, None
        self._used = (function, context)
        return context

    def drop(self) -> None:
        _, context = self._used
        if context is not None:
            context.close()
            self._used = (None, None)

    def renew(self, is_last: bool = True) -> None:
        """Prepares the next call. What was used last is kept, if its function is pure.

        Before a call that may be of another function (`is_last`), it is looked at what memory that finds.
        """
        function, context = self._used
        if context is None:
            return
        needs = context.needs
        # Garbage that is not collected yet counts.
        is_small = not is_last or context.used_bytes <= self.MAX_BYTES
        if needs.kept and context.calls < self.MAX_CALLS and is_small:
            self._kept[function], self._used = context, (None, None)
            self._drop_kept(self.MAX_KEPT)
        self.drop()
        # A gap in front of a few kept bytes is memory that other calls can't have.
        if is_last and self._engine.heap_end() - self._heap_end > self.MAX_GROWTH:
            self._drop_kept(0)
            self._heap_end = self._engine.heap_end()
        if self._fresh is None:
            self._make(needs)

    def _drop_kept(self, but: int) -> None:
        while len(self._kept) > but:
            self._kept.popitem(last=False)[1].close()

    def _make(self, needs: Any) -> None:
        if self._fresh is not None:
            self._fresh.close()
        self._fresh = self._engine.context(needs, self._console)


def respond(engine: Any, contexts: Contexts, request: Request, arguments: bytes) -> tuple[str, bytes]:
    limit_time(request.seconds)
    try:
        if request.mode == b"check":
            return contexts.get(engine.everything).check(request.source)  # type: ignore[no-any-return]
        function = engine.function(request.source)
        is_verdict = request.mode == b"judge"
        needs = function.verdict_needs if is_verdict else function.needs
        limits = b'{"maxValue":%d,"maxConsole":%d,' % (request.max_value, request.max_console)

        def respond_in(needs: Any) -> tuple[str, bytes]:
            context = contexts.get(needs, (function.code, is_verdict))
            return call(context, request, function.code, limits + arguments, is_verdict)

        response = respond_in(needs)
        if response[0] == "error" and needs.kept:
            response = respond_in(needs._replace(kept=False))
        if response[0] == "again":
            response = respond_in(engine.everything)
        return response
    except engine.Thrown as ex:
        return ex.response  # type: ignore[no-any-return]
    finally:
        limit_time(0)


def call(context: Any, request: Request, code: bytes, arguments: bytes, is_verdict: bool) -> tuple[str, bytes]:
    # Again: whether the source is compiled already, and a context made, must not decide about a call.
    limit_time(request.seconds)
    return context.call(code, arguments, is_verdict)  # type: ignore[no-any-return]


def main() -> None:
    packages, memory = sys.argv[1], int(sys.argv[2])
    find_dukpy(packages)
    # In this order: the engine imports the others, which are no modules of a package here.
    *_, engines, confinement = map(load, ("needs", "quickjs", "tokens", "purity", "engine", "confinement"))
    engine = engines.make_engine(memory // CACHE_PART)
    # In this order: each step needs what the next one forbids.
    confinement.leave_files()
    confinement.limit_resources(memory_bytes=memory, open_files=3)
    confinement.forbid_system_calls(threads=False)
    output = Output()
    contexts = Contexts(engine, output.write_console)
    # What is there now stays: the collector need not look at it again and again.
    gc.freeze()
    output.add(frame("ready", b""))
    output.flush()
    while True:
        request = read_request()
        for left, arguments in zip(reversed(range(len(request.calls))), request.calls, strict=True):
            started = time.process_time()
            kind, content = respond(engine, contexts, request, arguments)
            output.add(frame(kind, SECONDS.pack(time.process_time() - started) + content))
            # The last response before the memory is freed and the next context made: no caller waits for that.
            if left == 0:
                output.flush()
            contexts.renew(is_last=left == 0)


if __name__ == "__main__":
    main()
