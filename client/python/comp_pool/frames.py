"""Frames between a worker and its child: JSON documents, each led by its length in four bytes."""

import json
import os
import struct
from typing import Any

LENGTH = struct.Struct(">I")


def pack(document: Any) -> bytes:
    """Return a document as a frame."""
    text = json.dumps(document, separators=(",", ":")).encode()
    return LENGTH.pack(len(text)) + text


def read(descriptor: int) -> Any:
    """Return the next document of a pipe; raise EOFError where it ends."""
    (size,) = LENGTH.unpack(_read_exactly(descriptor, LENGTH.size))
    return json.loads(_read_exactly(descriptor, size))


def write(descriptor: int, document: Any) -> None:
    """Write one document to a pipe."""
    unsent = memoryview(pack(document))
    while unsent:
        unsent = unsent[os.write(descriptor, unsent) :]


def _read_exactly(descriptor: int, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(descriptor, min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
