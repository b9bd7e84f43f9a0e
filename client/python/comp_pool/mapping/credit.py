"""How much may be read ahead: a number of items, and their size."""

import threading

# Of the texts of items that are read and not yet written, in characters.
MAX_SIZE = 64 << 20
# At first few, so that a reader of the first lines alone (`head`) makes nobody compute thousands.
FIRST = 2000
# For each outcome, so many more may be read ahead. Volunteers that find nothing to do are away for a quarter of a
# minute: there must always be something.
GROWTH = 4


class Credit:
    """Items that may still be read. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most, self._window = most, min(most, FIRST)
        self._count = self._size = 0
        self._is_closed = False
        self._changed = threading.Condition()

    def take(self, size: int) -> bool:
        """Wait until an item of this size may be read; return False where no more is wanted."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._has_room)
            self._count += 1
            self._size += size
            return not self._is_closed

    @property
    def _has_room(self) -> bool:
        return self._count < self._window and self._size < MAX_SIZE

    def give_back(self, size: int) -> None:
        """Record that an item is written."""
        with self._changed:
            self._count -= 1
            self._size -= size
            self._changed.notify()

    def grow(self) -> None:
        """Record an outcome: somebody computes."""
        with self._changed:
            self._window = min(self._most, self._window + GROWTH)
            self._changed.notify()

    @property
    def is_closed(self) -> bool:
        """Whether nothing more may be read."""
        return self._is_closed

    def close(self) -> None:
        """Let nothing more be read."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
