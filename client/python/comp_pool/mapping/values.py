"""The value of a line: a JSON object, a number or a text."""

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
# Longer numbers are texts: their digits are counted in decimals.
MAX_NUMBER = 40
MAX_SAFE = 2**53


class InvalidLine(ValueError):
    """A line has no value in the form that was asked for."""


def read_auto(line: str) -> Any:
    """Return a JSON object or list, or a number that a double keeps as it is written; else the line itself."""
    text = line.strip()
    if text[:1] in ("{", "["):
        try:
            return read_json(text)
        except InvalidLine:
            return line
    number = read_number(text)
    return line if number is None else number


def read_number(text: str) -> int | float | None:
    """Return the number that a text is; None for `007`, twenty digits, `1e999` and anything that is none."""
    if len(text) > MAX_NUMBER or not NUMBER.fullmatch(text) or text == "-0":
        return None
    if text.lstrip("-").isdigit():
        return int(text) if abs(int(text)) <= MAX_SAFE else None
    number = float(text)
    # Compared as decimals: 0.1 is kept, 0.1000000000000000055 is not.
    return number if math.isfinite(number) and Decimal(repr(number)) == Decimal(text) else None


def read_json(line: str) -> Any:
    """Return the JSON value of a line; raise InvalidLine."""
    try:
        return json.loads(line, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as ex:
        raise InvalidLine("not JSON: nested too deep") from ex
    except ValueError as ex:
        raise InvalidLine(f"not JSON: {ex}") from ex


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large for a number")
    return number


def read_text(line: str) -> Any:
    """Return the line itself."""
    return line


FORMS: dict[str, Callable[[str], Any]] = {"auto": read_auto, "json": read_json, "text": read_text}
