"""The child's side of the sandbox: reads requests from standard input, and evaluates each in a fresh context.

Started as ``python -I -S child.py <directory of dukpy> <memory in bytes>`` with an empty environment. It imports
nothing of the pool. A kernel timer limits the processor time of each call; its signal has no handler, so that no script
can keep it from ending the process.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import json
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import Any

BOOT, SERIALISER, LANGUAGE, WEB_FUNCTIONS = (
    Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8")
    for name in ("boot", "serialiser", "language", "web-functions")
)
# The web functions as a text: a context parses them when a script uses one.
PROGRAM = f"({BOOT.rstrip()})({LANGUAGE.rstrip()}, {json.dumps(WEB_FUNCTIONS)});"
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


class Stack:
    """The stack of scripts: about as many nested calls as in V8. QuickJS takes 1 MiB by itself, which are 640 calls.

    By ctypes, since dukpy has no function for it.
    """

    BYTES = 16 << 20
    # For what the interpreter runs below and above a script.
    RESERVE = 2 << 20

    def __init__(self) -> None:
        engine = ctypes.CDLL(importlib.import_module("dukpy._dukpy").__file__)
        pointer = ctypes.c_void_p
        self._pointer_of = ctypes.PYFUNCTYPE(pointer, ctypes.py_object, ctypes.c_char_p)(
            ("PyCapsule_GetPointer", ctypes.pythonapi)
        )
        self._runtime_of = ctypes.CFUNCTYPE(pointer, pointer)(("JS_GetRuntime", engine))
        self._set_size = ctypes.CFUNCTYPE(None, pointer, ctypes.c_size_t)(("JS_SetMaxStackSize", engine))
        self._size = self._enlarge()

    def _enlarge(self) -> int:
        """The kernel lets the main thread's stack grow up to this limit."""
        soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
        wanted = self.BYTES + self.RESERVE
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < limit:
            resource.setrlimit(resource.RLIMIT_STACK, (limit, hard))
        return limit - self.RESERVE

    def apply_to(self, interpreter: Any) -> None:
        address = self._pointer_of(interpreter._ctx, b"DUKPY_CONTEXT_CAPSULE")
        # dukpy's structure begins with the runtime and the context. Another layout is left alone.
        runtime, context = (ctypes.c_void_p * 2).from_address(address)
        if runtime and context and not (runtime | context) % 8 and self._runtime_of(context) == runtime:
            self._set_size(runtime, self._size)


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
            self._interpreter.evaljs(PROGRAM, **request)
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
    stack = Stack()
    confinement = load_confinement()
    # In this order: each step needs what the next one forbids.
    confinement.leave_files()
    confinement.limit_resources(memory_bytes=memory, open_files=3)
    confinement.forbid_system_calls(threads=False)
    while True:
        # Made before the request comes, so that the caller does not wait for it.
        interpreter = make_interpreter()
        stack.apply_to(interpreter)
        call = Call(interpreter)
        del interpreter
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
