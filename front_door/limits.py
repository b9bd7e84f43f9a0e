"""The limits of the front door."""

from __future__ import annotations

import resource
from dataclasses import dataclass

KILOBYTE, MEGABYTE = 1 << 10, 1 << 20
# Of the process, beside its connections: documents, journals, pipes; and the locks of one batch of results per thread.
RESERVED_FILES, RESERVED_PER_THREAD = 256, 300
MAX_FILES = 1 << 16


@dataclass(frozen=True)
class Limits:
    """Sizes are in bytes, times in seconds; `rate` is the minimum rate of a transfer, in bytes per second."""

    body: int = 16 * MEGABYTE
    head: int = 32 * KILOBYTE
    connections: int = 10_000
    # Of bodies and responses under way, in one process.
    memory: int = 64 * MEGABYTE
    # Time that a transfer may be behind the minimum rate: a connection may stall for as long.
    grace: float = 10.0
    rate: int = 1000
    # Longer than most volunteers wait between two requests, and than nginx keeps its connections to the pool.
    keepalive: float = 75.0
    # How long a request waits for a thread before it is refused: one for work, one for anything else, one that ends
    # what was begun.
    wait_for_work: float = 5.0
    wait: float = 20.0

    def extended(self, deadline: float, now: float, count: int) -> float:
        """The deadline of a transfer after `count` more bytes.

        It is one grace period away at most: whoever was fast cannot be silent for longer than others.
        """
        return min(now + self.grace, deadline + count / self.rate)


def affordable_connections(wanted: int, threads: int) -> int:
    """Raises the limit on open files as far as permitted; returns how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reserved = RESERVED_FILES + RESERVED_PER_THREAD * threads
    highest = MAX_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < min(wanted + reserved, highest):
        soft = min(wanted + reserved, highest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(64, min(wanted, soft - reserved))
