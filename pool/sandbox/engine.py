"""QuickJS as a sandbox process uses it: each call runs in a runtime that is made for it and freed after it, or, if its
function is pure (`purity`), in one that only calls of the same function have used.

dukpy's `evaljs` makes the whole language and compiles all source text again in every context, which takes several times
as long as a call. So `BytecodeEngine` uses the C interface of the QuickJS inside dukpy: it compiles a source once, and
each context has the parts of the language that the source may use, and reads the bytecode, which no code of jobs can
change. `TextEngine` does without, for a dukpy whose QuickJS is of another version.

Like all of the process's side this imports nothing of the pool, and it may import dukpy only before the confinement.
"""

from __future__ import annotations

import ctypes
import importlib
import json
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pool.sandbox.needs import Needs, needs_of, sections_of
from pool.sandbox.purity import is_pure
from pool.sandbox.quickjs import (
    BOOLEAN,
    BYTECODE,
    COMPILE_ONLY,
    EXCEPTION,
    INTRINSICS,
    UNDEFINED,
    WITHOUT_TEXT,
    Library,
    Pointer,
    Value,
)
from pool.sandbox.tokens import Unknown, code_of, tokens_of

BOOT, CHECK, SERIALISER, LANGUAGE, WEB_FUNCTIONS = (
    Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8").rstrip()
    for name in ("boot", "check", "serialiser", "language", "web-functions")
)
# The web functions as a text: a context parses them when a script uses one.
# dukpy's, and those of parts of the language that the other engine leaves out.
OTHER_GLOBALS = ["dukpy", "call_python", "DOMException", "performance"]
PREPARE = f"""(send) => {{
  for (const name of {json.dumps(OTHER_GLOBALS)}) delete globalThis[name];
  return ({BOOT})(send, ({LANGUAGE})(), {json.dumps(WEB_FUNCTIONS)});
}}"""
PENDING = {"kind": "pending", "message": "returned a Promise that is never settled", "stack": ""}
OUT_OF_MEMORY = {"kind": "throw", "message": "out of memory", "stack": ""}
MAX_TEXT = 2000
Console = Callable[[str], None]
Response = tuple[str, bytes]


class NoModules:
    def __getattr__(self, name: str) -> Any:
        raise ImportError("modules are not available in the sandbox")


def make_interpreter_class() -> Any:
    evaljs: Any = importlib.import_module("dukpy.evaljs")
    evaljs.JSModuleLoader = NoModules

    class Interpreter(evaljs.JSInterpreter):  # type: ignore[misc]
        """A context with the language alone: no process, no console of the host's, no require, no modules."""

        def _init_process(self) -> None: ...

        def _init_console(self) -> None: ...

        def _init_require(self) -> None: ...

    return Interpreter


def error_response(error: dict[str, Any]) -> Response:
    return "error", json.dumps(error).encode()


