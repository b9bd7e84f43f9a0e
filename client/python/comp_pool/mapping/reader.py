"""The thread that reads items, as many as there is credit for."""

import threading
from collections.abc import Iterable

from comp_pool.mapping.credit import Credit
from comp_pool.mapping.inbox import End, Inbox
from comp_pool.mapping.items import Item


class Reader(threading.Thread):
    """Puts each item into the inbox; then `End`, or the error with which the input ended."""

    def __init__(self, items: Iterable[Item], credit: Credit, inbox: Inbox) -> None:
        # A daemon: it may wait for an input that never comes.
        super().__init__(daemon=True)
        self._items, self._credit, self._inbox = items, credit, inbox

    def run(self) -> None:
        """Read to the end."""
        try:
            for item in self._items:
                if not self._credit.take(len(item.text)):
                    break
                self._inbox.put(item)
            self._inbox.put(End())
        except Exception as ex:
            self._inbox.put(ex)
