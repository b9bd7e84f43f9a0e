"""Reasons that the operator gives for what it forbids: whoever is concerned reads them."""

from __future__ import annotations

from pool.errors import Invalid

MAX_LENGTH = 500


def checked(reason: object) -> str:
    """A reason as it is stored. Raises Invalid."""
    if not isinstance(reason, str) or not 0 < len(reason.strip()) <= MAX_LENGTH:
        raise Invalid("reason", f"must have 1 to {MAX_LENGTH} characters: whoever is concerned reads it")
    try:
        reason.encode()
    except UnicodeEncodeError as ex:  # An argument of the command line whose bytes are of another encoding.
        raise Invalid("reason", "must be UTF-8") from ex
    return reason.strip()
