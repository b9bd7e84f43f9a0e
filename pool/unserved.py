"""Jobs with open variables that had none for a volunteer a moment ago: schedulers prefer other jobs for it.

It has failed on them, or must wait in this job. A hint, in the memory of one process.
"""

from __future__ import annotations

from pool.peers import Peer
from storage.clock import Clock

SECONDS = 60.0
MAX_KNOWN = 10_000


class Unserved:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[tuple[str, str, str], float] = {}

    def add(self, job_uid: str, peer: Peer) -> None:
        now = self._clock.monotonic()
        if len(self._until) >= MAX_KNOWN:
            self._until = {key: until for key, until in self._until.items() if until > now}
        # Full of entries that still hold: ids of volunteers cost nothing, and losing hints is harmless.
        if len(self._until) >= MAX_KNOWN:
            self._until.clear()
        self._until[_key(job_uid, peer)] = now + SECONDS

    def __contains__(self, job_and_peer: tuple[str, Peer]) -> bool:
        return self._until.get(_key(*job_and_peer), 0.0) > self._clock.monotonic()


def _key(job_uid: str, peer: Peer) -> tuple[str, str, str]:
    return job_uid, peer.prefix, peer.volunteer
