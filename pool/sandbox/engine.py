"""QuickJS as a sandbox process uses it: each call runs in a runtime of its own, made for it and freed after it.

dukpy makes the contexts, sets their limits and lends its bridge to Python. Its `evaljs` compiles all source text again
in every context, which takes several times as long as a call. So `BytecodeEngine` compiles a source once, by the C
interface of the QuickJS inside dukpy, and each context reads the bytecode, which no code of jobs can change.
`TextEngine` does without, for a dukpy whose QuickJS is of another version.

Like all of the process's side this imports nothing of the pool, and it may import dukpy only before the confinement.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import resource
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

BOOT, CHECK, SERIALISER, LANGUAGE, WEB_FUNCTIONS = (
    Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8").rstrip()
    for name in ("boot", "check", "serialiser", "language", "web-functions")
)
# The web functions as a text: a context parses them when a script uses one.
PREPARE = f"(send) => ({BOOT})(send, {LANGUAGE}, {json.dumps(WEB_FUNCTIONS)})"
PENDING = {"kind": "pending", "message": "returned a Promise that is never settled", "stack": ""}
OUT_OF_MEMORY = {"kind": "throw", "message": "out of memory", "stack": ""}
MAX_TEXT = 2000
# About as many nested calls as in V8: QuickJS takes 1 MiB by itself, which are 640 calls. The reserve is for what the
# interpreter runs below and above a script.
STACK_BYTES, STACK_RESERVE = 16 << 20, 2 << 20
# The C interface is that of these versions; the layout of a value, that of 64-bit machines.
VERSIONS = (b"0.11.",)
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


class TextEngine:
    """Compiles the source text in each context."""

    def __init__(self, _cache_bytes: int) -> None:
        self._make = make_interpreter_class()

    def context(self, console: Console) -> TextContext:
        return TextContext(self._make(), console)


class TextContext:
    CALL = f"""(() => {{
      const {{source, request}} = dukpy, evaluate = eval;
      return ({PREPARE})(call_python)(evaluate('() => (\\n' + source + '\\n)'), request);
    }})()"""
    JUDGE = CALL.replace("request);", f"request, ({SERIALISER}));")
    CHECK = f"""(() => {{
      const {{source}} = dukpy;
      ({PREPARE})(call_python);
      return ({CHECK})(source);
    }})()"""

    def __init__(self, interpreter: Any, console: Console) -> None:
        self._interpreter = interpreter
        interpreter.export_function("console", console)

    def compile(self, source: bytes) -> bytes:
        return source

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


class Value(ctypes.Structure):
    """JSValue of 64-bit machines."""

    _fields_ = (("payload", ctypes.c_uint64), ("tag", ctypes.c_int64))


UNDEFINED, EXCEPTION = 3, 6
Pointer, Size = ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)
# Result and arguments of each C function, from quickjs.h; the first takes the capsule of dukpy's context.
SIGNATURES: dict[str, tuple[Any, ...]] = {
    "get_context_from_capsule": (ctypes.POINTER(Pointer * 2), ctypes.py_object),
    "JS_SetContextOpaque": (None, Pointer, ctypes.py_object),
    "JS_UpdateStackTop": (None, Pointer),
    "JS_SetMaxStackSize": (None, Pointer, ctypes.c_size_t),
    "JS_SetHostPromiseRejectionTracker": (None, Pointer, Pointer, Pointer),
    "JS_NewCFunction2": (Value, Pointer, Pointer, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int),
    "JS_NewStringLen": (Value, Pointer, ctypes.c_char_p, ctypes.c_size_t),
    "JS_Eval": (Value, Pointer, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_int),
    "JS_EvalFunction": (Value, Pointer, Value),
    "JS_WriteObject": (Pointer, Pointer, Size, Value, ctypes.c_int),
    "JS_ReadObject": (Value, Pointer, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int),
    "JS_Call": (Value, Pointer, Value, Value, ctypes.c_int, ctypes.POINTER(Value)),
    "JS_IsJobPending": (ctypes.c_bool, Pointer),
    "JS_ExecutePendingJob": (ctypes.c_int, Pointer, ctypes.POINTER(Pointer)),
    "JS_GetException": (Value, Pointer),
    "JS_GetPropertyStr": (Value, Pointer, Value, ctypes.c_char_p),
    "JS_ToCStringLen2": (Pointer, Pointer, Size, Value, ctypes.c_bool),
    "JS_FreeCString": (None, Pointer, Pointer),
    "JS_FreeValue": (None, Pointer, Value),
    "js_free": (None, Pointer, Pointer),
}
COMPILE_ONLY, BYTECODE = 1 << 5, 1 << 0


class Library:
    """The functions of SIGNATURES. Raises AttributeError, or ImportError for a QuickJS that isn't known."""

    def __init__(self) -> None:
        # PyDLL: the code of jobs calls back into Python, for which the interpreter's lock is needed.
        library = ctypes.PyDLL(importlib.import_module("dukpy._dukpy").__file__)
        library.JS_GetVersion.restype = ctypes.c_char_p
        if ctypes.sizeof(Pointer) != 8 or not library.JS_GetVersion().startswith(VERSIONS):
            raise ImportError("the C interface of this QuickJS is not known")
        for name, (result, *arguments) in SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name.removeprefix("JS_"), function)
        self.bridge = ctypes.cast(library.call_py_function, Pointer)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class BytecodeEngine:
    """Compiles each source once. The bytecode of at most `cache_bytes`, least recently used first out, is kept."""

    def __init__(self, cache_bytes: int) -> None:
        self._make, self._library = make_interpreter_class(), Library()
        self.stack_bytes = enlarge_stack()
        self._cache_bytes, self._cached = cache_bytes, 0
        self._codes: OrderedDict[bytes, bytes] = OrderedDict()
        compiler = BytecodeContext(self, self._make(), self._library)
        scripts = (PREPARE, CHECK, SERIALISER)
        self._boot, self.check, self.serialiser = (compiler.compiled(script.encode(), b"<boot>") for script in scripts)
        compiler.close()

    def context(self, console: Console) -> BytecodeContext:
        interpreter = self._make()
        interpreter.export_function("console", console)
        context = BytecodeContext(self, interpreter, self._library)
        context.prepare(self._boot)
        return context

    def known(self, source: bytes) -> bytes | None:
        code = self._codes.get(source)
        if code is not None:
            self._codes.move_to_end(source)
        return code

    def keep(self, source: bytes, code: bytes) -> None:
        self._codes[source] = code
        self._cached += len(source) + len(code)
        while self._cached > self._cache_bytes:
            oldest, dropped = self._codes.popitem(last=False)
            self._cached -= len(oldest) + len(dropped)


