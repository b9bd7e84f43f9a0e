"""The C interface of the QuickJS inside dukpy, by ctypes: the functions that the sandbox uses, their types and limits.

Like all of the process's side this imports nothing of the pool.
"""

from __future__ import annotations

import ctypes
import importlib
import resource
from typing import Any

# About as many nested calls as in V8: QuickJS takes 1 MiB by itself, which are 640 calls. The reserve is for what the
# interpreter runs below and above a script.
STACK_BYTES, STACK_RESERVE = 16 << 20, 2 << 20
# Of one runtime: as dukpy has them.
MEMORY_BYTES, COLLECTED_BYTES = 128 << 20, 8 << 20
# The C interface is that of these versions; the layout of a value, that of 64-bit machines.
VERSIONS = (b"0.11.",)


class Value(ctypes.Structure):
    """JSValue of 64-bit machines."""

    _fields_ = (("payload", ctypes.c_uint64), ("tag", ctypes.c_int64))


BOOLEAN, UNDEFINED, EXCEPTION = 1, 3, 6
Pointer, Size = ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)
# JSMemoryUsage: the first number is that of all bytes; it has 26.
MemoryUsage = ctypes.c_int64 * 32
# In the order in which QuickJS adds them; others volunteers don't have. The first is the language's core, with its
# errors, arrays, texts and numbers.
INTRINSICS = (
    "BaseObjects", "Date", "Eval", "RegExp", "JSON", "Proxy", "MapSet", "TypedArrays", "Promise", "BigInt", "WeakRef",
)  # fmt: skip
# Result and arguments of each C function, from quickjs.h.
SIGNATURES: dict[str, tuple[Any, ...]] = {
    "JS_NewRuntime": (Pointer,),
    "JS_FreeRuntime": (None, Pointer),
    "JS_SetMemoryLimit": (None, Pointer, ctypes.c_size_t),
    "JS_SetGCThreshold": (None, Pointer, ctypes.c_size_t),
    "JS_SetMaxStackSize": (None, Pointer, ctypes.c_size_t),
    "JS_UpdateStackTop": (None, Pointer),
    "JS_SetCanBlock": (None, Pointer, ctypes.c_bool),
    "JS_ComputeMemoryUsage": (None, Pointer, ctypes.POINTER(MemoryUsage)),
    "JS_NewContextRaw": (Pointer, Pointer),
    "JS_FreeContext": (None, Pointer),
    **{f"JS_AddIntrinsic{name}": (None, Pointer) for name in INTRINSICS},
    "JS_SetContextOpaque": (None, Pointer, ctypes.py_object),
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
# Flags of JS_Eval and JS_WriteObject. Without the text of its functions bytecode takes a third of the space.
COMPILE_ONLY, BYTECODE, WITHOUT_TEXT = 1 << 5, 1 << 0, 1 << 4


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
        self._intrinsics = {name: getattr(library, f"JS_AddIntrinsic{name}") for name in INTRINSICS}
        self._sbrk = ctypes.CDLL(None).sbrk
        self._sbrk.restype, self._sbrk.argtypes = Pointer, [ctypes.c_ssize_t]
        self.stack_bytes = enlarge_stack()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def runtime(self) -> int:
        """A runtime with its limits. Raises MemoryError."""
        runtime = required(self.NewRuntime())
        self.SetMemoryLimit(runtime, MEMORY_BYTES)
        self.SetGCThreshold(runtime, COLLECTED_BYTES)
        self.SetMaxStackSize(runtime, self.stack_bytes)
        return runtime

    def used_bytes(self, runtime: int) -> int:
        usage = MemoryUsage()
        self.ComputeMemoryUsage(runtime, ctypes.byref(usage))
        return usage[0]

    def heap_end(self) -> int:
        """Where the heap of the process ends, in bytes: it shrinks only if nothing that is in use lies behind."""
        return self._sbrk(0) or 0

    def context(self, runtime: int, intrinsics: tuple[str, ...]) -> int:
        """A context with these parts of the language. Raises MemoryError."""
        context = required(self.NewContextRaw(runtime))
        for name in intrinsics:
            self._intrinsics[name](context)
        return context


def required(pointer: int | None) -> int:
    if pointer is None:
        raise MemoryError
    return pointer


def enlarge_stack() -> int:
    """The bytes of the stack of scripts. The kernel lets the main thread's stack grow up to the limit set here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = STACK_BYTES + STACK_RESERVE
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_STACK, (limit, hard))
    return limit - STACK_RESERVE
