"""Strict JSON: values that every engine parses alike and UTF-8 can encode.

Used wherever values enter the pool: request bodies (`resources.body`), return values of scripts (`pool.sandbox`).
"""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 100


class InvalidJSON(ValueError):
    """The message names the error and its position."""


def parse(content: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """Raises InvalidJSON for anything but UTF-8 JSON with finite numbers, nested at most `max_depth` levels."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as ex:
        raise InvalidJSON(f"not UTF-8 (at byte {ex.start})") from ex
    # Before parsing, which recurses.
    _check_depth(content, max_depth)
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_float, parse_int=_integer)
    except json.JSONDecodeError as ex:
        raise InvalidJSON(f"{ex.msg} (line {ex.lineno}, column {ex.colno})") from ex
    # Only an escape can produce an unpaired surrogate: UTF-8 has been decoded.
    if b"\\u" in content:
        _check_text(value)
    return value


def _check_depth(content: bytes, max_depth: int) -> None:
    # Counting is fast; the scan below is needed for few bodies.
    if content.count(b"[") + content.count(b"{") <= max_depth:
        return
    depth, in_text, escaped = 0, False, False
    for byte in content:
        if in_text:
            in_text, escaped = (escaped or byte != 0x22), (byte == 0x5C and not escaped)
        elif byte == 0x22:
            in_text = True
        elif byte in b"[{":
            depth += 1
            if depth > max_depth:
                raise InvalidJSON(f"nested deeper than {max_depth} levels")
        elif byte in b"]}":
            depth -= 1


def _refuse_constant(name: str) -> Any:
    raise InvalidJSON(f"{name} is not a JSON number")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidJSON(f"the number {digits[:20]} is too large")
    return number


def _integer(digits: str) -> int:
    # Shorter ones fit a double in any case.
    if len(digits) > 15:
        _float(digits)
    return int(digits)


def _check_text(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as ex:
        raise InvalidJSON("text with an unpaired surrogate, which UTF-8 cannot encode") from ex