def enlarge_stack() -> int:
    """The bytes of the stack of scripts. The kernel lets the main thread's stack grow up to the limit set here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = STACK_BYTES + STACK_RESERVE
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_STACK, (limit, hard))
    return limit - STACK_RESERVE


class Thrown(Exception):
    """An exception of JavaScript, as a response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response


class BytecodeContext:
    def __init__(self, engine: BytecodeEngine, interpreter: Any, library: Library) -> None:
        self._engine, self._interpreter, self._library = engine, interpreter, library
        self._runtime, self._context = library.get_context_from_capsule(interpreter._ctx).contents
        # dukpy's own list of rejected promises is for `evaljs`.
        library.SetHostPromiseRejectionTracker(self._runtime, None, None)
        library.SetMaxStackSize(self._runtime, engine.stack_bytes)
        # For dukpy's bridge, which finds the interpreter there.
        library.SetContextOpaque(self._context, interpreter)
        self._held: list[Value] = []

    def prepare(self, boot: bytes) -> None:
        send = self._hold(self._library.NewCFunction2(self._context, self._library.bridge, b"send", 1, 0, 0))
        self._main = self._apply(self._evaluate(boot), send)

    def compile(self, source: bytes) -> bytes:
        """The bytecode of a function that evaluates the source. Raises Thrown."""
        code = self._engine.known(source)
        if code is None:
            # The line break keeps the columns; the parent subtracts the line.
            code = self.compiled(b"() => (\n" + source + b"\n)", b"<input>")
            self._engine.keep(source, code)
        return code

    def compiled(self, script: bytes, name: bytes) -> bytes:
        library, context, size = self._library, self._context, ctypes.c_size_t()
        function = self._checked(library.Eval(context, script, len(script), name, COMPILE_ONLY))
        written = library.WriteObject(context, ctypes.byref(size), function, BYTECODE)
        library.FreeValue(context, function)
        if not written:
            raise self._thrown()
        code = ctypes.string_at(written, size.value)
        library.js_free(context, written)
        return code

    def call(self, code: bytes, request: bytes, is_verdict: bool = False) -> Response:
        scripts = [self._engine.serialiser] if is_verdict else []
        return self._run(
            lambda: self._apply(
                self._main, self._evaluate(code), self._text(request), *[self._evaluate(script) for script in scripts]
            )
        )

    def check(self, source: bytes) -> Response:
        return self._run(lambda: self._apply(self._evaluate(self._engine.check), self._text(source)))

    def _run(self, run: Callable[[], Value]) -> Response:
        self._library.UpdateStackTop(self._runtime)
        try:
            response = run()
            self._run_jobs()
            for kind in ("value", "error"):
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
        value = self._library.Call(self._context, function, Value(0, UNDEFINED), len(arguments), array)
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

    def close(self) -> None:
        for value in self._held:
            self._library.FreeValue(self._context, value)
        self._held.clear()
        self._interpreter._funcs.clear()
        del self._interpreter


def make_engine(cache_bytes: int) -> BytecodeEngine | TextEngine:
    try:
        return BytecodeEngine(cache_bytes)
    except (AttributeError, ImportError):
        return TextEngine(cache_bytes)
