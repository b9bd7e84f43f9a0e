"""Frames between an executor and its child process: a JSON document after its length, four bytes, big-endian.

A pipe is a stream without message boundaries. A length, rather than a delimiter, lets the reader refuse a frame that
is too large before it reads it.
"""

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
    """Return the next document of a pipe; raise EOFError at its end."""
    (size,) = LENGTH.unpack(_read_exactly(descriptor, LENGTH.size))
    return json.loads(_read_exactly(descriptor, size))


def write(descriptor: int, document: Any) -> None:
    """Write a document to a pipe."""
    unsent = memoryview(pack(document))
    while unsent:
        unsent = unsent[os.write(descriptor, unsent) :]


def _read_exactly(descriptor: int, size: int) -> bytes:
    content = bytearray()
    while len(content) < size:
        part = os.read(descriptor, min(size - len(content), 1 << 20))
        if not part:
            raise EOFError
        content += part
    return bytes(content)
