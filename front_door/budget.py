"""The memory that bodies and responses under way may take, and who gives way beyond it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable

from front_door.connection import Connection, Phase

# What is freed at once: looking for the slowest costs a look at all.
FREED_SHARE = 8


class Budget:
    """Counts the bytes that connections hold, for the loop and the threads."""

    def __init__(self, limit: int) -> None:
        self._limit, self._lock = limit, threading.Lock()
        self.used = 0

    def set_held(self, connection: Connection, count: int) -> None:
        if count != connection.held:
            with self._lock:
                self.used += count - connection.held
            connection.held = count

    @property
    def is_exceeded(self) -> bool:
        return self.used > self._limit

    def giving_way(self, connections: Iterable[Connection], now: float) -> list[Connection]:
        """Those that have to go: always the slowest of the address that holds most."""
        by_address: dict[str, list[Connection]] = defaultdict(list)
        for connection in connections:
            if connection.held and connection.phase in (Phase.RECEIVING, Phase.SENDING):
                by_address[connection.address].append(connection)
        for of_address in by_address.values():
            of_address.sort(key=lambda connection: connection.rate(now), reverse=True)
        held = {address: sum(one.held for one in of_address) for address, of_address in by_address.items()}
        excess, chosen = self.used - self._limit + self._limit // FREED_SHARE, []
        while excess > 0 and held:
            address = max(held, key=held.__getitem__)
            chosen.append(by_address[address].pop())
            held[address] -= chosen[-1].held
            excess -= chosen[-1].held
            if not by_address[address]:
                del held[address]
        return chosen
