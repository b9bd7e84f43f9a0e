"""Documents: the JSON objects of a store."""

from __future__ import annotations

import json
from collections.abc import Callable
from json import encoder
from typing import Any

Document = dict[str, Any]


def json_encoder(ensure_ascii: bool = False, sort_keys: bool = False) -> Callable[[Any], str]:
    """A function that encodes values without circles as JSON without blanks.

    Made once: `json.dumps` with options makes an encoder at each call, and its `encode` another one, in C, which takes
    as long as to encode a small document.
    """
    usual = json.JSONEncoder(
        ensure_ascii=ensure_ascii, sort_keys=sort_keys, separators=(",", ":"), check_circular=False
    )
    make = getattr(encoder, "c_make_encoder", None)
    if make is None:  # Not of CPython.
        return usual.encode
    escape = encoder.encode_basestring_ascii if ensure_ascii else encoder.encode_basestring
    in_parts = make(None, usual.default, escape, None, ":", ",", sort_keys, False, True)
    return lambda value: "".join(in_parts(value, 0))


_encode_canonically = json_encoder(sort_keys=True)


def canonical(value: Any) -> str:
    """Canonical JSON: equal for equal values. Python's own comparison takes 1 and true for equal."""
    return _encode_canonically(value)


def stored_bytes(value: Any) -> int:
    """The size of a value in a stored document."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def clipped(text: str, limit: int) -> str:
    """The longest beginning of a text that takes at most `limit` bytes in a stored document."""
    text = text[:limit].encode("utf-8", "replace").decode()
    if stored_bytes(text) - 2 <= limit:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if stored_bytes(text[:middle]) - 2 <= limit else (low, middle - 1)
    return text[:low]
