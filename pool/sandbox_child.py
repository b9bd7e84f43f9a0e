"""The child's side of the sandbox: a loop over requests on standard input, one fresh context for each.

Started as ``python -I -S sandbox_child.py <directory of dukpy> <file of the confinement module> <memory in bytes>``
with an empty environment. It imports nothing of the pool. The processor time of each call is limited by a timer of
the kernel's, whose signal is not handled: no script can keep it from ending the process.
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

BOOT = Path(__file__).with_name("sandbox.js").read_text(encoding="utf-8")


def load_confinement(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("confinement", path)
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
        raise ImportError("modules are not to be had here")


class Call:
    """One call: what the script sends becomes the reply; a script that sends nothing is still waiting."""

    PENDING = "returned a Promise that is never settled"
    MUTILATED = "changed the language so that its result cannot be read"

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self._reply: dict[str, Any] | None = None
        interpreter.export_function("console", self._console)
        interpreter.export_function("answer", self._answer)
        interpreter.export_function("fail", self._fail)
        interpreter.export_function("syntax", self._syntax)

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._interpreter.evaljs(BOOT, **request)
        except Exception as ex:  # Whatever the engine reports is the script's doing.
            message = str(ex).split("\n")[0]
            self._fail("throw", self.MUTILATED if "Python" in message else message, str(ex))
        finally:
            # The interpreter holds these methods, and they hold it: a context that is not let go at once would take
            # the memory of the next call's.
            self._interpreter._funcs.clear()
        if self._reply is None:
            self._fail("pending", self.PENDING, "")
        assert self._reply is not None  # noqa: S101
        return self._reply

    def _console(self, line: str) -> None:
        if isinstance(line, str):
            write_message({"console": line})

    def _answer(self, value: str) -> None:
        self._settle({"value": value}, value)

    def _fail(self, kind: str, message: str, stack: str) -> None:
        self._settle({"error": {"kind": kind, "message": message, "stack": stack}}, kind, message, stack)

    def _syntax(self, message: str, line: int, column: int) -> None:
        error = {"kind": "syntax", "message": message, "line": int(line), "column": int(column)}
        self._settle({"error": error}, message)

    def _settle(self, reply: dict[str, Any], *texts: Any) -> None:
        """The first answer counts. A script can change how the engine writes what it sends: then it is no text."""
        if self._reply is not None:
            return
        if all(isinstance(text, str) for text in texts):
            self._reply = reply
        else:
            self._fail("throw", self.MUTILATED, "")


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
    packages, confinement_file, memory = sys.argv[1], sys.argv[2], int(sys.argv[3])
    sys.path.append(packages)
    make_interpreter = make_interpreter_class()
    confinement = load_confinement(confinement_file)
    confinement.leave_files()
    confinement.limit_resources(memory_bytes=memory, open_files=3)
    confinement.forbid_system_calls(threads=False)
    while True:
        call = Call(make_interpreter())  # Made before it is asked for, so that the caller does not wait for it.
        (length,) = struct.unpack(">I", read_exactly(4))
        request = json.loads(read_exactly(length))
        signal.setitimer(signal.ITIMER_PROF, request.pop("seconds"))
        reply = call.run(request)
        signal.setitimer(signal.ITIMER_PROF, 0)
        del call
        write_message(reply)


if __name__ == "__main__":
    main()
