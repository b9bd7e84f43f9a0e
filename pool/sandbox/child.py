"""The child's side of the sandbox: reads requests from standard input, and evaluates each in a fresh context.

Started as ``python -I -S child.py <directory of dukpy> <memory in bytes>`` with an empty environment. It imports
nothing of the pool. A kernel timer limits the processor time of each call; its signal has no handler, so that no script
can keep it from ending the process.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import struct
import sys
from pathlib import Path
from typing import Any

BOOT, SERIALISER = (Path(__file__).with_name(name).read_text("utf-8") for name in ("boot.js", "serialiser.js"))
CONFINEMENT = Path(__file__).with_name("confinement.py")


def load_confinement() -> Any:
    """By its file, since nothing of the pool is on the path."""
    spec = importlib.util.spec_from_file_location("confinement", CONFINEMENT)
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_interpreter_class() -> Any:
    evaljs: Any = importlib.import_module("dukpy.evaljs")
    evaljs.JSModuleLoader = NoModules

    class Interpreter(evaljs.JSInterpreter):  # type: ignore[misc]
        """A context with the language alone: no process, no console of the host's, no require, no modules."""

        def _init_process(self) -> None: ...

        def _init_console(self) -> None: ...

        def _init_require(self) -> None: ...

    return Interpreter


class NoModules:
    def __getattr__(self, name: str) -> Any:
        raise ImportError("modules are not available in the sandbox")


class Call:
    """One call: the first message of the script becomes the response; without one, its Promise is pending."""

    PENDING = "returned a Promise that is never settled"
    TAMPERED = "changed the language so that its result cannot be read"

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self._response: dict[str, Any] | None = None
        interpreter.export_function("console", self._on_console)
        interpreter.export_function("value", self._on_value)
        interpreter.export_function("error", self._on_error)
        interpreter.export_function("syntax", self._on_syntax_error)

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            if "lossy" in request:
                request["serialiser"] = SERIALISER
            self._interpreter.evaljs(BOOT, **request)
        except Exception as ex:  # Any error of the engine counts as the script's.
            message = str(ex).split("\n")[0]
            self._on_error("throw", self.TAMPERED if "Python" in message else message, str(ex))
        finally:
            # Breaks the cycle of interpreter and exported methods: a context that waits for the garbage collector
            # would take the memory of the next call.
            self._interpreter._funcs.clear()
        if self._response is None:
            self._on_error("pending", self.PENDING, "")
        assert self._response is not None  # noqa: S101
        return self._response

    def _on_console(self, line: str) -> None:
        if isinstance(line, str):
            write_message({"console": line})

    def _on_value(self, value: str) -> None:
        self._respond({"value": value}, value)

    def _on_error(self, kind: str, message: str, stack: str) -> None:
        self._respond({"error": {"kind": kind, "message": message, "stack": stack}}, kind, message, stack)

    def _on_syntax_error(self, message: str, line: int, column: int) -> None:
        error = {"kind": "syntax", "message": message, "line": int(line), "column": int(column)}
        self._respond({"error": error}, message)

    def _respond(self, response: dict[str, Any], *texts: Any) -> None:
        """Keeps the first response. A script can tamper with how the engine writes values: then they are no text."""
        if self._response is not None:
            return
        if all(isinstance(text, str) for text in texts):
            self._response = response
        else:
            self._on_error("throw", self.TAMPERED, "")


def read_exactly(count: int) -> bytes:
    content = b""
    while len(content) < count:
        chunk = os.read(0, count - len(content))
        if not chunk:
            sys.exit(0)
        content += chunk
    return content


def write_message(message: dict[str, Any]) -> None:
    encoded = json.dumps(message).encode()
    content = struct.pack(">I", len(encoded)) + encoded
    while content:
        content = content[os.write(1, content) :]


def main() -> None:
    packages, memory = sys.argv[1], int(sys.argv[2])
    sys.path.append(packages)
    make_interpreter = make_interpreter_class()
    confinement = load_confinement()
    # In this order: each step needs what the next one forbids.
    confinement.leave_files()
    confinement.limit_resources(memory_bytes=memory, open_files=3)
    confinement.forbid_system_calls(threads=False)
    while True:
        call = Call(make_interpreter())  # Made before the request comes, so that the caller does not wait for it.
        (length,) = struct.unpack(">I", read_exactly(4))
        request = json.loads(read_exactly(length))
        # Processor time, not wall time: a busy machine must not reject results.
        signal.setitimer(signal.ITIMER_PROF, request.pop("seconds"))
        response = call.run(request)
        signal.setitimer(signal.ITIMER_PROF, 0)
        del call
        write_message(response)


if __name__ == "__main__":
    main()
