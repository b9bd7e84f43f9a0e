"""How connections are shared between the workers: each knows how many the others have."""

from __future__ import annotations

import mmap

SLOTS = 64
_FREE = -1


class Shares:
    """A number for each worker, in memory that the processes share. Made, claimed and released by the parent alone."""

    def __init__(self) -> None:
        self._numbers = memoryview(mmap.mmap(-1, 4 * SLOTS)).cast("i")
        for slot in range(SLOTS):
            self._numbers[slot] = _FREE

    def claim(self) -> int:
        """A slot for a worker that is about to start. With too many workers the last one is shared."""
        slot = next((slot for slot in range(SLOTS) if self._numbers[slot] == _FREE), SLOTS - 1)
        self._numbers[slot] = 0
        return slot

    def release(self, slot: int) -> None:
        self._numbers[slot] = _FREE

    def set(self, slot: int, count: int) -> None:
        self._numbers[slot] = count

    def is_busier(self, slot: int) -> bool:
        """Whether another worker has fewer connections than this one, by more than a sixteenth.

        Workers that waited for each other at every connection would accept a few hundred a second.
        """
        count = self._numbers[slot] - self._numbers[slot] // 16
        return any(0 <= other < count for other in self._numbers)
