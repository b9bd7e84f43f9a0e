"""Reading ahead: the documents of candidates for leases, together, before they are leased one by one.

What is in the memory of the system is read at once, and kept until the candidate is leased. The disk is asked to
fetch the rest: else each lease of a large job would wait for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from storage.flat.paths import JobPaths

# Larger documents are read when they are leased. So all that are kept have 4 MB at most.
KEPT, KEPT_BYTES = 1024, 4096
# Other systems have no such reading: there documents are read when they are leased.
_IS_POSSIBLE = hasattr(os, "RWF_NOWAIT") and hasattr(os, "posix_fadvise")
# Of a file: a document has another one than the document that has its name later, in a job that replaced this one.
Signature = tuple[int, int, int]


class ReadAhead:
    def __init__(self) -> None:
        self._kept: dict[str, tuple[Signature, bytes]] = {}

    def read(self, paths: JobPaths, markers: Iterable[str]) -> None:
        """Reads what can be read without waiting."""
        if _IS_POSSIBLE:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            buffer = memoryview(bytearray(KEPT_BYTES))
            for marker in markers:
                with suppress(OSError):
                    self._read(paths.variable(marker.rpartition("/")[2]), marker, buffer)

    def _read(self, path: str, marker: str, buffer: memoryview) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            signature = signature_of(os.fstat(descriptor))
            if os.preadv(descriptor, [buffer], 0, os.RWF_NOWAIT) == signature[2]:
                self._kept[marker] = signature, bytes(buffer[: signature[2]])
        except OSError:  # It is not in memory, or this file system can't tell.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(descriptor)

    def take(self, marker: str, signature: Signature) -> bytes | None:
        """The document that was read for a marker, if the marker, with this signature, is a name of it."""
        kept = self._kept.pop(marker, None)
        return kept[1] if kept is not None and kept[0] == signature else None


def signature_of(status: os.stat_result) -> Signature:
    return status.st_ino, status.st_mtime_ns, status.st_size
