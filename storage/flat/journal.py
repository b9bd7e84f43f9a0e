"""The journals: what happened to a job, one line an event, in order. Derived from documents, and their index.

A cursor is the offset of a line. Lines are appended whole; one cut short by the death of its process is passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from storage.errors import InvalidCursor

CHUNK = 1 << 18


def read(path: str, offset: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Yields each whole line from `offset` on, with the offset behind it. A missing journal is an empty one."""
    try:
        stream = open(path, "rb", buffering=CHUNK)  # noqa: SIM115
    except FileNotFoundError:
        return
    with stream:
        stream.seek(offset)
        for line in stream:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            record = _parsed(line)
            if record is not None:
                yield record, offset


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def failed_by(line: dict[str, Any]) -> int:
    """By how much an event changes the number of failed variables."""
    event = line.get("event")
    return (event == "failed") - (event == "released" or line.get("was") == "failed")


def offset_of(cursor: str | None, path: str) -> int:
    """The offset that a cursor stands for. Raises InvalidCursor where no line begins there."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
        raise InvalidCursor(cursor)
    if not _begins_line(path, int(cursor)):
        raise InvalidCursor(cursor)
    return int(cursor)


def _begins_line(path: str, offset: int) -> bool:
    if offset == 0:
        return True
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return os.pread(descriptor, 1, offset - 1) == b"\n"
    finally:
        os.close(descriptor)


def size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
