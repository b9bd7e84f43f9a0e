"""Calls that wait for the network, several at a time."""

import queue
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

THREADS = 8

Item = TypeVar("Item")


def call_each(function: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Call a function with each item, in a few threads; return when all calls have returned."""
    remaining: queue.SimpleQueue[Item] = queue.SimpleQueue()
    for item in items:
        remaining.put(item)
    if remaining.qsize() > 1:
        # Daemons: a pool that does not respond must not keep the process from ending.
        count = min(THREADS, remaining.qsize())
        threads = [threading.Thread(target=_drain, args=(function, remaining), daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        _drain(function, remaining)


def _drain(function: Callable[[Item], object], remaining: "queue.SimpleQueue[Item]") -> None:
    while True:
        try:
            item = remaining.get_nowait()
        except queue.Empty:
            return
        function(item)
