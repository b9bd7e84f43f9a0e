"""Documents: the JSON objects of a store."""

from __future__ import annotations

import json
from typing import Any

Document = dict[str, Any]
# Made once: `json.dumps` with options makes an encoder at each call.
_encode_canonically = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


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