class Thrown(Exception):
    """An exception of JavaScript, as a response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response


class Function(NamedTuple):
    """A source, compiled if the engine does that before a call; what its calls need, and those that are verdicts."""

    code: bytes
    needs: Needs
    verdict_needs: Needs


EVERYTHING = Needs(INTRINSICS, (), console=True, web=True, serialiser=True)
# The response of a call that must be made again, in a context with everything.
AGAIN = ("again", b"")


class TextEngine:
    """Compiles the source text in each context."""

    Thrown, everything = Thrown, EVERYTHING

    def __init__(self, _cache_bytes: int) -> None:
        self._make = make_interpreter_class()

    def function(self, source: bytes) -> Function:
        return Function(source, EVERYTHING, EVERYTHING)

    def heap_end(self) -> int:
        return 0

    def context(self, _needs: Needs, console: Console) -> TextContext:
        return TextContext(self._make(), console)


class TextContext:
    CALL = f"""(() => {{
      const {{source, request}} = dukpy, evaluate = eval;
      return ({PREPARE})(call_python)(evaluate('() => (\\n' + source + '\\n)'), request, false);
    }})()"""
    JUDGE = CALL.replace("request, false);", f"request, true, ({SERIALISER}));")
    CHECK = f"""(() => {{
      const {{source}} = dukpy;
      ({PREPARE})(call_python);
      return ({CHECK})(source);
    }})()"""

    def __init__(self, interpreter: Any, console: Console) -> None:
        self.needs, self._interpreter = EVERYTHING, interpreter
        interpreter.export_function("console", console)

    def call(self, code: bytes, request: bytes, is_verdict: bool = False) -> Response:
        return self._run(self.JUDGE if is_verdict else self.CALL, source=code.decode(), request=request.decode())

    def check(self, source: bytes) -> Response:
        return self._run(self.CHECK, source=source.decode())

    def _run(self, script: str, **variables: str) -> Response:
        try:
            response = self._interpreter.evaljs(script, **variables) or {}
        except Exception as ex:  # Any error of the engine counts as the script's.
            return error_response({"kind": "throw", "message": str(ex).split("\n")[0], "stack": str(ex)})
        if "value" in response:
            return "value", response["value"].encode()
        return ("error", response["error"].encode()) if "error" in response else error_response(PENDING)

    def close(self) -> None:
        # Breaks the cycle of interpreter and exported methods: a context that waits for the garbage collector would
        # take the memory of the next call.
        self._interpreter._funcs.clear()
        del self._interpreter


UNDEFINED_VALUE = Value(0, UNDEFINED)


class BytecodeEngine:
    """Compiles each source once. The bytecode of at most `cache_bytes`, least recently used first out, is kept."""

    Thrown = Thrown

    def __init__(self, cache_bytes: int) -> None:
        self._library = Library()
        self._cache_bytes, self._cached = cache_bytes, 0
        self._functions: OrderedDict[bytes, Function] = OrderedDict()
        self._parts = sections_of(LANGUAGE)
        self.everything = EVERYTHING._replace(sections=tuple(range(len(self._parts))))
        scripts = [BOOT, CHECK, SERIALISER, *(part.script for part in self._parts)]
        self.boot, self.check, self.serialiser, *self.sections = map(self._compiled_part, scripts)

    def _compiled_part(self, script: str) -> bytes:
        return self._compiled(script.encode(), b"<boot>", BYTECODE | WITHOUT_TEXT)

    def _compiled(self, script: bytes, name: bytes, flags: int = BYTECODE) -> bytes:
        context = BytecodeContext(self._library, EVERYTHING)
        try:
            return context.compiled(script, name, flags)
        finally:
            context.close()

    def function(self, source: bytes) -> Function:
        """The compiled source, of which each call evaluates the function. Raises Thrown."""
        function = self._functions.get(source)
        if function is not None:
            self._functions.move_to_end(source)
            return function
        # The line break keeps the columns; the parent subtracts the line.
        code = self._compiled(b"() => (\n" + source + b"\n)", b"<input>")
        needs = self._needs(source.decode("utf-8", "replace"))
        function = self._functions[source] = Function(code, needs._replace(serialiser=False), needs)
        self._keep_within_limit(len(source) + len(code))
        return function

    def _needs(self, source: str) -> Needs:
        try:
            tokens = tokens_of(source)
        except Unknown:
            return needs_of(source, self._parts, self.everything)
        needs = needs_of(code_of(tokens), self._parts, self.everything)
        return needs._replace(kept=needs != self.everything and is_pure(tokens))

    def heap_end(self) -> int:
        return self._library.heap_end()

    def _keep_within_limit(self, added: int) -> None:
        self._cached += added
        while self._cached > self._cache_bytes:
            source, dropped = self._functions.popitem(last=False)
            self._cached -= len(source) + len(dropped.code)

    def context(self, needs: Needs, console: Console) -> BytecodeContext:
        context = BytecodeContext(self._library, needs)
        context.prepare(self, console)
        return context


class Bridge:
    """The object that dukpy's bridge calls."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def _check_exported_function_exists(self, _name: bytes) -> bool:
        return True

    def _call_python(self, _name: bytes, arguments: bytes) -> None:
        self._console(*json.loads(arguments))


def boolean(value: bool) -> Value:
    return Value(int(value), BOOLEAN)


