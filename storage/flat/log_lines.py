"""The lines of a followed log (`followed_log`), and its first one, the head, once it was compacted.

`{"continues": inode, "until": offset, "size": bytes}`: the first bytes are condensed from what the file with that inode
had before the offset; behind them is what followed the offset there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from storage.documents import Document

CHUNK = 1 << 18
# A head is filled up with blanks: it is written when all its numbers are known, and the place of the rest was before.
HEAD_BYTES = 128


@dataclass(frozen=True)
class Head:
    continues: int = 0
    until: int = 0
    size: int = 0

    @property
    def start(self) -> int:
        """Where the events begin."""
        return HEAD_BYTES if self.size else 0

    def offset_after(self, inode: int, offset: int) -> int | None:
        """Where to read on if one has read a file until an offset; None if this file does not continue it there."""
        is_continued = inode == self.continues and offset >= self.until
        return self.size + offset - self.until if is_continued else None

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode().ljust(HEAD_BYTES - 1) + b"\n"


def read_head(descriptor: int) -> Head:
    """That of a file that was never compacted continues nothing."""
    content = os.pread(descriptor, HEAD_BYTES, 0)
    for document in parsed([content] if content.startswith(b'{"continues"') else []):
        return Head(**document)
    return Head()


def whole_lines(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    """The lines between two offsets, without their ends; one that has no end yet is left out."""
    rest = b""
    # A file that another program has cut short ends before.
    while start < end and (chunk := os.pread(descriptor, min(CHUNK, end - start), start)):
        start += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def parsed(lines: Iterable[bytes]) -> Iterator[Document]:
    """The events among the lines."""
    for line in lines:
        try:
            event = json.loads(line.decode())
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event
