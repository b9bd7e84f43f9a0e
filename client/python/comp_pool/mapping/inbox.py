"""The messages to the loop of a run: items, outcomes, notices, errors."""

import queue
from dataclasses import dataclass
from typing import TypeAlias

from comp_pool.mapping.items import Item, Outcome

# Between two looks whether a signal has come, in seconds: Python runs its handler in the main thread alone.
POLL_SECONDS = 0.5


class End:
    """No item follows."""


@dataclass(frozen=True)
class Notice:
    """A line for the user."""

    text: str


@dataclass(frozen=True)
class Page:
    """Outcomes that came together. `is_last`: there are no more at present."""

    outcomes: list[Outcome]
    is_last: bool = False


Message: TypeAlias = Item | Page | Notice | End | Exception


class Inbox:
    """A queue of messages. `put` may be called from any thread."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def put(self, message: Message) -> None:
        """Add a message."""
        self._messages.put(message)

    def get(self) -> Message | None:
        """Return the next message, None after some time without one."""
        try:
            return self._messages.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return None

    def get_now(self) -> Message | None:
        """Return a message that has come, None without one."""
        try:
            return self._messages.get_nowait()
        except queue.Empty:
            return None