class BytecodeContext:
    """A context in a runtime of its own, which has what is needed. `calls`: how many it has made."""

    def __init__(self, library: Library, needs: Needs) -> None:
        self.needs, self._library, self.calls = needs, library, 0
        # Values that are freed with the context, or, from `_prepared` on, after each call.
        self._held: list[Value] = []
        self._functions: dict[bytes, Value] = {}
        self._runtime = library.runtime()
        self._context = library.context(self._runtime, needs.intrinsics)

    def prepare(self, engine: BytecodeEngine, console: Console) -> None:
        needs, send, language, web = self.needs, UNDEFINED_VALUE, UNDEFINED_VALUE, UNDEFINED_VALUE
        for number in needs.sections:
            # The last is that of random numbers.
            language = self._evaluate(engine.sections[number])
        if needs.console:
            send = self._bridge_to(console)
        if needs.web:
            web = self._text(WEB_FUNCTIONS.encode())
        self._check = engine.check
        self._main = self._apply(self._evaluate(engine.boot), send, language, web, boolean(needs.kept))
        self._serialiser = [self._evaluate(engine.serialiser)] if needs.serialiser else []
        self._prepared = len(self._held)

    def _bridge_to(self, console: Console) -> Value:
        self._bridge = Bridge(console)
        self._library.SetContextOpaque(self._context, self._bridge)
        return self._hold(self._library.NewCFunction2(self._context, self._library.bridge, b"send", 1, 0, 0))

    def compiled(self, script: bytes, name: bytes, flags: int = BYTECODE) -> bytes:
        """The bytecode of a script. Raises Thrown."""
        library, context, size = self._library, self._context, ctypes.c_size_t()
        function = self._checked(library.Eval(context, script, len(script), name, COMPILE_ONLY))
        written = library.WriteObject(context, ctypes.byref(size), function, flags)
        library.FreeValue(context, function)
        if not written:
            raise self._thrown()
        code = ctypes.string_at(written, size.value)
        library.js_free(context, written)
        return code

    def call(self, code: bytes, request: bytes, is_verdict: bool = False) -> Response:
        """The response of a call: AGAIN if its verdict needs a context with everything."""
        self.calls += 1
        try:
            return self._run(
                lambda: self._apply(
                    self._main, self._evaluated(code), self._text(request), boolean(is_verdict), *self._serialiser
                )
            )
        finally:
            self._free_from(self._prepared)

    def _evaluated(self, code: bytes) -> Value:
        """The function that evaluates a job's source. A context that is kept reads its bytecode once."""
        if not self.needs.kept:
            return self._evaluate(code)
        if code not in self._functions:
            self._functions[code] = self._evaluate(code)
            self._prepared = len(self._held)
        return self._functions[code]

    @property
    def used_bytes(self) -> int:
        """The memory of the runtime. A new one has less than 200 kB."""
        return self._library.used_bytes(self._runtime)

    def check(self, source: bytes) -> Response:
        return self._run(lambda: self._apply(self._evaluate(self._check), self._text(source)))

    def _run(self, run: Callable[[], Value]) -> Response:
        self._library.UpdateStackTop(self._runtime)
        try:
            response = run()
            self._run_jobs()
            for kind in ("value", "error", "again"):
                content = self._hold(self._library.GetPropertyStr(self._context, response, kind.encode()))
                if content.tag != UNDEFINED:
                    text = self._as_bytes(content)
                    # Without memory for a copy of it.
                    return error_response(OUT_OF_MEMORY) if text is None else (kind, text)
        except Thrown as ex:
            return ex.response
        return error_response(PENDING)

    def _run_jobs(self) -> None:
        job_context = Pointer()
        while self._library.IsJobPending(self._runtime):
            if self._library.ExecutePendingJob(self._runtime, ctypes.byref(job_context)) < 0:
                raise self._thrown()

    def _evaluate(self, code: bytes) -> Value:
        """The value of a script."""
        function = self._checked(self._library.ReadObject(self._context, code, len(code), BYTECODE))
        return self._hold(self._checked(self._library.EvalFunction(self._context, function)))

    def _apply(self, function: Value, *arguments: Value) -> Value:
        array = (Value * len(arguments))(*arguments)
        value = self._library.Call(self._context, function, UNDEFINED_VALUE, len(arguments), array)
        return self._hold(self._checked(value))

    def _text(self, content: bytes) -> Value:
        return self._hold(self._checked(self._library.NewStringLen(self._context, content, len(content))))

    def _as_bytes(self, value: Value) -> bytes | None:
        """The text of a value; None if it has none, or its `toString` throws."""
        size = ctypes.c_size_t()
        text = self._library.ToCStringLen2(self._context, ctypes.byref(size), value, False)
        if not text:
            self._hold(self._library.GetException(self._context))
            return None
        content = ctypes.string_at(text, size.value)
        self._library.FreeCString(self._context, text)
        return content

    def _checked(self, value: Value) -> Value:
        if value.tag == EXCEPTION:
            raise self._thrown()
        return value

    def _thrown(self) -> Thrown:
        exception = self._hold(self._library.GetException(self._context))
        stack = self._hold(self._library.GetPropertyStr(self._context, exception, b"stack"))
        message = self._as_bytes(exception) or b"an error that cannot be shown"
        texts = {"message": message, "stack": self._as_bytes(stack) or b""}
        shown = {name: text[:MAX_TEXT].decode("utf-8", "replace") for name, text in texts.items()}
        return Thrown(error_response({"kind": "throw", **shown}))

    def _hold(self, value: Value) -> Value:
        """Frees the value with the context."""
        self._held.append(value)
        return value

    def _free_from(self, position: int) -> None:
        for value in self._held[position:]:
            self._library.FreeValue(self._context, value)
        del self._held[position:]

    def close(self) -> None:
        self._free_from(0)
        self._library.FreeContext(self._context)
        self._library.FreeRuntime(self._runtime)


def make_engine(cache_bytes: int) -> BytecodeEngine | TextEngine:
    try:
        return BytecodeEngine(cache_bytes)
    except (AttributeError, ImportError):
        return TextEngine(cache_bytes)
