"""Strict JSON: values that every engine parses alike and UTF-8 can encode.

Numbers are doubles, as in JavaScript: an integer that would be rounded is refused.

Used wherever values enter the pool: request bodies (`resources.body`), return values of scripts (`pool.sandbox`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

MAX_DEPTH = 100
MAX_PATH, MAX_DIGITS = 200, 40
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)


class InvalidJSON(ValueError):
    """The message names the error and its position."""


class RoundedInteger(InvalidJSON):
    """An integer which a double does not hold. `path` leads to it from the value: ``.rows[3].id``, or nothing."""

    def __init__(self, path: str, number: int) -> None:
        self.path = path
        self.reason = f"{str(number)[:MAX_DIGITS]} is beyond 2^53, where JSON's numbers are rounded: use a string"
        super().__init__(f"{path}: {self.reason}")


def parse(content: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """Raises InvalidJSON for anything but UTF-8 JSON with finite numbers, nested at most `max_depth` levels.

    Raises RoundedInteger, which is valid JSON, for an integer that JavaScript would parse and write as another one.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as ex:
        raise InvalidJSON(f"not UTF-8 (at byte {ex.start})") from ex
    # Before parsing, which recurses.
    _check_depth(content, max_depth)
    try:
        value = _value_of(text)
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


class _Rounded(Exception):
    """An integer is rounded somewhere in the text."""


def _value_of(text: str) -> Any:
    try:
        return _decode(text)
    except _Rounded:
        # Nearly no text has such an integer: only then its place is searched.
        return _decode_and_refuse(text)


def _decode_and_refuse(text: str) -> Any:
    """Raises RoundedInteger for the first integer that is rounded; returns the value if a repeated name replaced it."""
    rounded: set[int] = set()
    value = _decoder(_integer_parser(rounded.add))(text)
    _refuse_integers(value, rounded)
    return value


def _decoder(parse_integer: Callable[[str], int]) -> Callable[[str], Any]:
    return json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_float, parse_int=parse_integer).decode


def _integer_parser(on_rounded: Callable[[int], None]) -> Callable[[str], int]:
    def integer(digits: str) -> int:
        # Shorter ones fit a double in any case. A longer one is measured first: `int` refuses thousands of digits.
        if len(digits) > 15 and not _is_as_written(digits, _float(digits)):
            on_rounded(int(digits))
        return int(digits)

    return integer


def _raise_rounded(_number: int) -> None:
    raise _Rounded


# Made once: `json.loads` with options makes a decoder at each call.
_decode = _decoder(_integer_parser(_raise_rounded))


def _is_as_written(digits: str, number: float) -> bool:
    """Whether an engine that writes this double writes the same integer.

    `JSON.stringify` writes doubles up to 10^21 without an exponent: 1.5e18 is a good result, though beyond 2^53.
    """
    # `repr` finds the shortest digits that are read as this double, like ECMAScript's Number::toString.
    return Decimal(repr(number)) == int(digits)


def _refuse_integers(value: Any, refused: set[int], path: str = "") -> None:
    """Raises RoundedInteger for the first of them in the value; there is none if a repeated name replaced it."""
    if isinstance(value, int) and value in refused:
        raise RoundedInteger(path if len(path) <= MAX_PATH else "…" + path[-MAX_PATH:], value)
    for segment, item in _items(value):
        _refuse_integers(item, refused, path + segment)


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    """The values in an object or array, each with its segment of a path."""
    if isinstance(value, dict):
        return ((_segment(name), item) for name, item in value.items())
    if isinstance(value, list):
        return ((f"[{index}]", item) for index, item in enumerate(value))
    return ()


def _segment(name: str) -> str:
    return f".{name}" if _IDENTIFIER.fullmatch(name) else f"[{json.dumps(name, ensure_ascii=False)}]"


def _check_text(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as ex:
        raise InvalidJSON("text with an unpaired surrogate, which UTF-8 cannot encode") from ex
