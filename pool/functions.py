"""Compiling what is posted, before anything is stored."""

from __future__ import annotations

from pool.errors import Invalid
from pool.sandbox import Sandbox, ScriptError


def require_function(sandbox: Sandbox, field: str, source: str, poster: str = "") -> None:
    """Raises Invalid where the source is no function expression, SandboxBusy.

    Of all that may be checked at once, one `poster` has its share.
    """
    try:
        sandbox.check(source, poster)
    except ScriptError as ex:
        where = f" (line {ex.line}, column {ex.column})" if ex.line is not None else ""
        raise Invalid(field, f"{ex.message}{where}") from ex
