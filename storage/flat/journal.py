"""Reading the journals of a job: one line per event, in order. They are derived from documents, and index them.

A cursor is the offset of a line. Lines are appended whole; a line cut short by a kill is skipped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from storage.base import Document, Page
from storage.errors import InvalidCursor

CHUNK = 1 << 18
# Of most lines at most.
LINE_BYTES = 400


def read(path: str, offset: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Yields each whole line from `offset` on, with the offset after it. A missing journal is an empty one."""
    for line, end in lines(path, offset):
        record = parsed(line)
        if record is not None:
            yield record, end


def lines(path: str, offset: int) -> Iterator[tuple[bytes, int]]:
    """The same, as bytes, with those that are no records."""
    try:
        stream = open(path, "rb", buffering=CHUNK)  # noqa: SIM115
    except FileNotFoundError:
        return
    with stream:
        stream.seek(offset)
        for line in stream:
            # Being written: the next call finds it whole.
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            yield line, offset


def parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def page(path: str, cursor: str | None, limit: int, max_lines: int, event: str | None = None) -> Page:
    """Up to `limit` lines, those of one `event` or all, after reading at most `max_lines`. Raises InvalidCursor."""
    items: list[Document] = []
    for number, (record, end) in enumerate(read(path, offset_of(cursor, path)), start=1):
        if event is None or record.get("event") == event:
            items.append({**record, "cursor": str(end)})
        if len(items) >= limit or number >= max_lines:
            return Page(items, str(end) if end < size(path) else None)
    return Page(items, None)


def cursor_of_last(path: str, count: int, max_bytes: int, event: str) -> str | None:
    """The cursor before the last `count` lines of an event, among the last `max_bytes`; None before the first line."""
    length = size(path)
    # Mostly a part of that suffices.
    for span in (min(count * LINE_BYTES, max_bytes), max_bytes):
        begins = _begins_of(path, max(0, length - span), event)
        if len(begins) > count or span >= length:
            break
    first = begins[-count] if len(begins) > count else begins[0]
    return str(first) if first else None


def _begins_of(path: str, offset: int, event: str) -> list[int]:
    """Where lines of an event begin, behind the line in the middle of which the offset is; first, where it looked."""
    if offset > 0:
        offset = next((end for _, end in lines(path, offset)), offset)
    begins = [offset]
    for record, end in read(path, offset):
        if record.get("event") == event:
            begins.append(offset)
        offset = end
    return begins


def offset_of(cursor: str | None, path: str) -> int:
    """The offset that a client's cursor means. Raises InvalidCursor."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
        raise InvalidCursor(cursor)
    # A cursor comes from a client: one in the middle of a line would skip an event.
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
    except (FileNotFoundError, NotADirectoryError):
        return 0
