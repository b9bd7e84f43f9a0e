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
