"""Streams: the two journals of a job, read from a cursor on, with the documents that their lines lead to.

A cursor is an offset and a checksum of what is before it: ``4711-1a2b3c4d``. A repair after a power cut may write lines
in another order; then a cursor from before is invalid, where an offset alone would pass results over.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from contextlib import suppress

from storage.base import Document
from storage.errors import InvalidCursor
from storage.flat import files, journal, queue
from storage.flat.disk_errors import translated_for_job
from storage.flat.paths import JobPaths
from storage.flat.tree import Tree
from storage.stream_store import END, Entries, Signature, StreamStore

LINES_PER_PAGE = 10_000
# More than the id of a result from the end of its line.
CHECKED_BYTES = 160


class _Unfinished(Exception):
    """The stream in the order of input ends here for now."""


EntryOf = Callable[[JobPaths, Document], Document | None]


class FlatStream(StreamStore):
    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @translated_for_job
    def signature(self, job_id: str) -> Signature:
        paths = self._tree.job(job_id)
        return *_identity(paths.variables_journal), *_identity(paths.events_journal)

    @translated_for_job
    def in_order_of_acceptance(
        self, job_id: str, cursor: str | None, limit: int, max_bytes: int, with_errors: bool = False
    ) -> Entries:
        paths = self._tree.existing_job(job_id)
        entry_of = _entry_of_event if with_errors else _result_of_event
        return _Page(paths, paths.events_journal, limit, max_bytes).read(cursor, entry_of)

    @translated_for_job
    def in_order_of_input(
        self, job_id: str, cursor: str | None, limit: int, max_bytes: int, with_errors: bool = False
    ) -> Entries:
        paths = self._tree.existing_job(job_id)
        entry_of = _entry_of_variable if with_errors else _result_of_variable
        return _Page(paths, paths.variables_journal, limit, max_bytes).read(cursor, entry_of)


class _Page:
    def __init__(self, paths: JobPaths, path: str, limit: int, max_bytes: int) -> None:
        self._paths, self._path, self._limit, self._max_bytes = paths, path, limit, max_bytes
        self._items: list[Document] = []

    def read(self, cursor: str | None, entry_of: EntryOf) -> Entries:
        offset, before = _position(cursor, self._path)
        has_more = False
        with suppress(_Unfinished):
            for number, (line, end) in enumerate(journal.lines(self._path, offset), start=1):
                record = journal.parsed(line)
                entry = None if record is None else entry_of(self._paths, record)
                offset, before = end, (before + line)[-CHECKED_BYTES:]
                self._add(entry, _cursor(offset, before))
                if self._is_full or number >= LINES_PER_PAGE:
                    has_more = offset < journal.size(self._path)
                    break
        return Entries(self._items, _cursor(offset, before), has_more)

    def _add(self, entry: Document | None, cursor: str) -> None:
        if entry is not None:
            self._max_bytes -= entry.pop("bytes", 0)
            self._items.append({**entry, "cursor": cursor})

    @property
    def _is_full(self) -> bool:
        return len(self._items) >= self._limit or self._max_bytes <= 0


def _cursor(offset: int, before: bytes) -> str:
    return f"{offset}-{zlib.crc32(before):08x}" if offset else "0"


def _position(cursor: str | None, path: str) -> tuple[int, bytes]:
    """The offset of a cursor, and what is before it. Raises InvalidCursor."""
    if cursor == END:
        return _end(path)
    # One of a page that is no part of a stream is an offset alone.
    number, separator, _ = ("0" if cursor is None else cursor).partition("-")
    offset = journal.offset_of(number, path)
    before = _bytes_before(path, offset) if offset else b""
    if separator and cursor != _cursor(offset, before):
        raise InvalidCursor(str(cursor))
    return offset, before


def _end(path: str) -> tuple[int, bytes]:
    """Behind the last whole line: another process may be writing one."""
    size = journal.size(path)
    tail = _bytes_before(path, size) if size else b""
    offset = size - (len(tail) - tail.rfind(b"\n") - 1)
    return offset, _bytes_before(path, offset) if offset else b""


def _bytes_before(path: str, offset: int) -> bytes:
    first = max(0, offset - CHECKED_BYTES)
    with open(path, "rb", buffering=0) as stream:
        return os.pread(stream.fileno(), offset - first, first)


def _identity(path: str) -> Signature:
    """The inode too: a later job of the same name may have journals of equal size."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return 0, 0
    return status.st_ino, status.st_size


def _result_of_event(paths: JobPaths, event: Document) -> Document | None:
    return _outcome(paths, event["variable"]) if event.get("event") == "accepted" else None


def _entry_of_event(paths: JobPaths, event: Document) -> Document | None:
    kind = event.get("event")
    if kind in ("accepted", "withdrawn"):
        return _outcome(paths, event["variable"])
    if kind != "failed":
        return None
    entry = _failure(paths, event["variable"], event["at"])
    # Released since, and failed once more: that has an event of its own.
    is_former = entry is not None and event.get("result", entry["error"]) != entry["error"]
    return None if is_former else entry


def _result_of_variable(paths: JobPaths, line: Document) -> Document | None:
    entry = _entry_of_variable(paths, line)
    return entry if entry is not None and "result" in entry else None


def _entry_of_variable(paths: JobPaths, line: Document) -> Document | None:
    variable_id = line["variable"]
    entry = _outcome(paths, variable_id) or _failure(paths, variable_id, line["at"])
    if entry is None:
        raise _Unfinished
    return entry


def _outcome(paths: JobPaths, variable_id: str) -> Document | None:
    path = paths.outcome(variable_id)
    try:
        content = files.content(path)
    except FileNotFoundError:
        return None
    return {**files.decode(content, path), "bytes": len(content)}


def _failure(paths: JobPaths, variable_id: str, at: str) -> Document | None:
    """None unless the variable has failed and is not released."""
    if not os.path.exists(paths.failed(variable_id)):
        return None
    errors = queue.error_ids(paths, variable_id)
    return {"variable": variable_id, "failed": at, "error": errors[-1] if errors else ""}
