"""Jobs that had no variable for a volunteer: for how long, and how many are known."""

from __future__ import annotations

from pool import unserved
from pool.peers import Peer
from pool.unserved import Unserved
from storage.clock import ManualClock

PEER = Peer("a" * 12, "1" * 16)


def test_it_holds_for_a_minute() -> None:
    clock = ManualClock()
    jobs = Unserved(clock)
    jobs.add("job", PEER)
    clock.advance(unserved.SECONDS - 1)
    assert ("job", PEER) in jobs
    clock.advance(1)
    assert ("job", PEER) not in jobs


def test_its_size_is_limited() -> None:
    jobs = Unserved(ManualClock())
    for number in range(unserved.MAX_KNOWN + 1):
        jobs.add(f"job {number}", PEER)
    assert ("job 0", PEER) not in jobs
    assert (f"job {unserved.MAX_KNOWN}", PEER) in jobs
