"""A clock whose time passes only while something waits: a wait ends at once."""

import threading
from collections.abc import Callable

from comp_pool.clock import Clock

MAX_WAITS = 1000


class FakeClock(Clock):
    """Records its waits. `on_wait` is called in each of them. Fails where they would not end."""

    def __init__(self, on_wait: Callable[[float], object] = lambda seconds: None) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self.on_wait = on_wait

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert len(self.waits) < MAX_WAITS
        self.waits.append(seconds)
        self.now += seconds
        self.on_wait(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.sleep(seconds)
        return event.is_set()
